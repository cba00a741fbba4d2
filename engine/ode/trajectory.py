"""Trajectories: a flow, integrated for many scenarios at once, each with its own step size.

A *lane* is one scenario. `trajectory` integrates one; `lanes` is its batched form, over a flat list of
them. On a CPU the steps are machine code where they can be (`lane_loop`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ...kernels.flow import Attractor, Flow
from ...kernels.status import Status
from ..codegen.lane_loop import lane_loop
from . import extrema as orbit
from .batches import InBlocks
from .runge_kutta import Method, Step, Stepper, select
from .taylor import TaylorStepper

Array = Any
Parameters = Mapping[str, Array]
Outputs = dict[str, Array]
Loop = Callable[..., Any]


class Earlier(NamedTuple):
    """Time and distance to the rest point before the last step."""

    t: Array
    distance: Array


class Lane(NamedTuple):
    """One scenario under way.

    `rates` is the field at `state`; `distance` an estimate of how far the rest point is; `earlier` how it
    was before the last step; `trouble` a `Status` number, `ok` while there is none.
    """

    t: Array
    state: Array
    rates: Array
    size: Array
    memory: Any
    tried: Array
    steps: Array
    distance: Array
    earlier: "Earlier"
    settled: Array
    trouble: Array
    turns: orbit.Turns | None


def trajectory(
    flow: Flow,
    p: Parameters,
    method: Method | None = None,
    times: Sequence[float] | Array = (),
    **static: str,
) -> Outputs:
    """Integrate one scenario from its start to its horizon, or to where it settles.

    Parameters
    ----------
    flow : the model's flow.
    p : the model's parameters, each a scalar (vector parameters: 1-D).
    method : solver, tolerances and limits.
    times : if given, rising and >= 0: where the path is saved. Steps end on them, so the path has the
        accuracy of the method itself; its points past the horizon are NaN.
    static : the model's static choices.

    Returns
    -------
    What ``flow.outputs(path)`` declares, and ``"status"`` (uint8): `not_steady` where the horizon
    ended before the orbit came to rest or was seen to be closed or on its way to a boundary cycle
    (the final state is as good as any other), `max_steps` where the steps ran out and `not_finite`
    where the state left the finite numbers, or the step size shrank to nothing on its way there
    (both: everything but the last state, and after `not_finite` this too, is NaN or undecided).
    """
    return integrated(Run(flow, p, method or Method(), static), times)


def integrated(run: "Run", times: Sequence[float] | Array = ()) -> Outputs:
    """What `trajectory` returns, of a scenario that is bound to its flow and method."""
    lane, path = run.start(), {}
    if len(times):
        lane, path = run.along(lane, jnp.asarray(times, lane.t.dtype))
    return run.report(run.advance(lane, run.end), path)


def lanes(
    flow: Flow, method: Method | None = None, times: Sequence[float] = (), **static: str
) -> Callable[[Parameters], Outputs]:
    """A jitted function of many scenarios: {parameter: (lanes,)} to {output: (lanes, ...)}.

    Every parameter has a leading lane axis; for what it returns see `trajectory`. Compiled once for
    each flow, method, static choice, number of lanes and number of saved times. On a CPU many lanes
    are computed in blocks, by all cores.
    """
    compiled = _compiled(flow, method or Method(), len(times) > 0, tuple(sorted(static.items())))
    blocks = InBlocks(compiled)

    def run(p: Parameters) -> Outputs:
        return blocks(p, jnp.asarray(times, jnp.result_type(*p.values())))

    return run


@cache
def _compiled(
    flow: Flow, method: Method, path: bool, static: tuple[tuple[str, str], ...]
) -> Callable[[Parameters, Array], Outputs]:
    def one(p: Parameters, times: Array) -> Outputs:
        return trajectory(flow, p, method, times if path else (), **dict(static))

    return jax.jit(jax.vmap(one, in_axes=(0, None)))


class Run:
    """The parts of `trajectory`, with the scenario bound; `loop` steps it, as `lane_loop` does."""

    def __init__(
        self, flow: Flow, p: Parameters, method: Method, static: Mapping[str, str], loop: Loop = lane_loop
    ) -> None:
        self.flow, self.p, self.method, self.static = flow, p, method, static
        self._loop = loop
        self.end = p[flow.horizon]
        self.may_settle = method.settle > 0 and flow.motion is not None
        self.stepper = (TaylorStepper if method.solver == "taylor" else Stepper)(self.field, method)

    def field(self, t: Array, state: Array) -> Array:
        return self.flow.field(t, state, self.p, **self.static)

    def start(self) -> Lane:
        state = self.flow.start(self.p, **self.static)
        zero = jnp.zeros((), state.dtype)
        self.end = jnp.asarray(self.end, state.dtype)
        rates = self.field(zero, state)
        far = jnp.asarray(jnp.inf, state.dtype)
        lane = Lane(
            t=zero,
            state=state,
            rates=rates,
            size=self.stepper.first_size(rates, state, self.end),
            memory=self.stepper.memory(zero, self.end, state),
            tried=jnp.int32(0),
            steps=jnp.int32(0),
            distance=far,
            earlier=Earlier(zero, far),
            settled=jnp.asarray(False),
            trouble=self._trouble_at_start(state, rates),
            turns=orbit.none_yet(len(self.flow.swings), state) if self.flow.swings else None,
        )
        return self._settle_if_at_rest(lane)

    def advance(self, lane: Lane, until: Array) -> Lane:
        """Step the lane until that time, or until it settles or fails."""

        def cond(lane: Lane, bound: tuple[Array, Parameters]) -> Array:
            return (lane.t < bound[0]) & ~lane.settled & (lane.trouble == Status.ok)

        def body(lane: Lane, bound: tuple[Array, Parameters]) -> Lane:
            return self._bind(bound[1])._step(lane, bound[0])

        return self._loop(cond, body, lane, (until, self.p), native=self.method.native)

    def _bind(self, p: Parameters) -> "Run":
        return Run(self.flow, p, self.method, self.static, self._loop)

    def along(self, lane: Lane, times: Array) -> tuple[Lane, Outputs]:
        """Step the lane from one saved time to the next; the observables there, each (times,)."""

        def to(lane: Lane, time: Array) -> tuple[Lane, Outputs]:
            lane = self.advance(lane, jnp.minimum(time, self.end))
            there = (time <= self.end) & ((lane.t >= time) | lane.settled)
            return lane, {k: jnp.where(there, v, jnp.nan) for k, v in self._see(lane.state).items()}

        return lax.scan(to, lane, times)

    def report(self, lane: Lane, path: Outputs) -> Outputs:
        sound = (lane.trouble == Status.ok) | (lane.trouble == Status.max_steps)
        seen = None
        if lane.turns is not None:
            loop = partial(self._loop, native=self.method.native)
            seen = orbit.find(lane.turns, lambda p: self._bind(p).stepper, self.p, loop)
        kind = orbit.classify(seen, lane.settled, self.flow.faces, self.method.rtol + self.method.atol)
        kind = jnp.where(lane.trouble == Status.ok, kind, jnp.int8(Attractor.undecided))
        last = self._see(lane.state)
        out = {f"{o.name}_final": jnp.where(sound, last[o.name], jnp.nan) for o in self.flow.observables}
        out |= self._swings(lane, seen)
        out |= {f"{name}_path": values for name, values in path.items()}
        out["settle_time"] = jnp.where(lane.settled, self._settle_time(lane), jnp.nan)
        out["attractor"] = kind
        out["steps"] = lane.steps.astype(lane.t.dtype)
        out["status"] = self._status(lane, kind)
        return out

    def _step(self, lane: Lane, until: Array) -> Lane:
        tried = self.stepper.step(lane.t, until, lane.size, lane.state, lane.rates, lane.memory)
        kept = lane._replace(
            t=tried.t,
            state=tried.state,
            rates=tried.rates,
            memory=tried.memory,
            steps=lane.steps + 1,
            turns=self._follow(lane, tried),
        )
        after = select(tried.keep, self._settle(lane, kept), lane)
        after = after._replace(size=tried.next_size, tried=lane.tried + 1)
        return after._replace(trouble=self._trouble(lane, after))

    def _follow(self, lane: Lane, tried: Step) -> orbit.Turns | None:
        if lane.turns is None:
            return None
        ends, states, slopes = (lane.t, tried.t), (lane.state, tried.state), (lane.rates, tried.rates)
        return orbit.update(lane.turns, ends, states, slopes)

    def _motion(self, t: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        assert self.flow.motion is not None
        return self.flow.motion(t, state, rates, self.p, **self.static)

    def _settle_if_at_rest(self, lane: Lane) -> Lane:
        """A lane that starts exactly on a rest point, or on a face and heading out of it, is done."""
        if not self.may_settle:
            return lane
        rates, outbound = self._motion(lane.t, lane.state, lane.rates)
        return lane._replace(settled=jnp.all(outbound | (rates == 0)))

    def _settle(self, before: Lane, after: Lane) -> Lane:
        """Estimate how far the rest point is, and stop there if it is near.

        Near a rest point z* the rates are J (z - z*), so |z - z*| is about |rates|^2 / |J rates|, and
        J rates is the change of the rates in time. What only heads out towards a face is left out.
        """
        if not self.may_settle:
            return after
        old, _ = self._motion(before.t, before.state, before.rates)
        new, outbound = self._motion(after.t, after.state, after.rates)
        moves = jnp.where(outbound, 0.0, new)
        speed = jnp.max(jnp.abs(moves))
        change = jnp.max(jnp.abs(jnp.where(outbound, 0.0, new - old))) / (after.t - before.t)
        distance = jnp.where(speed == 0, 0.0, jnp.where(change > 0, speed**2 / change, jnp.inf))
        near = distance <= self.method.settle
        return after._replace(distance=distance, earlier=Earlier(before.t, before.distance), settled=near)

    def _settle_time(self, lane: Lane) -> Array:
        """When, within its last step, a settled lane came near enough."""
        part = _part_of_step(lane.earlier.distance, lane.distance, self.method.settle)
        return lane.earlier.t + (lane.t - lane.earlier.t) * part

    def _trouble_at_start(self, state: Array, rates: Array) -> Array:
        finite = jnp.all(jnp.isfinite(state)) & jnp.all(jnp.isfinite(rates)) & jnp.isfinite(self.end)
        found = jnp.where(finite, Status.ok, Status.not_finite)
        found = jnp.where(self.end < 0, Status.out_of_domain, found)
        if self.flow.check is not None:
            told = self.flow.check(self.p, **self.static)
            refused = (told != Status.ok) & (told != Status.boundary_start)
            found = jnp.where(refused, told, found)
        return found.astype(jnp.uint8)

    def _trouble(self, before: Lane, after: Lane) -> Array:
        smallest = 8 * jnp.finfo(after.t.dtype).eps * jnp.maximum(jnp.abs(after.t), self.end * 1e-9)
        lost = ~jnp.all(jnp.isfinite(after.state)) | ~(after.size > smallest)
        over = (after.tried >= self.method.max_steps) & ~after.settled & (after.t < self.end)
        found = jnp.where(over, Status.max_steps, before.trouble)
        return jnp.where(lost, Status.not_finite, found).astype(jnp.uint8)

    def _see(self, state: Array) -> Outputs:
        return dict(self.flow.observe(state, self.p, **self.static))

    def _swings(self, lane: Lane, e: orbit.Extremes | None) -> Outputs:
        if e is None:
            return {}
        k = len(self.flow.swings)
        sound = lane.trouble == Status.ok
        top, bottom = self._see(lane.state.at[:k].set(e.high)), self._see(lane.state.at[:k].set(e.low))
        out = {
            f"{name}_amplitude": jnp.where(sound, top[name] - bottom[name], jnp.nan)
            for name in self.flow.swings
        }
        out["period"] = jnp.where(sound, e.high_time[0] - e.earlier_high_time[0], jnp.nan)
        return out

    def _status(self, lane: Lane, kind: Array) -> Array:
        found = jnp.where(kind == Attractor.undecided, Status.not_steady, Status.ok)
        if self.flow.check is not None:
            told = self.flow.check(self.p, **self.static)
            found = jnp.where(told == Status.boundary_start, told, found)
        return jnp.where(lane.trouble == Status.ok, found, lane.trouble).astype(jnp.uint8)


def _part_of_step(before: Array, after: Array, wanted: Array) -> Array:
    """Part of a step at which a distance that shrinks geometrically passes the wanted one; 1 if unclear."""
    clear = jnp.isfinite(before) & (before > wanted) & (after > 0) & (after < wanted)
    start, end = jnp.where(clear, before, 2.0), jnp.where(clear, after, 1.0)
    part = (jnp.log(start) - jnp.log(jnp.where(clear, wanted, 1.5))) / (jnp.log(start) - jnp.log(end))
    return jnp.where(clear, part, 1.0)
