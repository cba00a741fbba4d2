"""The k-th Taylor coefficient of each operation, from lower ones and from those of its arguments.

``rule(own, k, *arguments)``: `own` holds the operation's coefficients below k, `arguments` those of its
arguments up to k. None is an exact zero, so that what does not move costs nothing. Reference: Griewank and
Walther, "Evaluating derivatives", chapter 13.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..codegen.ir import DTYPES, Scalar, Unsupported

Array = Any


class Series(list[Any]):
    """Coefficients of one scalar, lowest first; and of its slope, where its rule wants that."""

    def __init__(self, items: Sequence[Any] = ()) -> None:
        super().__init__(items)
        self.slope: list[Any] = []


def value(node: Scalar, arguments: Sequence[Array]) -> Array:
    """The number itself: the operation, by JAX."""
    if node.op == "convert":
        return lax.convert_element_type(arguments[0], DTYPES[node.kind])
    if node.op not in _VALUES:
        raise Unsupported(f"no rule for {node.op}")
    return _VALUES[node.op](*arguments)


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


def _times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def _minus(a: Any, b: Any) -> Any:
    return a if b is None else -b if a is None else a - b


def _scaled(a: Any, factor: float) -> Any:
    return None if a is None else a if factor == 1 else a * factor


def _folded(a: Series, b: Series, k: int, first: int = 0, last: int | None = None) -> Any:
    """Sum of a_j b_(k-j) for j from `first` to `last`, k if not given."""
    total = None
    for j in range(first, (k if last is None else last) + 1):
        total = _plus(total, _times(a[j], b[k - j]))
    return total


def _product(_own: Series, k: int, a: Series, b: Series) -> Any:
    if a is not b:
        return _folded(a, b, k)
    half = _scaled(_folded(a, a, k, 0, (k - 1) // 2), 2.0)
    return half if k % 2 else _plus(half, _times(a[k // 2], a[k // 2]))


def _quotient(own: Series, k: int, a: Series, b: Series) -> Any:
    rest = _minus(a[k], _folded(own, b, k, 0, k - 1))
    return None if rest is None else rest / b[0]


def _slope_times(own: list[Any], k: int, inner: Series) -> Any:
    """Coefficient k of a function whose derivative is `own` times that of `inner`."""
    total = None
    for j in range(1, k + 1):
        total = _plus(total, _times(_scaled(inner[j], float(j)), own[k - j]))
    return _scaled(total, 1 / k)


def _exponential(own: Series, k: int, x: Series) -> Any:
    return _slope_times(own, k, x)


def _logarithm(own: Series, k: int, x: Series) -> Any:
    rest = _minus(x[k], _scaled(_slope_sum(own, x, k), 1 / k))
    return None if rest is None else rest / x[0]


def _slope_sum(own: Series, x: Series, k: int) -> Any:
    total = None
    for j in range(1, k):
        total = _plus(total, _times(_scaled(own[j], float(j)), x[k - j]))
    return total


def _logistic(own: Series, k: int, x: Series) -> Any:
    """By s' = s (1 - s) x'."""
    own.slope.append(_minus(own[k - 1], _product(own, k - 1, own, own)))
    return _slope_times(own.slope, k, x)


def _tanh(own: Series, k: int, x: Series) -> Any:
    """By t' = (1 - t^2) x'."""
    own.slope.append(_minus(1.0 if k == 1 else None, _product(own, k - 1, own, own)))
    return _slope_times(own.slope, k, x)


def _sine(own: Series, k: int, x: Series) -> Any:
    """By s' = c x', with c' = -s x' followed beside it."""
    own.slope.append(jnp.cos(x[0]) if k == 1 else _scaled(_slope_times(own, k - 1, x), -1.0))
    return _slope_times(own.slope, k, x)


def _cosine(own: Series, k: int, x: Series) -> Any:
    """By c' = -s x', with s' = c x' followed beside it."""
    own.slope.append(-jnp.sin(x[0]) if k == 1 else _scaled(_slope_times(own, k - 1, x), -1.0))
    return _slope_times(own.slope, k, x)


def _root(own: Series, k: int, x: Series) -> Any:
    rest = _minus(x[k], _folded(own, own, k, 1, k - 1))
    return None if rest is None else rest / (2 * own[0])


def _power(own: Series, k: int, x: Series, exponent: Series) -> Any:
    """By x y' = e y x' where the exponent does not move, and y' = y e' ln x where the base does not."""
    if all(c is None for c in x[1:]):
        slope = _slope_times(own, k, exponent)
        return None if slope is None else slope * jnp.log(x[0])
    if any(c is not None for c in exponent[1:]):
        raise Unsupported("no rule for a power whose base and exponent move")
    total = None
    for j in range(1, k + 1):
        term = _times(x[j], own[k - j])
        total = _plus(total, None if term is None else term * (exponent[0] * j - (k - j)))
    return None if total is None else total / (k * x[0])


def _choice(_own: Series, k: int, which: Series, yes: Series, no: Series) -> Any:
    if yes[k] is None and no[k] is None:
        return None
    return jnp.where(which[0], _or_zero(yes[k]), _or_zero(no[k]))


def _or_zero(a: Any) -> Any:
    return 0.0 if a is None else a


def _larger(_own: Series, k: int, a: Series, b: Series) -> Any:
    return _choice(_own, k, Series([a[0] >= b[0]]), a, b)


def _smaller(_own: Series, k: int, a: Series, b: Series) -> Any:
    return _choice(_own, k, Series([a[0] <= b[0]]), a, b)


RULES: dict[str, Callable[..., Any]] = {
    "add": lambda _own, k, a, b: _plus(a[k], b[k]),
    "sub": lambda _own, k, a, b: _minus(a[k], b[k]),
    "neg": lambda _own, k, a: _scaled(a[k], -1.0),
    "mul": _product,
    "div": _quotient,
    "exp": _exponential,
    "log": _logarithm,
    "logistic": _logistic,
    "tanh": _tanh,
    "sqrt": _root,
    "sin": _sine,
    "cos": _cosine,
    "pow": _power,
    "select": _choice,
    "max": _larger,
    "min": _smaller,
    "abs": lambda own, k, a: _choice(own, k, Series([a[0] >= 0]), a, Series([_scaled(c, -1.0) for c in a])),
    "convert": lambda _own, k, a: a[k],
}

# Piecewise constant: no coefficients but the first.
STEPWISE = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "floor", "ceil"})

_VALUES: dict[str, Callable[..., Array]] = {
    "add": jnp.add, "sub": jnp.subtract, "mul": jnp.multiply, "div": jnp.divide, "neg": jnp.negative,
    "abs": jnp.abs, "max": jnp.maximum, "min": jnp.minimum, "sqrt": jnp.sqrt, "exp": jnp.exp, "log": jnp.log,
    "log1p": jnp.log1p, "expm1": jnp.expm1, "logistic": jax.nn.sigmoid, "tanh": jnp.tanh, "pow": jnp.power,
    "sin": jnp.sin, "cos": jnp.cos, "select": jnp.where, "floor": jnp.floor, "ceil": jnp.ceil,
    "lt": jnp.less, "le": jnp.less_equal, "gt": jnp.greater, "ge": jnp.greater_equal, "eq": jnp.equal,
    "ne": jnp.not_equal, "and": jnp.bitwise_and, "or": jnp.bitwise_or, "xor": jnp.bitwise_xor,
    "tan": jnp.tan, "asin": jnp.arcsin, "acos": jnp.arccos, "atan": jnp.arctan, "atan2": jnp.arctan2,
    "sinh": jnp.sinh, "cosh": jnp.cosh, "asinh": jnp.arcsinh, "acosh": jnp.arccosh, "atanh": jnp.arctanh,
    "rem": lax.rem, "roundeven": jnp.round, "round": lax.round, "erfc": lax.erfc,
    "not": jnp.bitwise_not, "erf": lax.erf, "lgamma": lax.lgamma, "cbrt": lax.cbrt, "exp2": jnp.exp2,
}  # fmt: skip
