"""The loop over steps: one scenario on its way from its start to where it ends or settles."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...kernels.flow import Flow
from ...kernels.status import Status
from ..codegen.lane_loop import lane_loop
from .ending import status_after, status_at_start
from .extrema import Turns, no_turns, updated
from .followed import Followed, SourceComponent, components_of, sources_of
from .lane import MANY_REFUSED, Lane, Looked, Moment, Orbit, where_paused
from .method import Method
from .rest import settling
from .rest.attraction import Nearest, nearest_rest, rounding_noise
from .rest.distance import square_of_distance
from .rest.resting import Resting, resting_of
from .scale import grown, grown_in_step, least_scale, scale_of, settling_floor
from .steps.stepper import Step, Stepper
from .steps.tolerance import Tolerance
from .switching.start import beginning
from .switching.watch import SwitchWatch, watched

Array = Any
Parameters = Mapping[str, Array]
Outputs = dict[str, Array]
Loop = Callable[..., Any]

# Rounding hinders the steps where it comes to this part of what is allowed.
_HINDERS = 0.1


class Integration:
    """A flow bound to one scenario and a method. It does not change: lanes go in, and later ones come out.

    `loop` repeats steps, as `lane_loop` does.
    """

    def __init__(
        self, flow: Flow, p: Parameters, method: Method, static: Mapping[str, str], loop: Loop = lane_loop,
        sources: tuple[SourceComponent | None, ...] | None = None, resting: Resting | None = None,
    ) -> None:  # fmt: skip
        self.flow, self.p, self.method, self.static, self.loop = flow, p, method, static, loop
        method.require_decidable(flow)
        self.resting = self._resting() if resting is None else resting
        method.require_decidable(flow, self.resting.driven)
        control = method.tolerance()
        stepper = method.stepper(self.field, control)
        self.stepper = watched(stepper, control, method, flow, p, static)
        if sources is None:
            sources = sources_of(self.observe, flow.swings, flow.start(p, **static)) if flow.swings else ()
        self.followed = Followed(self.observe, flow.swings, sources)
        self._may_settle = method.settle > 0 and not self.resting.driven
        asked = method.fixed_steps is None or self._may_settle or bool(flow.swings)
        self._scaled = asked and not flow.faces  # shares' logits are of size 1, and change their signs
        # At a switch steps are refused because the field jumps, and a jump would look like rounding.
        self._switches = isinstance(self.stepper, SwitchWatch) and bool(self.stepper.switches.located)
        self._has_noise = self._scaled and method.fixed_steps is None and not self._switches

    def bind(self, p: Parameters) -> "Integration":
        """The same for another scenario: inside a compiled loop parameters are arguments of the loop."""
        known = self.followed.sources, self.resting
        return Integration(self.flow, p, self.method, self.static, self.loop, *known)

    def field(self, t: Array, state: Array) -> Array:
        """The rates at a time and state, shape (d,)."""
        return self.flow.field(t, state, self.p, **self.static)

    def _resting(self) -> Resting:
        if self.flow.motion is None:
            return Resting(True, ())
        state = self.flow.start(self.p, **self.static)
        declared = components_of(self.observe, self.flow.quadratures, state)
        return resting_of(self.field, jnp.zeros((), state.dtype), state, declared)

    def observe(self, state: Array) -> Outputs:
        """The observables at a state."""
        return dict(self.flow.observe(state, self.p, **self.static))

    def check(self) -> Array | None:
        """The flow's own `Status` of the scenario; None where it has no check."""
        return None if self.flow.check is None else self.flow.check(self.p, **self.static)

    def decided(self) -> Array | None:
        """`Attractor` number that the flow itself gives the scenario; None where it is to be integrated."""
        if self.flow.decide is None or self.method.decide == "integration":
            return None
        return self.flow.decide(self.p, **self.static)

    def end(self, state: Array) -> Array:
        """The horizon, in the dtype of the state."""
        return jnp.asarray(self.p[self.flow.horizon], state.dtype)

    def last_end(self, end: Array) -> Array:
        """The time up to which an orbit may go on that is to end at `end`."""
        return jnp.maximum(end, self.method.latest) if self.method.extends else end

    def start(self) -> Orbit:
        """The orbit at time 0."""
        state = self.flow.start(self.p, **self.static)
        self.method.require(state)
        zero, end = jnp.zeros((), state.dtype), self.end(state)
        if isinstance(self.stepper, SwitchWatch):
            zero, state = beginning(self.stepper, zero, state, end)
        rates = self.field(zero, state)
        largest = grown(jnp.zeros_like(state), state) if self._scaled else None
        sticks = self.stepper.sticks(zero, state) if isinstance(self.stepper, SwitchWatch) else None
        lane = Lane(
            t=zero, state=state, rates=rates,
            before=Moment(zero, state, rates) if self._may_settle else None,
            size=self.stepper_at(largest, None, sticks).first_size(rates, state, end),
            solver_state=self.stepper.solver_state(zero, end, state),
            tried=jnp.int32(0), steps=jnp.int32(0), refused=jnp.int32(0) if self._has_noise else None,
            watch=None, largest=largest, sticks=sticks,
            noise=jnp.zeros_like(state) if self._has_noise else None,
            status=status_at_start(end, state, rates, self.check()),
            turns=no_turns(len(self.flow.swings), state) if self.flow.swings else None,
        )  # fmt: skip
        if not self._may_settle:
            return Orbit(lane, state)
        at_rest = settling.starts_at_rest(*self.motion(lane))
        watch = settling.first_watch(self.method, at_rest, state.dtype)
        return Orbit(lane._replace(watch=watch), state)

    def advance(self, orbit: Orbit, until: Array, end: Array) -> Orbit:
        """Step the orbit until that time, or until it settles or fails; at `end` it ends at the latest."""
        if not (self._may_settle or self._has_noise):
            return self._repeat(orbit, until, end)

        def cond(orbit: Orbit) -> Array:
            lane = orbit.lane
            return (lane.t < until) & ~lane.settled & (lane.status == Status.ok)

        def body(orbit: Orbit) -> Orbit:
            orbit = self._repeat(orbit, until, end)
            return where_paused(orbit, lambda paused: self._looked_at(paused, end))

        return lax.while_loop(cond, body, orbit)

    def _repeat(self, orbit: Orbit, until: Array, end: Array) -> Orbit:
        """Step the orbit until that time, or until it fails or has to be looked at."""

        def cond(lane: Lane, fixed: tuple[Array, Array, Array, Parameters]) -> Array:
            return (lane.t < fixed[0]) & ~lane.paused & (lane.status == Status.ok)

        def body(lane: Lane, fixed: tuple[Array, Array, Array, Parameters]) -> Lane:
            return self.bind(fixed[3])._step(lane, *fixed[:3])

        fixed = (until, end, orbit.rest, self.p)
        return orbit._replace(lane=self.loop(cond, body, orbit.lane, fixed, native=self.method.native))

    def along(self, orbit: Orbit, times: Array) -> tuple[Orbit, Outputs]:
        """Step the orbit from one saved time to the next, then to its end; the observables, each (times,)."""
        end = self.end(orbit.lane.state)

        def to(orbit: Orbit, time: Array) -> tuple[Orbit, Outputs]:
            orbit = self.advance(orbit, jnp.minimum(time, end), end)
            lane = orbit.lane
            there = (time <= end) & ((lane.t >= time) | lane.settled)
            seen = self.observe(self.state_at(orbit, time))
            return orbit, {k: jnp.where(there, v, jnp.nan) for k, v in seen.items()}

        # The end is one more time: apart, all of a step would be compiled twice.
        orbit, path = lax.scan(to, orbit, jnp.append(times, end))
        return orbit, {name: values[:-1] for name, values in path.items()}

    def _step(self, lane: Lane, until: Array, end: Array, rest: Array) -> Lane:
        part = None if lane.watch is None else lane.watch.allowed
        stepper = self.stepper_at(lane.largest, lane.noise, lane.sticks, part)
        tried = stepper.step(lane.t, until, lane.size, lane.state, lane.rates, lane.solver_state)
        kept = lane._replace(
            t=tried.t, state=tried.state, rates=tried.rates, solver_state=tried.solver_state,
            steps=lane.steps + 1, largest=grown_in_step(lane.largest, lane, tried),
            turns=self._turns_after(lane, tried),
        )  # fmt: skip
        after = _select(tried.keep, self._watched(lane, kept, rest, tried.switched), lane)
        after = after._replace(size=tried.next_size, tried=lane.tried + 1)
        if lane.before is not None:
            after = after._replace(before=Moment(lane.t, lane.state, lane.rates))
        if lane.refused is not None:
            after = after._replace(refused=jnp.where(tried.keep, 0, lane.refused + 1))
        after = after._replace(status=status_after(lane, after, tried, end, self.method))
        if tried.slides is False:
            return after
        slides = tried.keep & tried.slides & (after.t < end) & (after.status == Status.ok)
        return after._replace(status=jnp.where(slides, jnp.uint8(Status.sliding), after.status))

    def stepper_at(self, largest: Array | None, *known: Array | None) -> Stepper:
        """What takes steps as accurate as what is `known` allows: as of `tolerance`."""
        own = self.stepper
        if largest is None and all(value is None for value in known):
            return own
        control = self.tolerance(largest, *known)
        stepper = self.method.stepper(self.field, control)
        if not isinstance(own, SwitchWatch):
            return stepper
        return SwitchWatch(own.switches, stepper, control, self.p, own.longest, own.breaks)

    def tolerance(self, largest: Array | None, *known: Array | None) -> Tolerance:
        """How accurate steps are, of this `largest` size and, as far as `known`, noise, sticks and part."""
        scale = None if largest is None else scale_of(largest, self.flow.scale, floor=0.0)
        return self.method.tolerance(scale, *known)

    def _watched(self, before: Lane, after: Lane, rest: Array, switched: Array | bool) -> Lane:
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
        duration = after.t - before.t
        watch = settling.watched(after.watch, self.method, after.steps, (old, new), duration, square)
        if switched is not False:
            watch = watch._replace(near=watch.near & ~switched)
        return after._replace(watch=watch)

    def _looked_at(self, orbit: Orbit, end: Array) -> Looked:
        """An orbit whose steps paused: whether and where it has come to rest, whether rounding hinders it."""
        lane, (rest, watch, noise, refused) = orbit.lane, Looked.at(orbit)
        if watch is not None:
            nearest, still = self._nearest_rest(lane, end)
            watch = settling.looked_at(watch, self.method.settle, lane.steps, nearest, still)
            rest = jnp.where(still, lane.state, nearest.rest)
        if refused is not None and noise is not None:
            hindered = refused >= MANY_REFUSED
            noise = jnp.where(hindered, self._noise(lane), noise)
            refused = jnp.where(hindered, 0, refused)
        return Looked(rest, watch, noise, refused)

    def _nearest_rest(self, lane: Lane, end: Array) -> tuple[Nearest, Array]:
        """The rest point near a lane, and whether it is exactly there."""
        moves, outbound = self.motion(lane)

        def rates(fixed: tuple[Array, Parameters], state: Array) -> Array:
            t, bound = fixed[0], self.bind(fixed[1])
            return bound.motion(Moment(t, state, bound.field(t, state)))[0]

        loop = partial(self.loop, native=self.method.native)
        nearest = nearest_rest(
            rates, (lane.t, self.p), lane.state, self.units(lane), outbound, loop,
            ahead=self.last_end(end), settle=self.method.settle, switches=self._switches,
        )  # fmt: skip
        measured = jnp.max(self.units(lane)) > least_scale(lane.state.dtype)
        nearest = nearest._replace(attracts=nearest.attracts & measured)
        return nearest, settling.starts_at_rest(moves, outbound)

    def units(self, lane: Lane) -> Array:
        """The scale of each component, shape (d,)."""
        if lane.largest is None:
            return jnp.ones_like(lane.state)
        floor = settling_floor(self.method.settle, lane.largest.dtype)
        return scale_of(lane.largest, self.flow.scale, floor)

    def _noise(self, lane: Lane) -> Array:
        """Rounding in the rates, of those components in which it is what hinders the steps."""
        lane = lax.stop_gradient(lane)
        noise = lax.stop_gradient(rounding_noise(lambda state: self.field(lane.t, state), lane.state))
        allowed = self.tolerance(lane.largest, None, lane.sticks).allowed(lane.state, lane.state, lane.size)
        return jnp.where(noise * lane.size > _HINDERS * allowed, noise, 0.0)

    def motion(self, at: Moment | Lane) -> tuple[Array, Array]:
        """What still moves, and which of it is outbound or only accumulates."""
        assert self.flow.motion is not None
        moves, outbound = self.flow.motion(at.t, at.state, at.rates, self.p, **self.static)
        return moves, outbound | jnp.asarray(self.resting.quadratures or False)

    def state_at(self, orbit: Orbit, time: Array) -> Array:
        """The state of an orbit stepped to `time`: what accumulates goes on where it settled before."""
        lane, rest = orbit
        if not self.resting.quadratures:
            return lane.state
        alone = jnp.asarray(self.resting.quadratures)
        rates = self.field(lane.t, jnp.where(alone, lane.state, rest))
        later = jnp.where(lane.settled, jnp.maximum(time - lane.t, 0.0), 0.0)
        return lane.state + jnp.where(alone, rates * later, 0.0)

    def _turns_after(self, lane: Lane, step: Step) -> Turns | None:
        if lane.turns is None:
            return None
        times, states, rates = (lane.t, step.t), (lane.state, step.state), (lane.rates, step.rates)
        return updated(lane.turns, self.followed, times, states, rates)


def _select(keep: Array, new: Any, old: Any) -> Any:
    """`new` where `keep`, else `old`, for every array of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)
