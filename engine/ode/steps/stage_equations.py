"""The linear equations of implicit steps, solved to rounding of each component."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any


def solver_of(matrix: Array, jacobian: Array, state: Array, rates: Array, size: Array) -> Callable:
    """``solve(right)``, shape (d,), for a matrix, shape (d, d), of a step of that `size` from a state.

    Each component is measured in what it is, or may become within the step. In the units of the model
    elimination takes as pivot what happens to be large in them, and what has fallen far below its scale comes
    out with the rounding of the others: of another size, or with the other sign.
    """
    own = _sizes(*lax.stop_gradient((jacobian, state, rates, size)))
    inverse = 1 / own  # divisions are dear
    factors = jax.scipy.linalg.lu_factor(matrix * own[None, :] * inverse[:, None])
    return lambda right: own * jax.scipy.linalg.lu_solve(factors, right * inverse)


def _sizes(jacobian: Array, state: Array, rates: Array, size: Array) -> Array:
    """How large each component is, or may become within a step, shape (d,); none is 0."""
    now = jnp.abs(state)
    moved = jnp.abs(rates) + jnp.sum(jnp.abs(jacobian) * now[None, :], axis=1)
    sizes = now + jnp.abs(size) * moved
    largest = jnp.max(sizes)
    # What is 0 and stays there may have any.
    least = jnp.finfo(state.dtype).tiny / jnp.finfo(state.dtype).eps
    return jnp.where(sizes >= least, sizes, jnp.where(largest >= least, largest, 1.0))
