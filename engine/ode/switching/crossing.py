"""Whether a step crosses a switch, and where in it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..steps.stepper import STRETCH, Step

Array = Any

# A step may cross a switch where the jump there, times the step, is this part of what is allowed as error.
HARMLESS = 0.2
# What ends so many times its change away has jumped itself, as remainders do, instead of being led back.
_JUMPED = 100.0
# A start on a switch is led off by so many roundings, and by less again where that leads back.
_NEAR = 3.0
# A step that is to end before a switch stops short of it by this part.
SHORT = 1e-3
# A step comes near a switch that it will have crossed before its length has grown by this part.
_NEAR_END = 0.25


class Watched(NamedTuple):
    """What a step wants of the one before it, besides what the stepper does.

    values, slopes : of the located switches where the step begins, shape (n,); 0 where that is rounding.
    planned : the size of steps but for the switches.
    crossed : when a switch was crossed last.
    strayed : how far the values have been from 0 since, as parts of what they are the difference of.
    way : from which side each was crossed last, a number of that sign; 0 if never.
    bounces : how many crossings in turn led straight back, or followed so soon or from so near.
    """

    values: Array
    slopes: Array
    planned: Array
    crossed: Array
    strayed: Array
    way: Array
    bounces: Array

    def has_stage_beyond(self, at_end: "At", size: Array, stages: tuple[Array, Array] | None) -> Array | bool:
        """Whether a step that ends just before a switch has a stage beyond it.

        `stages` are the values of the switches in each stage and their roundings, shape (k, n). The value of
        the step does not feel it, since there the branches differ by less than the tolerances; at a corner
        its derivatives do, by nearly the whole step. What only comes towards a switch, as a decay towards 0,
        is left alone: by its slope at the begin it would have crossed long before the end.
        """
        if stages is None:
            return False
        values, roundings = stages
        begin, rise = self.values, self.slopes * size
        end, fall = at_end.values, at_end.slopes * size
        nears = (begin * rise < 0) & (jnp.abs(rise) < 2 * jnp.abs(begin))
        nears &= (begin * end > 0) & (end * fall < 0) & (jnp.abs(end) < _NEAR_END * jnp.abs(fall))
        beyond = (jnp.abs(values) > roundings) & ((values > 0) != (begin > 0)[None])
        return lax.stop_gradient(jnp.any(nears & jnp.any(beyond, axis=0)))


class At(NamedTuple):
    """The located switches at a time and state, shape (n,).

    `values` are 0 where they are within `roundings`, `slopes` are along the orbit; `exact` are the values as
    they are, with their derivatives.
    """

    values: Array
    slopes: Array
    roundings: Array
    exact: Array


class Tried(NamedTuple):
    """A step that was tried: where it began, and how it ended on this side of a switch at a known time.

    `last` says that it ended where no step may pass, the end of the orbit or such a switch.
    """

    t: Array
    state: Array
    rates: Array
    ends: Step
    last: Array

    @property
    def size(self) -> Array:
        """How long it took."""
        return lax.stop_gradient(self.ends.t - self.t)


class Ahead(NamedTuple):
    """The part of a step after which it crosses a switch.

    `part` follows from the begin of the step alone, and is infinite where no switch is crossed; `better` from
    its end, too, and is better where that is near the switch. It `stalls` where a switch should have been
    crossed, and has not. `inside`: it is crossed back, so that the ends of the step say nothing of the jump.
    """

    part: Array
    better: Array
    stalls: Array
    inside: Array

    def before(self, part: Array) -> "Ahead":
        """The same where a switch is seen on its other side after this part, inside the step."""
        first = part < self.part
        return Ahead(
            jnp.minimum(self.part, part), jnp.minimum(self.better, part), self.stalls, self.inside | first
        )

    def next_size(self, jump: Array, taken: Array, last: Array) -> Array:
        """The size to try next, after a step that was the `last` one before its end, or not.

        A step that may cross the switch does so; any other ends short of it, and is a step of one branch.
        One that would all but come to the end would be stretched to it, and be the same again.
        """
        ahead, jump = self.part * taken, jnp.where(self.inside, jnp.inf, jump)
        wanted = jnp.where(2 * ahead * jump <= HARMLESS / 2, 2 * ahead, (1 - SHORT) * ahead)
        beyond = jnp.clip(1 - SHORT - 4 * (1 - self.better), 0.25, 1 - SHORT)
        size = jnp.where(wanted < 0.9 * taken, wanted, beyond * taken)
        return jnp.where(last, jnp.minimum(size, (1 - SHORT) / STRETCH * taken), size)


def side_of(watched: Watched) -> Array:
    """On which side of each switch the step begins: the sign; on the switch it is that of the slope."""
    return jnp.where(watched.values == 0, watched.slopes, watched.values)


def changed(watched: Watched, at: At) -> Array:
    """Which switches are crossed between the begin of a step and its end, or come upon there."""
    side = side_of(watched)
    come_upon = (watched.values != 0) & (at.values == 0) & (watched.values * watched.slopes < 0)
    return come_upon | ((side != 0) & (at.values != 0) & ((side > 0) != (at.values > 0)))


def jumped(watched: Watched, at: At) -> Array:
    """Which switches are led away from themselves before a crossing and back after it.

    They have not come through 0: what is compared jumps there, by another switch.
    """
    return (watched.values * watched.slopes > 0) & (at.values * at.slopes < 0)


def holds_on(watched: Watched, at: At, size: Array, is_shortest: Array) -> Array:
    """Whether a step of this size is held on a switch that led the orbit back: it begins and ends there.

    It was too short to leave the switch, to rounding, and the orbit has not strayed from it since.
    """
    on = (watched.values == 0) & (watched.slopes != 0) & (at.values == 0) & (watched.strayed < 1)
    short = is_shortest | (jnp.abs(watched.slopes) * size <= at.roundings)
    return (watched.bounces > 0) & jnp.any(on & short)


def leads_back(at: At, slopes: Callable[[Array], Array]) -> Array:
    """Which switches the field leads back to from both sides, where a state is on them to rounding; (n,).

    slopes : slopes(after), shape (n,), of the switches after a time along the rates; before, where below 0.
    """
    on = (jnp.abs(at.exact) <= _NEAR * at.roundings) & (at.slopes != 0)
    away = jnp.where(on, 2 * _NEAR * at.roundings / jnp.where(on, jnp.abs(at.slopes), 1.0), 0.0)
    before, after = jax.vmap(slopes)(jnp.max(away) * jnp.asarray([-1.0, 1.0], away.dtype))
    # One of both is on the side where the state counts as being.
    return lax.stop_gradient(on & (before * after < 0) & (after * at.slopes < 0))


def cubic(at: Array, begin: Array, rise: Array, end: Array, fall: Array) -> Array:
    """The cubic on [0, 1] with these values and slopes at both ends."""
    rest = 1 - at
    return rest**2 * (begin * (1 + 2 * at) + rise * at) + at**2 * (end * (1 + 2 * rest) - fall * rest)


def dip(begin: Array, rise: Array, end: Array, fall: Array) -> tuple[Array, Array]:
    """Whether, between two ends on one side, this cubic turns on the other side; and where in [0, 1]."""
    turns = (begin * rise < 0) & (end * fall > 0) & (begin * end > 0)
    at = jnp.where(turns, rise / jnp.where(turns, rise - fall, 1.0), 0.5)
    return turns & (cubic(at, begin, rise, end, fall) * begin < 0), at


def _root_of_parabola(begin: Array, rise: Array, end: Array) -> Array:
    """Where in [0, 1] a parabola is 0, from its slope at 0 and its values, of unlike signs, at 0 and 1."""
    bend = end - begin - rise
    root = jnp.sqrt(jnp.maximum(rise**2 - 4 * bend * begin, 0.0))
    # Of both roots the one on this side: its denominator has the sign of `begin` and is not 0.
    bottom = jnp.where(begin > 0, root - rise, -root - rise)
    part = 2 * begin / jnp.where(bottom == 0, 1.0, bottom)
    return jnp.clip(jnp.where(jnp.isfinite(part), part, 0.5), 0.0, 1.0)


def to_switch(watched: Watched, at_end: At, size: Array) -> Ahead:
    """Where in a step the first switch is crossed."""
    begin, rise = watched.values, watched.slopes * size
    end, fall = at_end.values, at_end.slopes * size
    crossed = changed(watched, at_end)
    newton = -begin / jnp.where(rise == 0, 1.0, rise)
    newton = jnp.where(newton > 0, jnp.minimum(newton, 1 - SHORT), 0.5)
    parabola = _root_of_parabola(begin, rise, end)
    # Where it turns between two ends on one side, by the cubic with these values and slopes.
    dips, at = dip(begin, rise, end, fall)
    # Where it should have crossed by either slope, and has not: stages of the step have been led back.
    stalls = (begin * end > 0) & (begin * rise < 0) & (end * fall < 0) & (jnp.abs(begin) < jnp.abs(rise))
    stalls &= 2 * (jnp.abs(begin) - jnp.abs(end)) < jnp.minimum(jnp.abs(rise), jnp.abs(fall))
    stalls &= jnp.abs(end) < _JUMPED * jnp.abs(rise)
    parts = jnp.where(crossed | stalls, newton, jnp.where(dips, at, jnp.inf))
    first = jnp.argmin(parts)
    least, better = parts[first], jnp.where(crossed, parabola, jnp.where(stalls, newton, at))[first]
    inside = (dips & ~crossed & ~stalls)[first]
    return Ahead(lax.stop_gradient(least), lax.stop_gradient(better), jnp.any(stalls), inside)


@jax.custom_jvp
def moved_by(change: Array) -> Array:
    """Zero, with the derivatives of `change`: an event moves with the parameters although none is varied."""
    return jnp.zeros_like(change)


@moved_by.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return jnp.zeros_like(primals[0]), tangents[0]


def shift_over(crossed: Array, at: At, slopes: Array, still: Array) -> Array:
    """By how much time a step over the switches that are `crossed` is to end later.

    It is to end beyond the rounding of each switch that is no further than it is `still`, shape (n,). Its end
    moves with the parameters as the switch does.
    """
    shifts = crossed & (slopes != 0)
    slope = jnp.where(shifts, slopes, 1.0)
    shift = jnp.sum(jnp.where(shifts, -moved_by(at.exact) / slope, 0.0)) / jnp.maximum(jnp.sum(shifts), 1)
    on = jnp.where(shifts & (at.values == 0), 2 * at.roundings / jnp.abs(slope), 0.0)
    return shift + jnp.max(jnp.where(on <= still, on, 0.0))


def led_over(
    shift: Array, step: Tried, tried: Step, field: Callable[[Array, Array], Array]
) -> tuple[Array, Array]:
    """Time and state at the end of a step that is to end by `shift` later, beyond a switch.

    As the switch moves with the parameters so does this end, and the next step makes up for it. After the
    last one there is none: its end is led back to where it is to be, at the rates of beyond the switch.
    """
    t, state = tried.t + shift, tried.state + shift * lax.stop_gradient(step.rates)
    back = jnp.where(step.last, shift, 0.0)
    return t - moved_by(back), state - moved_by(back * lax.stop_gradient(field(t, state)))
