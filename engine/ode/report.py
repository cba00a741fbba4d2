"""What is said of a trajectory at its end: the outputs that `Flow.outputs` declares, and the status."""

from functools import partial
from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from ...kernels.status import Status
from .attractor import classified, is_swing
from .extrema import Extremes, extremes_in
from .followed import Followed
from .integration import Integration, Lane, Outputs, Parameters
from .settling import settle_time
from .stepper import Stepper

Array = Any


def report(integration: Integration, lane: Lane, path: Outputs) -> Outputs:
    """Every output of a lane that has ended; `path` holds the observables at the saved times."""
    method = integration.method
    extremes = _extremes(integration, lane)
    own = jnp.asarray([source is None for source in integration.followed.sources])
    # What was seen of an orbit before it stopped stays true, whatever stopped it.
    seen = classified(extremes, own, lane.settled, integration.flow.faces, method.tolerance().nominal)
    known = integration.decided()
    if known is not None:
        seen = jnp.where(known == Attractor.undecided, seen, known)
    attractor = jnp.where(_was_on_its_way(lane), seen, jnp.int8(Attractor.undecided))
    times, distances = (lane.earlier.t, lane.t), (lane.earlier.distance, lane.distance)
    return {
        **_final(integration, lane),
        **_swings(integration, lane, extremes, attractor),
        **{f"{name}_path": values for name, values in path.items()},
        "settle_time": jnp.where(lane.settled, settle_time(times, distances, method.settle), jnp.nan),
        "attractor": attractor,
        "steps": lane.steps.astype(lane.t.dtype),
        "status": _status(integration, lane, attractor),
    }


def _extremes(integration: Integration, lane: Lane) -> Extremes | None:
    if lane.turns is None:
        return None
    method = integration.method
    loop = partial(integration.loop, native=method.native)

    def bind(p: Parameters) -> tuple[Stepper, Followed]:
        bound = integration.bind(p)
        return bound.stepper, bound.followed

    def allowed(state: Array) -> Array:
        return method.tolerance().allowed(state, state, jnp.zeros_like(integration.end(state)))

    return extremes_in(lane.turns, bind, integration.p, allowed, loop)


def _final(integration: Integration, lane: Lane) -> Outputs:
    """The observables at the end, where the state there is one of the flow."""
    sound = (lane.status == Status.ok) | (lane.status == Status.max_steps)
    last = integration.observe(lane.state)
    return {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in integration.flow.observables}


def _was_on_its_way(lane: Lane) -> Array:
    """Whether a lane was integrated, and its state was finite when it ended."""
    statuses = (Status.ok, Status.max_steps, Status.step_too_small)
    return jnp.any(jnp.stack([lane.status == status for status in statuses]))


def _swings(integration: Integration, lane: Lane, extremes: Extremes | None, attractor: Array) -> Outputs:
    """Amplitudes and times of return, from the last extremes; nothing where no observable is followed."""
    if extremes is None:
        return {}
    followed, swings = integration.followed, is_swing(extremes)
    known = swings & _was_on_its_way(lane)
    amplitudes = {}
    for k, name in enumerate(followed.names):
        top, bottom = (followed.seen(k, value[k], lane.state) for value in (extremes.high, extremes.low))
        amplitudes[f"{name}_amplitude"] = jnp.where(known[k], jnp.abs(top - bottom), jnp.nan)
    times = jnp.where(known, extremes.high_time - extremes.earlier_high_time, jnp.nan)
    return_time = times[jnp.argmax(known)]
    decided = attractor != Attractor.undecided
    return {**amplitudes, "period": jnp.where(decided, return_time, jnp.nan), "return_time": return_time}


def _status(integration: Integration, lane: Lane, attractor: Array) -> Array:
    status = jnp.where(attractor == Attractor.undecided, Status.not_steady, Status.ok)
    checked = integration.check()
    if checked is not None:
        status = jnp.where(checked == Status.boundary_start, checked, status)
    return jnp.where(lane.status == Status.ok, status, lane.status).astype(jnp.uint8)
