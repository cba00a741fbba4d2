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
from .levels import SIZES, Vanished, depth_of, end_of, logarithm_of_levels, members_of

Array = Any

# Beside another one that is lost, in logarithms, no share is smaller.
_LEAST_SHARE = -20.0
# One that is lost would have come back after this part of the way up.
_BACK = 0.5
# Made larger, what is not fed moves in proportion but for this part of how far it moves, by rounding.
_IN_PROPORTION = 1e-3


class Surroundings(NamedTuple):
    """Where an orbit is looked at, and what of it matters.

    rates_at : rates_at(state), shape (d,), at that time.
    t : the time.
    scale : that of each component, shape (d,).
    ahead : the time that the orbit has.
    share : a change of another component by more than this part of its scale, in that time, matters.
    jumps : whether the field jumps or bends on the state.
    switches : whether it does at all, on the time or the state.
    """

    rates_at: Callable[[Array], Array]
    t: Array
    scale: Array
    ahead: Array
    share: float
    jumps: bool
    switches: bool


class Rescaling(NamedTuple):
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
    below = jnp.where(vanished.lost, vanished.depth - largest_of_group(depth, groups), 0.0)
    return lax.stop_gradient(jnp.exp(jnp.maximum(below, _LEAST_SHARE)))


def fed_from_now(state: Array, rates: Array, raised: Array, groups: Groups, around: Surroundings) -> Array:
    """Which of those that were made larger are fed since a switch, with their groups, shape (d,).

    They do not move in proportion any more: what feeds them was not made larger.
    """
    if not around.switches:
        return jnp.zeros_like(raised)
    state, rates, ahead = lax.stop_gradient((state, rates, around.ahead))
    factor = SIZES[str(jnp.dtype(state.dtype))].factor
    larger = jnp.where(raised, factor * state, state)
    there = lax.stop_gradient(around.rates_at(larger))
    size = jnp.abs(larger) + jnp.abs(there) * ahead
    fed = raised & ~(jnp.abs(there - factor * rates) * ahead <= _IN_PROPORTION * size)
    for group in (own for own in members_of(groups, len(state)) if np.sum(own) > 1):
        fed |= group & raised & jnp.any(fed & group)
    return fed


def largest_of_group(values: Array, groups: Groups) -> Array:
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


def looked_at(
    state: Array, vanished: Vanished, up: Array, ends: Array, groups: Groups, around: Surroundings
) -> Looked:
    """A look at the field beside a state, in which these may go `up`; those that `ends` are lost otherwise.

    Made larger, as far as it may rise until it is made smaller again, these have to move in proportion, and
    all else not to notice; nor may there be a switch on the way down to where it would be lost.
    """
    state, scale, ahead = lax.stop_gradient((state, around.scale, around.ahead))
    limits, sizes = jnp.finfo(state.dtype), SIZES[str(jnp.dtype(state.dtype))]
    lost = vanished.lost
    low = lost | (jnp.abs(state) < sizes.deep * scale)
    without, parts = jnp.where(low, 0.0, state), (sizes.factor, sizes.most, sizes.lowest / sizes.low)
    trace = jnp.maximum(sizes.trace * scale, sizes.least) * _shares(vanished, groups)
    states = [jnp.where(up, state * part, state) for part in parts]
    states += [state, jnp.where(ends, 0.0, state), without]
    states += [jnp.where(lost, trace * part, without) for part in (1.0, sizes.lowest / sizes.low)]
    rates = lax.map(lambda z: lax.stop_gradient(around.rates_at(z)), jnp.stack(states))
    there, (here, fallen, bare, traced, seen) = rates[:3], rates[3:]

    def unlike(a: Array, b: Array, share: float) -> Array:
        return jnp.any(~low & ~(jnp.abs(a - b) * ahead <= share * scale))  # NaN is a difference

    follows = ~jnp.any(lost & ~(jnp.abs(there[1] - here) * ahead < sizes.high * scale))
    for part, tried, rate in zip(parts, states, there, strict=False):
        follows &= ~unlike(rate, here, float(limits.eps))
        size = jnp.abs(tried) + jnp.abs(rate) * ahead
        expected = jnp.where(up, part * here, here)
        wrong = ~(jnp.abs(rate - expected) * ahead <= float(limits.eps) ** 0.5 * size)
        # Far below that products are no numbers any more, and say nothing.
        follows &= ~jnp.any(low & ~lost & wrong) if part > 1 or around.jumps else True
    matters = jnp.any(ends) & ~follows & unlike(fallen, here, around.share)
    growth = largest_of_group(jnp.where(lost, (traced - bare) / trace, -jnp.inf), groups)
    # The larger one of those now and at the last look.
    duration = lax.stop_gradient(around.t) - vanished.looked
    grown = jnp.where(lost, jnp.maximum(growth, vanished.growth), 0.0)
    depth = vanished.depth + duration * grown
    back = _BACK * depth_of(end_of(scale), vanished.levels, scale)
    returns = jnp.any(lost & ~(depth <= back)) | unlike(seen, bare, around.share)
    returns |= _feeds(jnp.abs(traced - bare), trace, depth, state, vanished, groups, around)
    return Looked(follows, jnp.minimum(depth, back), growth, matters | (jnp.any(lost) & returns))


def _feeds(
    fed: Array,
    trace: Array,
    depth: Array,
    state: Array,
    vanished: Vanished,
    groups: Groups,
    around: Surroundings,
) -> Array:
    """Whether what is lost would move others of its group by more than a share of what these are by now.

    What a `trace` of it feeds them, shape (d,), is made as large as what was lost of it.
    """
    lost, scale = vanished.lost, around.scale
    part = largest_of_group(jnp.where(lost, depth + jnp.log(scale) - jnp.log(trace), -jnp.inf), groups)
    size = jnp.log(jnp.abs(state)) - logarithm_of_levels(vanished.levels, state.dtype)
    moved = jnp.log(fed) + jnp.log(around.ahead) + part
    return jnp.any(
        ~lost & np.any(members_of(groups, len(state)), axis=0) & (moved > size + np.log(around.share))
    )
