"""Components that come to 0 in finite time, as the level of a tank does that empties through a hole.

Each step takes a part of what is left, until the clock resolves none any more, or rounding leads it to and
fro over a guard against negative amounts. What is left then is gone within the next moment, and is 0 from
there on, if nothing feeds it.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..rest.faces import Groups
from .levels import members_of

Array = Any

# So many roundings of the time are the moment: a step of a method of low order takes little of what is left.
_MOMENT = 2**16
# What is led away from 0 as fast as this part of how fast it came does not stay there.
_FED = 1e-3


def extinct(t: Array, state: Array, rates: Array, scale: Array, groups: Groups) -> Array:
    """Which components, of those that may vanish, will have come to 0 in the next moment, shape (d,).

    Asked where steps cannot go on. Only what rounding of the scale hides counts.
    """
    eps = float(jnp.finfo(state.dtype).eps)
    t, state, rates, scale = lax.stop_gradient((t, state, rates, scale))
    falls = (state * jnp.sign(rates) < 0) & (jnp.abs(state) <= _MOMENT * eps * jnp.abs(t) * jnp.abs(rates))
    return falls & (jnp.abs(state) < eps * scale) & np.any(members_of(groups, len(state)), axis=0)


def is_fed(rates: Array, before: Array) -> Array:
    """Whether others lead a component away from 0, shape (d,), by its `rates` there and those `before`.

    It slides along 0 then, as where a constant demand is larger than what flows in.
    """
    return lax.stop_gradient(jnp.abs(rates) > _FED * jnp.abs(before))


def size_after(end: Array) -> Array:
    """The size of the first step after that, on the way to this time."""
    return end * float(jnp.finfo(end.dtype).eps) ** 0.5
