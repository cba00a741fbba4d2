"""What ends a trajectory before its horizon, as a `Status` number."""

from typing import Any, Protocol

import jax.numpy as jnp

from ...kernels.status import Status
from .lane import Lane
from .steps.stepper import Step, all_finite

Array = Any


class Limit(Protocol):
    """How many steps are tried at most."""

    @property
    def most_steps(self) -> int: ...


def status_at_start(end: Array, state: Array, rates: Array, checked: Array | None) -> Array:
    """`Status` of a trajectory that starts in `state`; `checked` is what the flow itself says of it."""
    finite = all_finite(state) & all_finite(rates) & jnp.isfinite(end)
    status = jnp.where(finite, Status.ok, Status.not_finite)
    status = jnp.where(end < 0, Status.out_of_domain, status)
    if checked is not None:
        refused = (checked != Status.ok) & (checked != Status.boundary_start)
        status = jnp.where(refused, checked, status)
    return status.astype(jnp.uint8)


def status_after(before: Lane, after: Lane, tried: Step, end: Array, limit: Limit) -> Array:
    """`Status` after a step was tried: what ends a lane before its horizon says what was wrong."""
    finite = all_finite(tried.state)
    # Below this the clock does not resolve a step. One of no length says nothing about the field.
    stuck = tried.t == before.t
    small = ~(after.size > 8 * jnp.finfo(after.t.dtype).eps * jnp.abs(after.t)) | ~(tried.t > before.t)
    field = stuck | (finite & all_finite(tried.rates))
    over = (after.tried >= limit.most_steps) & ~after.paused & (after.t < end)
    status = jnp.where(over, Status.max_steps, before.status)
    status = jnp.where(small, jnp.where(field, Status.step_too_small, Status.not_finite), status)
    return jnp.where(tried.keep & ~finite, Status.not_finite, status).astype(jnp.uint8)
