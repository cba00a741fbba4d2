"""Trajectories: a flow, integrated for many scenarios at once, each with its own step size.

`trajectory` integrates one scenario; `lanes` is its batched form, over a flat list of them, each of which is
a *lane*. On a CPU the steps are machine code where they can be (`lane_loop`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ...kernels.flow import Attractor, Flow
from ...kernels.status import Status
from ..codegen.how_compiled import Compiled
from ..codegen.lane_loop import lane_loop
from ..codegen.lane_route import lane_route
from ..errors import SweepError
from ..grid.batches import Batches, lanes_of_a_batch
from .integration import Integration
from .kept_lanes import LaneFunction, shelf_of
from .lane import Orbit
from .method import Method
from .reached import nothing_reached, reached
from .report import report

Array = Any
Parameters = Mapping[str, Array]
Outputs = dict[str, Array]
Loop = Callable[..., Any]


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
    method : solver, tolerances and limits; `Method()` if None.
    times : if given, rising and >= 0: where the path is saved, by a shorter step from the begin of the one
        that passes there, which is at least as accurate. Nothing else changes by it. Points past the horizon
        are NaN.
    static : the model's static choices.

    Returns
    -------
    What ``flow.outputs(path)`` declares, each of the shape of its dims, a path of shape (times, ...); and
    ``"status"`` (uint8): `not_steady` where the horizon, as far
    as ``method.horizon`` lets it be extended, ended before the orbit came to rest or was seen to be closed
    or on its way to a boundary cycle (the final state is as good as any other), `max_steps` where the steps
    ran out and `not_finite` where the state left the finite numbers, or the step size shrank to nothing on
    its way there (both: everything but the last state, and after `not_finite` this too, is NaN or undecided).
    Times are in the unit of the horizon, states and observables in those of the flow.

    Raises
    ------
    SweepError
        The solver is taylor, and the flow holds an operation that has no series; `times` fall, or one is
        negative, where they are known while this is traced.
    ValueError
        The state's dtype cannot hold what the method asks for, `atol` has another number of components than
        the state, or nothing decides orbits that are to go on until they are decided.
    KeyError
        `p` lacks a parameter.
    """
    _require_rising(times)
    return integrated(Integration(flow, p, method or Method(), static), times)


def integrated(
    integration: Integration, times: Sequence[float] | Array = (), only_attractor: bool = False
) -> Outputs:
    """What `trajectory` returns, of a scenario that is bound to its flow and method.

    `only_attractor`: nobody looks at anything else, and orbits that mathematics decides take no step.
    """

    def whole(loop: Loop, given: tuple[Parameters, Array]) -> Outputs:
        return _followed(integration.bind(given[0], loop), given[1], only_attractor)

    given = dict(integration.p), _in_the_states_dtype(integration, times)
    return lane_route(integration.loop, whole, given, integration.method.native)


def _require_rising(times: Sequence[float] | Array) -> None:
    """SweepError for saved times that fall or are negative: no step goes back. Of NaN there is none."""
    each = times if isinstance(times, Sequence) else ()
    if isinstance(times, Tracer) or any(isinstance(time, Tracer) for time in each):
        return
    known = np.asarray(times, float)
    known = known[~np.isnan(known)]
    if (known < 0).any():
        raise SweepError(f"times: {known.min():g} should not be negative")
    if (falls := np.flatnonzero(np.diff(known) < 0)).size:
        earlier, later = known[falls[0] : falls[0] + 2]
        raise SweepError(f"times: {later:g} follows {earlier:g}, and times should rise")


def _in_the_states_dtype(integration: Integration, times: Sequence[float] | Array) -> Array:
    """Saved times, which are rounded here and not on the way of an orbit, and one that none comes to."""
    if not len(times):
        return jnp.zeros(0)
    start = partial(integration.flow.start, **integration.static)
    dtype = jax.eval_shape(start, integration.p).dtype
    return jnp.append(jnp.asarray(times, dtype), jnp.full(1, jnp.inf, dtype))


def _followed(integration: Integration, times: Array, only_attractor: bool) -> Outputs:
    """The same, by one call after another."""
    orbit, path, holes = integration.start(path=bool(len(times))), {}, None
    lane = orbit.lane
    known = integration.decided()
    if only_attractor and known is not None:
        t = jnp.where(known <= Attractor.undecided, lane.t, integration.end(lane.state))
        orbit = orbit._replace(lane=lane._replace(t=t))
    if len(times):
        orbit, path, holes = integration.along(orbit, times)
    return report(integration, *_ended(integration, orbit, known, bool(path)), path, holes)


class _Extending(NamedTuple):
    """An orbit that goes on until it is decided: the time it has come to, and what it `reached` by then.

    It goes on where it is `open`, until the time `next`, which is the last one where it is not.
    """

    orbit: Orbit
    next: Array
    reached: Outputs
    open: Array


