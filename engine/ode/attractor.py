"""What an orbit nears: a rest point, a closed orbit, a cycle along the faces, or nothing yet."""

from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from .extrema import Extremes

Array = Any

# Returns that differ by less than this part of the swing may be the same: `closed_orbit` takes exact steps.
# Loose ones drift by as much.
_MAY_RETURN = 1e-2
# By exact steps they must not differ by more than this. An extreme of the orbit that led there is known to
# some tens of times the error of a step.
_CLOSED, _CLOSED_ERRORS = 1e-6, 1e2
# A swing smaller than this many errors of a step is none: rounding and errors look like swings, too.
NOISE = 100.0
# Times that differ by less than this part of themselves are the same.
SAME_TIME = 1e-5
# A swing that grows from return to return by more than this part of itself is spiralling outwards.
_GROWING = 1e-3
# An orbit along the faces comes nearer to each of them than exp(-_FACE), 1 in 1,000.
_FACE = 7.0
# Steps have led an orbit astray whose maxima have changed by this part of its swing, and by so many errors of
# a step, in half of its time, if changes like that of the last round come to this part of it in all of these:
# what nears a cycle changes by ever less.
_ASTRAY, _NOISY, _AS_MUCH = 1e-2, 10.0, 0.5


def classified(
    extremes: Extremes | None, own: Array, settled: Array, faces: Array | bool, tolerance: float
) -> Array:
    """`Attractor` number (int8) of an orbit; `closed_orbit` where it may be one.

    Parameters
    ----------
    extremes : its last two maxima and minima; None where nothing is followed.
    own : which quantities are observables followed themselves, shape (k,); the others are state components.
    settled : whether it came to rest.
    faces : whether it may near a cycle along faces: False where the flow has none.
    tolerance : that of the steps.
    """
    attractor = jnp.int8(Attractor.undecided)
    if extremes is not None:
        closed = closeness(tolerance)
        returned = _may_be_closed(extremes, max(closed, _MAY_RETURN))
        attractor = jnp.where(returned, jnp.int8(Attractor.closed_orbit), attractor)
        if faces is not False:
            along = faces & jnp.all(
                jnp.where(own, _deepens(extremes, closed), _nears_both_faces(extremes, closed))
            )
            attractor = jnp.where(along, jnp.int8(Attractor.boundary_cycle), attractor)
    return jnp.where(settled, jnp.int8(Attractor.rest_point), attractor)


def closeness(tolerance: float) -> float:
    """Extremes that differ by less than this part of the swing are the same; `tolerance` is that of steps."""
    return max(_CLOSED, _CLOSED_ERRORS * tolerance)


def is_swing(e: Extremes) -> Array:
    """Which followed quantities swing by more than the errors of the integration, shape (k,)."""
    return e.high - e.low > NOISE * e.error


def led_astray(e: Extremes, real: Array, tolerance: float) -> Array:
    """Whether the first quantity that swings goes on rising or falling as it did since half of the time.

    Where exact steps show it to return, as about a centre, it was the error of the steps.
    """
    high, earlier, halfway, low, when, before, then = (
        jnp.take(part, jnp.argmax(real), mode="clip")
        for part in (
            e.high, e.earlier_high, e.halfway_high, e.low, e.high_time, e.earlier_high_time, e.halfway_time
        )
    )  # fmt: skip
    change, last, rounds = high - halfway, high - earlier, (when - then) / (when - before)
    far = jnp.abs(change) > max(_ASTRAY, _NOISY * tolerance) * (high - low)
    return far & (last * rounds * jnp.sign(change) >= _AS_MUCH * jnp.abs(change))


def _may_be_closed(e: Extremes, closed: float) -> Array:
    """Whether there is a swing, and all return to where they were, in the same time; others may rest."""
    swing = e.high - e.low
    change = jnp.maximum(jnp.abs(e.high - e.earlier_high), jnp.abs(e.low - e.earlier_low))
    rests, swings = swing <= NOISE * e.error, is_swing(e)
    period = e.high_time - e.earlier_high_time
    whole = jnp.take(period, jnp.argmax(swings), mode="clip")
    together = jnp.abs(period - whole) <= max(SAME_TIME, 10 * closed) * whole
    return jnp.all(((change <= closed * swing) & together) | rests) & jnp.any(swings)


def _nears_both_faces(e: Extremes, closed: float) -> Array:
    """Which components spiral outwards, and have come near both of their faces."""
    swing = e.high - e.low
    grown = swing - (e.earlier_high - e.earlier_low) > max(_GROWING, 10 * closed) * swing
    return grown & (e.high > _FACE) & (e.low < -_FACE)


def _deepens(e: Extremes, closed: float) -> Array:
    """Which quantities have their extremes near faces, and nearer every time."""
    last, earlier = e.depth[0::2], e.depth[1::2]
    return jnp.all((last > _FACE) & (last - earlier > max(_GROWING, 10 * closed) * last), axis=0)
