"""How wrong rounding makes the numbers of a trace: each equation rounds, and passes on what was rounded.

In ``1 - cos(t)`` nothing is left of a small t but rounding of 1, and in ``t - 2020`` that of 2020; no
derivative in t or the state says so. Running error analysis: Higham, "Accuracy and Stability of Numerical
Algorithms" (2002), section 3.3.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from ...xla.live_bytes import inner_jaxprs
from ..differences import NO_RULE
from .flat_trace import FlatTrace, bound

Array = Any

# What passes numbers on as they are, or adds them up.
_PASSES_ON = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "copy", "slice", "rev", "pad",
    "concatenate", "stack", "select_n", "gather", "dynamic_slice", "reduce_sum", "cumsum", "device_put",
    "optimization_barrier",
})  # fmt: skip


def rounding_of(
    trace: FlatTrace, wanted: Sequence[Any], arguments: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    """Values of these variables, and how wrong each may be by rounding, also of the time and the state.

    `arguments` are those of the trace. The error is 0 where it is not known, as of what a loop makes, and of
    integers.
    """
    errors: dict[Any, Array] = {}
    for variable, value in zip(trace.inputs[:2], arguments[:2], strict=True):
        errors[variable] = jnp.finfo(value.dtype).eps * jnp.abs(value)

    def after(equation: Any, operands: Sequence[Any], results: Sequence[Any]) -> None:
        of = [None if isinstance(v, core.Literal) else errors.get(v) for v in equation.invars]
        for variable, result in zip(equation.outvars, results, strict=True):
            if jnp.issubdtype(result.dtype, jnp.floating):
                own = jnp.finfo(result.dtype).eps * jnp.abs(result)
                errors[variable] = own + (_passed_on(equation, operands, of) if len(results) == 1 else 0.0)

    values = trace.evaluate(wanted, arguments, after)
    known = [None if isinstance(v, core.Literal) else errors.get(v) for v in wanted]
    return values, [jnp.zeros_like(a) if e is None else e for a, e in zip(values, known, strict=True)]


def _passed_on(equation: Any, operands: Sequence[Any], errors: Sequence[Array | None]) -> Array | float:
    """What errors of an equation's operands make of its result, added up; None: an operand has none."""
    name = equation.primitive.name
    if all(error is None for error in errors) or any(True for _ in inner_jaxprs(equation.params)):
        return 0.0
    if name in ("add", "sub", "add_any"):
        return sum(error for error in errors if error is not None)
    if name in _PASSES_ON:
        return _finite(bound(equation, _or_zero(operands, errors))[0])
    if name == "dot_general":
        (a, b), (of_a, of_b) = operands, _or_zero(operands, errors)
        sizes = [(of_a, jnp.abs(b)), (jnp.abs(a), of_b)]
        return _finite(sum(bound(equation, pair)[0] for pair in sizes))
    total: Array | float = 0.0
    for index, error in enumerate(errors):
        if error is not None:
            total = total + _finite(jnp.abs(_along(equation, operands, index, error)))
    return total


def _or_zero(operands: Sequence[Any], errors: Sequence[Array | None]) -> list[Any]:
    """The errors of all operands; what is an index or a choice is itself."""
    whole = [not jnp.issubdtype(jnp.result_type(one), jnp.floating) for one in operands]
    given = zip(operands, errors, whole, strict=True)
    return [a if is_whole else jnp.zeros_like(a) if e is None else e for a, e, is_whole in given]


def _along(equation: Any, operands: Sequence[Any], index: int, error: Array) -> Array | float:
    """How the result changes as one operand does by its error, to first order; 0 where JAX does not say."""

    def result(value: Array) -> Array:
        return bound(equation, [*operands[:index], value, *operands[index + 1 :]])[0]

    try:
        return jax.jvp(result, (operands[index],), (error,))[1]
    except NO_RULE:
        return 0.0


def _finite(error: Array) -> Array:
    return jnp.where(jnp.isfinite(error), error, 0.0)
