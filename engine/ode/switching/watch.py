"""Steps that end where the field switches.

A step across a switch is as wrong as the jump is large, and nothing inside the step may show it. So steps end
just before a switch whose time is known, and go on just after it. Other switches are looked for in every
step: one across a switch is tried again as far as the switch, by Newton's method, until it is so short that
what is inside is below the tolerances. Hairer, Norsett and Wanner, "Solving ODEs I", section II.6.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...xla.guarded_loops import guarded
from ..differences import PART, slope_of
from ..steps.stepper import Control, Step, Stepper, all_finite
from .crossing import (
    HARMLESS,
    SHORT,
    At,
    Tried,
    Watched,
    changed,
    dip,
    holds_on,
    jumped,
    leads_back,
    led_over,
    shift_over,
    side_of,
    to_switch,
)
from .smoothness import Smoothed
from .switches import ROUNDINGS, Switches
from .timed import next_break, next_times, reach_up_to, step_up_to

Array = Any

# Switches that depend on time alone are asked between these parts of a step.
_PARTS = 8
# An orbit slides after as many crossings in turn that lead straight back, or follow upon each other within
# this part of the time, or from within this part of the threshold.
_BOUNCES, _AT_ONCE, _NEAR = 3, 1e-7, 1e-6


class SwitchWatch:
    """Steps that heed the switches of a field: a `Stepper`.

    Parameters
    ----------
    switches : those of the field.
    stepper, control : what takes the steps, and how accurate they are.
    p : the parameters.
    longest : the largest step; None for any.
    breaks : further times at which steps end, shape (k,); None for none.
    """

    def __init__(
        self,
        switches: Switches,
        stepper: Stepper,
        control: Control,
        p: Mapping[str, Array],
        longest: Array | None = None,
        breaks: Array | None = None,
    ) -> None:
        self.field, self.inner, self.control, self.p = stepper.field, stepper, control, p
        self.switches, self.longest, self.furthest = switches, longest, stepper.furthest
        self.breaks, self.has_times = breaks, bool(switches.timed) or breaks is not None

    def over(self, stepper: Stepper, control: Control) -> "SwitchWatch":
        """The same of another stepper, such as the one inside but for its tolerances."""
        inner = self.inner.over(stepper, control) if isinstance(self.inner, Smoothed) else stepper
        return SwitchWatch(self.switches, inner, control, self.p, self.longest, self.breaks)

    def sticks(self, t: Array, state: Array) -> Array | None:
        """Which components an orbit may stick at where they are 0, shape (d,); None for none.

        Those whose own rate jumps there, as by dry friction; behind a guard against negative amounts it does
        not.
        """
        if not self.switches.hold_at_zero:
            return None
        own, limits = jnp.eye(len(state), dtype=bool), jnp.finfo(state.dtype)
        least = limits.tiny / limits.eps

        def rates(side: float) -> Array:
            beside = jnp.where(own, side * least, state[None])
            return jnp.diagonal(jax.vmap(guarded(lambda state: self.field(t, state)))(beside))

        return lax.stop_gradient(~(jnp.abs(rates(1.0) - rates(-1.0)) <= least**0.4))

    def first_size(self, rates: Array, state: Array, end: Array) -> Array:
        """That of the stepper, no larger than the largest step."""
        return self._at_most(self.inner.first_size(rates, state, end))

    def _at_most(self, size: Array) -> Array:
        if self.longest is None:
            return size
        return jnp.minimum(size, lax.stop_gradient(jnp.asarray(self.longest, size.dtype)))

    def solver_state(self, t: Array, end: Array, state: Array) -> Any:
        """That of the stepper, and what is watched: None where no switch is to be looked for."""
        inner = self.inner.solver_state(t, end, state)
        if not self.switches.located:
            return inner, None
        rates = self.field(t, state)
        at = self.located(t, state, rates)

        def slopes(after: Array) -> Array:
            there = state + after * rates
            return self.located(t, there, self.field(t, there)).slopes

        back, zero = leads_back(at, slopes), 0 * at.values  # one that leads back counts as crossed
        strayed, bounces = jnp.where(back, zero, jnp.inf), jnp.any(back).astype(jnp.int32)
        size = self.first_size(rates, state, end)
        return inner, Watched(at.values, at.slopes, size, -end, strayed, zero, bounces)

    def moved(self, solver_state: Any, t: Array, state: Array) -> Any:
        """As the stepper does; switches are watched from where they were."""
        carried, watched = solver_state
        return self.inner.moved(carried, t, state), watched

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """As the stepper does; a time at a switch, up to rounding, is seen from before the switch.

        Stages of the stepper that lay on the other side would be wrong by the jump, times the whole step; and
        rates of there would lead those astray who look for the turn of what rises until the switch.
        """
        if not self.has_times:
            return self.inner.reach(t, t_next, state, rates)
        before, _ = self._next_break(t, state)
        beyond = lax.stop_gradient(jnp.maximum(t_next - before, 0.0))
        return reach_up_to(self.inner, t, t_next, beyond, state, rates)

    def step(
        self, t: Array, until: Array, size: Array, state: Array, rates: Array, solver_state: Any
    ) -> Step:
        """Try a step. It ends at a switch whose time is known; one that crosses another is not kept."""
        carried, watched = solver_state
        size = self._at_most(size)
        if self.has_times:
            before, after = self._next_break(t, state)
            ends, arrived = step_up_to(self.inner, before, t, until, size, state, rates, carried)
            until = jnp.minimum(until, before)
            tried = self._past_break(ends, jnp.where(arrived, jnp.maximum(after, ends.t), ends.t))
        else:
            tried = ends = self.inner.step(t, until, size, state, rates, carried)
        if watched is None:
            return tried._replace(solver_state=(tried.solver_state, None))
        return self._looked_through(Tried(t, state, rates, ends, ends.t >= until), tried, watched)

    # --- switches at known times -----------------------------------------------------------------------

    def timed(self, t: Array, state: Array) -> tuple[Array, Array, Array, Array]:
        """Values and slopes in time, sizes of what the values are a difference of, which of them round."""

        def values(t: Array) -> tuple[Array, tuple[Array, Array]]:
            value, size, rounds = self.switches.timed_values(t, state, self.p)
            return value, (size, rounds)

        value, slope, (size, rounds) = jax.jvp(values, (t,), (jnp.ones_like(t),), has_aux=True)
        return value, slope, lax.stop_gradient(size), rounds

    def next_switches(self, t: Array, state: Array) -> tuple[Array, Array]:
        """When each switch of time comes next, infinite where never, and errors of that, (k,) each."""
        return next_times(self.timed(t, state) if self.switches.timed else None, self.breaks, t)

    def _next_break(self, t: Array, state: Array) -> tuple[Array, Array]:
        """Times just before and just after the next switch; infinite where there is none."""
        return next_break(*self.next_switches(t, state), t)

    def _past_break(self, tried: Step, later: Array) -> Step:
        """The step, led on to a time just after the switch: one half of the way at the rates of either side.

        Roundings of time count where a pulse is as short as 1e-7 of it.
        """
        half = lax.stop_gradient(later - tried.t) / 2
        state = tried.state + half * (tried.rates + self.field(later, tried.state))
        return self._led_on(tried, later, state)

    def _led_on(self, tried: Step, t: Array, state: Array) -> Step:
        """The step of the stepper inside, with another end."""
        carried = self.inner.moved(tried.solver_state, t, state)
        return tried._replace(t=t, state=state, rates=self.field(t, state), solver_state=carried)

    # --- switches that are looked for ------------------------------------------------------------------

    def located(self, t: Array, state: Array, rates: Array) -> At:
        """The located switches at a time and state."""
        exact, slopes, roundings = slope_of(
            lambda t, state: self.switches.located_values(t, state, self.p),
            (t, state),
            (jnp.ones_like(t), rates),
        )
        # What is compared and is no number changes no sign: that it ends to be one is a switch itself.
        number = ~jnp.isnan(exact)
        exact, roundings = jnp.where(number, exact, 0.0), jnp.where(number, roundings, 0.0)
        slopes = jnp.where(number & jnp.isfinite(slopes), slopes, 0.0)
        values = jnp.where(jnp.abs(exact) <= roundings, 0.0, exact)
        return At(*lax.stop_gradient((values, slopes, roundings)), exact)

    def _looked_through(self, step: Tried, tried: Step, watched: Watched) -> Step:
        """The step, not kept where it crosses a switch and that is not harmless."""
        at = self.located(step.ends.t, step.ends.state, step.ends.rates)
        ahead, crossed = to_switch(watched, at, step.size), changed(watched, at)
        if self.switches.clocks:
            ahead = ahead.before(self._to_clock(step, watched))
        crosses = ahead.part < 1
        allowed = self.control.allowed(step.state, step.ends.state, step.size)
        jump = lax.stop_gradient(jnp.max(jnp.abs(step.ends.rates - step.rates) / allowed))
        shortest = 4 * ROUNDINGS * jnp.finfo(step.t.dtype).eps * jnp.abs(step.t)
        is_shortest = step.size <= 2 * shortest  # sizes are multiples of the clock's rounding
        harmless = ((jump * step.size <= HARMLESS) & ~ahead.stalls & ~ahead.inside) | is_shortest
        # Of the shortest step the error may be above what is allowed: no shorter one can be told. Beside a
        # switch the equations of an implicit step may have no solution, since the field jumps in a stage.
        due = jnp.abs(watched.values) <= 2 * jnp.abs(watched.slopes) * step.size
        beside = crosses | (jnp.any(due & (side_of(watched) != 0)) & ~tried.keep)
        keep = tried.keep | (beside & is_shortest & all_finite(tried.state) & all_finite(tried.rates))
        shorter, over = crosses & ~harmless, crosses & harmless & keep
        size = jnp.where(beside, jnp.maximum(tried.next_size, shortest), tried.next_size)
        # Shorter by what the clock resolves: else the same step would be tried for ever.
        before = jnp.minimum(ahead.next_size(jump, step.size, step.last), step.size - shortest)
        size = jnp.where(shorter, jnp.maximum(before, shortest), size)
        size = lax.stop_gradient(jnp.where(over, jnp.maximum(size, watched.planned), size))
        stages = self.switches.in_stages(tried.stages, self.p)
        strays = watched.has_stage_beyond(at, step.size, stages) & ~crosses & ~harmless & keep
        size, keep = jnp.where(strays, jnp.maximum(step.size / 2, shortest), size), keep & ~strays
        # A short step to or from a switch may have, up to rounding, the rates of its other side at that end.
        on = jnp.any((watched.values == 0) | (at.values == 0)) & (step.size < SHORT * watched.planned)
        speed = jnp.max(jnp.where(step.rates == 0, 0.0, jnp.abs(step.rates) / allowed))
        still = lax.stop_gradient(HARMLESS / jnp.where(speed > 0, speed, 0.0))  # as far as this nothing moves
        still = jnp.where(self.switches.are_clocks(at.values), jnp.inf, still)
        shift = shift_over(crossed & over, at, watched.slopes, still)
        tried = self._led_on(tried, *led_over(shift, step, tried, self.field))
        holds = ~crosses & holds_on(watched, at, step.size, is_shortest)
        after = self._watched_after(tried, watched, crossed, over, size, holds)
        return tried._replace(
            solver_state=(tried.solver_state, after),
            keep=keep & ~shorter,
            next_size=size,
            switched=tried.switched | over | on | shorter | strays,
            slides=watched.bounces >= _BOUNCES,
        )

    def _watched_after(
        self, tried: Step, watched: Watched, crossed: Array, over: Array, size: Array, holds: Array
    ) -> Watched:
        """What the next step wants, after one over the switches that are `crossed`, or that one `holds`."""
        at = self.located(tried.t, tried.state, tried.rates)
        nearness = ROUNDINGS * jnp.finfo(at.values.dtype).eps / _NEAR
        strayed = jnp.maximum(
            watched.strayed, jnp.abs(at.values) * nearness / jnp.where(at.roundings == 0, 1, at.roundings)
        )
        ends_before = ~jnp.any(crossed)  # as the shortest step may where it is led back within itself
        crossed &= ~jumped(watched, at)
        # On the switch to rounding, what leads to where the step came from leads back.
        beyond = jnp.where(at.values == 0, -side_of(watched), at.values)
        led_back, turned = beyond * at.slopes < 0, watched.way * side_of(watched) < 0
        at_once = tried.t - watched.crossed <= _AT_ONCE * jnp.abs(tried.t)
        back = jnp.any(crossed & (led_back | (turned & ((watched.strayed < 1) | at_once))))
        more = (over & (back | (ends_before & at_once))) | holds
        leaves = over & ~jnp.any(crossed & (at.values == 0) & (watched.strayed < 1))
        after = Watched(
            at.values,
            at.slopes,
            planned=jnp.where(over, watched.planned, jnp.maximum(size, watched.planned / 2)),
            crossed=jnp.where(over, tried.t, watched.crossed),
            strayed=jnp.where(crossed & over & ~self.switches.are_clocks(at.values), 0.0, strayed),
            way=jnp.where(crossed & over, side_of(watched), watched.way),
            bounces=jnp.where(more, watched.bounces + 1, jnp.where(leaves, 0, watched.bounces)),
        )
        return jax.tree.map(lax.stop_gradient, after)

    def _to_clock(self, step: Tried, watched: Watched) -> Array:
        """The part of a step after which a switch that depends on time alone is seen on its other side.

        Between the times at which it is asked cubics show it, also where it is crossed back.
        """
        fractions = jnp.arange(_PARTS + 1) / jnp.asarray(_PARTS, step.t.dtype)

        def clocks(t: Array) -> tuple[Array, Array]:
            return self.switches.located_values(t, step.state, self.p, clocks=True)

        def inside(fraction: Array) -> tuple[Array, Array, Array]:
            return slope_of(clocks, (step.t + fraction * step.size,), (step.size / _PARTS,), PART)

        values, rises, roundings = jax.vmap(inside)(fractions)
        begin = side_of(watched)[: values.shape[1]]  # a switch may have several values
        other = jnp.any(((values > 0) != (begin > 0)[None]) & (jnp.abs(values) > roundings), axis=1)
        dips, at = dip(values[:-1], rises[:-1], values[1:], rises[1:])
        bottom = jnp.where(dips, fractions[:-1, None] + at / _PARTS, jnp.inf)
        first = jnp.minimum(jnp.min(jnp.where(other[1:-1], fractions[1:-1], jnp.inf)), jnp.min(bottom))
        return lax.stop_gradient(first)
