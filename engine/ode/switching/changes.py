"""How each number in the trace of a field changes along an orbit, between switches."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.extend import core

from .flat_trace import FlatTrace

# How a number changes along an orbit between switches, from the tamest on.
FIXED, STEPS, STRAIGHT, POLYNOMIAL, ANYHOW = range(5)


class Change(NamedTuple):
    """How a number changes with time at a fixed state, and with the state: FIXED to ANYHOW."""

    time: int
    state: int

    @property
    def varies(self) -> bool:
        """Whether it changes between switches."""
        return max(self) > STEPS


NEVER = Change(FIXED, FIXED)


# What is linear in all its arguments, or in each of its branches.
LINEAR = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "transpose", "expand_dims", "copy", "slice", "rev",
    "concatenate", "stack", "pad", "neg", "add", "sub", "add_any", "reduce_sum", "cumsum", "device_put",
    "optimization_barrier", "max", "min", "abs", "clamp", "reduce_max", "reduce_min", "select_n",
    "real", "sort", "convert_element_type"
})  # fmt: skip
# What is linear in its first argument while the others are constant.
_LINEAR_IN_FIRST = frozenset({"dynamic_slice", "gather", "rem", "div"})
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "lt_to", "le_to"})
STEPWISE = COMPARISONS | {
    "eq", "ne", "sign", "floor", "ceil", "round", "is_finite", "argmax", "argmin", "not", "and", "or", "xor"
}  # fmt: skip


def changes_in(trace: FlatTrace) -> dict[Any, Change]:
    """How every variable of a trace changes, whose inputs are the time, the state, and what is constant."""
    time, *others = trace.inputs
    changes = {time: Change(STRAIGHT, FIXED), others[0]: Change(FIXED, ANYHOW)}
    for equation in trace.equations:
        of = [changes.get(v, NEVER) if not isinstance(v, core.Literal) else NEVER for v in equation.invars]
        for variable in equation.outvars:
            changes[variable] = _change(equation, of, variable)
    return changes


def _change(equation: Any, of: Sequence[Change], result: Any) -> Change:
    name, most = equation.primitive.name, Change(*map(max, zip(NEVER, *of, strict=False)))
    if name == "stop_gradient":
        return NEVER
    if name in STEPWISE or not jnp.issubdtype(result.aval.dtype, jnp.inexact):
        return Change(min(most.time, STEPS), min(most.state, STEPS))
    if name in LINEAR:
        return most
    return Change(
        _of_kind(name, [c.time for c in of], equation), _of_kind(name, [c.state for c in of], equation)
    )


def _of_kind(name: str, levels: Sequence[int], equation: Any) -> int:
    """How the result of a primitive changes that is not linear in all that it takes."""
    most = max(levels, default=NEVER.time)
    if most <= STEPS:
        return most
    if name in ("mul", "dot_general"):
        if sum(level > STEPS for level in levels) == 1:
            return most
        return max(most, POLYNOMIAL)
    if (name == "integer_pow" and equation.params["y"] > 0) or name in ("square", "one_minus_square"):
        return max(most, POLYNOMIAL)
    if name in _LINEAR_IN_FIRST and max(levels[1:], default=FIXED) <= STEPS:
        return most
    return ANYHOW
