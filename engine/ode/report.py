"""What is said of a trajectory at its end: the outputs that `Flow.outputs` declares, and the status."""

from typing import Any

import jax.numpy as jnp

from ...kernels.flow import Attractor
from ...kernels.status import Status
from .arrival import settle_time
from .integration import Integration, Outputs
from .lane import Lane, Orbit

Array = Any


def report(integration: Integration, orbit: Orbit, end: Outputs, path: Outputs, times: Array) -> Outputs:
    """Every output of an orbit that has ended.

    `end` says what it `reached`, `path` holds the observables at the saved `times`.
    """
    lane = orbit.lane
    status = _status(integration, lane, end["attractor"])
    if path:
        fine = (status == Status.ok) | (status == Status.not_steady)
        holes = _has_holes(integration, path, times <= integration.end(lane.state))
        status = jnp.where(fine & holes, jnp.uint8(Status.not_finite), status)
    return {
        **_final(integration, orbit),
        **end,
        **{f"{name}_path": values for name, values in path.items()},
        "settle_time": settle_time(integration, orbit),
        "steps": lane.steps.astype(lane.t.dtype),
        "status": status,
    }


def _final(integration: Integration, orbit: Orbit) -> Outputs:
    """The observables at the end, where the state there is one of the flow."""
    return integration.call(_final_of, orbit)


def _final_of(integration: Integration, orbit: Orbit) -> Outputs:
    lane = orbit.lane
    sound = (lane.status == Status.ok) | (lane.status == Status.max_steps) | (lane.status == Status.sliding)
    last = integration.observe(integration.state_at(orbit, integration.end(lane.state)))
    return {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in integration.flow.observables}


def _has_holes(integration: Integration, path: Outputs, reached: Array) -> Array:
    """Whether an observable that may not be NaN is not finite at a time that was `reached`, (times,)."""
    holes = jnp.asarray(False)
    for name in (o.name for o in integration.flow.observables if not o.may_be_nan):
        finite = jnp.isfinite(path[name])
        holes |= jnp.any(reached & ~jnp.all(finite, axis=tuple(range(1, finite.ndim))))
    return holes


def _status(integration: Integration, lane: Lane, attractor: Array) -> Array:
    status = jnp.where(attractor == Attractor.undecided, Status.not_steady, Status.ok)
    checked = integration.check()
    if checked is not None:
        status = jnp.where(checked == Status.boundary_start, checked, status)
    return jnp.where(lane.status == Status.ok, status, lane.status).astype(jnp.uint8)
