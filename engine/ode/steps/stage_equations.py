"""The linear equations of implicit steps, solved to rounding of each component."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

Array = Any


class Equations(NamedTuple):
    """``solve(right)``, shape (d,); and whether the determinant is negative.

    What is 0 and fed by nothing is left out of that: it stays 0, however fast it could grow.
    """

    solve: Callable[[Array], Array]
    negative: Array


def equations_of(matrix: Array, jacobian: Array, state: Array, rates: Array, size: Array) -> Equations:
    """The equations of a matrix, shape (d, d), of a step of that `size` from a state.

    Each equation is measured in what its component is, or may become within the step. In the units of the
    model elimination takes as pivot what happens to be large in them, and what has fallen far below its scale
    comes out with the rounding of the others: of another size, or with the other sign.
    """
    inverse = 1 / _sizes(*lax.stop_gradient((jacobian, state, rates, size)))
    factors, pivots = jax.scipy.linalg.lu_factor(matrix * inverse[:, None])
    swaps = pivots != jnp.arange(len(pivots), dtype=pivots.dtype)
    signs = lax.stop_gradient(jnp.diagonal(factors)) < 0
    apart = (state == 0) & (rates == 0) & (jnp.diagonal(matrix) < 0)
    negative = functools.reduce(jnp.logical_xor, [*swaps, *signs, *lax.stop_gradient(apart)])
    return Equations(lambda right: jax.scipy.linalg.lu_solve((factors, pivots), right * inverse), negative)


def finite_part(jacobian: Array) -> Array:
    """The Jacobian, shape (d, d), with 0 for derivatives that are no numbers.

    A root has an infinite one where it is 0, and may stay 0; behind a guard, ``sqrt(maximum(x, 0))``, it is 0
    times infinity. The values of the field decide whether a step is kept.
    """
    return jnp.where(jnp.isfinite(jacobian), jacobian, 0.0)


def _sizes(jacobian: Array, state: Array, rates: Array, size: Array) -> Array:
    """How large each component is, or may become within a step, shape (d,); none is 0."""
    now = jnp.abs(state) + jnp.abs(size * rates)
    fed = jnp.sum(jnp.abs(jacobian) * now[None, :], axis=1)
    sizes = now + jnp.abs(size) * fed
    # What is 0 and fed by nothing stays 0, whatever the others are; and its inverse is a number.
    return jnp.maximum(sizes, jnp.finfo(state.dtype).tiny / jnp.finfo(state.dtype).eps ** 1.5)
