"""The loop over steps: one scenario on its way from its start to where it ends or settles."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...kernels.status import Status
from .bound import Bound, Outputs
from .ending import status_after, status_at_start
from .extrema import Turns, no_turns, updated
from .lane import BRIEF, SHORTEST, Arrival, Lane, Looked, Moment, Orbit, where_paused
from .look import looked_at
from .rest import settling
from .rest.distance import square_of_distance
from .rest.gone import may_be_gone
from .scale import grown, grown_in_step
from .steps.stepper import Step
from .steps.within import of_one_sign
from .switching.start import beginning
from .switching.watch import SwitchWatch
from .vanishing.levels import Vanished, none_vanished, true_state

Array = Any


class Integration(Bound):
    """A flow bound to one scenario and a method, step by step: lanes go in, and later ones come out."""

    def start(self, path: bool = False) -> Orbit:
        """The orbit at time 0; `path`: it is to be seen at saved times (`along`)."""
        return self.call(lambda own, _: own._start(path), ())

    def _start(self, path: bool) -> Orbit:
        state = self.flow.start(self.p, **self.static)
        self.method.require(state)
        zero, end = jnp.zeros((), state.dtype), self.end(state)
        if isinstance(self.stepper, SwitchWatch):
            zero, state = beginning(self.stepper, zero, state, end)
        rates = self.field(zero, state)
        largest = grown(jnp.zeros_like(state), state) if self.scaled or self.vanishes else None
        vanished = None
        if largest is not None and self.vanishes:
            vanished = none_vanished(state, self.own_scale(largest), self.resting.groups)
        sticks = self.stepper.sticks(zero, state) if isinstance(self.stepper, SwitchWatch) else None
        lane = Lane(
            t=zero, state=state, rates=rates,
            before=Moment(zero, state, rates) if self.may_settle or path else None,
            size=self.stepper_at(largest, None, sticks).first_size(rates, state, end),
            solver_state=self.stepper.solver_state(zero, end, state),
            tried=jnp.int32(0), steps=jnp.int32(0), refused=jnp.int32(0) if self.has_noise else None,
            watch=None, largest=largest, sticks=sticks,
            noise=jnp.zeros_like(state) if self.has_noise else None,
            calls=jnp.asarray(False) if self.vanishes else None,
            vanished=vanished,
            status=status_at_start(end, state, rates, self.check()),
            turns=no_turns(len(self.flow.swings), state) if self.flow.swings else None,
        )  # fmt: skip
        if not self.may_settle:
            return Orbit(lane, state, None)
        moves, outbound = self.motion(lane)
        still, doubtful = settling.starts_at_rest(moves, outbound), jnp.asarray(False)
        if self.flow.faces:  # rates may be 0 by rounding, which a look will say
            alone = jnp.asarray(self.resting.quadratures or False)
            doubtful = jnp.any(may_be_gone(state, outbound, alone))
        sizes = len(state) if self.scaled and len(state) > 1 else None
        watch = settling.first_watch(self.method, still, doubtful, state.dtype, sizes)
        at_rest = watch.settled
        here = Moment(zero, state, rates)
        arrival = Arrival(at_rest, here, here) if self.gathers else None
        return Orbit(lane._replace(watch=watch), state, arrival)

    def advance(self, orbit: Orbit, until: Array, end: Array) -> Orbit:
        """Step the orbit to that time or past it, or until it settles or fails; no step passes `end`."""
        if not (self.may_settle or self.has_noise or self.vanishes):
            return self._repeat(orbit, until, end)

        # Traced once, though called twice.
        repeated = jax.jit(lambda orbit: self._repeat(orbit, until, end))

        def look(paused: Orbit) -> Looked:
            return self.call(lambda own, given: looked_at(own, *given), (paused, end))

        def cond(orbit: Orbit) -> Array:
            return orbit.lane.paused & ~orbit.lane.settled

        def body(orbit: Orbit) -> Orbit:
            return repeated(where_paused(orbit, look))

        # Before the loop, which most orbits pass by: what it carries, vmap copies in every round.
        return lax.while_loop(cond, body, repeated(orbit))

    def _repeat(self, orbit: Orbit, until: Array, end: Array) -> Orbit:
        """Step the orbit to that time or past it, or until it fails or has to be looked at."""

        def cond(lane: Lane, fixed: tuple[Any, ...]) -> Array:
            return (lane.t < fixed[0]) & (lane.t < fixed[1]) & ~lane.paused & (lane.status == Status.ok)

        def body(lane: Lane, fixed: tuple[Any, ...]) -> Lane:
            until_end, rest, p, vanished = fixed[1:]
            return self.bind(p)._step(lane, until_end, rest, vanished)

        vanished = orbit.lane.vanished  # which steps do not change
        fixed = (until, end, orbit.rest, self.p, vanished)
        begin = orbit.lane._replace(vanished=None)
        lane = self.loop(cond, body, begin, fixed, native=self.method.native)
        return orbit._replace(lane=lane._replace(vanished=vanished))

    def along(self, orbit: Orbit, times: Array) -> tuple[Orbit, Outputs, Array]:
        """Step the orbit past one saved time after the other, to its end; the observables, each (times,).

        And whether one of them lacks a number that it should have. Steps are those that it takes without
        saved times. The last of `times` is infinite, and is not saved.
        """
        end = self.end(orbit.lane.state)

        def to(at: tuple[Orbit, Array], time: Array) -> tuple[tuple[Orbit, Array], Outputs]:
            orbit, holes = at
            orbit = self.advance(orbit, time, end)
            given = orbit, time, end, holes
            seen, holes = self.call(lambda own, given: own._seen_at(*given), given)
            return (orbit, holes), seen

        # The end is one more time: apart, all of a step would be compiled twice.
        (orbit, holes), path = lax.scan(to, (orbit, jnp.asarray(False)), times)
        return orbit, {name: values[:-1] for name, values in path.items()}, holes

    def _seen_at(self, orbit: Orbit, time: Array, end: Array, holes: Array) -> tuple[Outputs, Array]:
        """The observables at a time that the last step has reached or passed; NaN where none has.

        And whether a number is missing, or was before (`holes`): one that may not be NaN, at a time before
        the end.
        """
        lane, begin = orbit.lane, orbit.lane.before
        assert begin is not None
        inside = time < lane.t
        within, _ = self.stepper.reach(begin.t, jnp.where(inside, time, begin.t), begin.state, begin.rates)
        there = (time <= end) & ((lane.t >= time) | lane.settled)
        if self.scaled and self.method.atol is not None:
            allowed = self.tolerance(lane.largest, None, lane.sticks)
            within = of_one_sign(begin, Moment(lane.t, lane.state, lane.rates), time, within, allowed)
        if lane.vanished is not None:
            vanished = lane.vanished
            levels = jnp.where(begin.t >= vanished.looked, vanished.levels, vanished.before)
            within = true_state(within, levels, vanished.lost)
        seen = self.observe(jnp.where(inside, within, self.state_at(orbit, time)))
        seen = {name: jnp.where(there, value, jnp.nan) for name, value in seen.items()}
        needed = [seen[o.name] for o in self.flow.observables if not o.may_be_nan]
        finite = jnp.asarray([jnp.all(jnp.isfinite(value)) for value in needed], bool)
        missing = (time <= end) & (time < jnp.inf) & ~jnp.all(finite)
        return seen, holes | missing

    def _step(self, lane: Lane, end: Array, rest: Array, vanished: Vanished | None) -> Lane:
        part = None if lane.watch is None else lane.watch.allowed
        stepper = self.stepper_at(lane.largest, lane.noise, lane.sticks, part)
        tried = stepper.step(lane.t, end, lane.size, lane.state, lane.rates, lane.solver_state)
        # Where steps do not ask for scales, what vanishes has that of the start and of looks.
        largest = grown_in_step(lane.largest, lane, tried) if self.scaled else lane.largest
        kept = lane._replace(
            t=tried.t, state=tried.state, rates=tried.rates, solver_state=tried.solver_state,
            steps=lane.steps + 1, largest=largest, turns=self._turns_after(lane, tried, end / 2),
            calls=self.is_due(tried, vanished),
        )  # fmt: skip
        if lane.noise is not None:
            # It was that of where the orbit began, or of the field before.
            past = ((lane.noise < 0) & (tried.next_size >= BRIEF * end)) | tried.switched
            kept = kept._replace(noise=jnp.where(past, 0.0, lane.noise))
        after = _select(tried.keep, self._watched(lane, kept, rest, end, tried.switched), lane)
        after = after._replace(size=tried.next_size, tried=lane.tried + 1)
        if lane.before is not None:
            after = after._replace(before=Moment(lane.t, lane.state, lane.rates))
        if lane.refused is not None:
            # A step as short as this may have been kept only because all that moves is still 0.
            fewer = jnp.where(lane.size < SHORTEST * end, jnp.maximum(lane.refused - 1, 0), 0)
            more = lane.refused + jnp.where(tried.switched, 0, 1)  # not those that look for a switch
            after = after._replace(refused=jnp.where(tried.keep, fewer, more))
        after = after._replace(status=status_after(lane, after, tried, end, self.method))
        if tried.slides is not False:
            slides = tried.keep & tried.slides & (after.t < end) & (after.status == Status.ok)
            after = after._replace(status=jnp.where(slides, jnp.uint8(Status.sliding), after.status))
        if after.calls is None:
            return after
        # May what its steps could not follow have come to 0?
        return after._replace(calls=after.calls | (after.status != Status.ok))

    def _watched(self, before: Lane, after: Lane, rest: Array, end: Array, switched: Array | bool) -> Lane:
        """Estimate how far the rest point is, and whether it is near enough for a closer look.

        Rates that jump within the step, or at its end, say nothing of it.
        """
        if after.watch is None:
            return after
        old, _ = self.motion(before)
        new, outbound = self.motion(after)
        old, new = jnp.where(outbound, 0.0, old), jnp.where(outbound, 0.0, new)
        square = square_of_distance(after.state - rest, new, self.units(after), outbound, after.watch.swing)
        if after.largest is not None and new.shape == after.state.shape:
            per_unit = 1 / self.units(after)
            old, new = old * per_unit, new * per_unit
        times = before.t, after.t, self.last_end(end)
        watch = settling.watched(after.watch, self.method, after.steps, (old, new), times, square)
        if switched is not False:
            watch = watch._replace(near=watch.near & ~switched)
        return after._replace(watch=watch)

    def state_at(self, orbit: Orbit, time: Array) -> Array:
        """The state of an orbit stepped to `time`: what accumulates goes on where it settled before."""
        lane, rest, state = orbit.lane, orbit.rest, orbit.lane.state
        if lane.vanished is not None:
            state = true_state(state, lane.vanished.levels, lane.vanished.lost)
        if not self.resting.quadratures:
            return state
        alone = jnp.asarray(self.resting.quadratures)
        rates = self.field(lane.t, self.limit(lane, rest))
        later = jnp.where(lane.settled, jnp.maximum(time - lane.t, 0.0), 0.0)
        # Where it has not settled the rates at the rest point may be infinite.
        return state + jnp.where(alone & (later > 0), rates * later, 0.0)

    def _turns_after(self, lane: Lane, step: Step, half: Array) -> Turns | None:
        if lane.turns is None:
            return None
        times, states, rates = (lane.t, step.t), (lane.state, step.state), (lane.rates, step.rates)
        return updated(lane.turns, self.followed, times, states, rates, half)


def _select(keep: Array, new: Any, old: Any) -> Any:
    """`new` where `keep`, else `old`, for every array of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)
