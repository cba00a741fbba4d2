"""What rounding in the rates hides: the smallest distance to a rest point that can be seen."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from ..differences import jacobian_of

Array = Any
Rates = Callable[[Array], Array]


def rounding_noise(rates: Rates, state: Array, jumps: bool = False) -> Array:
    """How wrong rounding makes each rate, shape (d,): by more than eps of it where large terms cancel.

    Where the field `jumps`, what its bends seem to show is no rounding, and is left out.
    """
    jacobian = jacobian_of(rates, state)
    terms = jnp.sum(jnp.abs(jacobian) * jnp.abs(state)[None, :], axis=1) + jnp.abs(rates(state))
    if jumps:
        return 8 * jnp.finfo(state.dtype).eps * terms
    # Terms may cancel in the Jacobian too. Second differences this small hold nothing but rounding.
    width = 5.0 * jnp.finfo(state.dtype).eps ** 0.5 / 100
    parts = width * jnp.asarray([0.0, 1.0, 1.7, 2.3, -1.0, -1.7, -2.3], state.dtype)
    around = lax.map(lambda part: rates(state * (1 + part)), parts)
    bends = jnp.abs(around[1:4] + around[4:] - 2 * around[:1])
    return 8 * (jnp.finfo(state.dtype).eps * terms + jnp.max(bends, axis=0))
