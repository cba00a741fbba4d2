"""A flow bound to one scenario and a method: its field, its scales, and how accurate steps are."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, Self

import jax
import jax.numpy as jnp

from ...kernels.flow import Flow
from ..codegen.lane_call import lane_call, plain_loop
from ..codegen.lane_loop import lane_loop
from ..wide.flows import counted
from .differences import Undifferentiated, has_jacobian
from .followed import Followed, SourceComponent, components_of, sources_of
from .lane import Lane, Moment
from .method import Method
from .rest.chart import without_errors
from .rest.faces import vanishing_of
from .rest.resting import Resting, resting_of
from .scale import rounded_off, scale_of, settling_floor, within_round
from .steps.stepper import Step, Stepper
from .steps.tolerance import Tolerance
from .switching.rounded import rounding_of
from .switching.search import switches_of
from .switching.smoothness import Smoothed
from .switching.watch import SwitchWatch
from .switching.watched import watched
from .vanishing.held import followed_down
from .vanishing.levels import Vanished, is_due
from .vanishing.lost import Surroundings

Array = Any
Parameters = Mapping[str, Array]
Outputs = dict[str, Array]
Loop = Callable[..., Any]
# A cost may lack so many times `settle` of its scale: one proportional to what decays lacks about one.
COSTS_LACK = 3.0
# The logit of a share that is 0, or 1.
_FACE = 1e4


class Bound:
    """A flow bound to one scenario and a method. It does not change.

    `loop` repeats steps, as `lane_loop` does. `may_settle`: orbits may come to rest; `gathers`: some
    components only accumulate meanwhile; `scaled`: components are measured in their own scales; `vanishes`:
    some may fall below all numbers and come back; `jumps`: the field jumps or bends on the state, `stops`: on
    the time or state; `switches`: steps end where it `jumps`; `has_noise`: it is looked at whether rounding
    hinders the steps.
    """

    def __init__(
        self, flow: Flow, p: Parameters, method: Method, static: Mapping[str, str], loop: Loop = lane_loop,
        sources: tuple[SourceComponent | None, ...] | None = None, resting: Resting | None = None,
    ) -> None:  # fmt: skip
        flow = counted(flow)
        self.flow, self.p, self.method, self.static, self.loop = flow, p, method, static, loop
        method.require_decidable(flow)
        switches = switches_of(flow, p, static)
        self._rates = flow.field if switches.differentiable else Undifferentiated(flow.field)
        self.resting = self._resting() if resting is None else resting
        method.require_decidable(flow, self.resting.driven)
        control = method.tolerance()
        stepper = method.stepper(self.field, control)
        self.stepper = watched(stepper, control, method, switches, p, p[flow.horizon])
        if sources is None:
            sources = sources_of(self.observe, flow.swings, flow.start(p, **static)) if flow.swings else ()
        self.followed = Followed(self.observe, flow.swings, sources)
        self.may_settle = method.settle > 0 and not self.resting.driven
        asked = method.fixed_steps is None or self.may_settle or bool(flow.swings)
        self.scaled = asked and not flow.faces  # shares' logits are of size 1, and change their signs
        self.vanishes = bool(self.resting.groups)
        self.gathers = self.may_settle and bool(self.resting.quadratures)
        # At a switch steps are refused because the field jumps, and a jump would look like rounding.
        self._trace = switches.trace
        self.jumps = bool(switches.located) or switches.unseen
        self.switches = method.fixed_steps is None and self.jumps
        self.stops = self.jumps or switches.any
        self.has_noise = self.scaled and method.fixed_steps is None

    def bind(self, p: Parameters, loop: Loop | None = None) -> Self:
        """The same for another scenario: inside a compiled loop parameters are arguments of the loop."""
        known = self.followed.sources, self.resting
        return type(self)(self.flow, p, self.method, self.static, loop or self.loop, *known)

    def call(self, function: Callable[[Self, Any], Any], given: Any) -> Any:
        """``function(own, given)`` as one call of machine code; `own` is this one, bound within it."""

        def bound(arrays: tuple[Parameters, Any]) -> Any:
            return function(self.bind(arrays[0], plain_loop), arrays[1])

        return lane_call(self.loop, bound, (self.p, given), self.method.native)

    def field(self, t: Array, state: Array) -> Array:
        """The rates at a time and state, shape (d,)."""
        return self._rates(t, state, self.p, **self.static)

    def rounding(self, t: Array, state: Array) -> Array:
        """How wrong rounding makes each rate, shape (d,), equation by equation of the field."""
        _, (errors,) = rounding_of(
            self._trace, self._trace.outputs, jax.tree.leaves((t, state, dict(self.p)))
        )
        return errors

    def _resting(self) -> Resting:
        state = self.flow.start(self.p, **self.static)
        zero = jnp.zeros((), state.dtype)

        def field(t: Array, state: Array) -> Array:
            return self.flow.field(t, state, self.p, **self.static)

        resting = Resting(True, ())
        if self.flow.motion is not None:
            declared = components_of(self.observe, self.flow.quadratures, state)
            resting = resting_of(field, zero, state, declared)
        if self.flow.faces:
            return resting
        vanishing = vanishing_of(field, zero, state)
        return resting._replace(groups=vanishing.groups, alone=vanishing.alone)

    @cached_property
    def differentiable(self) -> bool:
        """Whether JAX can differentiate the field in the state."""
        state = self.flow.start(self.p, **self.static)
        return has_jacobian(partial(self.field, jnp.zeros((), state.dtype)), state)

    def observe(self, state: Array) -> Outputs:
        """The observables at a state."""
        return dict(self.flow.observe(state, self.p, **self.static))

    def check(self) -> Array | None:
        """The flow's own `Status` of the scenario; None where it has no check."""
        return None if self.flow.check is None else self.flow.check(self.p, **self.static)

    def decided(self) -> Array | None:
        """`Attractor` number that the flow itself gives the scenario; None where it is to be integrated."""
        decide = self.flow.decide
        if decide is None or self.method.decide == "integration":
            return None
        return self.call(lambda own, _: decide(own.p, **own.static), ())

    def end(self, state: Array) -> Array:
        """The horizon, in the dtype of the state."""
        return jnp.asarray(self.p[self.flow.horizon], state.dtype)

    def last_end(self, end: Array) -> Array:
        """The time up to which an orbit may go on that is to end at `end`."""
        return jnp.maximum(end, self.method.latest) if self.method.extends else end

    def later(self, until: Array, end: Array) -> tuple[Array, Array]:
        """The time until which an orbit goes on that was open at `until`, and whether there is such a time.

        `end` is its horizon.
        """
        latest = self.last_end(end)
        return jnp.minimum(2 * until, latest), (until > 0) & (until < latest)

    def stepper_at(self, largest: Array | None, *known: Array | None) -> Stepper:
        """What takes steps as accurate as what is `known` allows: as of `tolerance`."""
        own = self.stepper
        if largest is None and all(value is None for value in known):
            return own
        control = self.tolerance(largest, *known)
        stepper = self.method.stepper(self.field, control)
        return own.over(stepper, control) if isinstance(own, SwitchWatch | Smoothed) else stepper

    def tolerance(self, largest: Array | None, *known: Array | None) -> Tolerance:
        """How accurate steps are, of this `largest` size and, as far as `known`, noise, sticks and part."""
        if largest is None:
            return self.method.tolerance(None, *known)
        return self.method.tolerance(self.own_scale(largest), *known, halves=self._halves)

    @cached_property
    def _halves(self) -> tuple[float, ...]:
        """Half of the round of each angle (`Resting`), or the scale that is declared for it."""
        halves = self.resting.halves
        declared = self.flow.scale or (None,) * len(halves)
        return tuple(max(half, one or 0.0) for half, one in zip(halves, declared, strict=False))

    def own_scale(self, largest: Array) -> Array:
        """The scale of each component by itself, shape (d,), of this `largest` size."""
        return scale_of(within_round(largest, self._halves), self.flow.scale, floor=0.0)

    def units(self, lane: Lane) -> Array:
        """The scale of each component, shape (d,)."""
        return self.units_given(lane, None if lane.watch is None else lane.watch.hidden)

    def units_given(self, lane: Lane, hidden: Array | None) -> Array:
        """The same, if rounding hides distances of this size, shape (d,); None where that is not known."""
        if lane.largest is None:
            return jnp.ones_like(lane.state)
        method = self.method
        error = 0.0 if method.atol is None else jnp.asarray(method.atol, lane.largest.dtype)
        largest = within_round(lane.largest, self._halves, rounded_off(lane.largest, method.settle))
        floor = settling_floor(method.settle, largest, self.resting.quadratures, hidden, error)
        return scale_of(largest, self.flow.scale, floor)

    def is_due(self, tried: Step, vanished: Vanished | None) -> Array | None:
        """Whether anything is due of what vanishes after a step that was tried; None: nothing does.

        Of what was made larger something is at each switch, which may feed it.
        """
        if vanished is None:
            return None
        due = is_due(tried.state, vanished)
        return due if tried.switched is False else due | (tried.switched & jnp.any(vanished.levels > 0))

    def followed_down(
        self, largest: Array, at: Moment, vanished: Vanished, calls: Array, end: Array
    ) -> tuple[Any, ...]:
        """State, rates and what has vanished once what is due is done, of an orbit that goes on to `end`."""
        around = Surroundings(
            partial(self.field, at.t), at.t, self.own_scale(largest), self.last_end(end),
            COSTS_LACK * (self.method.settle or self.method.rtol), self.jumps, self.stops,
        )  # fmt: skip
        return followed_down(at.state, at.rates, vanished, calls, self.resting.groups, around)

    def motion(self, at: Moment | Lane) -> tuple[Array, Array]:
        """What still moves, and which of it is outbound or only accumulates."""
        assert self.flow.motion is not None
        velocity, outbound = self.flow.motion(at.t, at.state, at.rates, self.p, **self.static)
        return velocity, outbound | jnp.asarray(self.resting.quadratures or False)

    def limit(self, lane: Lane, rest: Array) -> Array:
        """Where a lane goes that is bound for this rest point: a share that dies out to 0, shape (d,).

        What only accumulates stays what it is.
        """
        alone, (_, outbound) = jnp.asarray(self.resting.quadratures), self.motion(lane)
        to_face = jnp.where(lane.rates < 0, -_FACE, _FACE)
        rest = without_errors(rest, lane.state)
        return jnp.where(alone, lane.state, jnp.where(outbound, to_face, rest))
