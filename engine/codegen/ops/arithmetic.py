"""Sums, products, quotients, extremes, roots and rounding, of floats and of integers."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from .exact import fused, remainder
from .operation import define
from .series import Series, choice, convolved, minus, plus, product, scaled


def _is(argument: Any, number: float) -> bool:
    return argument.constant and argument.value == number


# --- sums and products -----------------------------------------------------------------------------------

define(
    "add", 2, primitive=True,
    value=jnp.add,
    fold=lambda a, b: a + b,
    simplify=lambda a, b: a if _is(b, 0) else b if _is(a, 0) else None,
    series=lambda _own, k, a, b: plus(a[k], b[k]),
)  # fmt: skip
define(
    "sub", 2, primitive=True,
    value=jnp.subtract,
    fold=lambda a, b: a - b,
    simplify=lambda a, b: a if _is(b, 0) else None,
    series=lambda _own, k, a, b: minus(a[k], b[k]),
)  # fmt: skip
define(
    "mul", 2, primitive=True,
    value=jnp.multiply,
    fold=lambda a, b: a * b,
    simplify=lambda a, b: a if _is(b, 1) else b if _is(a, 1) else None,
    series=product,
)  # fmt: skip
define(
    "neg",
    1,
    primitive=True,
    value=jnp.negative,
    fold=lambda a: -a,
    series=lambda _own, k, a: scaled(a[k], -1.0),
)

# What formulas are made of: a product that no compiler may fuse into a sum, and one that is fused into it.
define("mul_rounded", 2, value=jnp.multiply, fold=lambda a, b: a * b, series=product)
define("fma", 3, fold=fused)


# --- quotients -------------------------------------------------------------------------------------------


def _quotient(a: Any, b: Any) -> Any:
    """As in XLA: integers are cut towards 0, and a division by 0 has all bits set."""
    if isinstance(a, np.floating):
        return np.divide(a, b)
    if b == 0:
        return -1
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(a: Any, b: Any) -> Any:
    if isinstance(a, np.floating):
        return np.fmod(a, b)
    return a if b == 0 else a - b * _quotient(a, b)


def _quotient_series(own: Series, k: int, a: Series, b: Series) -> Any:
    rest = minus(a[k], convolved(own, b, k, 0, k - 1))
    return None if rest is None else rest / b[0]


define(
    "div", 2, primitive=True,
    value=lax.div,  # jnp.divide makes floats of integers
    fold=_quotient,
    simplify=lambda a, b: a if _is(b, 1) else None,
    series=_quotient_series,
)  # fmt: skip


def _remainder_series(_own: Series, k: int, a: Series, b: Series) -> Any:
    """A whole number of times b less than a, and this number stays."""
    return minus(a[k], None if b[k] is None else jnp.trunc(a[0] / b[0]) * b[k])


define(
    "rem", 2, primitive=True, value=lax.rem, fold=_remainder, series=_remainder_series, formula=remainder,
    formula_of="f",
)  # fmt: skip


# --- extremes --------------------------------------------------------------------------------------------


def _larger(_own: Series, k: int, a: Series, b: Series) -> Any:
    return choice(_own, k, Series([a[0] >= b[0]]), a, b)


def _smaller(_own: Series, k: int, a: Series, b: Series) -> Any:
    return choice(_own, k, Series([a[0] <= b[0]]), a, b)


def _magnitude(own: Series, k: int, a: Series) -> Any:
    return choice(own, k, Series([a[0] >= 0]), a, Series([scaled(c, -1.0) for c in a]))


# NaN if any is.
define(
    "max", 2, primitive=True, value=jnp.maximum, fold=lambda a, b: a if a != a or a > b else b, series=_larger
)
define(
    "min",
    2,
    primitive=True,
    value=jnp.minimum,
    fold=lambda a, b: a if a != a or a < b else b,
    series=_smaller,
)
define("abs", 1, value=jnp.abs, fold=abs, series=_magnitude)


# --- roots and rounding ----------------------------------------------------------------------------------


def _root_series(own: Series, k: int, x: Series) -> Any:
    rest = minus(x[k], convolved(own, own, k, 1, k - 1))
    # The root of what is 0 and stays 0.
    return None if rest is None else jnp.where(rest == 0, 0.0, rest / (2 * own[0]))


define("sqrt", 1, primitive=True, value=jnp.sqrt, fold=np.sqrt, series=_root_series)
define("floor", 1, primitive=True, value=jnp.floor, stepwise=True)
define("ceil", 1, primitive=True, value=jnp.ceil, stepwise=True)
define("round", 1, value=lax.round, stepwise=True)  # halves away from 0
define("roundeven", 1, value=jnp.round, fold=np.rint, stepwise=True)  # halves to the even neighbour