def _ended(
    integration: Integration, orbit: Orbit, known: Array | None, at_horizon: bool
) -> tuple[Orbit, Outputs, Array | None]:
    """The orbit at its end, and what it reached: at its horizon, or as far as it takes to decide it.

    `known` is what the flow itself has `decided`; `at_horizon` says that it has come there already.
    Last comes the end of the horizon as it was extended; None where it is not to be.
    """
    horizon = integration.end(orbit.lane.state)
    if not integration.method.extends:
        if not at_horizon:
            orbit = integration.advance(orbit, horizon, horizon)
        return orbit, reached(integration, orbit, known), None

    def cond(at: _Extending) -> Array:
        return at.open

    def body(at: _Extending) -> _Extending:
        # Of many orbits at once all pass here as long as one is open: the others are not to take steps.
        until = jnp.where(at.open, at.next, at.orbit.lane.t)
        orbit = integration.advance(at.orbit, until, until)
        seen = reached(integration, orbit, known)
        is_open = (seen["attractor"] == Attractor.undecided) & (orbit.lane.status == Status.ok)
        later, may_go_on = integration.call(lambda own, given: own.later(*given), (until, horizon))
        is_open &= may_go_on
        return _Extending(orbit, jnp.where(is_open, later, at.next), seen, is_open)

    nothing = nothing_reached(integration, orbit.lane)
    last = jax.lax.while_loop(cond, body, _Extending(orbit, horizon, nothing, jnp.asarray(True)))
    return last.orbit, last.reached, last.next


def lanes(
    flow: Flow, method: Method | None = None, times: Sequence[float] = (), **static: str
) -> Callable[[Parameters], Outputs]:
    """A jitted function of many scenarios: {parameter: (lanes,)} to {output: (lanes, ...)}.

    Every parameter has a leading lane axis. Compiled once for each flow, method, static choice, number of
    lanes and number of saved times, or found as an earlier process kept it. On a CPU many lanes are computed
    in batches, by all cores.

    Parameters
    ----------
    flow, method, times, static : as for `trajectory`, which says what is returned for each lane, too. What
        that raises is raised when the function is first called.
    """
    choices = tuple(sorted(static.items()))

    def run(p: Parameters) -> Outputs:
        _require_rising(times)
        p = {name: _strong(values) for name, values in p.items()}
        saved = jnp.asarray(np.asarray(times, jnp.result_type(*p.values())))
        return _in_batches(_Lanes(flow, method or Method(), choices), p, saved)

    return run


def _strong(values: Array) -> Array:
    """The same numbers, of the dtype that they have: one that JAX may change would be traced once more."""
    weak = isinstance(values, jax.Array) and not isinstance(values, Tracer) and values.weak_type
    return jax.lax.convert_element_type(values, values.dtype) if weak else values


class _Lanes(NamedTuple):
    """What the lanes of one call have in common; `static` are choices in order of their names."""

    flow: Flow
    method: Method
    static: tuple[tuple[str, str], ...]


def _in_batches(lanes: _Lanes, p: Parameters, times: Array) -> Outputs:
    count = len(next(iter(p.values())))
    batches = Batches((count,), jax.devices()[0], lanes_of_a_batch(count))
    if batches.count == 1 or any(isinstance(values, Tracer) for values in p.values()):
        return dict(_grid_function(lanes, p, count, times).begin([p]))
    (window,) = batches.windows()[0]
    function = _grid_function(lanes, p, window.stop - window.start, times)
    try:
        started = batches.start(function, [{name: np.asarray(values) for name, values in p.items()}])
        started.wait()
    finally:
        batches.close()
    return {name: jnp.asarray(values) for name, values in started.whole.items()}


_FUNCTIONS: dict[Any, LaneFunction] = {}


def _grid_function(lanes: _Lanes, p: Parameters, length: int, times: Array) -> LaneFunction:
    """The compiled function of many lanes, made once for all calls whose arrays are alike.

    `length` is the number of lanes for which it is traced first, unless an earlier process has kept it.
    """
    shapes = {name: (values.shape[1:], np.dtype(values.dtype)) for name, values in p.items()}
    key = (lanes, times.shape, tuple(shapes.items()))

    ways: set[Compiled] = set()

    def point(p: Parameters, times: Array) -> Outputs:
        loop = partial(lane_loop, report=ways.add)
        return integrated(Integration(lanes.flow, p, lanes.method, dict(lanes.static), loop), times)

    if key not in _FUNCTIONS:
        batch = {
            name: jax.ShapeDtypeStruct((length, *inner), dtype) for name, (inner, dtype) in shapes.items()
        }
        shelf = shelf_of(tuple(lanes), batch, times)
        _FUNCTIONS[key] = LaneFunction(point, batch, times, ways, shelf)
    return _FUNCTIONS[key].sharing(times)
