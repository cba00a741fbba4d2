"""What a cost has still to gather once its orbit has come to rest, beyond its constant rate there.

Near a rest point z* a component is there as exp(J s) (z - z*), with the Jacobian J. A cost whose rate is
linear in it has g_z J^-1 (z* - z) still to come. The rate that goes with the p-th power of what decays, as
with its root, has 1 / p times the rate over the decay to come, and its slope promises p times the rate: so
the ratio of the two shows the power. A rate that stays the same on all of the way, such as a fixed cost as
long as anybody is infected, has the ratio 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from ..differences import jacobian_of
from .chart import solved

Array = Any

# So many times as far ahead as the orbit goes it is looked along directions that do not decay.
_AHEAD = 10.0
# So many roundings of a rate are no difference.
_ROUNDINGS = 16


def still_to_come(
    rates: Callable[[Array], Array],
    state: Array,
    limit: Array,
    alone: Sequence[bool],
    outbound: Array,
    units: Array,
    rounding: Array | float,
    ahead: Array,
) -> Array:
    """How much each component that only accumulates has still to gather, shape (d,); 0 of the others.

    Parameters
    ----------
    rates : rates(state), shape (d,).
    state, limit : the state of the orbit, and the one to which it goes, shape (d,).
    alone : which components only accumulate, shape (d,).
    outbound : which are logits of shares on their way to a face, shape (d,).
    units : the scale of each component, shape (d,).
    rounding : how wrong each rate is.
    ahead : the time that the orbit has.
    """
    state, limit, units, rounding = lax.stop_gradient((state, limit, units, rounding))
    gather, eye = jnp.asarray(alone), jnp.eye(len(state), dtype=state.dtype)
    outbound = outbound & ~gather
    aside, slopes = gather | outbound, jacobian_of(rates, state, units)
    here, there = rates(state), rates(limit)
    moving = jnp.where(aside[:, None] | aside[None, :], 0.0, slopes * units[None, :] / units[:, None])
    away = jnp.where(aside, 0.0, state - limit)
    lasting = solved(eye / (_AHEAD * ahead) - moving, away / units) * units
    # A logit that goes out at a constant rate is that of a share that decays at it.
    lasting = jnp.where(outbound, -1 / jnp.where(outbound, here, 1.0), lasting)
    away = jnp.where(outbound, jnp.where(here < 0, 1.0, -1.0), away)
    noise = rounding + _ROUNDINGS * jnp.finfo(state.dtype).eps * (jnp.abs(here) + jnp.abs(there))
    excess = jnp.maximum(jnp.abs(here - there) - noise, 0.0)
    linear, to_come = (jnp.abs(_along(slopes, way)) for way in (away, lasting))
    bends = excess > linear
    inverse = jnp.where(bends, excess / linear, 1.0)
    bound = jnp.where(bends & (linear == 0), jnp.inf, to_come * inverse * inverse)
    return lax.stop_gradient(jnp.where(gather, bound, 0.0))


def _along(slopes: Array, way: Array) -> Array:
    """What slopes, (d, d), come to on a way, (d,), where an infinite one is not met by what does not move."""
    return jnp.sum(jnp.where((slopes == 0) | (way == 0)[None, :], 0.0, slopes * way[None, :]), axis=1)
