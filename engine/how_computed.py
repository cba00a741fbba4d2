"""How points are computed, or trajectories stepped: in machine code, or through XLA, and why."""

from itertools import product
from typing import Any

import jax
import numpy as np

from ..kernels.flow import Flow
from .codegen.grid_loop import why_not_a_grid_loop
from .codegen.lane_loop import why_plain
from .grid_function import why_through_xla
from .ode.runge_kutta import Method
from .ode.trajectory import Run
from .point import Point, method_of, parameters_at, point_function
from .space import Space


def how_computed(space: Space, device: Any) -> str:
    """In words, for the plan: "machine code" or "XLA (...)" with the reason.

    Everything is traced for each static choice, nothing is compiled. Through XLA the numbers are the same up
    to rounding, and take several times as long.
    """
    if device.platform != "cpu":
        return f"XLA ({why_through_xla(space, device)})"
    told = set()
    for choices in _all_choices(space):
        reason = _why_steps(space, choices) if space.needs_ode else _why_points(space, choices)
        told.add("machine code" if reason is None else f"XLA ({reason})")
    return ", ".join(sorted(told))


def _all_choices(space: Space) -> list[dict[str, str]]:
    static = [axis for axis in space.axes if axis.static]
    return [
        space.choices_at({axis.dim: place for axis, place in zip(static, places, strict=True)})
        for places in product(*(range(axis.size) for axis in static))
    ]


def _first_point(space: Space) -> list[Point]:
    return [
        {name: values[:1].astype(space.dtype) for name, values in axis.values.items()}
        for axis in space.axes
        if not axis.static
    ]


def _why_points(space: Space, choices: dict[str, str]) -> str | None:
    return why_not_a_grid_loop(point_function(space, choices), _first_point(space))


def _why_steps(space: Space, choices: dict[str, str]) -> str | None:
    assert space.model.flow is not None
    first = [{name: np.squeeze(values) for name, values in c.items()} for c in _first_point(space)]
    return why_not_machine_code(space.model.flow, parameters_at(space, first), method_of(space), **choices)


def why_not_machine_code(flow: Flow, p: Any, method: Method, **static: str) -> str | None:
    """Why the steps of `trajectory` of the same would go through XLA on a CPU; None where they do not."""
    if not method.native:
        return "native = false"
    lane = jax.eval_shape(lambda p: Run(flow, p, method, static).start(), p)
    return why_plain(*Run(flow, p, method, static).loop(), lane, (lane.t, p))
