"""Maxima and minima of a trajectory: the steps that hold them, and where in those steps they are.

Only the last two extremes of each followed component are kept, so what a lane carries does not grow with its
horizon.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..codegen.lane_loop import lane_loop
from .stepper import Stepper

Array = Any

# Steps into the step that holds an extreme, to find it.
_REFINEMENTS = 3


class Turns(NamedTuple):
    """The steps that hold the last two maxima and minima of each followed component.

    The second axis is over the followed components; along the first stand the last maximum, the one
    before it, the last minimum, the one before it. `t` and `state` are those at the begin of the step,
    `size` is its length, and `rise` and `after` are the component's change in it and its slope at the end.
    """

    t: Array
    size: Array
    rise: Array
    after: Array
    state: Array


class Extremes(NamedTuple):
    """The last two maxima and minima of each followed component, shape (k,), and when the maxima were."""

    high: Array
    earlier_high: Array
    low: Array
    earlier_low: Array
    high_time: Array
    earlier_high_time: Array


def no_turns(followed: int, state: Array) -> Turns:
    """No extreme seen of the first `followed` components of a state like this one."""
    nothing = jnp.full((4, followed), jnp.nan, state.dtype)
    states = jnp.full((4, followed, *state.shape), jnp.nan, state.dtype)
    return Turns(nothing, nothing, nothing, nothing, states)


def updated(
    turns: Turns,
    ends: tuple[Array, Array],
    states: tuple[Array, Array],
    slopes: tuple[Array, Array],
) -> Turns:
    """The turns after a step; `ends` are its two times, `states` and `slopes` the state and field there.

    Only the step is kept: where in it the extreme lies is asked once, of those that are left (`extremes_in`).
    """
    k = turns.t.shape[1]
    before, after = slopes[0][:k], slopes[1][:k]
    rose, fell = (before > 0) & (after <= 0), (before < 0) & (after >= 0)
    new = Turns(
        jnp.broadcast_to(ends[0], (k,)),
        jnp.broadcast_to(ends[1] - ends[0], (k,)),
        (states[1] - states[0])[:k],
        after,
        jnp.broadcast_to(states[0], (k, *states[0].shape)),
    )

    def shifted(old: Array, value: Array) -> Array:
        def where(turned: Array, a: Array, b: Array) -> Array:
            return jnp.where(turned.reshape(turned.shape + (1,) * (a.ndim - 1)), a, b)

        high, earlier_high, low, earlier_low = old
        return jnp.stack(
            [
                where(rose, value, high),
                where(rose, high, earlier_high),
                where(fell, value, low),
                where(fell, low, earlier_low),
            ]
        )

    return Turns(*map(shifted, turns, new))


def extremes_in(
    turns: Turns, stepper_of: Callable[[Any], Stepper], p: Any, loop: Callable[..., Any] = lane_loop
) -> Extremes:
    """Values and times of the extremes in these steps; ``stepper_of(p)`` steps into them.

    `p` are the parameters; `loop` repeats a refinement, as `lane_loop` does.
    """
    followed = turns.t.shape[1]

    def extreme(which: Array, turn: Turns) -> tuple[Array, Array]:
        """`which` is 1 for the component that turns and 0 for the others."""
        rates = stepper_of(p).field(turn.t, turn.state)
        before = jnp.sum(which * rates)
        guess, curvature = _turn_of_cubic(turn.size, turn.rise / turn.size, before, turn.after)

        def body(last: _Nearing, fixed: Any) -> _Nearing:
            which, turn, rates, curvature, p = fixed
            state, slopes = stepper_of(p).reach(turn.t, turn.t + last.next, turn.state, rates)
            slope = jnp.sum(which * slopes)
            # A chord step, then secant steps.
            bend = jnp.where(last.tries == 0, curvature, _divide(slope - last.slope, last.next - last.at))
            better = jnp.clip(last.next - _divide(slope, bend), 0.0, turn.size)
            value = jnp.sum(which * state) + slope * (better - last.next) / 2
            return _Nearing(last.tries + 1, last.next, slope, better, value)

        def cond(last: _Nearing, _fixed: Any) -> Array:
            return last.tries < _REFINEMENTS

        zero = jnp.zeros_like(guess)
        start = _Nearing(jnp.int32(0), zero, zero, guess, zero)
        end = loop(cond, body, start, (which, turn, rates, curvature, p))
        return end.value, turn.t + end.next

    each = jnp.eye(followed, turns.state.shape[-1], dtype=turns.t.dtype)
    value, when = jax.vmap(lambda turn: jax.vmap(extreme)(each, turn))(turns)
    return Extremes(value[0], value[1], value[2], value[3], when[0], when[1])


class _Nearing(NamedTuple):
    """The search for an extreme: the last time and slope tried, the next time, the value there."""

    tries: Array
    at: Array
    slope: Array
    next: Array
    value: Array


def _turn_of_cubic(size: Array, rise: Array, at_a: Array, at_b: Array) -> tuple[Array, Array]:
    """How far into a step the cubic with these slopes at both ends, and this mean slope, turns.

    And its curvature there. The slopes have opposite signs, so the slope of the cubic, a parabola, has one
    root between the ends.
    """
    sign = jnp.sign(at_a)
    linear, square = sign * (6 * rise - 4 * at_a - 2 * at_b), sign * 3 * (at_a + at_b - 2 * rise)
    root = jnp.sqrt(jnp.maximum(linear**2 - 4 * square * jnp.abs(at_a), 0.0))
    bottom = root - linear
    part = jnp.where(bottom > 0, 2 * jnp.abs(at_a) / jnp.where(bottom > 0, bottom, 1.0), 0.5)
    return size * jnp.clip(part, 0.0, 1.0), -sign * root / size


def _divide(a: Array, b: Array) -> Array:
    return jnp.where(b == 0, 0.0, a / jnp.where(b == 0, 1.0, b))
