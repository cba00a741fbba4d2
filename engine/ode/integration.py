"""The loop over steps: one scenario on its way from its start to where it ends or settles."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ...kernels.flow import Flow
from ...kernels.status import Status
from ..codegen.lane_loop import lane_loop
from . import settling
from .extrema import Turns, no_turns, updated
from .followed import Followed, Source, sources_of
from .method import Method
from .stepper import Step
from .switching.watch import Watch, watched

Array = Any
Parameters = Mapping[str, Array]
Outputs = dict[str, Array]
Loop = Callable[..., Any]


class Earlier(NamedTuple):
    """Time and distance to the rest point before the last step."""

    t: Array
    distance: Array


class Lane(NamedTuple):
    """One scenario under way: what changes from step to step.

    `rates` is the field at `state`; `size` that of the next step; `solver_state` what the stepper carries;
    `tried` counts all steps, `steps` those that were kept; `distance` estimates how far the rest point is and
    `earlier` holds what it was before the last step; `status` is a `Status` number, `ok` until something is
    wrong; `turns` are the steps that hold extremes of what is followed, None where nothing is.
    """

    t: Array
    state: Array
    rates: Array
    size: Array
    solver_state: Any
    tried: Array
    steps: Array
    distance: Array
    earlier: Earlier
    settled: Array
    status: Array
    turns: Turns | None


class Integration:
    """A flow bound to one scenario and a method. It does not change: lanes go in, and later ones come out.

    `loop` repeats steps, as `lane_loop` does.
    """

    def __init__(
        self,
        flow: Flow,
        p: Parameters,
        method: Method,
        static: Mapping[str, str],
        loop: Loop = lane_loop,
        sources: tuple[Source | None, ...] | None = None,
    ) -> None:
        self.flow, self.p, self.method, self.static = flow, p, method, static
        self.loop = loop
        control = method.tolerance()
        stepper = method.stepper(self.field, control)
        self.stepper = watched(stepper, control, method, flow, p, static)
        if sources is None:
            sources = sources_of(self.observe, flow.swings, flow.start(p, **static)) if flow.swings else ()
        self.followed = Followed(self.observe, flow.swings, sources)
        self._may_settle = method.settle > 0 and flow.motion is not None

    def bind(self, p: Parameters) -> "Integration":
        """The same for another scenario: inside a compiled loop parameters are arguments of the loop."""
        return Integration(self.flow, p, self.method, self.static, self.loop, self.followed.sources)

    def field(self, t: Array, state: Array) -> Array:
        """The rates at a time and state, shape (d,)."""
        return self.flow.field(t, state, self.p, **self.static)

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

    def start(self) -> Lane:
        """The lane at time 0."""
        state = self.flow.start(self.p, **self.static)
        zero, end = jnp.zeros((), state.dtype), self.end(state)
        if isinstance(self.stepper, Watch):
            zero = self.stepper.first_time(zero, state)
        rates = self.field(zero, state)
        far = jnp.asarray(jnp.inf, state.dtype)
        lane = Lane(
            t=zero,
            state=state,
            rates=rates,
            size=self.stepper.first_size(rates, state, end),
            solver_state=self.stepper.solver_state(zero, end, state),
            tried=jnp.int32(0),
            steps=jnp.int32(0),
            distance=far,
            earlier=Earlier(zero, far),
            settled=jnp.asarray(False),
            status=self._status_at_start(state, rates),
            turns=no_turns(len(self.flow.swings), state) if self.flow.swings else None,
        )
        if not self._may_settle:
            return lane
        return lane._replace(settled=settling.starts_at_rest(*self._motion(lane)))

    def advance(self, lane: Lane, until: Array) -> Lane:
        """Step the lane until that time, or until it settles or fails."""

        def cond(lane: Lane, fixed: tuple[Array, Parameters]) -> Array:
            return (lane.t < fixed[0]) & ~lane.settled & (lane.status == Status.ok)

        def body(lane: Lane, fixed: tuple[Array, Parameters]) -> Lane:
            return self.bind(fixed[1])._step(lane, fixed[0])

        return self.loop(cond, body, lane, (until, self.p), native=self.method.native)

    def along(self, lane: Lane, times: Array) -> tuple[Lane, Outputs]:
        """Step the lane from one saved time to the next; the observables there, each (times,)."""
        end = self.end(lane.state)

        def to(lane: Lane, time: Array) -> tuple[Lane, Outputs]:
            lane = self.advance(lane, jnp.minimum(time, end))
            there = (time <= end) & ((lane.t >= time) | lane.settled)
            return lane, {k: jnp.where(there, v, jnp.nan) for k, v in self.observe(lane.state).items()}

        return lax.scan(to, lane, times)

    def _step(self, lane: Lane, until: Array) -> Lane:
        tried = self.stepper.step(lane.t, until, lane.size, lane.state, lane.rates, lane.solver_state)
        kept = lane._replace(
            t=tried.t,
            state=tried.state,
            rates=tried.rates,
            solver_state=tried.solver_state,
            steps=lane.steps + 1,
            turns=self._turns_after(lane, tried),
        )
        after = _select(tried.keep, self._settle(lane, kept, tried.switched), lane)
        after = after._replace(size=tried.next_size, tried=lane.tried + 1)
        after = after._replace(status=self._status_after(lane, after, tried))
        if tried.slides is False:
            return after
        slides = tried.keep & tried.slides & (after.t < self.end(after.state)) & (after.status == Status.ok)
        return after._replace(status=jnp.where(slides, jnp.uint8(Status.sliding), after.status))

    def _settle(self, before: Lane, after: Lane, switched: Array | bool) -> Lane:
        """Estimate how far the rest point is, and stop there if it is near.

        Rates that jump within the step, or at its end, say nothing of it.
        """
        if not self._may_settle:
            return after
        old, _ = self._motion(before)
        new, outbound = self._motion(after)
        distance = settling.distance_to_rest(old, new, outbound, after.t - before.t)
        if switched is not False:
            distance = jnp.where(switched, jnp.inf, distance)
        return after._replace(
            distance=distance,
            earlier=Earlier(before.t, before.distance),
            settled=distance <= self.method.settle,
        )

    def _motion(self, lane: Lane) -> tuple[Array, Array]:
        assert self.flow.motion is not None
        return self.flow.motion(lane.t, lane.state, lane.rates, self.p, **self.static)

    def _status_at_start(self, state: Array, rates: Array) -> Array:
        end = self.end(state)
        finite = jnp.all(jnp.isfinite(state)) & jnp.all(jnp.isfinite(rates)) & jnp.isfinite(end)
        status = jnp.where(finite, Status.ok, Status.not_finite)
        status = jnp.where(end < 0, Status.out_of_domain, status)
        checked = self.check()
        if checked is not None:
            refused = (checked != Status.ok) & (checked != Status.boundary_start)
            status = jnp.where(refused, checked, status)
        return status.astype(jnp.uint8)

    def _turns_after(self, lane: Lane, step: Step) -> Turns | None:
        if lane.turns is None:
            return None
        times, states, rates = (lane.t, step.t), (lane.state, step.state), (lane.rates, step.rates)
        return updated(lane.turns, self.followed, times, states, rates)

    def _status_after(self, before: Lane, after: Lane, tried: Step) -> Array:
        """`Status` after a step was tried: what ends a lane before its horizon says what was wrong."""
        finite = jnp.all(jnp.isfinite(tried.state))
        # Below this the clock does not resolve a step. One of no length says nothing about the field.
        stuck = tried.t == before.t
        small = ~(after.size > 8 * jnp.finfo(after.t.dtype).eps * jnp.abs(after.t)) | ~(tried.t > before.t)
        field = stuck | (finite & jnp.all(jnp.isfinite(tried.rates)))
        over = (after.tried >= self.method.max_steps) & ~after.settled & (after.t < self.end(after.state))
        status = jnp.where(over, Status.max_steps, before.status)
        status = jnp.where(small, jnp.where(field, Status.step_too_small, Status.not_finite), status)
        return jnp.where(tried.keep & ~finite, Status.not_finite, status).astype(jnp.uint8)


def _select(keep: Array, new: Any, old: Any) -> Any:
    """`new` where `keep`, else `old`, for every array of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)
