"""When a trajectory has come to rest: what looks like arrival in the steps, and what a closer look says.

In the loop over steps an estimate must do. It stops the loop, and between two loops `attraction` tells a rest
point that attracts from a saddle that the orbit passes, and from a switch at which steps grow short.
"""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import lax

from .attraction import NONE, Nearest
from .distance import Swing, no_swing
from .spiral import Seen, Spiral, SpiralLimits, first_spiral, spiralled

Array = Any

# The estimate is right to about this factor: so much earlier the rest point is looked for.
_EARLY = 3.0
# Beside a rest point that does not attract, the orbit must first get this many times `settle` away from it.
_AWAY = 30.0
# Where there is none, the next look is after a quarter as many steps as were taken, within these limits.
_SHORTEST, _LONGEST = 4, 256
# An orbit of more than `_MANY` steps may be a slow spiral. If it has stayed near a rest point since a rate
# last changed its sign, within the part `_BESIDE` of the scale, the errors of its steps are measured by its
# largest distance meanwhile. Measured by the scale, they would damp the spiral, or drive it, by as much as
# the field does. No error below `_ROUNDINGS` roundings is ever asked for.
_MANY, _BESIDE, _ROUNDINGS = 256, 0.2, 500
# Beside a rest point no step may be wrong by more than this part of the distance to it. Otherwise it would be
# chance whether and when an orbit settles, if `settle` is no larger than the errors of the steps.
_PRECISE = 1e-3
# A scale below this part of another one is finer. A step number that is not reached.
_FINER, _NEVER = 0.5, 2**31 - 1


class RestWatch(NamedTuple):
    """What the loop over steps knows of a rest point.

    within, since : a rest point is looked for once its estimated distance falls below `within`, from step
        number `since` on.
    known : whether it was found.
    bends : whether the motion beside it is not linear, so that it may lie elsewhere by now.
    near : whether it is to be looked for now; of one that is known, whether it is nearer than `settle`.
    settled : whether the orbit has come to rest.
    swing : of the orbit about the rest point.
    part : how much the next step may make of the errors that the tolerances allow.
    farthest : the largest estimate of the distance since a rate last changed its sign.
    beside : the same as `part`, from the distance alone. None where it is never less than 1, as the
        tolerances are far below `settle`.
    spiral : how slowly the orbit turns inward while `part` is less than 1. None where it makes no difference.
    hidden : how large a distance rounding hides, shape (d,); infinite until that is looked at.
    again : the step number from which it is looked at anew. Both None where all components have one scale.
    """

    within: Array
    since: Array
    known: Array
    bends: Array
    near: Array
    settled: Array
    swing: Swing
    part: Array
    farthest: Array
    beside: Array | None
    spiral: Spiral | None
    hidden: Array | None
    again: Array | None

    @property
    def allowed(self) -> Array:
        """The part of the errors that the tolerances allow which the next step may make."""
        part = self.part if self.spiral is None else jnp.minimum(self.part, self.spiral.part)
        return part if self.beside is None else jnp.minimum(part, self.beside)


class RestLimits(SpiralLimits, Protocol):
    """How near to a rest point an orbit stops, and the relative error of its steps."""

    @property
    def settle(self) -> float: ...
    @property
    def rtol(self) -> float: ...


def first_watch(
    limits: RestLimits, still: Array, doubtful: Array, dtype: Any, sizes: int | None
) -> RestWatch:
    """The watch at the start.

    `still`: nothing moves there; if that is `doubtful`, it is looked at before the first step. `sizes`: the
    number of components, if they differ in scale.
    """
    settle = limits.settle
    within, one, never = jnp.asarray(_EARLY * settle, dtype), jnp.ones((), dtype), jnp.asarray(False)
    beside = one if limits.rtol > 1.01 * _PRECISE * settle else None
    hidden, again = (None, None) if sizes is None else (jnp.full(sizes, jnp.inf, dtype), jnp.int32(_NEVER))
    return RestWatch(
        within, jnp.int32(0), never, never, still, still & ~doubtful, no_swing(dtype), one, one, beside,
        first_spiral(limits, _BESIDE, dtype), hidden, again,
    )  # fmt: skip


def starts_at_rest(rates: Array, outbound: Array) -> Array:
    """Whether a scenario starts exactly on a rest point, or on a face and heading out of it."""
    return jnp.all(outbound | (rates == 0))


