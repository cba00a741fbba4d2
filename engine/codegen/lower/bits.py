"""Integers and floats bit by bit."""

from ..ir import Graph, Scalar, Unsupported, bytes_of
from .elementwise import choose
from .rules import Context, elementwise


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
