"""What an orbit does: its maxima and minima, how they change from return to return, what it nears.

Only the last two extremes of each followed component are kept, so the memory of a lane does not grow
with its horizon.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..kernels.flow import Attractor

Array = Any

# Returns that differ by less than this part of the swing are the same return: the orbit is closed.
CLOSED = 1e-6
# A swing that grows from return to return by more than this part of itself is spiralling outwards.
GROWING = 1e-3
# An orbit along the faces comes nearer to each of them than exp(-FACE), 1 in 1,000.
FACE = 7.0
# Secant steps on top of the straight line between the slopes at both ends of a step.
_REFINEMENTS = 3


class Extremes(NamedTuple):
    """The last two maxima and minima of each followed component, shape (k,), and when the maxima were."""

    high: Array
    earlier_high: Array
    low: Array
    earlier_low: Array
    high_time: Array
    earlier_high_time: Array


def none_yet(followed: int, dtype: Any) -> Extremes:
    """No extreme seen."""
    return Extremes(*(jnp.full(followed, jnp.nan, dtype) for _ in Extremes._fields))


def update(
    seen: Extremes,
    ends: tuple[Array, Array],
    slopes: tuple[Array, Array],
    inside: Callable[[Array], Array],
    field: Callable[[Array, Array], Array],
) -> Extremes:
    """The extremes after a step.

    `ends` are its two times, `slopes` the field at them, `inside` the state at a time between.
    """
    k = seen.high.shape[0]
    before, after = slopes[0][:k], slopes[1][:k]
    rose, fell = (before > 0) & (after <= 0), (before < 0) & (after >= 0)
    turned = rose | fell

    def turning_point(i: Array) -> tuple[Array, Array]:
        safe = (jnp.where(turned[i], before[i], 1.0), jnp.where(turned[i], after[i], -1.0))
        when = _zero_of(lambda t: field(t, inside(t))[i], ends, safe)
        return when, inside(when)[i]

    when, value = jax.vmap(turning_point)(jnp.arange(k))
    return Extremes(
        jnp.where(rose, value, seen.high),
        jnp.where(rose, seen.high, seen.earlier_high),
        jnp.where(fell, value, seen.low),
        jnp.where(fell, seen.low, seen.earlier_low),
        jnp.where(rose, when, seen.high_time),
        jnp.where(rose, seen.high_time, seen.earlier_high_time),
    )


def _zero_of(
    slope: Callable[[Array], Array], ends: tuple[Array, Array], values: tuple[Array, Array]
) -> Array:
    """Where `slope` crosses zero between two times at which it has the given, opposite, values."""
    (a, b), (at_a, at_b) = ends, values
    for _ in range(_REFINEMENTS):
        middle = a + (b - a) * at_a / (at_a - at_b)
        found = slope(middle)
        # Illinois rule: the end that stays counts half, so that both ends close in.
        left = found * at_a > 0
        a, at_a, b, at_b = (
            jnp.where(left, middle, a),
            jnp.where(left, found, at_a / 2),
            jnp.where(left, b, middle),
            jnp.where(left, at_b / 2, found),
        )
    return a + (b - a) * at_a / jnp.where(at_a == at_b, 1.0, at_a - at_b)


def classify(seen: Extremes | None, settled: Array, faces: bool) -> Array:
    """`Attractor` number (int8) of an orbit with these extremes, told whether it came to rest."""
    kind = Attractor
    found = jnp.int8(kind.undecided)
    if seen is not None:
        swing = seen.high - seen.low
        change = jnp.maximum(jnp.abs(seen.high - seen.earlier_high), jnp.abs(seen.low - seen.earlier_low))
        found = jnp.where(jnp.all(change <= CLOSED * swing), jnp.int8(kind.closed_orbit), found)
        if faces:
            grown = swing - (seen.earlier_high - seen.earlier_low) > GROWING * swing
            along = grown & (seen.high > FACE) & (seen.low < -FACE)
            found = jnp.where(jnp.all(along), jnp.int8(kind.boundary_cycle), found)
    return jnp.where(settled, jnp.int8(kind.rest_point), found)
