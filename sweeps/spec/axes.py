"""The axes of a sweep: values of each, which of them vary together, and the axis of a design's samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.space import Axis
from ...kernels.model import Model
from ..text import nearest
from .design import DIM, Design
from .inputs import Inputs
from .ranges import grid_values


def axis_values(
    where: str, axes: Mapping[str, Any], fixed: Mapping[str, Any], inputs: Inputs
) -> dict[str, np.ndarray]:
    """Values of every axis by name, checked; SweepError, beginning with `where` and the name."""
    return {name: _values(f"{where}.{name}", name, spec, fixed, inputs) for name, spec in axes.items()}


def _values(where: str, name: str, spec: Any, fixed: Mapping[str, Any], inputs: Inputs) -> np.ndarray:
    if name in inputs.choices:
        options = grid_values(where, spec)
        for option in options:
            inputs.require_option(where, name, option)
        return np.asarray(options)
    parameter = inputs.parameter(where, name)
    if name in fixed:
        raise SweepError(f"{where}: also stands in [fixed] as {fixed[name]!r}; keep one of the two")
    return inputs.numbers(where, grid_values(where, spec), parameter)


def grid_axes(
    where: str, groups: Sequence[Any], values: Mapping[str, np.ndarray], model: Model
) -> tuple[Axis, ...]:
    """The axes of the grid, each group one of them; SweepError, beginning with `where`, for a wrong group."""
    group_of = _groups(where, groups, values)
    static = {choice.name for choice in model.choices}
    axes: dict[str, Axis] = {}
    for name in values:
        group = group_of.get(name, (name,))
        if len({member in static for member in group}) > 1:
            raise SweepError(f"{where}: {list(group)} mixes a static choice with a number")
        dim = "_".join(member.replace(".", "_") for member in group) if len(group) > 1 else name
        axes.setdefault(dim, Axis(dim, {member: values[member] for member in group}, name in static))
    return tuple(axes.values())


def _groups(
    where: str, groups: Sequence[Any], values: Mapping[str, np.ndarray]
) -> dict[str, tuple[str, ...]]:
    """Every axis that varies together with others, to all of them."""
    group_of: dict[str, tuple[str, ...]] = {}
    for group in groups:
        if not isinstance(group, Sequence) or isinstance(group, str) or len(group) < 2:
            raise SweepError(f"{where}: {group!r} should be a list of two or more axes")
        for name in group:
            if not isinstance(name, str) or name not in values:
                raise SweepError(f"{where}: {name!r} is no axis{nearest(str(name), list(values))}")
            if name in group_of:
                raise SweepError(f"{where}: {name!r} stands there twice")
            group_of[name] = tuple(group)
        sizes = {name: len(values[name]) for name in group}
        if len(set(sizes.values())) > 1:
            lengths = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise SweepError(f"{where}: axes that vary together need equal lengths; {lengths} values")
    return group_of


def sampled_axis(
    where: str, design: Design | None, drawn: Mapping[str, np.ndarray], model: Model
) -> tuple[Axis, ...]:
    """The axis of the design, the last one; none where nothing is sampled."""
    if design is None:
        return ()
    named = [*model.parameters, *model.choices, *model.dims, *model.all_outputs(path=True)]
    if DIM in [one.name for one in named]:
        raise SweepError(f"{where}: model {model.name} has a {DIM!r} of its own; rename that")
    tops = {name: one.high for name, one in design.distributions.items() if one.kind == "integers"}
    return (Axis(DIM, drawn, group=design.group, tops=tops),)
