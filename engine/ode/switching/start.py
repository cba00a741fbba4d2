"""Where integration begins, where the field switches at the start itself: just beyond the switch."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from ..differences import jacobian_of
from .switches import ROUNDINGS
from .watch import SwitchWatch

Array = Any

# What is 0 and moves away from it is looked at after this part of the horizon, below all that matters.
_HARDLY = 1e-20
# An orbit leaves a switch by its rates, by how they change, or by how this does.
_LED = 3
# So many roundings beside a switch the state is on one side of it.
_OFF = 2.0
# As far as this part of the tolerances the first step is of no account.
_NO_ACCOUNT = 0.1


def beginning(watch: SwitchWatch, zero: Array, state: Array, end: Array) -> tuple[Array, Array]:
    """The time and state from which integration goes on: those given, or just after them.

    On a switch it counts where the orbit goes next: `x > 0` is false at 0, and true from there on if x grows.
    """
    start = _first_time(watch, zero, state)
    return (start, state) if not watch.switches.located else _led_off(watch, start, state, end)


def _first_time(watch: SwitchWatch, zero: Array, state: Array) -> Array:
    """The time at which integration begins: just after 0 where the field switches at 0."""
    limits = jnp.finfo(zero.dtype)
    least, start = limits.tiny / limits.eps**2, zero
    if watch.switches.clocks:
        values, roundings = watch.switches.located_values(zero, state, watch.p, clocks=True)
        start = jnp.where(jnp.any(jnp.abs(values) <= roundings), least, start)
    if watch.switches.timed:
        values, slopes, sizes, rounds = watch.timed(zero, state)
        gap = jnp.where(rounds, values - jnp.round(values), values)
        rounding = ROUNDINGS * limits.eps * sizes
        after = least + 2 * rounding / jnp.where(slopes == 0, jnp.inf, jnp.abs(slopes))
        start = jnp.maximum(start, jnp.max(jnp.where(jnp.abs(gap) <= rounding, after, 0.0)))
    return lax.stop_gradient(start)


def _led_off(watch: SwitchWatch, t: Array, state: Array, end: Array) -> tuple[Array, Array]:
    """The time and state a little later, where the state lies on a switch."""
    rates = watch.field(t, state)
    at = watch.located(t, state, rates)
    on = at.values == 0
    beyond = jnp.where(
        on & (at.slopes != 0), 2 * at.roundings / jnp.where(at.slopes == 0, 1.0, at.slopes), 0.0
    )
    most = _NO_ACCOUNT / jnp.max(jnp.abs(rates) / watch.control.weights(state))
    hardly = jnp.minimum(_HARDLY * end, jnp.where(jnp.all(state == 0), jnp.inf, most))
    step = jnp.maximum(jnp.minimum(jnp.max(jnp.abs(beyond)), most), hardly)
    step = lax.stop_gradient(jnp.where(jnp.any(on), step, 0.0).astype(state.dtype))

    def led(_: Array, state: Array) -> Array:
        return state + step * watch.field(t, state)

    t, state = t + _LED * step, lax.fori_loop(0, _LED, led, state)
    return t, state + _off_rounding(watch, t, state, on & (at.slopes == 0))


def _off_rounding(watch: SwitchWatch, t: Array, state: Array, turns: Array) -> Array:
    """What leads a state off a switch on which it `turns`, to its other side than where rounding leaves it.

    It is a few roundings of what is compared. Without them each step would begin with the rates of the one
    side, and go on with those of the other, until it has come so far.
    """
    at = watch.located(t, state, watch.field(t, state))
    stays = turns & (at.values == 0) & (at.slopes != 0)
    first = jnp.argmax(stays)
    slopes = jacobian_of(lambda state: watch.switches.located_values(t, state, watch.p)[0], state)[first]
    way = jnp.where(stays[first], state**2 * slopes, 0.0)
    length = jnp.sum(way * slopes)
    off = _OFF * at.roundings[first] * jnp.sign(at.slopes[first]) * way
    return lax.stop_gradient(jnp.where(length > 0, off / jnp.where(length > 0, length, 1.0), 0.0))
