"""What an orbit reached, and how it swings: the attractor, loops, period and amplitudes."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ...kernels.flow import NOT_ALONG_FACES, Attractor
from ...kernels.status import Status
from .attractor import classified, is_swing, led_astray
from .bound import Parameters
from .closed_orbit import Closeness, Cycle, Search, Sought, cycle_of, search_begins
from .extrema import Extremes, Holds, Located, errors_in, extremes_in
from .followed import Followed
from .integration import Integration, Outputs
from .lane import Lane, Orbit
from .steps.stepper import Stepper
from .switching.watch import SwitchWatch

Array = Any


class _At(NamedTuple):
    """What steps of a lane depend on: parameters, and what is known of the size of its errors (`Lane`)."""

    p: Parameters
    largest: Array | None
    noise: Array | None
    sticks: Array | None


class _Judged(NamedTuple):
    """What the last extremes of an orbit show.

    Which quantities swing by more than errors (`real`, shape (k,)), what it seems to near, whether it is
    `wanted` to look for a cycle, where that search begins, and whether steps have led it `astray`.
    """

    extremes: Extremes
    real: Array
    attractor: Array
    wanted: Array
    search: Search | None
    sought: Sought | None
    astray: Array


def reached(integration: Integration, orbit: Orbit, known: Array | None) -> Outputs:
    """``"attractor"``, and of a flow with swings their outputs, of an orbit that has ended.

    `known` is what the flow's own `decide` says, if it has one.
    """
    lane = orbit.lane
    if lane.turns is None:
        return {"attractor": _attractor(integration, orbit, None, known)}
    loop = partial(integration.loop, native=integration.method.native)
    located = extremes_in(
        lane.turns, partial(_bind, integration), _at(integration.p, lane), lane.vanished, loop
    )
    judged = integration.call(lambda own, given: _judged(own, *given), (orbit, known, located))
    sharp = _sharp(integration, lane)
    at, faces = _at(integration.p, lane), integration.flow.faces
    driven = integration.resting.driven
    cycle = cycle_of(judged.search, judged.sought, partial(_bind, sharp), at, faces, driven, loop)
    seen = judged._replace(search=None, sought=None)
    return integration.call(lambda own, given: _swings(own, *given), (lane.state, seen, cycle))


def _attractor(
    integration: Integration, orbit: Orbit, extremes: Extremes | None, known: Array | None
) -> Array:
    """`Attractor` number by what is `known`, by coming to rest and by the last extremes."""
    flow, own = integration.flow, jnp.asarray([s is None for s in integration.followed.sources])
    faces = flow.faces if known is None or not flow.faces else known != NOT_ALONG_FACES
    tolerance = integration.method.tolerance().nominal
    attractor = classified(extremes, own, orbit.at_rest, faces, tolerance)
    if known is not None:
        attractor = jnp.where(known > Attractor.undecided, known, attractor)
    # What was seen of an orbit before it stopped stays true, whatever stopped it.
    return jnp.where(_was_on_its_way(orbit.lane), attractor, jnp.int8(Attractor.undecided))


def _judged(integration: Integration, orbit: Orbit, known: Array | None, located: Located) -> _Judged:
    lane, followed, method = orbit.lane, integration.followed, integration.method
    assert lane.turns is not None
    extremes = located.with_errors(errors_in(lane.turns, followed, _allowed(integration, lane)))
    attractor, sound = _attractor(integration, orbit, extremes, known), _was_on_its_way(lane)
    real = is_swing(extremes) & sound
    # Steps that are wrong by as much as a turn changes the orbit do not tell whether it closes.
    wanted = attractor == Attractor.closed_orbit
    if _may_have_several_loops(integration, lane):
        wanted |= attractor == Attractor.undecided
    if known is not None:
        wanted &= known <= Attractor.undecided
    wanted &= sound
    sharp = _sharp(integration, lane)
    stepper = sharp.stepper_at(lane.largest, lane.noise, lane.sticks)
    within = Closeness.of(method.tolerance().nominal, sharp.method.rtol)
    error = errors_in(lane.turns, followed, _allowed(sharp, lane))
    units = jnp.where(jnp.asarray(integration.resting.quadratures or False), jnp.inf, integration.units(lane))
    alone = np.isin(np.arange(lane.state.size), integration.resting.alone)
    unseen = jnp.where(alone, integration.units(lane), 0.0)
    search, sought = search_begins(
        lane.turns, extremes, real, wanted, stepper, within, error, units, unseen, lane.steps,
        method.most_steps, lane.vanished,
    )  # fmt: skip
    astray = led_astray(extremes, real, method.tolerance().nominal)
    return _Judged(extremes, real, attractor, wanted, search, sought, astray)


def nothing_reached(integration: Integration, lane: Lane) -> Outputs:
    """The same where nothing is known yet."""
    unknown = jnp.full((), jnp.nan, lane.state.dtype)
    outputs = {"attractor": jnp.int8(Attractor.undecided)}
    if lane.turns is None:
        return outputs
    amplitudes = {f"{name}_amplitude": unknown for name in integration.flow.swings}
    return {**outputs, **amplitudes, "period": unknown, "return_time": unknown, "loops": jnp.int32(0)}


def _bind(integration: Integration, at: _At) -> tuple[Stepper, Followed, Holds]:
    bound = integration.bind(at.p)
    stepper = bound.stepper_at(at.largest, at.noise, at.sticks)
    next_switches = stepper.next_switches if isinstance(stepper, SwitchWatch) and stepper.has_times else None
    holds = Holds(bound.is_due, partial(bound.followed_down, at.largest), next_switches)
    return stepper, bound.followed, holds


def _at(p: Parameters, lane: Lane) -> _At:
    return _At(p, lane.largest, lane.noise, lane.sticks)


def _allowed(integration: Integration, lane: Lane) -> Callable[[Array], Array]:
    """The error that a step may make in each component of a state, shape (d,)."""
    tolerance = integration.tolerance(lane.largest, lane.noise, lane.sticks)
    return lambda state: tolerance.allowed(state, state, lane.size)


def _may_have_several_loops(integration: Integration, lane: Lane) -> bool:
    """Whether it is worth looking: where orbits cannot pass each other in the plane a component has one."""
    aside = any(source is None for source in integration.followed.sources)
    return lane.state.size > 2 or integration.resting.driven or aside


def _sharp(integration: Integration, lane: Lane) -> Integration:
    """The same, by the method that tells whether an orbit returns."""
    own, known = integration, (integration.followed.sources, integration.resting)
    return Integration(own.flow, own.p, own.method.sharp(lane.state.dtype), own.static, own.loop, *known)


def _was_on_its_way(lane: Lane) -> Array:
    """Whether a lane was integrated, and its state was finite when it ended."""
    statuses = (Status.ok, Status.max_steps, Status.step_too_small, Status.sliding)
    return jnp.any(jnp.stack([lane.status == status for status in statuses]))


def _swings(integration: Integration, state: Array, judged: _Judged, cycle: Cycle) -> Outputs:
    """Attractor, amplitudes, times of return and loops; of a cycle of several loops those of the whole.

    `state` is any state of the orbit.
    """
    followed, real, extremes = integration.followed, judged.real, judged.extremes
    # Of several loops the last two maxima say nothing of what steps do to a round.
    cycle = cycle._replace(closed=cycle.closed & ~(judged.astray & (cycle.loops == 1)))
    seen = jnp.where(cycle.closed, jnp.int8(Attractor.closed_orbit), jnp.int8(Attractor.undecided))
    attractor = jnp.where(judged.wanted, seen, judged.attractor)
    times = jnp.where(real, extremes.high_time - extremes.earlier_high_time, jnp.nan)
    return_time = jnp.take(times, jnp.argmax(real), mode="clip")
    high = jnp.where(cycle.closed, cycle.high, extremes.high)
    low = jnp.where(cycle.closed, cycle.low, extremes.low)
    period = jnp.where(cycle.closed, cycle.period, return_time)
    loops = jnp.where(cycle.closed, cycle.loops, jnp.int32(1))
    amplitudes = {}
    for k, name in enumerate(followed.names):
        top, bottom = (followed.seen(k, value[k], state) for value in (high, low))
        amplitudes[f"{name}_amplitude"] = jnp.where(real[k], jnp.abs(top - bottom), jnp.nan)
    closed, undecided = attractor == Attractor.closed_orbit, attractor == Attractor.undecided
    return {
        "attractor": attractor,
        **amplitudes,
        "period": jnp.where(undecided, jnp.nan, period),
        "return_time": return_time,
        "loops": jnp.where(closed, loops, 0).astype(jnp.int32),
    }
