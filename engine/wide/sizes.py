"""How large integers of a trace can be, as far as the trace says: what is small needs no second look."""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend import core

# No number that a step changes by a constant goes further in the life of a run: 2^40 steps take hours.
_STEPS = 2.0**40
# The results of these are among their operands, or as large.
_KEEPING = frozenset({
    "neg", "abs", "max", "min", "clamp", "reduce_max", "reduce_min", "cummax", "cummin", "concatenate", "pad",
    "copy", "broadcast_in_dim", "reshape", "squeeze", "transpose", "slice", "rev", "expand_dims", "split",
    "stack", "unstack", "sort", "select_n", "gather", "dynamic_slice", "dynamic_update_slice", "scatter",
    "shift_right_arithmetic", "optimization_barrier", "name",
})  # fmt: skip


def size_of(value: Any) -> float:
    """The largest size among integers that are known; 1 of booleans, infinite of what is not known."""
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    if dtype == np.bool_:
        return 1.0
    if isinstance(value, Tracer) or not jnp.issubdtype(dtype, np.integer):
        return inf
    return float(np.abs(np.asarray(value, float)).max(initial=0.0))


def is_positive(value: Any) -> bool:
    """Whether integers are known not to be negative."""
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    if dtype == np.bool_ or jnp.issubdtype(dtype, np.unsignedinteger):
        return True
    known = jnp.issubdtype(dtype, np.integer) and not isinstance(value, Tracer)
    return known and bool(np.all(np.asarray(value) >= 0))


def largest(equation: Any, sizes: Sequence[float], constants: Sequence[Any]) -> float:
    """How large the results of an equation can be.

    Given how large the operands are that say what it computes, and which are constants, None of others.
    """
    name, params, result = equation.primitive.name, equation.params, equation.outvars[0].aval
    if name in ("argmax", "argmin"):
        return float(prod(equation.invars[0].aval.shape))
    if name == "iota":
        return float(params["shape"][params["dimension"]])
    if name == "sign":
        return 1.0 if jnp.issubdtype(result.dtype, np.integer) else inf
    cut = _cut(name, constants) if jnp.issubdtype(result.dtype, np.integer) else inf
    wraps = name in ("sub", "neg") and jnp.issubdtype(result.dtype, np.unsignedinteger)
    if not sizes or max(sizes) == inf or wraps:
        return cut
    return min(cut, _of_known(name, params, equation, sizes, constants))


def _of_known(
    name: str, params: dict[str, Any], equation: Any, sizes: Sequence[float], constants: Sequence[Any]
) -> float:
    if name in ("add", "sub", "add_any"):
        return sum(sizes)
    if name == "mul":
        return prod(sizes)
    if name in ("integer_pow", "square"):
        exponent = params.get("y", 2)
        return prod([sizes[0]] * exponent) if 0 <= exponent < 64 else inf
    if name in ("reduce_sum", "cumsum", "dot_general"):
        return prod(sizes) * _count(name, params, equation.invars[0].aval.shape)
    if name in ("floor", "ceil", "round"):
        return sizes[0] + 1
    if name in ("div", "rem") and _least(constants[1]):
        return sizes[0] / (_least(constants[1]) if name == "div" else 1)
    return max(sizes) if name in _KEEPING else inf


def _cut(name: str, constants: Sequence[Any]) -> float:
    """How large what it makes of integers can be, whatever they are."""
    if name == "rem" and _least(constants[1]):
        return float(np.abs(np.asarray(constants[1], float)).max())
    if name == "and":
        positive = [float(np.max(c)) for c in constants if c is not None and np.min(c) >= 0]
        return min(positive, default=inf)
    if name == "clamp" and constants[0] is not None and constants[2] is not None:
        return max(size_of(np.asarray(constants[0])), size_of(np.asarray(constants[2])))
    return inf


def _least(divisor: Any) -> float:
    """The smallest size among constants; 0 of what is none."""
    return 0.0 if divisor is None else float(np.abs(np.asarray(divisor, float)).min())


def never_negative(name: str, positive: Sequence[bool], constants: Sequence[Any]) -> bool:
    """Whether the integers that an equation makes are known not to be negative."""
    if name in ("argmax", "argmin", "iota", "abs", "square", "population_count", "clz"):
        return True
    if name == "and":
        return any(c is not None and np.min(c) >= 0 for c in constants)
    if name in ("max", "rem", "clamp"):
        return positive[0] or (name == "max" and positive[1])
    keeps = name in _KEEPING - {"neg"} or name in ("add", "mul", "div", "reduce_sum", "cumsum", "dot_general")
    return keeps and all(positive)


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
        inf if str(variable.aval.dtype).startswith("uint") else size + _STEPS * _step(made, variable, new)
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
