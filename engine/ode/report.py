"""What is said of a trajectory at its end: the outputs that `Flow.outputs` declares, and the status."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from ...kernels.flow import Attractor
from ...kernels.status import Status
from .arrival import settle_time
from .integration import Integration, Outputs
from .lane import Lane, Orbit

Array = Any


def report(
    integration: Integration,
    orbit: Orbit,
    end: Outputs,
    until: Array | None,
    path: Outputs,
    holes: Array | None,
) -> Outputs:
    """Every output of an orbit that has ended.

    `end` says what it `reached`, and `until` the time to which its horizon was extended, None where none is;
    `path` holds the observables at the saved times, and `holes` says whether one of these lacks a number that
    it should have; None where there is no path.
    """
    given = orbit, end["attractor"], until, holes
    final, settled, steps, status, lost = integration.call(lambda own, given: _reported(own, *given), given)
    return {
        **final,
        **end,
        **{f"{name}_path": _nan_where(lost, values) for name, values in path.items()},
        "settle_time": settled,
        "steps": steps,
        "status": status,
    }


def _nan_where(lost: Array, values: Array) -> Array:
    """NaN of the dtype that values have, by one condition: a route has the values where they are already."""
    return lax.select(lost, jnp.full_like(values, jnp.nan), values)


def _reported(
    integration: Integration, orbit: Orbit, attractor: Array, until: Array | None, holes: Array | None
) -> tuple[Outputs, Array, Array, Array, Array]:
    """Final observables, time of settling, steps, status, and whether the orbit rests on what vanished."""
    lane = orbit.lane
    status = _status(integration, lane, attractor)
    lost = _rests_on_what_vanished(orbit)
    fine = (status == Status.ok) | (status == Status.not_steady)
    lacks = lost if holes is None else lost | holes
    status = jnp.where(fine & lacks, jnp.uint8(Status.not_finite), status)
    steps = lane.steps.astype(lane.t.dtype)
    return _final(integration, orbit, until), settle_time(integration, orbit), steps, status, lost


def _final(integration: Integration, orbit: Orbit, until: Array | None) -> Outputs:
    """The observables at the end, where the state there is one of the flow.

    What accumulates goes on to the end of an extended horizon, too, and not to where steps came to rest.
    """
    lane = orbit.lane
    sound = (lane.status == Status.ok) | (lane.status == Status.max_steps) | (lane.status == Status.sliding)
    until = integration.end(lane.state) if until is None else until
    last = integration.observe(integration.state_at(orbit, until))
    return {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in integration.flow.observables}


def _status(integration: Integration, lane: Lane, attractor: Array) -> Array:
    status = jnp.where(attractor == Attractor.undecided, Status.not_steady, Status.ok)
    checked = integration.check()
    if checked is not None:
        status = jnp.where(checked == Status.boundary_start, checked, status)
    return jnp.where(lane.status == Status.ok, status, lane.status).astype(jnp.uint8)


def _rests_on_what_vanished(orbit: Orbit) -> Array:
    """Whether an orbit would be another one if numbers could be smaller, or leave the rest it came to."""
    vanished = orbit.lane.vanished
    if vanished is None:
        return jnp.asarray(False)
    return vanished.doubtful | (orbit.at_rest & jnp.any(vanished.lost & (vanished.growth > 0)))
