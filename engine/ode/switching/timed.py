"""Steps that end at a switch whose time is known, which may move with the parameters."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..steps.stepper import Step, Stepper
from .switches import ROUNDINGS

Array = Any

# The rest of the way to a switch, as a part of what a step may be: what is wrong in it is of no account.
_NO_REST = 1e-6
# So many roundings of its time before a switch no step is cut short.
_ROUNDINGS = 1e3


Known = tuple[Array, Array, Array, Array]


def next_times(known: Known | None, breaks: Array | None, t: Array) -> tuple[Array, Array]:
    """When each switch comes next, infinite where never, and errors of that, shape (k,) each.

    `known` are values of the switches, slopes in time, sizes of what the values are a difference of, and
    which of them round; `breaks` are further times.
    """
    eps = jnp.finfo(t.dtype).eps
    times, errors = [], []
    if known is not None:
        value, slope, size, rounds = known
        level = jnp.where(slope > 0, jnp.floor(value) + 1, jnp.ceil(value) - 1)
        varies = slope != 0
        safe = jnp.where(varies, slope, 1.0)
        ahead = (jnp.where(rounds, lax.stop_gradient(level), 0.0) - value) / safe
        times.append(jnp.where(varies & (ahead > 0), t + ahead, jnp.inf))
        errors.append(ROUNDINGS * eps * (jnp.abs(t) + size / jnp.abs(safe)))
    if breaks is not None:
        times.append(jnp.where(breaks > t, breaks, jnp.inf))
        errors.append(ROUNDINGS * eps * jnp.abs(breaks))
    return jnp.concatenate(times), lax.stop_gradient(jnp.concatenate(errors))


def next_break(times: Array, errors: Array, t: Array) -> tuple[Array, Array]:
    """Times just before and just after the next one of some switches; infinite where there is none."""
    nearest = jnp.argmin(times)
    switch, error = times[nearest], errors[nearest]
    # At the switch already, up to rounding: straight to its other side.
    before = jnp.where(switch - error > t + error, switch - error, switch + error)
    return before, switch + error


def step_up_to(
    stepper: Stepper,
    before: Array,
    t: Array,
    until: Array,
    size: Array,
    state: Array,
    rates: Array,
    carried: Any,
) -> tuple[Step, Array]:
    """Try a step of the stepper, that ends just `before` a switch at the latest; whether it comes so far."""
    planned, size = size, _stages_short_of(before, t, size, stepper.furthest)
    tried = stepper.step(t, jnp.minimum(until, _along_with(before, t)), size, state, rates, carried)
    if stepper.furthest > 1:
        longer = tried.keep & (size < planned)
        tried = tried._replace(next_size=jnp.where(longer, planned, tried.next_size))
    arrived = tried.t >= before
    at, there = _ended_with(arrived, before, tried.t, tried.state, tried.rates)
    return tried._replace(t=at, state=there, switched=arrived), arrived


def reach_up_to(
    stepper: Stepper, t: Array, t_next: Array, beyond: Array, state: Array, rates: Array
) -> tuple[Array, Array]:
    """State and rates at a time inside a kept step; where it is `beyond` a switch, as from just before that.

    There a stage of the rest of the way may lie beyond the switch: as of the step itself, its end moves at
    the rates that it has there.
    """
    at_switch, end = beyond > 0, t_next - beyond
    until = jnp.where(at_switch, _along_with(end, t), end)
    ends, there = stepper.reach(t, until, state, rates)
    _, ends = _ended_with(at_switch, end, until, ends, there)
    return jnp.where(at_switch, ends + beyond * there, ends), there


@jax.custom_jvp
def _along_with(end: Array, t: Array) -> Array:
    """The end of a step, whose derivatives are those of its begin: all of the step moves with that."""
    del t
    return end


@_along_with.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    return _along_with(*primals), tangents[1]


def _stages_short_of(before: Array, t: Array, size: Array, furthest: float) -> Array:
    """The size of a step from t none of whose stages is to lie beyond a switch.

    One at `furthest` times the size would feel the other side where rates differ there, and their derivatives
    where only these do. What is left at last is so short that neither matters.
    """
    if furthest <= 1:
        return size
    gap = before - t
    least = jnp.maximum(_NO_REST * size, _ROUNDINGS * jnp.finfo(gap.dtype).eps * jnp.abs(before))
    cut = (furthest * jnp.minimum(size, gap) > gap) & (gap > least)
    return lax.stop_gradient(jnp.where(cut, gap / furthest, size))


@jax.custom_jvp
def _ended_with(arrived: Array, end: Array, t: Array, state: Array, rates: Array) -> tuple[Array, Array]:
    """The time and state after a step that has `arrived` at an `end`, which moves with the parameters.

    So much longer the step would be at the rates of its end. Its own stages say something else where one lies
    beyond the end, on the other side of a switch.
    """
    del arrived, end, rates
    return t, state


@_ended_with.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    (arrived, _, t, state, rates), (_, end_moves, t_moves, state_moves, _) = primals, tangents
    later = jnp.where(arrived, end_moves - t_moves, 0.0)
    return (t, state), (t_moves + later, state_moves + later * rates)
