"""Whether a field goes on as in the round from which an orbit has come back, or has something else in store.

An orbit is followed for some dozen loops. What time brings after them, as a monthly dose beside a daily
rhythm, and what a component leads to that goes on from round to round, as wear leads to a breakdown, is not
seen in them. So the field is compared with what it was in the last round: in rounds to come, and between the
next switches of time that have not been in that round.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

Array = Any
# field(t, state) -> rates, and the times of the next switches with their errors, (k,) each.
Field = Callable[[Array, Array], Array]
NextSwitches = Callable[[Array, Array], tuple[Array, Array]]

# Rounds to come that are looked at: so many in a row, and twice as many each time so often.
_IN_A_ROW, _DOUBLED = 16, 8
# States at which the field is asked in each: on the orbit, and this part of the scale beside it, for rates
# that differ may be 0 where it turns; and in which part of the round.
_ASIDE, _PHASES = 0.1, (0.11, 0.37, 0.62, 0.89)
# So many switches that have not been in the last round are looked behind, each time after this part of the
# way to the next one, where hardly another switch is.
_SWITCHES, _BETWEEN = 16, 0.382
# Rates are others where they differ by this part of themselves, or lead as far in a round: by so many times
# what the length of the rounds up to there may be wrong, as rates may vary that much faster than in a round,
# and between these bounds.
_STEEP, _OTHER_LEAST, _OTHER_MOST = 1e4, 1e-5, 1e-2
# How wrong the length of all rounds up to there may be, as a part of a round: in rounds to come, where rates
# may vary much faster than that, and behind switches, where two looks would have to be misled.
_WRONG, _WRONG_BEHIND = 1e-4, 1e-3
# Times that differ by this part of a round are those of one switch.
_ONE = 1e-4


class Round(NamedTuple):
    """The last round of an orbit that has come back.

    t, state : where it ended; the state has shape (d,).
    period : how long it took.
    onward : how far components went on in it that do not return, as angles do, shape (d,); 0 of all others.
    error : how wrong these two are, as a part of themselves.
    units : the scale of each component, shape (d,); infinite where nothing depends on it.
    """

    t: Array
    state: Array
    period: Array
    onward: Array
    error: Array
    units: Array


class _Look(NamedTuple):
    """The number of the look, the time behind the last switch, the next one, and whether rates differ."""

    number: Array
    since: Array
    until: Array
    differs: Array


def has_another_round_ahead(
    field: Field, next_switches: NextSwitches | None, last: Round, wanted: Array
) -> Array:
    """Whether the field is another one in a round to come than in the `last`; only looked at if `wanted`."""
    each, in_rounds = len(_PHASES), (_IN_A_ROW + _DOUBLED) * len(_PHASES)
    looks = in_rounds + (0 if next_switches is None else 2 * _SWITCHES)
    number = jnp.arange(last.state.size)
    units = jnp.where(jnp.isfinite(last.units) & (last.onward == 0), last.units, 0.0)
    begin = last.t + _ONE * last.period

    def aside(which: Array) -> Array:
        sign = jnp.where(which == 1, 1.0, jnp.where(which == 2, 1 - 2 * (number % 2), 2 * (number % 2) - 1))
        return last.state + jnp.where(which == 0, 0.0, _ASIDE * sign) * units

    def before(t: Array) -> tuple[Array, Array]:
        """How many rounds earlier a time lies in the last one, and when."""
        rounds = jnp.maximum(jnp.ceil((t - last.t) / last.period), 1.0)
        return rounds, t - rounds * last.period

    def next_other(since: Array) -> Array:
        """The next switch of time that was not there in the last round, or was there and is not any more."""
        rounds, then = before(since)
        assert next_switches is not None
        times, _ = next_switches(since, last.state + rounds * last.onward)
        expected = next_switches(then, last.state)[0] + rounds * last.period
        other = ~(jnp.abs(times - expected) <= _ONE * last.period) & ~(times == expected)
        return jnp.min(jnp.where(other, jnp.minimum(times, expected), jnp.inf))

    def cond(look: _Look) -> Array:
        return wanted & (look.number < looks) & ~look.differs & (look.since < jnp.inf)

    def body(look: _Look) -> _Look:
        k, index = look.number, look.number // each
        doubled = jnp.left_shift(jnp.int32(1), jnp.maximum(index + 1 - _IN_A_ROW, 0))
        rounds = jnp.where(index < _IN_A_ROW, index + 1, _IN_A_ROW * doubled).astype(last.t.dtype)
        phase, which = jnp.asarray(_PHASES, last.t.dtype)[k % each], k % each
        t, until, since, most = last.t + (rounds - 1 + phase) * last.period, look.until, look.since, _WRONG
        if next_switches is not None:
            behind, again = k >= in_rounds, (k - in_rounds) % 2 == 1
            until = jnp.where(behind & ~again, next_other(since), until)
            between = since + _BETWEEN * (until - since)
            t, which = jnp.where(behind, between, t), jnp.where(behind & ~again, 0, which)
            since = jnp.where(behind & again, until + _ONE * last.period, since)
            most = jnp.where(behind, _WRONG_BEHIND, _WRONG)
        rounds, then = before(t)
        # An angle that stayed where the round ended may stand at a switch, where rounding decides.
        state = aside(which) + (then - last.t) / last.period * last.onward
        here, there = field(then, state), field(t, state + rounds * last.onward)
        size = jnp.maximum(jnp.abs(here), jnp.abs(there)) + units / last.period
        wrong = rounds * last.error
        least = jnp.clip(_STEEP * wrong, _OTHER_LEAST, _OTHER_MOST)
        other = jnp.any(jnp.abs(there - here) > least * size) & (wrong <= most)
        return _Look(k + 1, since, until, other)

    start = _Look(jnp.int32(0), begin, begin, jnp.asarray(False))
    return lax.while_loop(cond, body, start).differs
