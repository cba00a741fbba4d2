"""A space's kernel over grids: by machine code of its own where it has such a form, else through XLA."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import jax

from .codegen.backends import backend_of
from .codegen.grid_loop import GridLoop
from .codegen.how_compiled import Compiled, all_native, attempt, remarked
from .codegen.lane_loop import lane_loop
from .feedback.compiling import compiling
from .grid_vmap import GridVmap
from .point import Point, method_of, parameters_at, point_function
from .space import Space

GridFunction = GridLoop | GridVmap


def grid_function(
    space: Space,
    choices: Mapping[str, str],
    coordinates: Sequence[Point],
    device: Any,
    *,
    native: bool = True,
    count: Callable[[], None] = lambda: None,
) -> tuple[GridFunction, set[Compiled]]:
    """All variables of a cube over the grid that coordinates span, and how they are computed.

    Parameters
    ----------
    coordinates : of one grid: an array for each name along each axis.
    native : False asks for XLA, always.
    count : called at every compilation.
    """
    what = ", ".join([space.model.name, *choices.values()])
    reason = _reason_for_xla(space, device, native)
    if reason is None and not space.needs_ode:
        with compiling(what):
            loop, compiled = attempt(
                lambda: _grid_loop(space, choices, coordinates, device).link(), "computing"
            )
        if loop is not None:
            count()
            return loop, {compiled}
        reason = compiled.reason
    ways: set[Compiled] = set()
    point = point_function(space, choices, partial(lane_loop, report=ways.add))
    with compiling(what):
        function = GridVmap(point, coordinates, device, count, what=what, seldom=partial(all_native, ways))
    if reason is not None:
        ways = {Compiled(False, reason)}
    return function, remarked(ways, function.remark)


def how_computed(space: Space, device: Any) -> set[Compiled]:
    """How `grid_function` would compute the points of a space, or step its trajectories, for a plan.

    Everything is traced and lowered for each static choice, nothing is compiled. Through XLA the numbers are
    the same up to rounding, and take several times as long.
    """
    reason = _reason_for_xla(space, device, native=True)
    if reason is not None:
        return {Compiled(False, reason)}
    ways: set[Compiled] = set()
    for choices in _all_choices(space):
        if space.needs_ode:
            point = point_function(space, choices, partial(lane_loop, report=ways.add, link=False))
            jax.eval_shape(point, *_shapes_at_a_point(space))
        else:
            _, compiled = attempt(
                partial(_grid_loop, space, choices, _first_point(space), device), "computing"
            )
            ways |= {compiled} if compiled.native else _through_xla(space, choices, device, compiled)
    return ways


def _through_xla(space: Space, choices: Mapping[str, str], device: Any, compiled: Compiled) -> set[Compiled]:
    """How XLA computes points for a reason that is known: it may have to hurry."""
    point, at = point_function(space, choices), _first_point(space)
    function = GridVmap(point, at, device, lambda: None)
    return remarked({compiled}, function.remark)


def least_steps(space: Space) -> int | None:
    """How many steps at least span the horizon, as the field depends on time; None where any may do."""
    if not space.needs_ode:
        return None
    from .ode.switching.search import switches_of
    from .ode.switching.watch import LEAST_STEPS

    method, flow = method_of(space), space.model.flow
    assert flow is not None
    if method.max_step is not None or method.fixed_steps is not None:
        return None
    p = jax.eval_shape(lambda *at: parameters_at(space, at), *_shapes_at_a_point(space))
    hides = any(switches_of(flow, p, choices).hides for choices in _all_choices(space))
    return LEAST_STEPS if hides else None


def latest_end(space: Space) -> float | None:
    """The time up to which orbits go on until they are decided; None where each ends at its horizon."""
    if not space.needs_ode:
        return None
    method = method_of(space)
    return method.latest if method.extends else None


def _grid_loop(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], device: Any
) -> GridLoop:
    return GridLoop(point_function(space, choices), coordinates, backend_of(device.platform))


def _reason_for_xla(space: Space, device: Any, native: bool) -> str | None:
    """Why XLA computes whatever the kernel holds; None where that depends on the kernel."""
    if not native:
        return "asked for"
    backend = backend_of(device.platform)
    here = backend is not None and (backend.grids or space.needs_ode)
    return None if here else f"on {device.platform}"


def _all_choices(space: Space) -> list[dict[str, str]]:
    """Every combination of static choices that stands on an axis."""
    static = [axis for axis in space.axes if axis.static]
    return [
        space.choices_at({axis.dim: index for axis, index in zip(static, indices, strict=True)})
        for indices in product(*(range(axis.size) for axis in static))
    ]


def _first_point(space: Space) -> list[Point]:
    """Coordinates of a grid of one point."""
    return [
        {name: values[:1].astype(space.dtype) for name, values in axis.values.items()}
        for axis in space.axes
        if not axis.static
    ]


def _shapes_at_a_point(space: Space) -> list[Point]:
    number = jax.ShapeDtypeStruct((), space.dtype)
    return [dict.fromkeys(coordinate, number) for coordinate in _first_point(space)]
