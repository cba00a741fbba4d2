"""Loops, choices and linear solves of a program, by their inner operations: nothing compiles them whole."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from ..scan_counts import scan_counts
from .live_bytes import is_jaxpr

Array = Any
# run(function, its arguments) -> its results
Run = Callable[[core.ClosedJaxpr, Sequence[Array]], Sequence[Array]]
Steps = Callable[[Mapping[str, Any], Sequence[Array], Run], Sequence[Array]]


def steps_of(equation: Any) -> Steps | None:
    """How an equation is computed by the functions that it holds; None where it is one operation."""
    return _STEPS.get(equation.primitive.name)


def functions_in(equation: Any) -> list[core.ClosedJaxpr]:
    """The functions that an equation holds."""
    return [f for f in jax.tree.leaves(equation.params, is_leaf=is_jaxpr) if isinstance(f, core.ClosedJaxpr)]


def _while(params: Mapping[str, Any], operands: Sequence[Array], run: Run) -> Sequence[Array]:
    first, second = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    carried: Sequence[Array] = operands[second:]
    while np.any(on := np.asarray(run(params["cond_jaxpr"], [*operands[:first], *carried])[0])):
        later = run(params["body_jaxpr"], [*operands[first:second], *carried])
        if on.ndim:  # under vmap each point goes on for as long as its own condition holds
            later = [_where(on, new, old) for new, old in zip(later, carried, strict=True)]
        carried = later
    return carried


def _where(on: np.ndarray, new: Array, old: Array) -> Array:
    """The new values of those points that go on; whatever a point holds lies along further axes."""
    return jnp.where(on.reshape(on.shape + (1,) * (new.ndim - on.ndim)), new, old)


def _scan(params: Mapping[str, Any], operands: Sequence[Array], run: Run) -> Sequence[Array]:
    body, length = params["jaxpr"], params["length"]
    first, count = scan_counts(params, len(operands))
    carried: Sequence[Array] = operands[first : first + count]
    along = [_whole(array) for array in operands[first + count :]]
    rows: dict[int, Sequence[Array]] = {}
    for i in reversed(range(length)) if params["reverse"] else range(length):
        results = run(body, [*operands[:first], *carried, *(array[i] for array in along)])
        carried, rows[i] = results[:count], results[count:]
    stacks = [
        jnp.stack([rows[i][k] for i in range(length)]) if length else jnp.zeros((0, *aval.shape), aval.dtype)
        for k, aval in enumerate(body.out_avals[count:])
    ]
    return [*carried, *stacks]


def _cond(params: Mapping[str, Any], operands: Sequence[Array], run: Run) -> Sequence[Array]:
    branches = params["branches"]
    which = min(max(int(operands[0]), 0), len(branches) - 1)
    return run(branches[which], operands[1:])


def _linear_solve(params: Mapping[str, Any], operands: Sequence[Array], run: Run) -> Sequence[Array]:
    """By the method that comes with it; its derivatives are taken already."""
    lengths = params["const_lengths"]
    first = lengths.matvec + lengths.vecmat
    constants = operands[first : first + lengths.solve]
    return run(params["jaxprs"].solve, [*constants, *operands[sum(lengths) :]])


_STEPS: dict[str, Steps] = {
    "while": _while,
    "scan": _scan,
    "cond": _cond,
    "custom_linear_solve": _linear_solve,
}


def _whole(array: Array) -> Array:
    """An array whose rows can be looked at without a compiler; keys of random numbers as they are."""
    return array if jnp.issubdtype(array.dtype, jax.dtypes.extended) else np.asarray(array)
