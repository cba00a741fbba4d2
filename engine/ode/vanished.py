"""Components of an orbit that have fallen below what numbers can tell from 0.

What is below 1e-290 of its scale counts as 0, and stays so: no number shows whether and when it would have
grown again, or what a cost gathers from its logarithm. An orbit on which that makes a difference has no
result.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from .differences import jacobian_of
from .rest.attraction import grows
from .scale import nothing

Array = Any

# A component is this part of its scale where it is asked whether it makes a difference that it has vanished.
_TRACE = {"float64": 1e-250, "float32": 1e-30}


def makes_a_difference(
    rates: Callable[[Array], Array], state: Array, largest: Array, scale: Array, end: Array, share: float
) -> Array:
    """Whether an orbit would be another one if what has vanished on it were still there, however small.

    It is where a trace of that would grow again, or where another component would change by more than
    `share` of its scale in the time until `end`.

    Parameters
    ----------
    rates : rates(state), shape (d,).
    state, largest, scale : where the orbit is, how large each component has been, and its scale, shape (d,).
    """
    vanished = (jnp.abs(state) < nothing(state.dtype) * scale) & (largest > 0)
    without = jnp.where(vanished, 0.0, state)
    beside = jnp.where(vanished, _TRACE[str(jnp.dtype(state.dtype))] * scale, state)
    slopes = jacobian_of(rates, beside, scale) * scale[None, :] / scale[:, None]
    returns = grows(jnp.where(vanished[:, None] & vanished[None, :], slopes, 0.0), jnp.zeros((), state.dtype))
    change = jnp.abs(rates(beside) - rates(without)) * end
    differs = jnp.any(~vanished & ~(change <= share * scale))  # NaN is a difference
    return lax.stop_gradient(jnp.any(vanished) & (returns | differs))
