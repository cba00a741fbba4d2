"""Integers and floats bit by bit."""

from ..ir import Graph, Scalar, Unsupported, bytes_of, range_of
from .elementwise import choose
from .rule import Context, elementwise


@elementwise("shift_left", "shift_right_logical", "shift_right_arithmetic")
def _shifted(context: Context, x: Scalar, by: Scalar) -> Scalar:
    """As XLA shifts: by as many bits as there are or more, nothing is left but the sign."""
    graph, name = context.graph, context.primitive.name
    bits = 8 * bytes_of(x.dtype)
    keeps_sign = name == "shift_right_arithmetic"
    known = by.constant and graph.constant(0 <= by.value < bits, "i1")
    inside = known or _below(graph, by, bits)
    # The processor's result is not defined beyond; a shift by all bits but one leaves the sign alone.
    safe = choose(graph, inside, graph.constant(bits - 1 if keeps_sign else 0, by.dtype), by)
    shifted = graph.apply(name, x, safe)
    return shifted if keeps_sign else choose(graph, inside, graph.constant(0, x.dtype), shifted)


def _below(graph: Graph, by: Scalar, bits: int) -> Scalar:
    least, most = graph.constant(0, by.dtype), graph.constant(bits, by.dtype)
    below = graph.apply("lt", by, most, dtype="i1")
    return graph.apply("and", graph.apply("ge", by, least, dtype="i1"), below, dtype="i1")


@elementwise("bitcast_convert_type")
def _reinterpreted(context: Context, x: Scalar, *, new_dtype: object) -> Scalar:
    del new_dtype  # the context's
    if "i1" in (x.dtype, context.dtype) or bytes_of(x.dtype) != bytes_of(context.dtype):
        raise Unsupported(f"the bits of {x.dtype} as {context.dtype}")
    return x if x.dtype == context.dtype else context.graph.apply("bitcast", x, dtype=context.dtype)


@elementwise("nextafter")
def _nextafter(context: Context, x: Scalar, towards: Scalar) -> Scalar:
    """The float beside `x` on the way to another: numbers of one sign lie as their bits as integers do."""
    graph, whole = context.graph, f"i{x.dtype[1:]}"
    zero = graph.constant(0, x.dtype)

    def bits_of(number: Scalar) -> Scalar:
        return graph.apply("bitcast", number, dtype=whole)

    def compared(how: str, a: Scalar, b: Scalar) -> Scalar:
        return graph.apply(how, a, b, dtype="i1")

    sign = graph.apply("and", bits_of(towards), graph.constant(range_of(whole)[0], whole))
    least = graph.apply("or", sign, graph.constant(1, whole))  # of both numbers beside 0
    one = graph.constant(1, whole)
    outwards = compared("eq", compared("gt", towards, x), compared("gt", x, zero))
    stepped = choose(
        graph, outwards, graph.apply("sub", bits_of(x), one), graph.apply("add", bits_of(x), one)
    )
    result = choose(graph, compared("eq", x, zero), stepped, least)
    result = choose(graph, compared("eq", x, towards), result, bits_of(towards))
    number = graph.apply("bitcast", result, dtype=x.dtype)
    broken = graph.apply("or", compared("ne", x, x), compared("ne", towards, towards), dtype="i1")
    return choose(graph, broken, number, graph.constant(float("nan"), x.dtype))
