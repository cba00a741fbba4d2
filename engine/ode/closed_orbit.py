"""Closed orbits: whether an orbit returns, in how many loops, how long it takes, between which extremes.

The loop over steps keeps two maxima of a quantity, which may show a return after one loop. Steps that are
wrong by as much as a turn changes the orbit do not tell. So it is followed on from its last maximum, turn by
turn and by exact steps, until its extremes repeat or too many have been seen. It ends where it ended: this
only looks whether it returns.

Extremes repeat where they are the same but for the error of the exact steps, as on a centre; or where they
change from round to round by ever less, so that what is still to come of it is next to nothing, as beside a
cycle that attracts. A slow spiral changes by ever less, too, but all of its swing is still to come.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..codegen.lane_call import lane_call
from .attractor import NOISE, SAME_TIME
from .extrema import Bind, Extremes, Turns, extreme_in
from .rounds import (
    ENDS,
    IN_ROUND,
    KEPT,
    LEAVING,
    OF_STATES,
    ROUNDS,
    at,
    largest_in,
    spirals,
    states_return,
    stays,
    unseen_grow,
)
from .steps.stepper import Stepper
from .switching.ahead import Round, has_another_round_ahead
from .vanishing.levels import Vanished, levels_at, shallowest
from .walk import Closeness, Sought, Walk, followed_down, goes_on, to_next_turn

Array = Any
Loop = Callable[..., Any]

# Small swings about something large are the same to so many errors of its size.
_EXACT_SMALL = 3.0
# An extreme that lies less than this part of a period further back than the last period counts to it.
_PART = 1e-3
# The length of a round may be wrong by this part of what extremes are exact to, besides roundings of time.
_CHANCE = 1e-2
# Rounding of an angle hides its rounds where it comes to this part of one.
_HIDDEN = 1e-2


class Cycle(NamedTuple):
    """The cycle of an orbit: whether there is one, its loops, period, and extremes of each quantity, (k,)."""

    closed: Array
    loops: Array
    period: Array
    high: Array
    low: Array


class History(NamedTuple):
    """Values and times of the last maxima and minima of each quantity, shape (2, k, kept), latest last.

    `states` are those at the maxima of the first quantity, shape (d, kept).
    """

    values: Array
    times: Array
    states: Array


class Search(NamedTuple):
    """A search under way: where the orbit is, its turns so far, the cycle, and whether to go `on`."""

    walk: Walk
    history: History
    cycle: Cycle
    on: Array


def search_begins(
    turns: Turns, extremes: Extremes, real: Array, wanted: Array, stepper: Stepper, within: Closeness,
    error: Array, units: Array, unseen: Array, steps: Array, most_steps: int, vanished: Vanished | None,
) -> tuple[Search, Sought]:  # fmt: skip
    """The search for the cycle of an orbit, from its last maximum on.

    Parameters
    ----------
    turns, extremes : its last ones.
    wanted : whether to look at all; without it nothing is integrated.
    stepper : takes the exact steps.
    real, within, error, units, unseen, steps, most_steps : as of `Sought`.
    vanished : of the orbit where it ended.
    """
    first, k, dtype = jnp.argmax(real), len(real), turns.state.dtype
    gap = at(extremes.high_time - extremes.earlier_high_time, first)
    wanted = wanted & jnp.any(real) & (gap > 0) & jnp.isfinite(gap)
    # Where nothing is wanted there may be no last maximum, and nothing is integrated from 1 either.
    last = jax.tree.map(lambda a: jnp.where(wanted, a[0], jnp.ones_like(a[0])), turns)
    t, state, size = (at(a, first) for a in (last.t, last.state, last.size))
    calls = None
    if vanished is not None:
        levels = levels_at(t, vanished.levels, vanished.looked)
        lost = (state == 0) & (t < vanished.looked)
        depth = jnp.where(lost, jnp.minimum(vanished.depth, shallowest(state.dtype)), 0.0)
        calls = jnp.any(lost | (vanished.levels > 0))
        vanished = vanished._replace(levels=levels, depth=depth, looked=t, doubtful=jnp.asarray(False))
    until = jnp.where(wanted, t + 2 * (KEPT + 2) * gap, t)
    walk = Walk(
        t, state, stepper.field(t, state), size, stepper.solver_state(t, until, state), jnp.int32(0),
        calls, vanished, last, jnp.zeros((2, k), bool),
    )  # fmt: skip
    nothing, zero = jnp.full((2, k, KEPT), jnp.nan, dtype), jnp.zeros(k, dtype)
    history = History(nothing, nothing, jnp.full((state.size, KEPT), jnp.nan, dtype))
    same = within.close * at(extremes.high - extremes.low, first)
    most, within = jnp.int32(most_steps), Closeness(*(jnp.asarray(part, dtype) for part in within))
    none = Cycle(jnp.asarray(False), jnp.int32(0), jnp.zeros((), dtype), zero, zero)
    sought = Sought(real, first, until, most, same, within, error, units, unseen, steps)
    return Search(walk, history, none, goes_on(t, state, walk.tried, sought)), sought


def cycle_of(
    search: Search, sought: Sought, bind: Bind, p: Any, faces: bool, driven: bool, loop: Loop
) -> Cycle:
    """The cycle of an orbit whose extremes repeat after one or several maxima.

    Parameters
    ----------
    search, sought : as `search_begins` gives them.
    bind, p, loop : as of `extrema.extremes_in`; the steps are the exact ones.
    faces : as in `Flow`.
    driven : whether time moves the field.
    """
    each = jnp.asarray(np.eye(len(sought.real), dtype=search.walk.t.dtype))

    def body(now: Search) -> Search:
        walk = to_next_turn(followed_down(now.walk, sought, bind, p, loop), sought, bind, p, loop)

        def refined(which: Array, step: Turns, wanted: Array) -> tuple[Array, ...]:
            return extreme_in(which, step, bind, p, loop, wanted, walk.vanished)

        value, when, _, states = jax.vmap(refined)(each, walk.last, jnp.any(walk.turned, axis=0))
        met = _Met(walk.t, walk.state, walk.tried, walk.turned, value, when, states)
        given = now.history, met, sought
        history, cycle, on = lane_call(loop, lambda given: _after_turn(*given, faces=faces), given)
        return Search(walk, history, cycle, on)

    end = lax.while_loop(lambda now: now.on, body, search)
    cycle, vanished = end.cycle, (search.walk.vanished, end.walk.vanished)
    if vanished[0] is not None:
        given = end.history, cycle, vanished, sought
        cycle = lane_call(loop, lambda given: _unless_others_grow(*given), given)
    # In logits what goes on from round to round is a share that dies out: only time has something in store.
    if driven or not faces:
        given = end.history, cycle, sought, p
        cycle = lane_call(loop, lambda given: _while_it_lasts(bind, *given), given)
    return cycle


def _while_it_lasts(bind: Bind, history: History, cycle: Cycle, sought: Sought, p: Any) -> Cycle:
    """The cycle, if the field has nothing else in store for it than it had in its last round."""
    stepper, _, holds = bind(p)
    rounds = [KEPT - 1 - i * jnp.maximum(cycle.loops, 1) for i in range(3)]
    states = [at(history.states, index, -1) for index in rounds]
    times = [at(at(history.times[0], sought.first), index) for index in rounds]
    period, former = times[0] - times[1], times[1] - times[2]
    change, earlier = states[0] - states[1], states[1] - states[2]
    least = (sought.within.close + OF_STATES * sought.within.exact) * sought.units
    onward = jnp.where(jnp.abs(change) > least, change, 0.0)
    goes_on = jnp.where(jnp.abs(change) > OF_STATES * sought.within.exact * sought.units, jnp.abs(change), 0)
    error = jnp.max(jnp.where(onward != 0, jnp.abs(change - earlier) / jnp.abs(change), 0.0))
    error = jnp.maximum(error, jnp.abs(period - former) / period)
    # Two rounds may be as long by chance.
    clock = jnp.finfo(times[0].dtype).eps * jnp.abs(times[0]) / period
    error = jnp.maximum(error, _CHANCE * sought.within.exact + clock)
    last = Round(times[0], states[0], period, onward, error, sought.units)
    ends = has_another_round_ahead(stepper.field, holds.next_switches, last, cycle.closed)
    return cycle._replace(closed=cycle.closed & ~ends & ~_hides_a_round(goes_on, states[0], sought))


def _hides_a_round(onward: Array, state: Array, sought: Sought) -> Array:
    """Whether rounding hides rounds of what went so far `onward` in the last one, as angles do, (d,).

    It grows with their size. Roundings of many steps do not add up, but for the root of their number.
    """
    rounding = jnp.finfo(state.dtype).eps * jnp.abs(state) * jnp.sqrt(sought.steps.astype(state.dtype))
    return jnp.any((onward > 0) & (rounding > _HIDDEN * onward))


def _unless_others_grow(
    history: History, cycle: Cycle, vanished: tuple[Vanished, Vanished], sought: Sought
) -> Cycle:
    """The cycle, if no other component invades it, as far as the search has seen.

    `vanished` is what had at its begin and end. Where levels changed within the last round that says it.
    """
    begin, now = vanished
    times, loops = at(history.times[0], sought.first), jnp.maximum(cycle.loops, 1)
    same = at(times, KEPT - 1 - 2 * loops) >= now.looked
    grow = at(unseen_grow(history.states, sought.unseen, sought.within.close), loops - 1, 1)
    small = jnp.abs(history.states[:, -1]) < sought.within.close * sought.units
    rises = jnp.where(same, grow, small & (now.levels < now.before))
    rises |= now.lost & (now.depth > begin.depth)
    return cycle._replace(closed=cycle.closed & ~now.doubtful & ~jnp.any(rises))


class _Met(NamedTuple):
    """Where the orbit is after its next turn, which quantities `turned`, their extremes there, (k, ...)."""

    t: Array
    state: Array
    tried: Array
    turned: Array
    value: Array
    when: Array
    states: Array


def _after_turn(history: History, met: _Met, sought: Sought, faces: bool) -> tuple[History, Cycle, Array]:
    """The history with what was met, the cycle in it, and whether to go on.

    No parameter of a scenario is in it, so that the machine code is the same for all flows of a form.
    """
    first, turned = sought.first, met.turned
    rose = jnp.broadcast_to(at(turned[0], first), sought.units.shape)
    history = History(
        _pushed(history.values, met.value, turned), _pushed(history.times, met.when, turned),
        _pushed(history.states, at(met.states, first), rose),
    )  # fmt: skip
    returns = states_return(history.states, sought.units, faces, *sought.within)
    cycle = _compared(history, returns, sought)
    maxima = at(history.values[0], first)
    enough = jnp.isfinite(maxima[0]) | spirals(maxima, sought.same) | cycle.closed
    return history, cycle, goes_on(met.t, met.state, met.tried, sought) & ~enough


def _pushed(kept: Array, new: Array, turned: Array) -> Array:
    """The kept numbers, shape (2, k, kept), with the new ones (k,) at the end where a quantity turned."""
    added = jnp.broadcast_to(new[:, None], (*kept.shape[:-1], 1))
    return jnp.where(turned[..., None], jnp.concatenate([kept[..., 1:], added], axis=-1), kept)


def _compared(history: History, returns: tuple[Array, Array], sought: Sought) -> Cycle:
    """The cycle in a history, of as many loops as take the state back, as `states_return` says."""
    real, first, within, error = sought.real, sought.first, sought.within, sought.error
    values, times = history.values, history.times
    # Arrays here are over maxima and minima, quantities, and lengths of the cycle.
    last, before, earlier = (at(values, which, -1) for which in ROUNDS)
    # Of the last round alone: beside earlier ones what a spiral still moves would be nothing.
    top = jnp.max(jnp.where(IN_ROUND[None], last[0], -jnp.inf), axis=-1)
    swing = top - jnp.min(jnp.where(IN_ROUND[None], last[1], jnp.inf), axis=-1)
    change, former = largest_in(last - before), largest_in(before - earlier)
    # Twice over: chaos comes once as near to a cycle that it then leaves.
    repeats = jnp.maximum(change, former) <= within.close * swing[None]
    repeats &= change <= LEAVING * jnp.maximum(former, NOISE * error[None, :, None])
    # Shares along a boundary cycle return, too, but ever more slowly.
    ends = [at(times, which, -1) for which in ENDS]
    periods, same_time = ends[0] - ends[1], jnp.maximum(10 * within.close, SAME_TIME)
    repeats &= jnp.abs(periods - (ends[1] - ends[2])) <= same_time * periods
    exact = within.exact + _EXACT_SMALL * error[:, None] / swing
    still = jnp.all(repeats & stays(change / swing[None], former / swing[None], exact[None]), axis=0)
    still = jnp.all(jnp.any(still, axis=-1) | ~real) & returns[1]
    # Other quantities may have another number of extremes in the same time: (..., their length, the first's).
    period = at(periods[0], first)
    fits = jnp.abs(periods[..., None] - period[None, None, None]) <= same_time * period[None, None, None]
    fits = jnp.any(repeats[..., None] & fits, axis=2) | ~real[None, :, None]
    whole_round = jnp.all(fits, axis=(0, 1)) & at(repeats[0], first) & returns[0]
    length = jnp.argmax(whole_round)
    whole = at(period, length)
    inside = times > times[..., -1:] - whole * (1 - _PART)
    high = jnp.max(jnp.where(inside[0], values[0], -jnp.inf), axis=-1)
    low = jnp.min(jnp.where(inside[1], values[1], jnp.inf), axis=-1)
    return Cycle(jnp.any(whole_round) & still, (length + 1).astype(jnp.int32), whole, high, low)
