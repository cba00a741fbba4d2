"""Primitives that make a number of the numbers at one place, and those that pass arrays on as they are."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of, range_of
from ..ops import OPERATIONS
from .rule import Array, Context, elementwise, rule


def _operation(op: str) -> Callable[..., Scalar]:
    return lambda context, *scalars: context.graph.apply(op, *scalars)


for _name, _entry in OPERATIONS.items():
    if _entry.primitive:
        elementwise(_name)(_operation(_name))
elementwise("add_any")(_operation("add"))


@rule("stop_gradient", "copy", "device_put", "optimization_barrier", "random_clone", "forward_only")
def _same(_context: Context, *operands: Array, **_: Any) -> list[Array]:
    return list(operands)


@elementwise("convert_element_type")
def _convert(context: Context, a: Scalar, **_: Any) -> Scalar:
    return convert(context.graph, a, context.dtype)


def convert(graph: Graph, a: Scalar, dtype: str) -> Scalar:
    """A scalar as one of another dtype."""
    if a.dtype == dtype:
        return a
    if a.constant:
        return graph.constant(_converted(a, dtype), dtype)
    if dtype == "i1":
        return graph.apply("ne", a, graph.constant(0, a.dtype), dtype="i1")
    return graph.apply("convert", a, dtype=dtype)


def _converted(a: Scalar, dtype: str) -> Any:
    """The value of a constant in another dtype; what an integer cannot hold is its nearest, and 0 for NaN."""
    if dtype == "i1":
        return bool(a.value)
    if a.dtype[0] == "f" and dtype[0] != "f":
        least, largest = range_of(dtype)
        return 0 if np.isnan(a.value) else int(min(max(a.value, least), largest))
    return a.value


@elementwise("select_n")
def _select_n(context: Context, which: Scalar, *cases: Scalar) -> Scalar:
    return choose(context.graph, which, *cases)


def choose(graph: Graph, which: Scalar, *cases: Scalar) -> Scalar:
    """The case whose number `which` is; with two cases it may be a boolean."""
    if which.dtype == "i1":
        return graph.apply("select", which, cases[1], cases[0], dtype=cases[0].dtype)
    result = cases[0]
    for i, case in enumerate(cases[1:], start=1):
        here = graph.apply("eq", which, graph.constant(i, which.dtype), dtype="i1")
        result = graph.apply("select", here, case, result, dtype=case.dtype)
    return result


def choose_arrays(graph: Graph, which: Array, *cases: Array) -> Array:
    """`choose` number by number; `which` is broadcast to the cases."""
    flat = [a.ravel() for a in (np.broadcast_to(which, cases[0].shape), *cases)]
    return array_of([choose(graph, *scalars) for scalars in zip(*flat, strict=True)], cases[0].shape)


@elementwise("clamp")
def _clamp(context: Context, low: Scalar, a: Scalar, high: Scalar) -> Scalar:
    return context.graph.apply("min", context.graph.apply("max", a, low), high)


@elementwise("sign")
def _sign(context: Context, a: Scalar) -> Scalar:
    g, dtype = context.graph, context.dtype
    zero, one = g.constant(0, dtype), g.constant(1, dtype)
    below = g.apply("select", g.apply("lt", a, zero, dtype="i1"), g.apply("neg", one), a, dtype=dtype)
    return g.apply("select", g.apply("gt", a, zero, dtype="i1"), one, below, dtype=dtype)


@elementwise("abs")
def _abs(context: Context, a: Scalar) -> Scalar:
    g, dtype = context.graph, context.dtype
    if dtype[0] != "i":
        return a if dtype[0] == "u" else g.apply("abs", a)
    below = g.apply("lt", a, g.constant(0, dtype), dtype="i1")
    return g.apply("select", below, g.apply("neg", a), a, dtype=dtype)


@elementwise("is_finite")
def _is_finite(context: Context, a: Scalar) -> Scalar:
    g = context.graph
    return g.apply("lt", g.apply("abs", a), g.constant(np.inf, a.dtype), dtype="i1")


@elementwise("log2")
def _log2(context: Context, a: Scalar) -> Scalar:
    g = context.graph
    return g.apply("div", g.apply("log", a), g.constant(np.log(2), context.dtype))


@elementwise("lt_to", "le_to")
def _before(context: Context, a: Scalar, b: Scalar) -> Scalar:
    """In the order of all floats, which their bits have as integers: -NaN, numbers, -0 before 0, NaN."""
    if a.dtype[0] != "f":
        raise Unsupported(f"{context.primitive.name} of {a.dtype}")
    g, whole = context.graph, f"i{a.dtype[1:]}"

    def key(x: Scalar) -> Scalar:
        bits = g.apply("bitcast", x, dtype=whole)
        sign = g.apply("shift_right_arithmetic", bits, g.constant(int(whole[1:]) - 1, whole))
        turned = g.apply("and", sign, g.constant(range_of(whole)[1], whole))
        return g.apply("xor", bits, turned)

    return g.apply(context.primitive.name[:2], key(a), key(b), dtype="i1")


@elementwise("not")
def _not(context: Context, a: Scalar) -> Scalar:
    if a.constant and a.dtype == "i1":
        return context.graph.constant(not a.value, "i1")
    return context.graph.apply("not", a)


@elementwise("round")
def _round(context: Context, a: Scalar, *, rounding_method: Any) -> Scalar:
    even = int(rounding_method) == int(jax.lax.RoundingMethod.TO_NEAREST_EVEN)
    return context.graph.apply("roundeven" if even else "round", a)


# --- powers ----------------------------------------------------------------------------------------------

# Exponents for which products are as exact, and have series from a base of 0 too.
_BY_PRODUCTS = frozenset(range(-16, 17))


@elementwise("integer_pow")
def _integer_pow(context: Context, a: Scalar, *, y: int) -> Scalar:
    """By squaring: a product for each bit of the exponent, and one more for each that is set."""
    g, bits, result, square = context.graph, abs(y), None, a
    while bits:
        if bits & 1:
            result = square if result is None else g.apply("mul", result, square)
        bits >>= 1
        square = g.apply("mul", square, square) if bits else square
    one = g.constant(1, context.dtype)
    result = one if result is None else result
    return g.apply("div", one, result) if y < 0 else result


@elementwise("pow")
def _pow(context: Context, a: Scalar, exponent: Scalar) -> Scalar:
    """With an exponent that may be an integer although the base is none."""
    if a.dtype[0] != "f":
        raise Unsupported("power of integers")
    exponent = convert(context.graph, exponent, context.dtype)
    if exponent.constant and exponent.value in _BY_PRODUCTS:
        return _integer_pow(context, a, y=int(exponent.value))
    return context.graph.apply("pow", a, exponent)


@elementwise("square")
def _square(context: Context, a: Scalar) -> Scalar:
    return context.graph.apply("mul", a, a)


@elementwise("one_minus_square")
def _one_minus_square(context: Context, a: Scalar) -> Scalar:
    """As (1 + a)(1 - a): exact near 1 and -1."""
    g, one = context.graph, context.graph.constant(1, context.dtype)
    return g.apply("mul", g.apply("add", one, a), g.apply("sub", one, a))


@elementwise("polynomial")
def _polynomial(context: Context, a: Scalar, *coefficients: Scalar, **_: Any) -> Scalar:
    """The coefficient of the highest power last; by Horner's rule."""
    *lower, result = coefficients
    for coefficient in reversed(lower):
        result = context.graph.apply("add", context.graph.apply("mul", result, a), coefficient)
    return result


@elementwise("rsqrt")
def _rsqrt(context: Context, a: Scalar) -> Scalar:
    return context.graph.apply(
        "div", context.graph.constant(1, context.dtype), context.graph.apply("sqrt", a)
    )
