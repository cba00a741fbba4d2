"""How far components of an orbit have fallen: as numbers and levels, how many times they were made larger.

In a step it is only asked whether anything is due (`held`): what has fallen too low, is about to rise, or is
lost. Here is what is known of that.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..rest.faces import Groups

Array = Any


class Sizes(NamedTuple):
    """Parts of a component's scale, and two numbers.

    A component is `deep` below the first, where it moves nothing else; it is made `factor` times larger below
    `low`, and smaller again above `high`. One that cannot be made larger is lost at the `lowest`. Smaller
    than `least`, a number, none is followed. `trace` is what is put in the place of one that is lost, to see
    whether it matters. Below so many `levels`, at 1e-690, it is lost.
    """

    deep: float
    high: float
    low: float
    lowest: float
    trace: float
    factor: float
    least: float
    levels: int

    @property
    def most(self) -> float:
        """So many times larger than where it was low is a component that is about to be made smaller."""
        return self.factor * 2.0 ** int(np.log2(self.high / (self.low * self.factor)))


# A component at `high` is rounded away beside one that is just not deep. In double precision the product of
# two that are `low` is still a number: a field may hold it.
SIZES = {
    "float64": Sizes(
        deep=1e-100,
        high=1e-117,
        low=1e-140,
        lowest=1e-270,
        trace=1e-130,
        factor=2.0**66,
        least=1e-300,
        levels=28,
    ),
    "float32": Sizes(
        deep=1e-12, high=1e-20, low=1e-30, lowest=1e-30, trace=1e-25, factor=2.0**29, least=1e-36, levels=75
    ),
}
# A state is made smaller by so many levels at once, as numbers hold; after all of them the largest is 0.
_AT_ONCE = {"float64": (8, 8, 8, 4, 2, 1), "float32": (4, 4, 2, 1)}


class Vanished(NamedTuple):
    """What is known of components that have fallen far below their scale.

    levels, before : how many times the state has each of them made larger, since the last look and before it,
        shape (d,).
    depth : of those that are not followed any more the logarithm of their size; 0 of all others, shape (d,).
    growth : how fast its group could have grown at the last look, shape (d,), which was at the time `looked`.
    floor, ceiling : the sizes between which nothing is due of a component, shape (d,), of its scale at the
        last look: where that has grown since, it falls as much further, which numbers hold.
    doubtful : whether the orbit may be another one, as one that is lost would have made a difference.
    """

    levels: Array
    before: Array
    depth: Array
    growth: Array
    looked: Array
    floor: Array
    ceiling: Array
    doubtful: Array

    @property
    def lost(self) -> Array:
        """Which components count as 0."""
        return self.depth < 0


def none_vanished(state: Array, scale: Array, groups: Groups) -> Vanished:
    """At the start of an orbit, where each component has this scale, shape (d,)."""
    level = jnp.zeros(state.shape, jnp.int32)
    zero, no = jnp.zeros_like(state), jnp.asarray(False)
    floor, ceiling = limits(state, scale, level, zero < 0, groups)
    return Vanished(level, level, zero, zero, jnp.zeros((), state.dtype), floor, ceiling, no)


def is_due(state: Array, vanished: Vanished) -> Array:
    """Whether anything is due where a step has led to this state: it is asked in every step."""
    size = lax.stop_gradient(jnp.abs(state))
    return jnp.any((size < vanished.floor) | (size > vanished.ceiling))


def true_state(state: Array, levels: Array, lost: Array | None = None) -> Array:
    """The state, shape (d,), in which what was made larger has its own size, and what is lost is 0.

    That is 0, too, below all numbers.
    """
    if lost is not None:
        state = jnp.where(lost, 0.0, state)
    dtype = str(jnp.dtype(state.dtype))
    for count in _AT_ONCE[dtype]:
        taken = levels >= count
        # Not by a chosen factor: NVIDIA's assembler would choose those of all components first, and spill.
        state = jnp.where(taken, state * SIZES[dtype].factor ** -count, state)
        levels = jnp.where(taken, levels - count, levels)
    return state


def levels_at(t: Array, levels: Array, looked: Array) -> Array:
    """The levels at which a state stands that was kept at a time: what is older has its own size."""
    return jnp.where(t >= looked, levels, 0)


def limits(state: Array, scale: Array, levels: Array, lost: Array, groups: Groups) -> tuple[Array, Array]:
    """The sizes between which nothing is due of a component of this scale, as of `Vanished`."""
    state, scale = lax.stop_gradient((state, scale))
    sizes, members = SIZES[str(jnp.dtype(state.dtype))], members_of(groups, len(state))
    raised = levels > 0
    floor = jnp.full_like(state, sizes.low)
    for group in (own for own in members if np.sum(own) > 1):
        floor = jnp.where(group & ~raised & jnp.any(raised & group), sizes.deep, floor)
    size, floor, end = jnp.abs(state), scale * floor + sizes.least, end_of(scale)
    # One that is below that already waits for others, or cannot be made larger: it is tried again later.
    again = jnp.where(size > end, jnp.maximum(size / sizes.factor, end), sizes.least)
    floor = jnp.where(size < floor, again, floor)
    floor = jnp.where(lost | (state == 0) | ~np.any(members, axis=0), -1.0, floor)
    ceiling = jnp.where(raised, scale * sizes.high, jnp.where(state == 0, 0.0, jnp.inf))
    ceiling = jnp.where(np.any(members, axis=0), jnp.where(lost, -1.0, ceiling), jnp.inf)
    return floor.astype(state.dtype), ceiling.astype(state.dtype)


def end_of(scale: Array) -> Array:
    """The size below which a component of this scale is lost if it cannot be made larger, shape (d,)."""
    sizes = SIZES[str(jnp.dtype(scale.dtype))]
    return scale * sizes.lowest + sizes.least


def members_of(groups: Groups, count: int) -> list[np.ndarray]:
    """Which of so many components are in each group, shape (d,)."""
    return [np.isin(np.arange(count), group) for group in groups]


def depth_of(state: Array, levels: Array, scale: Array) -> Array:
    """The logarithm of the size of each component in units of its scale, shape (d,); below 0."""
    part = jnp.clip(jnp.abs(state) / scale, jnp.finfo(state.dtype).tiny, 0.5)
    return lax.stop_gradient(jnp.log(part) - logarithm_of_levels(levels, state.dtype))


def logarithm_of_levels(levels: Array, dtype: Any) -> Array:
    """The logarithm of what so many levels make of a component, a number of this dtype."""
    return float(np.log(SIZES[str(jnp.dtype(dtype))].factor)) * levels.astype(dtype)


def shallowest(dtype: Any) -> float:
    """The logarithm of the largest size at which a component is lost."""
    return float(np.log(SIZES[str(jnp.dtype(dtype))].lowest))
