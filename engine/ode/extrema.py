"""Maxima and minima of a trajectory: the steps that hold them, and where in those steps they are.

Only the last two extremes of each followed quantity are kept, and a maximum from long before, so what a lane
carries does not grow with its horizon.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..codegen.lane_call import lane_call, plain_loop
from ..codegen.lane_loop import lane_loop
from .followed import Followed
from .steps.stepper import Stepper
from .vanishing.levels import Vanished, levels_at, true_state

Array = Any


class Holds(NamedTuple):
    """What keeps hold of what vanishes, as `Bound.is_due` and `Bound.followed_down` do.

    And of what time has in store: `SwitchWatch.next_switches`, or None where nothing switches at known times.
    """

    is_due: Callable[[Array, Vanished | None], Array | None]
    followed_down: Callable[[Any, Vanished, Array, Array], tuple[Any, ...]]
    next_switches: Callable[[Array, Array], tuple[Array, Array]] | None


# bind(p): what steps, what is followed, and what keeps hold of what vanishes, with these parameters.
Bind = Callable[[Any], tuple[Stepper, Followed, Holds]]

# Steps into the step that holds an extreme, to find it.
_REFINEMENTS = 3


class Turns(NamedTuple):
    """The steps that hold the last two maxima and minima of each followed quantity.

    The second axis is over the followed quantities; along the first stand the last maximum, the one
    before it, the last minimum, the one before it, and the last maximum before half of the time. `t` and
    `state` are those at the begin of the step, `size` is its length, and `rise` and `after` are the
    quantity's change in it and its slope at the end.
    """

    t: Array
    size: Array
    rise: Array
    after: Array
    state: Array


class Extremes(NamedTuple):
    """The last two maxima and minima of each followed quantity, shape (k,), and when they were.

    And the last maximum before half of the time (`halfway_high`). `depth` is the largest size of a component
    at the others, in the order of `Turns`, shape (4, k); `error` is
    what the error of a single step makes of them.
    """

    high: Array
    earlier_high: Array
    low: Array
    earlier_low: Array
    high_time: Array
    earlier_high_time: Array
    low_time: Array
    earlier_low_time: Array
    halfway_high: Array
    halfway_time: Array
    depth: Array
    error: Array


def no_turns(followed: int, state: Array) -> Turns:
    """No extreme seen yet of so many followed quantities of a state like this one."""
    nothing = jnp.full((5, followed), jnp.nan, state.dtype)
    states = jnp.full((5, followed, *state.shape), jnp.nan, state.dtype)
    return Turns(nothing, nothing, nothing, nothing, states)


def turned(
    followed: Followed, ends: tuple[Array, Array], states: tuple[Array, Array], rates: tuple[Array, Array]
) -> tuple[Turns, Array, Array]:
    """A step as `Turns` of each quantity, shape (k, ...), and which have a maximum and which a minimum in it.

    `ends` are its two times, `states` and `rates` the state and field there.
    """
    before, after = (followed.slopes(*end) for end in zip(states, rates, strict=True))
    k = len(followed.names)
    step = Turns(
        jnp.broadcast_to(ends[0], (k,)),
        jnp.broadcast_to(ends[1] - ends[0], (k,)),
        followed.values(states[1]) - followed.values(states[0]),
        after,
        jnp.broadcast_to(states[0], (k, *states[0].shape)),
    )
    return step, (before > 0) & (after <= 0), (before < 0) & (after >= 0)


def updated(
    turns: Turns,
    followed: Followed,
    ends: tuple[Array, Array],
    states: tuple[Array, Array],
    rates: tuple[Array, Array],
    half: Array,
) -> Turns:
    """The turns after a step, given as for `turned`; `half` is half of the time that the orbit has.

    Only the step is kept: where in it the extreme lies is asked once, of those that are left (`extremes_in`).
    """
    new, rose, fell = turned(followed, ends, states, rates)

    def shifted(old: Array, value: Array) -> Array:
        def where(turned: Array, a: Array, b: Array) -> Array:
            return jnp.where(turned.reshape(turned.shape + (1,) * (a.ndim - 1)), a, b)

        high, earlier_high, low, earlier_low, halfway = old
        return jnp.stack(
            [
                where(rose, value, high),
                where(rose, high, earlier_high),
                where(fell, value, low),
                where(fell, low, earlier_low),
                where(rose & (ends[1] <= half), value, halfway),
            ]
        )

    return Turns(*map(shifted, turns, new))


class Located(NamedTuple):
    """Value, time and depth of each extreme of `Turns`, shape (5, k)."""

    value: Array
    time: Array
    depth: Array

    def with_errors(self, error: Array) -> Extremes:
        """The extremes, of which a step's error makes so much, shape (k,)."""
        value, time = self.value, self.time
        return Extremes(
            value[0], value[1], value[2], value[3], time[0], time[1], time[2], time[3], value[4], time[4],
            self.depth[:4], error,
        )  # fmt: skip


