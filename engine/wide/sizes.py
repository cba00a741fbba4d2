"""How large whole numbers of a trace can be, as far as the trace says: what is small needs no second look."""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import numpy as np
from jax.core import Tracer
from jax.extend import core

# No number that a step changes by a constant goes further in the life of a run: 2^40 steps take hours.
_STEPS = 2.0**40
# The results of these are among their operands, or as large.
_KEEPING = frozenset({
    "neg", "abs", "max", "min", "clamp", "reduce_max", "reduce_min", "cummax", "cummin", "concatenate", "pad",
    "copy", "broadcast_in_dim", "reshape", "squeeze", "transpose", "slice", "rev", "expand_dims", "split",
    "stack", "unstack", "convert_element_type", "sort", "select_n", "gather", "dynamic_slice",
    "dynamic_update_slice", "scatter", "rem", "div",
})  # fmt: skip


def size_of(value: Any) -> float:
    """The largest size among integers that are known; 1 of booleans, infinite of what is not known."""
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    if dtype == np.bool_:
        return 1.0
    if isinstance(value, Tracer) or not np.issubdtype(dtype, np.integer):
        return inf
    return float(np.abs(np.asarray(value, float)).max(initial=0.0))


def largest(equation: Any, sizes: Sequence[float]) -> float:
    """How large the results of an equation can be, given how large the operands that say what it computes."""
    name, params = equation.primitive.name, equation.params
    if name in ("argmax", "argmin"):
        return float(prod(equation.invars[0].aval.shape))
    if name == "iota":
        return float(params["shape"][params["dimension"]])
    if not sizes or max(sizes) == inf:
        return inf
    if name in ("add", "sub", "add_any"):
        return sum(sizes)
    if name == "mul":
        return prod(sizes)
    if name in ("reduce_sum", "cumsum", "dot_general"):
        return prod(sizes) * _count(name, params, equation.invars[0].aval.shape)
    if name == "sign":
        return 1.0
    return max(sizes) if name in _KEEPING and _divides(equation) else inf


def _divides(equation: Any) -> bool:
    """Whether it divides by nothing that may be 0."""
    if equation.primitive.name not in ("div", "rem"):
        return True
    divisor = equation.invars[1]
    return isinstance(divisor, core.Literal) and bool(np.all(np.asarray(divisor.val) != 0))


def _count(name: str, params: dict[str, Any], shape: Sequence[int]) -> float:
    """How many numbers are summed."""
    if name == "dot_general":
        axes = params["dimension_numbers"][0][0]
    else:
        axes = params["axes"] if name == "reduce_sum" else (params["axis"],)
    return float(prod(shape[axis] for axis in axes))


def counted(jaxpr: Any, first: int, begin: Sequence[float]) -> list[float]:
    """How large the numbers are that a loop carries, which stand at `first` in its body's variables.

    One that each step leaves as it is, or changes by a constant, is as large as that takes it.
    """
    made = {v: equation for equation in jaxpr.eqns for v in equation.outvars}
    carried = jaxpr.invars[first : first + len(begin)]
    return [
        size + _STEPS * _step(made, variable, new)
        for variable, new, size in zip(carried, jaxpr.outvars, begin, strict=False)
    ]


def _step(made: dict[Any, Any], variable: Any, new: Any) -> float:
    """By how much a step changes a number; infinite where it is no constant."""
    if new is variable:
        return 0.0
    equation = None if isinstance(new, core.Literal) else made.get(new)
    if (
        equation is None
        or equation.primitive.name not in ("add", "sub")
        or equation.invars[0] is not variable
    ):
        return inf
    return size_of(equation.invars[1].val) if isinstance(equation.invars[1], core.Literal) else inf
