"""What an orbit reached, and how it swings: the attractor, loops, period and amplitudes."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp

from ...kernels.flow import NOT_ALONG_FACES, Attractor
from ...kernels.status import Status
from .attractor import classified, is_swing
from .closed_orbit import Closeness, Cycle, cycle_of
from .extrema import Extremes, errors_in, extremes_in
from .followed import Followed
from .integration import Integration, Outputs, Parameters
from .lane import Lane, Orbit
from .steps.stepper import Stepper

Array = Any


class _At(NamedTuple):
    """What steps of a lane depend on: parameters, and what is known of the size of its errors (`Lane`)."""

    p: Parameters
    largest: Array | None
    noise: Array | None
    sticks: Array | None


def reached(integration: Integration, orbit: Orbit, known: Array | None) -> Outputs:
    """``"attractor"``, and of a flow with swings their outputs, of an orbit that has ended.

    `known` is what the flow's own `decide` says, if it has one.
    """
    flow, followed, lane = integration.flow, integration.followed, orbit.lane
    extremes, own = _extremes(integration, lane), jnp.asarray([s is None for s in followed.sources])
    tolerance = integration.method.tolerance().nominal
    # What was seen of an orbit before it stopped stays true, whatever stopped it.
    sound = _was_on_its_way(lane)
    faces = flow.faces if known is None or not flow.faces else known != NOT_ALONG_FACES
    attractor = classified(extremes, own, orbit.at_rest, faces, tolerance)
    if known is not None:
        attractor = jnp.where(known > Attractor.undecided, known, attractor)
    attractor = jnp.where(sound, attractor, jnp.int8(Attractor.undecided))
    if extremes is None:
        return {"attractor": attractor}
    real = is_swing(extremes) & sound
    # Steps that are wrong by as much as a turn changes the orbit do not tell whether it closes.
    seems_closed = attractor == Attractor.closed_orbit
    wanted = seems_closed
    if _may_have_several_loops(integration, lane):
        wanted |= attractor == Attractor.undecided
    if known is not None:
        wanted &= known <= Attractor.undecided
    cycle = _cycle(integration, lane, extremes, real, wanted & sound)
    seen = jnp.where(cycle.found, jnp.int8(Attractor.closed_orbit), jnp.int8(Attractor.undecided))
    attractor = jnp.where(wanted & sound, seen, attractor)
    return {"attractor": attractor, **_swings(integration, lane, extremes, real, attractor, cycle)}


def nothing_reached(integration: Integration, lane: Lane) -> Outputs:
    """The same where nothing is known yet."""
    unknown = jnp.full((), jnp.nan, lane.state.dtype)
    outputs = {"attractor": jnp.int8(Attractor.undecided)}
    if lane.turns is None:
        return outputs
    amplitudes = {f"{name}_amplitude": unknown for name in integration.flow.swings}
    return {**outputs, **amplitudes, "period": unknown, "return_time": unknown, "loops": jnp.int32(0)}


def _bind(integration: Integration, at: _At) -> tuple[Stepper, Followed]:
    bound = integration.bind(at.p)
    return bound.stepper_at(at.largest, at.noise, at.sticks), bound.followed


def _at(integration: Integration, lane: Lane) -> _At:
    return _At(integration.p, lane.largest, lane.noise, lane.sticks)


def _extremes(integration: Integration, lane: Lane) -> Extremes | None:
    if lane.turns is None:
        return None
    loop = partial(integration.loop, native=integration.method.native)
    bind, allowed = partial(_bind, integration), _allowed(integration, lane)
    return extremes_in(lane.turns, bind, _at(integration, lane), allowed, loop)


def _allowed(integration: Integration, lane: Lane) -> Callable[[Array], Array]:
    """The error that a step may make in each component of a state, shape (d,)."""
    tolerance = integration.tolerance(lane.largest, lane.noise, lane.sticks)
    return lambda state: tolerance.allowed(state, state, lane.size)


def _may_have_several_loops(integration: Integration, lane: Lane) -> bool:
    """Whether it is worth looking: where orbits cannot pass each other in the plane a component has one."""
    aside = any(source is None for source in integration.followed.sources)
    return lane.state.size > 2 or integration.resting.driven or aside


def _cycle(integration: Integration, lane: Lane, extremes: Extremes, real: Array, wanted: Array) -> Cycle:
    assert lane.turns is not None
    method = integration.method
    loop = partial(integration.loop, native=method.native)
    sharp = _sharp(integration, lane)
    within = Closeness.of(method.tolerance().nominal, sharp.method.rtol)
    error = errors_in(lane.turns, integration.followed, _allowed(sharp, lane))
    units = jnp.where(jnp.asarray(integration.resting.quadratures or False), jnp.inf, integration.units(lane))
    return cycle_of(
        lane.turns, extremes, real, wanted, partial(_bind, sharp), _at(integration, lane), within, error,
        units, integration.flow.faces, method.most_steps, loop,
    )  # fmt: skip


def _sharp(integration: Integration, lane: Lane) -> Integration:
    """The same, by the method that tells whether an orbit returns."""
    own, known = integration, (integration.followed.sources, integration.resting)
    return Integration(own.flow, own.p, own.method.sharp(lane.state.dtype), own.static, own.loop, *known)


def _was_on_its_way(lane: Lane) -> Array:
    """Whether a lane was integrated, and its state was finite when it ended."""
    statuses = (Status.ok, Status.max_steps, Status.step_too_small, Status.sliding)
    return jnp.any(jnp.stack([lane.status == status for status in statuses]))


def _swings(
    integration: Integration, lane: Lane, extremes: Extremes, real: Array, attractor: Array,
    cycle: Cycle,
) -> Outputs:  # fmt: skip
    """Amplitudes, times of return and loops; of a cycle of several loops those of the whole."""
    followed, high, low = integration.followed, extremes.high, extremes.low
    times = jnp.where(real, extremes.high_time - extremes.earlier_high_time, jnp.nan)
    return_time = jnp.take(times, jnp.argmax(real), mode="clip")
    high, low = jnp.where(cycle.found, cycle.high, high), jnp.where(cycle.found, cycle.low, low)
    period = jnp.where(cycle.found, cycle.period, return_time)
    loops = jnp.where(cycle.found, cycle.loops, jnp.int32(1))
    amplitudes = {}
    for k, name in enumerate(followed.names):
        top, bottom = (followed.seen(k, value[k], lane.state) for value in (high, low))
        amplitudes[f"{name}_amplitude"] = jnp.where(real[k], jnp.abs(top - bottom), jnp.nan)
    closed, undecided = attractor == Attractor.closed_orbit, attractor == Attractor.undecided
    return {
        **amplitudes,
        "period": jnp.where(undecided, jnp.nan, period),
        "return_time": return_time,
        "loops": jnp.where(closed, loops, 0).astype(jnp.int32),
    }
