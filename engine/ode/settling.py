"""When a trajectory has come to rest: how far its rest point is, and at what time it came near enough."""

from typing import Any

import jax.numpy as jnp

Array = Any


def starts_at_rest(rates: Array, outbound: Array) -> Array:
    """Whether a scenario starts exactly on a rest point, or on a face and heading out of it."""
    return jnp.all(outbound | (rates == 0))


def distance_to_rest(old: Array, new: Array, outbound: Array, duration: Array) -> Array:
    """Estimate how far the rest point is after a step, in the coordinates integrated; inf where unclear.

    Near a rest point z* the rates are J (z - z*), so |z - z*| is about |rates|^2 / |J rates|, and
    J rates is the change of the rates in time. `old` and `new` are the rates before and after the step of
    this `duration`; what is `outbound`, heading out towards a face, is left out.
    """
    speed = jnp.max(jnp.abs(jnp.where(outbound, 0.0, new)))
    change = jnp.max(jnp.abs(jnp.where(outbound, 0.0, new - old))) / duration
    return jnp.where(speed == 0, 0.0, jnp.where(change > 0, speed**2 / change, jnp.inf))


def settle_time(times: tuple[Array, Array], distances: tuple[Array, Array], near: float) -> Array:
    """When, within its last step, a settled trajectory came within `near` of its rest point.

    `times` and `distances` are those before and after that step.
    """
    part = _part_of_step(distances[0], distances[1], near)
    return times[0] + (times[1] - times[0]) * part


def _part_of_step(before: Array, after: Array, wanted: float) -> Array:
    """Part of a step at which a distance that shrinks geometrically passes the wanted one; 1 if unclear."""
    clear = jnp.isfinite(before) & (before > wanted) & (after > 0) & (after < wanted)
    start, end = jnp.where(clear, before, 2.0), jnp.where(clear, after, 1.0)
    part = (jnp.log(start) - jnp.log(jnp.where(clear, wanted, 1.5))) / (jnp.log(start) - jnp.log(end))
    return jnp.where(clear, part, 1.0)
