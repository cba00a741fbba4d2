"""From a jaxpr to scalars: what each primitive of JAX does to arrays of them (see `scalars`)."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.extend import core

from ..ir import Graph, Scalar, Unsupported, array_of, kind_of, range_of
from .control_flow import BRANCHES, choose
from .indexing import PLACES
from .reductions import SUMS
from .sort import sort
from .structural import MOVES, STRUCTURAL, moved

Arrays = list[np.ndarray]


def scalarise(graph: Graph, jaxpr: Any, constants: Sequence[Any], inputs: Sequence[np.ndarray]) -> Arrays:
    """The outputs of a jaxpr as arrays of scalars, from its inputs as such.

    Raises Unsupported where it holds linear algebra, large sorts, and the like.
    """
    known: dict[Any, np.ndarray] = {}

    def read(atom: Any) -> np.ndarray:
        return _constants(graph, atom.val) if isinstance(atom, core.Literal) else known[atom]

    for variable, value in zip(jaxpr.constvars, constants, strict=True):
        known[variable] = value if _is_scalars(value) else _constants(graph, value)
    known.update(zip(jaxpr.invars, inputs, strict=True))
    for equation in jaxpr.eqns:
        try:
            results = _apply(graph, equation, [read(atom) for atom in equation.invars])
        except Unsupported:
            raise
        except Exception as error:  # what is not foreseen here, or is otherwise in another release of JAX
            told = f"primitive {equation.primitive.name}: {type(error).__name__}"
            raise Unsupported(told) from error
        for variable, value in zip(equation.outvars, results, strict=True):
            known[variable] = value
    return [read(atom) for atom in jaxpr.outvars]


def _is_scalars(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _constants(graph: Graph, value: Any) -> np.ndarray:
    if isinstance(value, Tracer):
        raise Unsupported("a function that closes over a traced value")
    values = np.asarray(value)
    kind = kind_of(values.dtype)
    return array_of([graph.constant(v, kind) for v in values.ravel().tolist()], values.shape)


def _apply(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    name = equation.primitive.name
    kind = kind_of(equation.outvars[0].aval.dtype) if equation.outvars else "i1"
    if name in _SAME:
        return arrays[:1]
    if name in _ELEMENTWISE:
        return [_each(_ELEMENTWISE[name](graph, equation.params, kind), arrays)]
    if name in PLACES:
        return PLACES[name](graph, equation, arrays)
    if name in MOVES:
        return MOVES[name](equation, arrays)
    if name in STRUCTURAL:
        return moved(graph, equation, arrays)
    if name in SUMS:
        return SUMS[name](graph, equation, arrays)
    if name in BRANCHES:
        return BRANCHES[name](graph, equation, arrays, _closed)
    if name == "sort":
        return sort(graph, equation, arrays)
    if name == "iota":
        return _iota(graph, equation)
    if name == "platform_index":
        return [_this_platform(graph, equation)]
    if name not in _CALLS:
        raise Unsupported(f"primitive {name}")
    inner = next(equation.params[k] for k in ("jaxpr", "call_jaxpr") if k in equation.params)
    return _closed(graph, inner, arrays)


def _closed(graph: Graph, inner: Any, arrays: Arrays) -> Arrays:
    """The outputs of a jaxpr that may bring its constants along."""
    if hasattr(inner, "jaxpr"):
        return scalarise(graph, inner.jaxpr, inner.consts, arrays)
    return scalarise(graph, inner, (), arrays)


def _each(rule: Callable[..., Scalar], arrays: Arrays) -> np.ndarray:
    spread = np.broadcast_arrays(*arrays) if len(arrays) > 1 else arrays
    flat = [a.ravel() for a in spread]
    return array_of([rule(*scalars) for scalars in zip(*flat, strict=True)], spread[0].shape)


# --- one number from each of the arrays ---------------------------------------------------------------


def _plain(op: str) -> Callable[..., Any]:
    return lambda g, _params, _kind: lambda *a: g.apply(op, *a)


def _compare(op: str) -> Callable[..., Any]:
    return lambda g, _params, _kind: lambda a, b: g.apply(op, a, b, kind="i1")


def _convert(g: Graph, _params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        if a.kind == kind:
            return a
        if a.constant:
            return g.constant(_converted(a, kind), kind)
        if kind == "i1":
            return g.apply("ne", a, g.constant(0, a.kind), kind="i1")
        return g.apply("convert", a, kind=kind)

    return rule


def _converted(a: Scalar, kind: str) -> Any:
    """A constant as one of another kind; what a whole number cannot hold is its nearest, and 0 for NaN."""
    if kind == "i1":
        return bool(a.value)
    if a.kind[0] == "f" and kind[0] != "f":
        least, largest = range_of(kind)
        return 0 if np.isnan(a.value) else int(min(max(a.value, least), largest))
    return a.value


def _clamp(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda low, a, high: g.apply("min", g.apply("max", a, low), high)


def _sign(g: Graph, _params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        zero, one = g.constant(0, kind), g.constant(1, kind)
        below = g.apply("select", g.apply("lt", a, zero, kind="i1"), g.apply("neg", one), a, kind=kind)
        return g.apply("select", g.apply("gt", a, zero, kind="i1"), one, below, kind=kind)

    return rule


def _abs(g: Graph, _params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        if kind[0] != "i":
            return a if kind[0] == "u" else g.apply("abs", a)
        return g.apply(
            "select", g.apply("lt", a, g.constant(0, kind), kind="i1"), g.apply("neg", a), a, kind=kind
        )

    return rule


def _is_finite(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.apply("lt", g.apply("abs", a), g.constant(np.inf, a.kind), kind="i1")


def _power(g: Graph, params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        wanted, found, square = abs(params["y"]), None, a
        while wanted:
            if wanted & 1:
                found = square if found is None else g.apply("mul", found, square)
            wanted >>= 1
            square = g.apply("mul", square, square) if wanted else square
        one = g.constant(1, kind)
        found = one if found is None else found
        return g.apply("div", one, found) if params["y"] < 0 else found

    return rule


# Exponents for which products are as exact, and have series from a base of 0 too.
_BY_PRODUCTS = frozenset(range(-16, 17))


def _any_power(g: Graph, _params: Any, kind: str) -> Any:
    """With an exponent that may be a whole number although the base is none."""

    def rule(a: Scalar, exponent: Scalar) -> Scalar:
        if a.kind[0] != "f":
            raise Unsupported("power of whole numbers")
        exponent = _convert(g, {}, kind)(exponent)
        if exponent.constant and exponent.value in _BY_PRODUCTS:
            return _power(g, {"y": int(exponent.value)}, kind)(a)
        return g.apply("pow", a, exponent)

    return rule


def _square(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.apply("mul", a, a)


def _not(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.constant(not a.value, "i1") if a.constant and a.kind == "i1" else g.apply("not", a)


def _round(g: Graph, params: Any, _kind: str) -> Any:
    even = int(params["rounding_method"]) == int(jax.lax.RoundingMethod.TO_NEAREST_EVEN)
    return lambda a: g.apply("roundeven" if even else "round", a)


# Functions called as they are; other primitives that hold one do more with it (`lax.reduce`).
_CALLS = {
    "jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr",
    "checkpoint", "remat", "remat2", "eval_jaxpr",
}  # fmt: skip
_SAME = {"stop_gradient", "copy", "copy_p", "device_put", "optimization_barrier", "pvary"}
_ONE_FOR_ONE = (
    "add sub mul div rem neg max min and or xor exp log sqrt logistic exp2 expm1 log1p sin cos tan "
    "asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc lgamma cbrt floor ceil"
)
_ELEMENTWISE: dict[str, Callable[[Graph, Any, str], Callable[..., Scalar]]] = {
    name: _plain(name) for name in _ONE_FOR_ONE.split()
}
_ELEMENTWISE |= {name: _compare(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
_ELEMENTWISE |= {
    "add_any": _plain("add"),
    "select_n": lambda g, _params, _kind: lambda *a: choose(g, *a),
    "convert_element_type": _convert,
    "clamp": _clamp,
    "sign": _sign,
    "abs": _abs,
    "is_finite": _is_finite,
    "integer_pow": _power,
    "pow": _any_power,
    "square": _square,
    "not": _not,
    "round": _round,
    "rsqrt": lambda g, _p, kind: lambda a: g.apply("div", g.constant(1, kind), g.apply("sqrt", a)),
}


def _iota(graph: Graph, equation: Any) -> Arrays:
    shape, axis = equation.params["shape"], equation.params["dimension"]
    values = np.broadcast_to(
        np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape
    )
    kind = kind_of(equation.params["dtype"])
    return [array_of([graph.constant(v, kind) for v in values.ravel().tolist()], shape)]


def _this_platform(graph: Graph, equation: Any) -> np.ndarray:
    """Which of several ways a CPU takes: the one that names it, or that for all others (None)."""
    ways = equation.params["platforms"]
    mine = next(i for i, way in enumerate(ways) if way is None or "cpu" in way)
    return array_of([graph.constant(mine, kind_of(equation.outvars[0].aval.dtype))], ())