def extremes_in(
    turns: Turns, bind: Bind, p: Any, vanished: Vanished | None, loop: Callable[..., Any] = lane_loop
) -> Located:
    """Values and times of the extremes in these steps.

    Parameters
    ----------
    bind : bind(p) gives what steps into them and what is followed (`Bind`), for the parameters `p`.
    vanished : of the orbit; since it was last looked at steps have its levels, and those before none.
    loop : repeats a refinement, as `lane_loop` does.
    """
    each = jnp.asarray(np.eye(turns.t.shape[1], dtype=turns.t.dtype))
    value, when, depth, _ = jax.vmap(
        lambda turn: jax.vmap(lambda which, one: extreme_in(which, one, bind, p, loop, True, vanished))(
            each, turn
        )
    )(turns)
    return Located(value, when, depth)


def errors_in(turns: Turns, followed: Followed, allowed: Callable[[Array], Array]) -> Array:
    """What errors `allowed` in a state make of each quantity at its last maximum, shape (k,)."""
    return jnp.diagonal(jax.vmap(lambda state: followed.errors(state, allowed(state)))(turns.state[0]))


def extreme_in(
    which: Array,
    turn: Turns,
    bind: Bind,
    p: Any,
    loop: Callable[..., Any],
    wanted: Array | bool,
    vanished: Vanished | None,
) -> tuple[Array, Array, Array, Array]:
    """Value, time and depth of the extreme in one step, as in `Extremes`, and the state there, shape (d,).

    `which` is 1 for the quantity that turns and 0 for the others; unless `wanted`, no step is taken.
    """
    frame = None if vanished is None else (vanished.levels, vanished.looked)
    given = which, turn, p, jnp.asarray(wanted), frame
    return lane_call(loop, lambda given: _extreme_in(bind, given), given)


def _extreme_in(bind: Bind, given: tuple[Any, ...]) -> tuple[Array, Array, Array, Array]:
    which, turn, p, wanted, frame = given
    stepper, followed, _ = bind(p)
    rates = stepper.field(turn.t, turn.state)
    before = jnp.sum(which * followed.slopes(turn.state, rates))
    guess, curvature = _turn_of_cubic(turn.size, turn.rise / turn.size, before, turn.after)

    def body(last: _Nearing, fixed: Any) -> _Nearing:
        which, turn, rates, curvature, p = fixed
        stepper, followed, _ = bind(p)
        state, rates_there = stepper.reach(turn.t, turn.t + last.next, turn.state, rates)
        slope = jnp.sum(which * followed.slopes(state, rates_there))
        # A chord step, then secant steps.
        bend = jnp.where(last.tries == 0, curvature, _divide(slope - last.slope, last.next - last.at))
        better = jnp.clip(last.next - _divide(slope, bend), 0.0, turn.size)
        value = jnp.sum(which * followed.values(state)) + slope * (better - last.next) / 2
        there = state + rates_there * (better - last.next)
        return _Nearing(last.tries + 1, last.next, slope, better, value, jnp.max(jnp.abs(state)), there)

    def cond(last: _Nearing, _fixed: Any) -> Array:
        return last.tries < _REFINEMENTS

    zero = jnp.zeros_like(guess)
    tries = jnp.where(wanted, jnp.int32(0), jnp.int32(_REFINEMENTS))
    start = _Nearing(tries, zero, zero, guess, zero, zero, turn.state)
    end = plain_loop(cond, body, start, (which, turn, rates, curvature, p))
    value = end.value
    if frame is not None:  # of what numbers hold as something larger it is seen how large it is
        levels = levels_at(turn.t, *frame)
        seen = jnp.sum(which * followed.values(true_state(end.state, levels)))
        value = jnp.where(jnp.any(levels > 0), seen, value)
    return value, turn.t + end.next, end.depth, end.state


class _Nearing(NamedTuple):
    """The search for an extreme: the last time and slope tried, the next time, and what is there."""

    tries: Array
    at: Array
    slope: Array
    next: Array
    value: Array
    depth: Array
    state: Array


def _turn_of_cubic(size: Array, rise: Array, at_a: Array, at_b: Array) -> tuple[Array, Array]:
    """How far into a step the cubic with these slopes at both ends, and this mean slope, turns.

    And its curvature there. The slopes have opposite signs, so the slope of the cubic, a parabola, has one
    root between the ends.
    """
    unit = jnp.maximum(jnp.maximum(jnp.abs(at_a), jnp.abs(at_b)), jnp.abs(rise))
    unit = jnp.where(unit > 0, unit, 1.0)  # or squares of what is tiny would be 0
    rise, at_a, at_b = rise / unit, at_a / unit, at_b / unit
    sign = jnp.sign(at_a)
    linear, square = sign * (6 * rise - 4 * at_a - 2 * at_b), sign * 3 * (at_a + at_b - 2 * rise)
    root = jnp.sqrt(jnp.maximum(linear**2 - 4 * square * jnp.abs(at_a), 0.0))
    bottom = root - linear
    part = jnp.where(bottom > 0, 2 * jnp.abs(at_a) / jnp.where(bottom > 0, bottom, 1.0), 0.5)
    return size * jnp.clip(part, 0.0, 1.0), -sign * root * unit / size


def _divide(a: Array, b: Array) -> Array:
    return jnp.where(b == 0, 0.0, a / jnp.where(b == 0, 1.0, b))
