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

# Returns that differ by less than this part of the swing are the same return, and the orbit is closed.
# An extreme is known to some hundred times the error of a step, so loose tolerances ask for more.
CLOSED, CLOSED_ERRORS = 1e-6, 1e3
# A swing that grows from return to return by more than this part of itself is spiralling outwards.
GROWING = 1e-3
# An orbit along the faces comes nearer to each of them than exp(-FACE), 1 in 1,000.
FACE = 7.0


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
    states: tuple[Array, Array],
    slopes: tuple[Array, Array],
    inside: Callable[[Array], Array],
    field: Callable[[Array, Array], Array],
) -> Extremes:
    """The extremes after a step.

    `ends` are its two times, `states` and `slopes` the state and the field at them, `inside` the state
    at a time between.
    """
    k = seen.high.shape[0]
    before, after = slopes[0][:k], slopes[1][:k]
    rose, fell = (before > 0) & (after <= 0), (before < 0) & (after >= 0)
    mean = (states[1] - states[0])[:k] / (ends[1] - ends[0])
    guess, curvature = _turn_of_cubic(ends, mean, before, after)

    def turning_point(i: Array) -> tuple[Array, Array]:
        when = _zero_of(lambda t: field(t, inside(t))[i], ends, guess[i], curvature[i])
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


def _turn_of_cubic(ends: tuple[Array, Array], rise: Array, at_a: Array, at_b: Array) -> tuple[Array, Array]:
    """Where the cubic with these slopes at both ends, and this mean slope, turns; and its curvature there.

    The slopes have opposite signs, so the slope of the cubic, a parabola, has one root between the ends.
    """
    a, b = ends
    sign = jnp.sign(at_a)
    linear, square = sign * (6 * rise - 4 * at_a - 2 * at_b), sign * 3 * (at_a + at_b - 2 * rise)
    root = jnp.sqrt(jnp.maximum(linear**2 - 4 * square * jnp.abs(at_a), 0.0))
    bottom = root - linear
    part = jnp.where(bottom > 0, 2 * jnp.abs(at_a) / jnp.where(bottom > 0, bottom, 1.0), 0.5)
    return a + (b - a) * jnp.clip(part, 0.0, 1.0), -sign * root / (b - a)


def _zero_of(
    slope: Callable[[Array], Array], ends: tuple[Array, Array], guess: Array, curvature: Array
) -> Array:
    """Where `slope` is zero, from a guess good to a few per cent: a chord step, then a secant step."""
    at_guess = slope(guess)
    near = jnp.clip(guess - _divide(at_guess, curvature), *ends)
    at_near = slope(near)
    return jnp.clip(near - _divide(at_near * (near - guess), at_near - at_guess), *ends)


def _divide(a: Array, b: Array) -> Array:
    return jnp.where(b == 0, 0.0, a / jnp.where(b == 0, 1.0, b))


def classify(seen: Extremes | None, settled: Array, faces: bool, tolerance: float) -> Array:
    """`Attractor` number (int8) of an orbit with these extremes, told whether it came to rest.

    `faces` as in `Flow`; `tolerance` is that of the steps.
    """
    closed = max(CLOSED, CLOSED_ERRORS * tolerance)
    kind = Attractor
    found = jnp.int8(kind.undecided)
    if seen is not None:
        swing = seen.high - seen.low
        change = jnp.maximum(jnp.abs(seen.high - seen.earlier_high), jnp.abs(seen.low - seen.earlier_low))
        found = jnp.where(jnp.all(change <= closed * swing), jnp.int8(kind.closed_orbit), found)
        if faces:
            grown = swing - (seen.earlier_high - seen.earlier_low) > max(GROWING, 10 * closed) * swing
            along = grown & (seen.high > FACE) & (seen.low < -FACE)
            found = jnp.where(jnp.all(along), jnp.int8(kind.boundary_cycle), found)
    return jnp.where(settled, jnp.int8(kind.rest_point), found)
