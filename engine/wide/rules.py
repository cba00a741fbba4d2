"""Functions that bring a rule of their own by which they are differentiated, such as a root that is bisected.

Their values are computed beside the same in 64 bits, like everything else, and their derivatives by their
rule: those of the operations inside may be others, 0 of a bisection.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from .numbers import Array, Evaluate, Number, apart, flat, unflat


def by_own_rule(
    equation: Any, inner: tuple[Any, Sequence[Array]], operands: Sequence[Number], evaluate: Evaluate
) -> list[Number]:
    """What the call of a function with a rule gives; `inner` is what it computes, and its constants."""
    primitive, of_operands = equation.primitive, list(map(apart, operands))
    numbers: list[Number] = []

    def opened(arrays: Sequence[Array]) -> list[Array]:
        numbers[:] = evaluate(*inner, unflat(arrays, of_operands, operands))
        return flat(numbers, list(map(apart, numbers)))

    def as_called(*values: Array) -> list[Array]:
        results = primitive.bind(*values, **primitive.get_bind_params(equation.params))
        return list(results) if primitive.multiple_results else [results]

    values = jax.custom_jvp(lambda *arrays: opened(arrays))
    values.defjvp(_rule(values, as_called, of_operands, numbers), symbolic_zeros=True)
    outputs = values(*flat(operands, of_operands))
    return unflat(outputs, list(map(apart, numbers)), numbers)


def _rule(
    values: Callable[..., list[Array]],
    as_called: Callable[..., list[Array]],
    of_operands: Sequence[bool],
    numbers: Sequence[Number],
) -> Callable[..., Any]:
    """The rule of `values`: that of the function of its numbers, and none of what stands beside them."""

    def rule(primals: Sequence[Array], tangents: Sequence[Any]) -> tuple[list[Array], list[Any]]:
        first = [at for at, beside in _with_indices(of_operands) if not beside]
        right = [
            _right(primals[i], primals[i + 1]) if two else primals[i]
            for i, two in zip(first, of_operands, strict=True)
        ]
        slopes = _slopes(as_called, right, [tangents[i] for i in first])
        results, rest = values(*primals), iter(slopes)
        moved = [
            np.zeros(array.shape, jax.dtypes.float0) if beside else next(rest)
            for array, (_, beside) in zip(results, _with_indices(list(map(apart, numbers))), strict=True)
        ]
        return results, moved

    return rule


def _slopes(
    function: Callable[..., list[Array]], primals: Sequence[Array], tangents: Sequence[Any]
) -> list[Any]:
    """The tangents of a function's results. Of operands that do not move it is not told that they might.

    Rules of equinox refuse those for which they have none, also where their tangent is 0.
    """
    moving = [i for i, tangent in enumerate(tangents) if not isinstance(tangent, SymbolicZero)]

    def moved(*arrays: Array) -> list[Array]:
        given = dict(zip(moving, arrays, strict=True))
        return function(*(given.get(i, primal) for i, primal in enumerate(primals)))

    return jax.jvp(moved, [primals[i] for i in moving], [tangents[i] for i in moving])[1]


def _right(value: Array, beside: Array) -> Array:
    """A number in the type that it was written in, as far as it fits there."""
    if jnp.issubdtype(value.dtype, jnp.inexact):
        return jnp.where(beside, jnp.nan, value)
    return beside.astype(value.dtype)


def _with_indices(two: Sequence[bool]) -> list[tuple[int, bool]]:
    """Which arrays of `flat` numbers stand beside others."""
    beside = [one for both in two for one in ((False, True) if both else (False,))]
    return list(enumerate(beside))
