"""The linear equations of implicit steps, solved to rounding of each component."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any


def solver_of(matrix: Array, jacobian: Array, state: Array, rates: Array, size: Array) -> Callable:
    """``solve(right)``, shape (d,), for a matrix, shape (d, d), of a step of that `size` from a state.

    Each equation is measured in what its component is, or may become within the step. In the units of the
    model elimination takes as pivot what happens to be large in them, and what has fallen far below its scale
    comes out with the rounding of the others: of another size, or with the other sign.
    """
    inverse = 1 / _sizes(*lax.stop_gradient((jacobian, state, rates, size)))
    factors = jax.scipy.linalg.lu_factor(matrix * inverse[:, None])
    return lambda right: jax.scipy.linalg.lu_solve(factors, right * inverse)


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
