"""A space's kernel over grids: by machine code of its own where it has such a form, else through XLA."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ..call_stack import in_one_chunk
from ..codegen.backends import backend_of, cpu_backend
from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled, all_native, attempt, remarked
from ..codegen.lane_loop import lane_loop
from ..codegen.traced_once import TracedOnce
from ..feedback.compiler_clock import compiler_at_work
from ..feedback.compiling import compiling
from ..kept.compiled import Keeper
from ..kept.key import key_of_kept
from ..kept.shelf import Shelf
from ..point import Point, method_of, parameters_at, point_function
from ..space import Space
from ..xla.between_calls import computed_between
from .made_before import GridFunction, Made, find, keep, key_of, ways_before
from .vmap import GridVmap

if TYPE_CHECKING:
    from ..ode.switching.switches import Switches


def grid_function(
    space: Space,
    choices: Mapping[str, str],
    coordinates: Sequence[Point],
    device: Any,
    *,
    native: bool = True,
    count: Callable[[], None] = lambda: None,
    through_xla: Sequence[Point] | None = None,
) -> tuple[GridFunction, set[Compiled]]:
    """All variables of a cube over the grid that coordinates span, and how they are computed.

    Parameters
    ----------
    coordinates : of one grid: an array for each name along each axis.
    native : False asks for XLA, always.
    count : called at every compilation. What an earlier call made for a model that ships is found again, and
        what an earlier process made and kept.
    through_xla : coordinates of the grid for which it is made where XLA computes it, if that is another.
    """
    smaller = coordinates if through_xla is None else through_xla
    key = key_of(space, choices, coordinates, device, native)
    made = find(key, coordinates, smaller)
    if made is None or not _compiles(made[0], count):
        one = _One(space, choices, coordinates, device, native, count)
        made = one.kept(coordinates, smaller) or one.made(coordinates, smaller)
    function, ways = made
    keep(key, function, ways)
    return (function if isinstance(function, GridLoop) else function.counting(count)), set(ways)


def _compiles(function: GridFunction, count: Callable[[], None]) -> bool:
    """Whether what was made before can be used. Where LLVM fails it is made anew, which says so."""
    if isinstance(function, GridLoop) and not function.linked:
        with suppress(RuntimeError):
            function.link()
            count()
        return function.linked
    return True


class _One:
    """The function of one space with one combination of choices; see `grid_function`."""

    def __init__(
        self,
        space: Space,
        choices: Mapping[str, str],
        coordinates: Sequence[Point],
        device: Any,
        native: bool,
        count: Callable[[], None],
    ) -> None:
        self.space, self.choices, self.device, self.count = space, choices, device, count
        self.shelf = Shelf(key_of_kept(space, choices, coordinates, device, native))
        self.what = ", ".join([space.model.name, *choices.values()])
        self.reason = _reason_for_xla(device, native)

    def kept(self, coordinates: Sequence[Point], smaller: Sequence[Point]) -> Made | None:
        """What an earlier process made: for the first of these grids, and for the other through XLA."""
        if self.reason is None and not self.space.needs_ode:
            native = self.shelf.loop(coordinates, cpu_backend())
            if native is not None and _compiles(native[0], self.count):
                return native
        return self.shelf.program(smaller, self.device, self._anew, self.count)

    def _anew(self, coordinates: Sequence[Point]) -> GridVmap:
        function = self.made(coordinates, coordinates)[0]
        assert isinstance(function, GridVmap)  # as the one that was kept: the key holds all that decides it
        return function

    @in_one_chunk
    def made(self, coordinates: Sequence[Point], smaller: Sequence[Point]) -> Made:
        """Traced, lowered and, where it becomes machine code, compiled; through XLA for the second grid."""
        ways: set[Compiled] = set()
        point = TracedOnce(point_function(self.space, self.choices, partial(lane_loop, report=ways.add)))
        known = set() if self.reason is None else {Compiled(False, self.reason)}
        shelf, device = self.shelf, self.device
        with compiling(self.what), compiler_at_work() if self.shelf else nullcontext():
            if self.reason is None and not self.space.needs_ode:
                loop, compiled = attempt(lambda: _grid_loop(point, coordinates, device).link(), "computing")
                if loop is not None:
                    compiled = loop.compiled
                    self.count()
                    if loop.traced:
                        whole = GridVmap(loop, coordinates, device, what=self.what, whole=True)
                        return whole, frozenset({compiled})
                    shelf.keep_loop(loop, {compiled})
                    shelf.keep_ways({compiled})
                    return loop, frozenset({compiled})
                known = {compiled}
            keep, seldom = (
                Keeper(shelf.keep_program, device, lambda: said) if shelf else None,
                partial(all_native, ways),
            )
            function = GridVmap(point, smaller, device, what=self.what, seldom=seldom, keep=keep)
            known = known or _with_what_is_between(ways, point, smaller)
        said = frozenset(remarked(known, function.remark))
        shelf.keep_ways(known if self.space.needs_ode else said)
        return function, said


def how_computed(space: Space, device: Any) -> set[Compiled]:
    """How `grid_function` would compute the points of a space, or step its trajectories, for a plan.

    Everything is traced and lowered for each static choice, nothing is compiled. Through XLA the numbers are
    the same up to rounding, and take several times as long.
    """
    reason = _reason_for_xla(device, native=True)
    if reason is not None:
        return {Compiled(False, reason)}
    ways: set[Compiled] = set()
    for choices in space.combinations:
        how = _how_orbits if space.needs_ode else _how_points
        ways |= how(space, choices, device)
    return ways


def _how_orbits(space: Space, choices: Mapping[str, str], device: Any) -> set[Compiled]:
    """How the trajectories are stepped, with one combination of choices."""
    at = _first_point(space)
    shelf = Shelf(key_of_kept(space, choices, at, device, True))
    ways = ways_before(key_of(space, choices, at, device, True)) or shelf.ways()
    if ways is not None:
        return remarked(ways, "")
    computed: set[Compiled] = set()
    point = TracedOnce(point_function(space, choices, partial(lane_loop, report=computed.add, link=False)))
    computed = _with_what_is_between(computed, point, _shapes_at_a_point(space))
    shelf.keep_ways(computed)
    return computed


def _with_what_is_between(
    ways: set[Compiled], point: TracedOnce, coordinates: Sequence[Point]
) -> set[Compiled]:
    """The ways of a function of points, and what XLA computes between its calls of machine code.

    Its trace says that: `ways` are those that are known once it is made.
    """
    trace, _ = point.trace(*jax.tree.map(_at_a_point, list(coordinates)))
    between = tuple(sorted(computed_between(trace.jaxpr)))
    return {replace(way, between=between) if way.native else way for way in ways}


def _at_a_point(values: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((), values.dtype)


def _how_points(space: Space, choices: Mapping[str, str], device: Any) -> set[Compiled]:
    """The same for points without orbits, with one combination of choices. A run finds what is made here."""
    at = _first_point(space)
    key = key_of(space, choices, at, device, True)
    shelf = Shelf(key_of_kept(space, choices, at, device, True))
    known = ways_before(key) or shelf.ways()
    if known is not None:
        return set(known)
    point = TracedOnce(point_function(space, choices))
    loop, compiled = attempt(partial(_grid_loop, point, at, device), "computing")
    if loop is not None:
        compiled = loop.compiled
        if not loop.traced:
            keep(key, loop, {compiled})
            shelf.keep_loop(loop, {compiled})
            shelf.keep_ways({compiled})
        return {compiled}
    what = ", ".join([space.model.name, *choices.values()])
    kept = Keeper(shelf.keep_program, device, lambda: ways) if shelf else None
    function = GridVmap(point, at, device, what=what, seldom=partial(all_native, {compiled}), keep=kept)
    ways = remarked({compiled}, function.remark)  # XLA may have to hurry
    keep(key, function, ways)
    shelf.keep_ways(ways)
    return ways


def least_steps(space: Space) -> int | None:
    """How many steps at least span the horizon, as the field depends on time; None where any may do."""
    if not space.needs_ode:
        return None
    from ..ode.switching.watched import LEAST_STEPS

    method = method_of(space)
    if method.max_step is not None or method.fixed_steps is not None:
        return None
    return LEAST_STEPS if any(switches.hides for switches in _switches(space)) else None


def switches_unseen(space: Space) -> bool:
    """Whether the field may switch where no switch is watched, so that steps ask for its values inside."""
    if not space.needs_ode or method_of(space).fixed_steps is not None:
        return False
    return any(switches.unseen for switches in _switches(space))


def _switches(space: Space) -> "list[Switches]":
    """The switches of the field, for each combination of choices."""
    from ..ode.switching.search import switches_of
    from ..wide.flows import counted

    assert space.model.flow is not None
    flow = counted(space.model.flow)
    p = jax.eval_shape(lambda *at: parameters_at(space, at), *_shapes_at_a_point(space))
    return [switches_of(flow, p, choices) for choices in space.combinations]


def lowered_orders(space: Space) -> tuple[int, int] | None:
    """The order of Taylor steps, and the one that the tolerances ask for; None where these are the same."""
    if not space.needs_ode:
        return None
    from ..ode.steps.taylor import Taylor

    method, flow, orders = method_of(space), space.model.flow, set[tuple[int, int]]()
    assert flow is not None

    def start(*at: Point, choices: Mapping[str, str]) -> Any:
        p = parameters_at(space, at)
        state = flow.start(p, **choices)
        stepper = method.stepper(lambda t, state: flow.field(t, state, p, **choices))
        if isinstance(stepper, Taylor):
            orders.add((stepper.order_at(jnp.zeros((), state.dtype), state), stepper.order))
        return state

    for choices in space.combinations:
        jax.eval_shape(partial(start, choices=choices), *_shapes_at_a_point(space))
    return next((one for one in sorted(orders) if one[0] < one[1]), None)


def latest_end(space: Space) -> float | None:
    """The time up to which orbits go on until they are decided; None where each ends at its horizon."""
    if not space.needs_ode:
        return None
    method = method_of(space)
    return method.latest if method.extends else None


def _grid_loop(point: Callable[..., Any], coordinates: Sequence[Point], device: Any) -> GridLoop:
    return GridLoop(point, coordinates, backend_of(device.platform))


def _reason_for_xla(device: Any, native: bool) -> str | None:
    """Why XLA computes whatever the kernel holds; None where that depends on the kernel."""
    if not native:
        return "asked for"
    return f"on {device.platform}" if backend_of(device.platform) is None else None


def _first_point(space: Space) -> list[Point]:
    """Coordinates of a grid of one point."""
    return [
        {n: one for n, one in axis.at(slice(1), space.dtype).items() if n not in axis.options}
        for axis in space.axes
        if not axis.static
    ]


def _shapes_at_a_point(space: Space) -> list[Point]:
    number = jax.ShapeDtypeStruct((), space.dtype)
    return [dict.fromkeys(coordinate, number) for coordinate in _first_point(space)]
