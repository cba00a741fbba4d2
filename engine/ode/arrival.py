"""When a trajectory that has settled came near enough to its rest point, by its last step itself."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from .integration import Integration
from .lane import Lane, Moment, Orbit
from .rest.distance import Swing, square_of_distance

Array = Any

# Tries to find the time, and the part of the step to which they find it.
_TRIES, _PART = 12, 1e-4


class _Bracket(NamedTuple):
    """Two times into a step, and how far the rest point is at each: ln(distance / settle), positive and not.

    `tries` counts what was looked at in between.
    """

    tries: Array
    begin: Array
    end: Array
    above: Array
    below: Array


def settle_time(integration: Integration, orbit: Orbit) -> Array:
    """The time at which the orbit came within `settle` of its rest point, its swings about it too.

    NaN where it never did.
    An orbit of shares has to have those near 0 that are left out, too.
    """
    lane, rest = orbit.lane, orbit.rest
    if lane.watch is None:
        return jnp.full_like(lane.t, jnp.nan)
    assert lane.before is not None
    begin, end = (lane.before, lane) if orbit.arrival is None else orbit.arrival[1:]
    _, left_out = integration.motion(end)
    units = integration.units(lane)

    def cond(last: _Bracket, fixed: Any) -> Array:
        wide = last.end - last.begin > _PART * fixed[-1]
        return wide & (last.tries < _TRIES) & (last.above > 0)

    def body(last: _Bracket, fixed: Any) -> _Bracket:
        p, (begin, rest, units, left_out, swing), _ = fixed
        bound = integration.bind(p)
        part = jnp.where(jnp.isfinite(last.above), last.above / (last.above - last.below), 0.5)
        # Where one end stays, the secant creeps up to the other: every third try halves.
        part = jnp.where(last.tries % 3 == 2, 0.5, jnp.clip(part, 0.02, 0.98))
        at = last.begin + part * (last.end - last.begin)
        state, rates = bound.stepper.reach(begin.t, begin.t + at, begin.state, begin.rates)
        height = _height(bound, Moment(begin.t + at, state, rates), rest, units, left_out, swing)
        near = height <= 0
        return _Bracket(
            last.tries + 1,
            jnp.where(near, last.begin, at),
            jnp.where(near, at, last.end),
            jnp.where(near, last.above, height),
            jnp.where(near, height, last.below),
        )

    swing = lane.watch.swing
    ends = [_height(integration, at, rest, units, left_out, swing) for at in (begin, end)]
    duration = end.t - begin.t
    # Nothing to look for where the orbit never settled, or starts at rest.
    above = jnp.where(orbit.at_rest & (duration > 0), ends[0], -1.0)
    bracket = _Bracket(jnp.int32(0), jnp.zeros_like(duration), duration, above, jnp.minimum(ends[1], 0.0))
    fixed = (integration.p, (begin, rest, units, left_out, swing), duration)
    bracketed = integration.loop(cond, body, bracket, fixed, native=integration.method.native)
    part = jnp.where(
        jnp.isfinite(bracketed.above), bracketed.above / (bracketed.above - bracketed.below), 1.0
    )
    into = bracketed.begin + jnp.where(bracketed.above > 0, part, 0.0) * (bracketed.end - bracketed.begin)
    return jnp.where(orbit.at_rest, begin.t + into, jnp.nan)


def _height(
    integration: Integration, at: Moment | Lane, rest: Array, units: Array, left_out: Array, swing: Swing
) -> Array:
    """Ln of the distance to the rest point over `settle`; inf where something does not count as gone yet."""
    velocity, outbound = integration.motion(at)
    square = square_of_distance(at.state - rest, velocity, units, left_out, swing)
    tiny = jnp.finfo(square.dtype).tiny
    height = jnp.log(jnp.maximum(square, tiny)) / 2 - jnp.log(integration.method.settle)
    return jnp.where(jnp.all(outbound | jnp.logical_not(left_out)), height, jnp.inf)
