"""Components of an orbit that are lost, or would be if they were made larger: what rests on them.

The field is looked at beside the state. A component that counts as 0 grows by no more than the fastest of its
group, in the shares that they had of each other when they were lost. That is summed up, from look to look.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..rest.faces import Groups
from .levels import SIZES, Vanished, depth_of, members_of

Array = Any

# Beside another one that is lost, in logarithms, no share is smaller.
_LEAST_SHARE = -20.0
# One that is lost would have come back after this part of the way up.
_BACK = 0.5


class Surroundings(NamedTuple):
    """Where an orbit is looked at, and what of it matters.

    rates_at : rates_at(state), shape (d,), at that time.
    t : the time.
    scale : that of each component, shape (d,).
    ahead : the time that the orbit has.
    share : a change of another component by more than this part of its scale, in that time, matters.
    follows : whether what vanishes is followed; else it is lost.
    """

    rates_at: Callable[[Array], Array]
    t: Array
    scale: Array
    ahead: Array
    share: float
    follows: bool


class Moves(NamedTuple):
    """Which components are to be made larger, or smaller (`whole`: by all their levels), and which are lost.

    Shape (d,) each.
    """

    up: Array
    down: Array
    whole: Array
    gone: Array

    @property
    def any(self) -> Array:
        """Whether any is due."""
        due: Any = self.up | self.down | self.gone
        return jnp.any(due)


def _shares(vanished: Vanished, groups: Groups) -> Array:
    """How large each lost component was beside the largest one in its group when they were lost, shape (d,).

    So they go on until the group grows otherwise: where none of them grows by more than a rate, in these
    shares, nor does their largest.
    """
    depth = jnp.where(vanished.lost, vanished.depth, -jnp.inf)
    below = jnp.where(vanished.lost, vanished.depth - _largest_of_group(depth, groups), 0.0)
    return lax.stop_gradient(jnp.exp(jnp.maximum(below, _LEAST_SHARE)))


def _largest_of_group(values: Array, groups: Groups) -> Array:
    """Of each component the largest value in its group, shape (d,)."""
    largest = values
    for group in (own for own in members_of(groups, len(values)) if np.sum(own) > 1):
        largest = jnp.where(group, jnp.max(jnp.where(group, values, -jnp.inf)), largest)
    return largest


class Looked(NamedTuple):
    """Whether what is low can be made larger; depth and growth of what is lost, and whether it matters."""

    follows: Array
    depth: Array
    growth: Array
    matters: Array


def looked_at(state: Array, vanished: Vanished, up: Array, groups: Groups, around: Surroundings) -> Looked:
    """A look at the field beside a state.

    Made larger, as far as it may rise until it is made smaller again, what is low has to move in proportion,
    and all else not to notice.
    """
    state, scale, ahead = lax.stop_gradient((state, around.scale, around.ahead))
    limits, sizes = jnp.finfo(state.dtype), SIZES[str(jnp.dtype(state.dtype))]
    lost = vanished.lost
    low = lost | (jnp.abs(state) < sizes.deep * scale)
    without, parts = jnp.where(low, 0.0, state), (sizes.factor, sizes.most)
    trace = jnp.maximum(sizes.trace * scale, sizes.least) * _shares(vanished, groups)
    places = [jnp.where(up, state * part, state) for part in parts]
    places += [state, jnp.where(up, 0.0, state), jnp.where(lost, trace, without), without]
    larger, most, here, fallen, traced, bare = lax.map(
        lambda z: lax.stop_gradient(around.rates_at(z)), jnp.stack(places)
    )

    def unlike(a: Array, b: Array, share: float) -> Array:
        return jnp.any(~low & ~(jnp.abs(a - b) * ahead <= share * scale))  # NaN is a difference

    follows = ~(unlike(larger, here, float(limits.eps)) | unlike(most, here, float(limits.eps)))
    for part, place, there in zip(parts, places, (larger, most), strict=False):
        size = jnp.abs(place) + jnp.abs(there) * ahead
        wrong = ~(jnp.abs(there - part * here) * ahead <= float(limits.eps) ** 0.5 * size)
        follows &= ~jnp.any(up & wrong)
    matters = jnp.any(up) & ~follows & unlike(fallen, here, around.share)
    growth = _largest_of_group(jnp.where(lost, (traced - bare) / trace, -jnp.inf), groups)
    # The larger one of those now and at the last look.
    duration = lax.stop_gradient(around.t) - vanished.looked
    grown = jnp.where(lost, jnp.maximum(growth, vanished.growth), 0.0)
    depth = vanished.depth + duration * grown
    back = _BACK * depth_of(jnp.maximum(sizes.low * scale, sizes.least), vanished.levels, scale)
    returns = jnp.any(lost & ~(depth <= back)) | unlike(traced, bare, around.share)
    return Looked(follows, jnp.minimum(depth, back), growth, matters | (jnp.any(lost) & returns))