def watched(
    watch: RestWatch,
    limits: RestLimits,
    steps: Array,
    rates: tuple[Array, Array],
    times: tuple[Array, Array, Array],
    square: Array,
) -> RestWatch:
    """The watch after step number `steps`.

    `times` are those before and after it, and that at which the orbit ends if it does not settle; `rates`
    those before and after it in units of the scale, 0 where they count for nothing; `square` is the square of
    the distance to the rest point, if it is known.

    Near a rest point z* the rates are J (z - z*), so |z - z*| is about |rates|^2 / |J rates|, and J rates is
    the change of the rates in time. They shrink on the way there; beside a rest point that an orbit leaves
    they grow.
    """
    settle, duration = limits.settle, times[1] - times[0]
    before, speed = (jnp.max(jnp.abs(r)) for r in rates)
    change = jnp.max(jnp.abs(rates[1] - rates[0]))
    # The estimate is below a number where speed^2 times the duration is below that times the change.
    strength = speed * speed * duration
    arrives = (strength <= watch.within * change) & (speed < before) & (steps >= watch.since)
    near = (watch.known & (square <= settle**2)) | ((~watch.known | watch.bends) & arrives) | (speed == 0)
    # Beside a saddle rates that stay what they are to the last bit are rounding.
    away = (strength > _AWAY * settle * change) & (change > 0)
    turns = jnp.any((rates[0] < 0) != (rates[1] < 0)) & (steps >= _MANY)
    tiny = jnp.finfo(speed.dtype).tiny
    distance = strength / jnp.maximum(change, tiny)
    part, farthest = _part(watch, distance, turns, limits.rtol)
    beside = None if watch.beside is None else _beside(distance, limits)
    spiral = watch.spiral
    if spiral is not None:
        seen = Seen(
            speed, duration / jnp.maximum(change, tiny), distance, turns, duration, times[2] - times[1]
        )
        spiral = spiralled(spiral, seen, limits, _BESIDE)
        spiral = spiral._replace(part=jnp.maximum(spiral.part, _least(limits.rtol, distance.dtype)))
    return watch._replace(
        within=jnp.where(away, jnp.asarray(_EARLY * settle, speed.dtype), watch.within),
        known=watch.known & (square <= (NONE * settle) ** 2),
        near=near,
        part=part,
        farthest=farthest,
        beside=beside,
        spiral=spiral,
    )


def _beside(distance: Array, limits: RestLimits) -> Array:
    """The part of the errors allowed by which the distance to a rest point is known, down to `settle`."""
    rounding = _ROUNDINGS * float(jnp.finfo(distance.dtype).eps)
    error = _PRECISE * jnp.maximum(distance, limits.settle)
    return lax.stop_gradient(jnp.minimum(jnp.maximum(error, rounding) * (1 / max(limits.rtol, 1e-300)), 1.0))


def _part(watch: RestWatch, distance: Array, turns: Array, tolerance: float) -> tuple[Array, Array]:
    """`part` and `farthest` of the next watch, at this distance from what may be a rest point."""
    least = _least(tolerance, distance.dtype)
    farthest = jnp.maximum(watch.farthest, distance)
    part = jnp.maximum(jnp.where(turns, farthest, distance) * (1 / _BESIDE), least)
    part = jnp.minimum(jnp.where(turns, part, jnp.maximum(watch.part, part)), 1.0)
    return lax.stop_gradient((part, jnp.where(turns, distance, farthest)))


def _least(tolerance: float, dtype: Any) -> float:
    """The part of the errors allowed that rounding makes all the same."""
    return min(_ROUNDINGS * float(jnp.finfo(dtype).eps) / max(tolerance, 1e-300), 1.0)


def looked_at(watch: RestWatch, settle: float, steps: Array, rest: Nearest, still: Array) -> RestWatch:
    """The watch after a closer look at an orbit that is `near`; `still`: nothing moves at all."""
    none = rest.square > (NONE * settle) ** 2
    settled = watch.near & (still | (rest.attracts & (rest.square <= settle**2)))
    within = jnp.where(none | rest.attracts, jnp.asarray(_EARLY * settle, watch.within.dtype), -1.0)
    # Where it bends Newton's method may lead astray once, and the orbit is to settle at its time.
    pauses = none & ~(watch.known & watch.bends)
    pause = jnp.where(pauses, jnp.clip(steps // 4, _SHORTEST, _LONGEST), 0)
    return watch._replace(
        within=jnp.where(watch.near, within, watch.within).astype(watch.within.dtype),
        since=jnp.where(watch.near, steps + pause, watch.since),
        known=jnp.where(watch.near, rest.attracts & ~none, watch.known),
        bends=jnp.where(watch.near, ~rest.linear, watch.bends),
        near=settled,
        settled=settled,
        swing=jax.tree.map(lambda new, old: jnp.where(watch.near, new, old), rest.swing, watch.swing),
    )


def goes_on(watch: RestWatch, steps: Array, lacks: Array) -> RestWatch:
    """The watch of an orbit that has come to rest, but goes on for some steps where a cost of it `lacks`."""
    pause = jnp.clip(steps // 16, _SHORTEST, _LONGEST)
    return watch._replace(
        near=watch.near & ~lacks,
        settled=watch.settled & ~lacks,
        known=watch.known & ~lacks,
        since=jnp.where(lacks, steps + pause, watch.since),
    )


def measured(
    before: RestWatch, looked: RestWatch, steps: Array, hidden: Array, units: tuple[Array, Array, Array]
) -> RestWatch:
    """The watch that `looked`, now that it is known how large a distance rounding has `hidden`.

    `units` are the scales, shape (d,), where nothing is known of that, with what was known `before`, and now.
    Where one is finer now the orbit only seemed to be near, and goes on. What rounding hides changes along
    the orbit: as long as it makes a difference it is looked at anew, whenever the steps have doubled.
    """
    coarse, old, new = units
    hidden = jnp.where(jnp.isfinite(hidden), hidden, jnp.inf)
    finer = jnp.any(new < _FINER * old)
    again = jnp.where(jnp.any(new < _FINER * coarse), 2 * steps + _SHORTEST, _NEVER).astype(jnp.int32)
    goes_on = before._replace(near=jnp.asarray(False))
    watch = jax.tree.map(lambda a, b: jnp.where(finer, a, b), goes_on, looked)
    return watch._replace(hidden=hidden, again=again)
