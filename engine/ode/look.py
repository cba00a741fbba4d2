"""The closer look at an orbit whose steps paused: has it come to rest, and does rounding hinder it?"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...kernels.status import Status
from .bound import COSTS_LACK, Bound, Parameters
from .lane import BRIEF, MANY_REFUSED, Arrival, Lane, Looked, Moment, Orbit
from .rest import settling
from .rest.attraction import Nearest, nearest_rest
from .rest.chart import Chart
from .rest.costs import still_to_come
from .rest.gone import stays_gone
from .rest.rounding import rounding_noise
from .rest.settling import RestWatch
from .scale import grown, least_scale
from .vanishing.extinct import extinct, is_fed, size_after
from .vanishing.levels import Vanished, depth_of, levels_at, true_state

Array = Any

# Rounding hinders the steps where it comes to this part of what is allowed.
_HINDERS = 0.1
# A step is as wrong by rounding as so many times what that makes of a rate.
_EACH = 4.0
# So many times what else rounds there, rounding is that of where an orbit begins.
_FAR_MORE = 10.0
# Distances of so many times what rounding hides are none.
_HIDDEN = 4.0


def looked_at(bound: Bound, orbit: Orbit, end: Array) -> Looked:
    """An orbit whose steps paused: whether and where it has come to rest, whether rounding hinders it.

    And what is due of components that vanish.
    """
    orbit = _followed_down(bound, orbit, end)
    lane, looked = orbit.lane, Looked.at(orbit)
    rest, watch, noise, refused, arrival = looked[:5]
    measures = watch is not None and watch.hidden is not None
    rounding = _rounding(bound, lane) if measures or noise is not None else None
    if watch is not None:
        nearest, still = _nearest_rest(bound, lane, end)
        watch = settling.looked_at(watch, bound.method.settle, lane.steps, nearest, still)
        rest = jnp.where(still, lane.state, nearest.rest)
        if measures:
            watch = _measured(bound, lane, watch, rounding, end)
        if arrival is not None:
            lacks = _costs_lack(bound, lane, rest, watch.hidden, rounding, end)
            arrival = _arrival(lane, watch.settled, arrival)
            watch = settling.goes_on(watch, lane.steps, watch.settled & lacks)
    if refused is not None and noise is not None:
        hindered = refused >= MANY_REFUSED
        noise = jnp.where(hindered, _hindering(bound, lane, rounding, end), noise)
        refused = jnp.where(hindered, 0, refused)
    return Looked(rest, watch, noise, refused, arrival, *looked[5:])


def _followed_down(bound: Bound, orbit: Orbit, end: Array) -> Orbit:
    lane = orbit.lane
    if lane.vanished is None or lane.largest is None or lane.calls is None:
        return orbit
    lane = _without_extinct(bound, lane, lane.vanished, lane.largest, end)
    assert lane.vanished is not None
    assert lane.largest is not None
    assert lane.calls is not None
    at = Moment(lane.t, lane.state, lane.rates)
    largest = grown(lane.largest, lane.state)
    state, rates, vanished = bound.followed_down(largest, at, lane.vanished, lane.calls, end)
    turns = lane.turns
    if turns is not None:  # what was kept since the last look had the levels of then
        levels = levels_at(turns.t[..., None], lane.vanished.levels, lane.vanished.looked)
        levels = jnp.where(lane.calls, levels, 0)
        turns = turns._replace(state=true_state(turns.state, levels))
    lane = lane._replace(
        state=state, rates=rates, largest=largest, calls=jnp.asarray(False), vanished=vanished, turns=turns,
        solver_state=bound.stepper.moved(lane.solver_state, lane.t, state),
    )  # fmt: skip
    return orbit._replace(lane=lane)


def _without_extinct(bound: Bound, lane: Lane, vanished: Vanished, largest: Array, end: Array) -> Lane:
    """The lane, which goes on where what its steps could not follow any more has come to 0."""
    ends = Status.step_too_small, Status.not_finite, Status.sliding
    stuck = jnp.any(jnp.stack([lane.status == status for status in ends]))
    groups, scale = bound.resting.groups, bound.own_scale(largest)
    gone = stuck & extinct(lane.t, lane.state, lane.rates, scale, groups)
    state = jnp.where(gone, 0.0, lane.state)
    rates = bound.field(lane.t, state)
    goes_on = jnp.any(gone) & ~jnp.any(gone & is_fed(rates, lane.rates))
    depth = jnp.where(gone, depth_of(jnp.zeros_like(state), vanished.levels, scale), vanished.depth)
    new = lane._replace(
        state=state, rates=rates, vanished=vanished._replace(depth=depth),
        size=jnp.maximum(size_after(end), lane.size), status=jnp.uint8(Status.ok),
        solver_state=bound.stepper.solver_state(lane.t, end, state),
    )  # fmt: skip
    return jax.tree.map(lambda a, b: jnp.where(goes_on, a, b), new, lane)


def _arrival(lane: Lane, at_rest: Array, known: Arrival) -> Arrival:
    """The arrival that was known, or the last step of a lane that is near a rest point for the first time."""
    assert lane.watch is not None
    assert lane.before is not None
    looks = lane.watch.near
    here = Arrival(at_rest, lane.before, Moment(lane.t, lane.state, lane.rates))
    keeps = ~looks | (known.at_rest & at_rest)
    return jax.tree.map(lambda old, new: jnp.where(keeps, old, new), known, here)


def _costs_lack(
    bound: Bound, lane: Lane, rest: Array, hidden: Array | None, rounding: Array | None, end: Array
) -> Array:
    """Whether a component that only accumulates would lack more than `settle` if the orbit ended here.

    Not where the rest point is as near as can be seen.
    """
    alone, outbound = jnp.asarray(bound.resting.quadratures), bound.motion(lane)[1]
    to_come = still_to_come(
        partial(bound.field, lane.t), lane.state, bound.limit(lane, rest), bound.resting.quadratures,
        outbound, bound.units(lane), 0.0 if rounding is None else rounding, bound.last_end(end),
    )  # fmt: skip
    own = jnp.abs(lane.state) if lane.largest is None else bound.own_scale(lane.largest)
    lacks = jnp.any(~(to_come <= COSTS_LACK * bound.method.settle * own))  # NaN is not enough
    if hidden is None:
        return lacks
    return lacks & jnp.any(jnp.where(alone, 0.0, jnp.abs(lane.state - rest)) > _HIDDEN * hidden)


def _nearest_rest(bound: Bound, lane: Lane, end: Array) -> tuple[Nearest, Array]:
    """The rest point near a lane, and whether it is exactly there."""
    velocity, outbound = bound.motion(lane)

    def rates(fixed: tuple[Array, Parameters], state: Array) -> Array:
        t, own = fixed[0], bound.bind(fixed[1])
        return own.motion(Moment(t, state, own.field(t, state)))[0]

    assert lane.watch is not None
    loop, seen = partial(bound.loop, native=bound.method.native), lane.watch.within < 0
    nearest = nearest_rest(
        rates, (lane.t, bound.p), lane.state, bound.units(lane), outbound, loop,
        ahead=bound.last_end(end), settle=bound.method.settle, switches=bound.switches,
        exact=bound.differentiable, seen=seen,
    )  # fmt: skip
    measured = jnp.max(bound.units(lane)) > least_scale(lane.state.dtype)
    attracts, still = nearest.attracts & measured, settling.starts_at_rest(velocity, outbound)
    # Beside a guard the Jacobian may be infinite where an orbit ends in finite time, and says nothing.
    still &= nearest.attracts | ~seen | ~jnp.all(jnp.isfinite(nearest.jacobian))
    if bound.flow.faces:
        given = lane, nearest, velocity, outbound
        stays = _stays_gone(bound, *lax.stop_gradient(given))
        attracts, still = attracts & stays, still & stays
    return nearest._replace(attracts=attracts), still


def _stays_gone(bound: Bound, lane: Lane, nearest: Nearest, velocity: Array, outbound: Array) -> Array:
    """Whether shares that are gone beside a rest point stay so."""
    t, p, flow = lane.t, lax.stop_gradient(bound.p), bound.flow
    motion, alone = flow.motion, jnp.asarray(bound.resting.quadratures or False)
    assert motion is not None

    def moves(state: Array) -> Array:
        return motion(t, state, flow.field(t, state, p, **bound.static), p, **bound.static)[0]

    return stays_gone(moves, nearest.rest, velocity, nearest.jacobian, outbound, alone)


def _measured(bound: Bound, lane: Lane, looked: RestWatch, rounding: Array, end: Array) -> RestWatch:
    """What `looked` at a lane, once the distance is measured that rounding hides there."""
    assert lane.watch is not None
    coarse, left_out = bound.units_given(lane, None), bound.motion(lane)[1]
    at = Chart(
        lambda state: bound.field(lane.t, state), coarse, left_out, bound.last_end(end), bound.method.settle,
        bound.differentiable,
    )  # fmt: skip
    hidden = lax.stop_gradient(at.moved_by(rounding, lane.state))
    units = coarse, bound.units(lane), bound.units_given(lane, hidden)
    return settling.measured(lane.watch, looked, lane.steps, hidden, units)


def _rounding(bound: Bound, lane: Lane) -> Array:
    """How wrong rounding makes each rate, shape (d,); 0 where numbers do not say it.

    Where a power in a derivative falls below all numbers that is infinite, and would allow any error.
    """
    lane = lax.stop_gradient(lane)
    jumps = bound.switches
    noise = lax.stop_gradient(rounding_noise(partial(bound.field, lane.t), lane.state, jumps))
    return jnp.where(jnp.isfinite(noise), noise, 0.0)


def _hindering(bound: Bound, lane: Lane, rounding: Array, end: Array) -> Array:
    """Rounding in the rates, of those components in which it is what hinders the steps.

    Also that of constants and times, of which a rate is what is left: it hinders what begins at 0. Where it
    is far more than others it hinders short steps alone, and is negative: longer ones forget it, for what
    has fallen by then is smaller than it was.
    """
    lane = lax.stop_gradient(lane)
    of_terms = _EACH * lax.stop_gradient(bound.rounding(lane.t, lane.state))
    of_begin, is_short = of_terms > _FAR_MORE * rounding, lane.size < BRIEF * end
    rounding = jnp.where(of_begin & ~is_short, rounding, jnp.maximum(rounding, of_terms))
    allowed = bound.tolerance(lane.largest, None, lane.sticks).allowed(lane.state, lane.state, lane.size)
    hinders = rounding * lane.size > _HINDERS * allowed
    return jnp.where(hinders, jnp.where(of_begin & is_short, -rounding, rounding), 0.0)
