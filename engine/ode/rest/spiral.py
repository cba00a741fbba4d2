"""How slowly an orbit spirals about a rest point, and how wrong its steps may be for that.

What an error of each step does to a spiral adds up turn by turn, beside what the field does. By some methods
errors point inward: of a spiral that loses a thousandth of its radius in a radian they took 7% more. So
each step may be wrong by a part of what the spiral loses meanwhile, or gains.
"""

from math import log
from typing import Any, NamedTuple, Protocol

import jax.numpy as jnp
from jax import lax

from ..steps.rough import log2

Array = Any

# The radius of a spiral may be wrong by this part of what it loses. What that is is known from the time since
# the orbit has been near, and is taken to be more by so many time constants.
_WRONG, _UNKNOWN = 5e-3, 0.1
# No more is asked than of a spiral that takes so many radians to lose a time constant, nor less than this
# part of the errors otherwise allowed: two to three times the steps. Nothing is where an orbit does not
# settle within so many times the time and the steps that it has left, as about a centre.
_SLOWEST, _LEAST, _AT_MOST = 3000, 1 / 30, 2
# The distance that a single step shows of an ellipse is too large by as much as that is long. If it is too
# large by this, or the orbit is as far away, it is not near.
_FAR = 5


class Spiral(NamedTuple):
    """The part of the errors otherwise allowed that a spiral allows, and what it is known from.

    first, elapsed : the logarithm to base 2 of the distance where the orbit came near, and the time since;
        negative where it is not.
    speed, slowness : the largest of the rates since one last changed its sign, and the inverse of the largest
        of their changes in time. From these follow the size and the angular speed of a long ellipse, too,
        which no single step shows.
    """

    part: Array
    first: Array
    elapsed: Array
    speed: Array
    slowness: Array


class SpiralLimits(Protocol):
    """What errors of steps take from a spiral of size 1 in a radian, where orbits settle, and all steps."""

    @property
    def damping(self) -> float: ...
    @property
    def settle(self) -> float: ...
    @property
    def most_steps(self) -> int: ...


def first_spiral(limits: SpiralLimits, beside: float, dtype: Any) -> Spiral | None:
    """That of an orbit that is not near; None where the tolerances suit the slowest spiral as they are.

    Errors are measured by the distance to a rest point within the part `beside` of the scale.
    """
    if limits.damping <= beside * _WRONG / _SLOWEST:
        return None
    one, zero = jnp.ones((), dtype), jnp.zeros((), dtype)
    return Spiral(one, zero, -one, zero, jnp.asarray(jnp.finfo(dtype).max, dtype))


class Seen(NamedTuple):
    """What a step shows.

    speed, slowness : the largest of the rates at its end, and the inverse of that of their changes in time.
    distance : from the rest point, as far as it shows that.
    turns : whether a rate has changed its sign.
    duration, left : the time that it took, and that which the orbit has left.
    """

    speed: Array
    slowness: Array
    distance: Array
    turns: Array
    duration: Array
    left: Array


def spiralled(spiral: Spiral, seen: Seen, limits: SpiralLimits, beside: float) -> Spiral:
    """The spiral after a step."""
    seen = lax.stop_gradient(seen)
    turns, tiny = seen.turns, jnp.finfo(seen.speed.dtype).tiny
    speed, slowness = jnp.maximum(spiral.speed, seen.speed), jnp.minimum(spiral.slowness, seen.slowness)
    radian = jnp.maximum(speed * slowness, tiny)
    radius = jnp.maximum(speed * radian, tiny)
    known, elapsed = spiral.elapsed >= 0, spiral.elapsed + seen.duration
    near = jnp.where(turns, radius < beside, known) & (seen.distance < _FAR * beside)
    size = log2(radius)
    lost = log(2) * jnp.abs(spiral.first - size) + _UNKNOWN
    left = jnp.minimum(seen.left, limits.most_steps * seen.duration)
    settles = _AT_MOST * left * lost >= elapsed * (log(2) * size - log(limits.settle))
    least = max(1 / _SLOWEST, _LEAST * limits.damping / (_WRONG * beside))
    part = _WRONG / limits.damping * radius * jnp.maximum(lost * radian / elapsed, least)
    part = jnp.where(known & settles, jnp.minimum(part, 1.0), 1.0)
    begins = turns & ~known
    return Spiral(
        jnp.where(near, jnp.where(turns, part, spiral.part), 1.0),
        jnp.where(begins, size, spiral.first),
        jnp.where(near, jnp.where(begins, 0.0, elapsed), -1.0),
        jnp.where(turns, seen.speed, speed),
        jnp.where(turns, seen.slowness, slowness),
    )
