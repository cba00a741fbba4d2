"""What is said of a trajectory at its end: the outputs that `Flow.outputs` declares, and the status."""

from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from ...kernels.status import Status
from .arrival import settle_time
from .integration import Integration, Outputs
from .lane import Lane, Orbit

Array = Any


def report(
    integration: Integration, orbit: Orbit, end: Outputs, path: Outputs, holes: Array | None
) -> Outputs:
    """Every output of an orbit that has ended.

    `end` says what it `reached`, `path` holds the observables at the saved times, and `holes` says whether
    one of these lacks a number that it should have; None where there is no path.
    """
    given = orbit, end["attractor"], holes
    final, settled, steps, status = integration.call(lambda own, given: _reported(own, *given), given)
    return {
        **final,
        **end,
        **{f"{name}_path": values for name, values in path.items()},
        "settle_time": settled,
        "steps": steps,
        "status": status,
    }


def _reported(
    integration: Integration, orbit: Orbit, attractor: Array, holes: Array | None
) -> tuple[Outputs, Array, Array, Array]:
    lane = orbit.lane
    status = _status(integration, lane, attractor)
    if holes is not None:
        fine = (status == Status.ok) | (status == Status.not_steady)
        status = jnp.where(fine & holes, jnp.uint8(Status.not_finite), status)
    steps = lane.steps.astype(lane.t.dtype)
    return _final(integration, orbit), settle_time(integration, orbit), steps, status


def _final(integration: Integration, orbit: Orbit) -> Outputs:
    """The observables at the end, where the state there is one of the flow."""
    lane = orbit.lane
    sound = (lane.status == Status.ok) | (lane.status == Status.max_steps) | (lane.status == Status.sliding)
    last = integration.observe(integration.state_at(orbit, integration.end(lane.state)))
    return {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in integration.flow.observables}


def _status(integration: Integration, lane: Lane, attractor: Array) -> Array:
    status = jnp.where(attractor == Attractor.undecided, Status.not_steady, Status.ok)
    checked = integration.check()
    if checked is not None:
        status = jnp.where(checked == Status.boundary_start, checked, status)
    return jnp.where(lane.status == Status.ok, status, lane.status).astype(jnp.uint8)
