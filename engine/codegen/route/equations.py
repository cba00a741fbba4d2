"""What an equation of a trace is to a route, before it is one of its steps."""

from typing import Any

import numpy as np

from ...xla.live_bytes import inner_jaxprs
from .part import PART
from .route import Value

# They only say otherwise how the same numbers are seen.
_SAME = frozenset(
    {"squeeze", "reshape", "expand_dims", "copy", "copy_p", "stop_gradient", "optimization_barrier"}
)


def holds_parts(equation: Any) -> bool:
    """Whether a call or loop of a lane stands in an equation, however deep."""
    inner = [e for jaxpr in inner_jaxprs(equation.params) for e in jaxpr.eqns]
    return any(e.primitive.name == PART or holds_parts(e) for e in inner)


def seen_otherwise(equation: Any, operands: list[Value]) -> list[Value] | None:
    """The results of an equation that only sees numbers otherwise; None of another."""
    name, params = equation.primitive.name, equation.params
    shapes = [tuple(v.aval.shape) for v in equation.outvars]
    if name == "slice":
        (value,), (shape,) = operands, shapes
        start = params["start_indices"]
        if params["strides"] or not value.shape or any(start[1:]) or shape[1:] != value.shape[1:]:
            return None
        return [value.part(start[0] * int(np.prod(shape[1:])), shape)]
    alike = name in _SAME and not params.get("dimensions")
    if name == "broadcast_in_dim":
        alike = operands[0].size == int(np.prod(shapes[0])) and len(operands) == 1
    if not alike or len(operands) != len(shapes):
        return None
    return [v.part(0, shape) for v, shape in zip(operands, shapes, strict=True)]


def unchanged(body: Any, constants: int) -> set[int]:
    """Which of what a loop carries its body leaves alone."""
    jaxpr = body.jaxpr
    pairs = zip(jaxpr.invars[constants:], jaxpr.outvars, strict=True)
    return {k for k, (before, after) in enumerate(pairs) if before is after}
