"""Components of an orbit that fall below what numbers hold, and may come back.

What is far below all else moves by a linear law and moves nothing else: made larger by a factor, so long as
it stays far below, it goes on as it would. So it is followed as a number and a level, how many times it was
made larger, and comes back at the right time and of the right size from as deep a trough as may be. What the
factor reaches is looked at where it is applied. Where it would change more, as where a cost goes with the
logarithm, or where the component has fallen through many levels, it is lost: it counts as 0 and hinders the
steps no more. How fast it would grow is summed up from then on. An orbit on which it would come half of the
way back, or on which something else would notice that it is missing, has no result.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..rest.faces import Groups
from ..scale import least_scale
from .levels import SIZES, Vanished, depth_of, end_of, limits, members_of, true_state
from .lost import Rescaling, Surroundings, fed_from_now, largest_of_group, looked_at

Array = Any

# In one step a component passes at most so many levels.
_MOST_TURNS = 32
# As a part of something, exp(-40) is below all rounding.
_LOGARITHM_OF_ROUNDING = 40
# What others feed is lost below its end and counts again above so many times that.
_BACK = 1e6


class _Turn(NamedTuple):
    count: Array
    changes: Array
    state: Array
    rates: Array
    vanished: Vanished


def followed_down(
    state: Array, rates: Array, vanished: Vanished, calls: Array, groups: Groups, around: Surroundings
) -> tuple[Array, Array, Vanished]:
    """State, rates and what has vanished, once what is due is done, if anything `calls`."""

    def cond(now: _Turn) -> Array:
        return now.changes & (now.count < _MOST_TURNS)

    def body(now: _Turn) -> _Turn:
        return _moved(now, groups, around)

    end = lax.while_loop(cond, body, _Turn(jnp.int32(0), calls, state, rates, vanished))
    floor, ceiling = limits(end.state, around.scale, end.vanished.levels, end.vanished.lost, groups)
    before = jnp.where(calls, vanished.levels, vanished.before)
    return end.state, end.rates, end.vanished._replace(before=before, floor=floor, ceiling=ceiling)


def _rescaling_at(state: Array, vanished: Vanished, groups: Groups, scale: Array) -> Rescaling:
    """What is due at a state.

    Those of a group that are deep have one level, since they feed one another: they are made larger where all
    of them are low, and what is not yet deep moves them, not they it. Where one becomes deep after others
    were made larger, it is by far the largest: these are made smaller again, and are lost.
    """
    sizes = SIZES[str(jnp.dtype(state.dtype))]
    members = members_of(groups, len(state))
    size = lax.stop_gradient(jnp.abs(state))
    there = (size > 0) & ~vanished.lost & np.any(members, axis=0)
    deep, raised = there & (size < sizes.deep * scale), there & (vanished.levels > 0)
    up, down = there & (size < sizes.low * scale), raised & (size > sizes.high * scale)
    whole = jnp.zeros_like(up)
    for group in (own for own in members if np.sum(own) > 1):
        of = deep & group
        joins = jnp.any(of & ~raised) & jnp.any(raised & group)
        rises, falls = jnp.any(down & group), jnp.any(of) & ~jnp.any(of & ~up)
        down = jnp.where(group, raised & (rises | joins), down)
        up = jnp.where(group, of & falls & ~joins, up)
        whole = jnp.where(group, joins, whole)
    # Of what has never been larger than the least scale nothing is known, that it settles at 0 neither.
    measured = deep | (scale > least_scale(state.dtype))
    return Rescaling(up, down, whole, there & ~up & ~down & measured & (size < sizes.least))


def _moved(now: _Turn, groups: Groups, around: Surroundings) -> _Turn:
    state, vanished, sizes = now.state, now.vanished, SIZES[str(jnp.dtype(now.state.dtype))]
    rescaling = _rescaling_at(state, vanished, groups, around.scale)
    fed = fed_from_now(state, now.rates, (vanished.levels > 0) & ~vanished.lost, groups, around)
    rescaling = rescaling._replace(up=rescaling.up & ~fed)
    true, scale = true_state(state, vanished.levels), lax.stop_gradient(around.scale)
    ends = rescaling.up & (jnp.abs(true) < end_of(scale))
    looked = looked_at(state, vanished, rescaling.up, ends, groups, around)
    up = rescaling.up & looked.follows & (vanished.levels < sizes.levels)
    # What cannot be made larger is a number of its own size as long as it can be one.
    stays = fed | (rescaling.up & ~up & ~ends & (vanished.levels > 0))
    down, whole = rescaling.down | stays, stays | (rescaling.down & rescaling.whole)
    part = jnp.where(up, sizes.factor, jnp.where(down, 1 / sizes.factor, 1.0)).astype(state.dtype)
    new = jnp.where(whole, true, state * part)
    size = lax.stop_gradient(jnp.abs(new))
    gone = rescaling.gone | (ends & ~up) | (down & (size < sizes.least))
    new = jnp.where(gone, 0.0, new)
    # What was made larger feeds too much of what is lost beside it, of which no more is known than that.
    raised = jnp.where(vanished.lost, 0.0, vanished.levels.astype(state.dtype))
    beside = vanished.lost & (largest_of_group(raised, groups) > 0)
    depth = jnp.where(beside, jnp.maximum(looked.depth, jnp.log(size / scale)), looked.depth)
    lost = gone | beside | (vanished.lost & ~_is_back(size, depth, scale))
    returned = vanished.lost & ~lost
    levels = jnp.where(gone, vanished.levels, vanished.levels + up - down)
    levels = jnp.where(returned | (whole & ~gone), 0, levels).astype(jnp.int32)
    depth = jnp.where(gone, depth_of(state, vanished.levels, scale), jnp.where(lost, depth, 0.0))
    growth = jnp.where(lost, looked.growth, 0.0)
    after = vanished._replace(
        levels=levels, depth=depth, growth=growth, looked=around.t,
        doubtful=vanished.doubtful | looked.matters,
    )  # fmt: skip
    changes = jnp.any(up | down | gone)
    # Not the rates made larger with them: what is lost and fed by others has new ones.
    rates = jnp.where(changes, around.rates_at(new), now.rates)
    more = changes & _rescaling_at(new, after, groups, scale).any
    return _Turn(now.count + 1, more, new, rates, after)


def _is_back(size: Array, depth: Array, scale: Array) -> Array:
    """Whether what was lost counts again, fed by others: what was lost, of this `depth`, is nothing to it."""
    sizes = SIZES[str(jnp.dtype(size.dtype))]
    nothing = depth + _LOGARITHM_OF_ROUNDING < jnp.log(size / scale)
    return (size > sizes.least) & ((size > sizes.deep * scale) | ((size > _BACK * end_of(scale)) & nothing))
