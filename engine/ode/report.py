"""What is said of a trajectory at its end: the outputs that `Flow.outputs` declares, and the status."""

from functools import partial
from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from ...kernels.status import Status
from .attractor import classified
from .extrema import Extremes, extremes_in
from .integration import Integration, Lane, Outputs
from .settling import settle_time

Array = Any


def report(integration: Integration, lane: Lane, path: Outputs) -> Outputs:
    """Every output of a lane that has ended; `path` holds the observables at the saved times."""
    method = integration.method
    extremes = _extremes(integration, lane)
    attractor = classified(extremes, lane.settled, integration.flow.faces, method.tolerance().nominal)
    attractor = jnp.where(lane.status == Status.ok, attractor, jnp.int8(Attractor.undecided))
    times, distances = (lane.earlier.t, lane.t), (lane.earlier.distance, lane.distance)
    return {
        **_final(integration, lane),
        **_swings(integration, lane, extremes),
        **{f"{name}_path": values for name, values in path.items()},
        "settle_time": jnp.where(lane.settled, settle_time(times, distances, method.settle), jnp.nan),
        "attractor": attractor,
        "steps": lane.steps.astype(lane.t.dtype),
        "status": _status(integration, lane, attractor),
    }


def _extremes(integration: Integration, lane: Lane) -> Extremes | None:
    if lane.turns is None:
        return None
    loop = partial(integration.loop, native=integration.method.native)
    return extremes_in(lane.turns, lambda p: integration.bind(p).stepper, integration.p, loop)


def _final(integration: Integration, lane: Lane) -> Outputs:
    """The observables at the end, where the state there is one of the flow."""
    sound = (lane.status == Status.ok) | (lane.status == Status.max_steps)
    last = integration.observe(lane.state)
    return {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in integration.flow.observables}


def _swings(integration: Integration, lane: Lane, extremes: Extremes | None) -> Outputs:
    """Amplitudes and the period, from the last extremes; nothing where no observable is followed."""
    if extremes is None:
        return {}
    swings, sound = integration.flow.swings, lane.status == Status.ok
    top = integration.observe(lane.state.at[: len(swings)].set(extremes.high))
    bottom = integration.observe(lane.state.at[: len(swings)].set(extremes.low))
    period = extremes.high_time[0] - extremes.earlier_high_time[0]
    amplitudes = {f"{name}_amplitude": jnp.where(sound, top[name] - bottom[name], jnp.nan) for name in swings}
    return {**amplitudes, "period": jnp.where(sound, period, jnp.nan)}


def _status(integration: Integration, lane: Lane, attractor: Array) -> Array:
    status = jnp.where(attractor == Attractor.undecided, Status.not_steady, Status.ok)
    checked = integration.check()
    if checked is not None:
        status = jnp.where(checked == Status.boundary_start, checked, status)
    return jnp.where(lane.status == Status.ok, status, lane.status).astype(jnp.uint8)
