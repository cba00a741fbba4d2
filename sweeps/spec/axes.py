"""The axes of a sweep: values of each, which of them vary together, and the axis of a design's samples."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.values.axis import Axis
from ...engine.values.columns import Values
from ...kernels.model import Model
from ..text import nearest
from .design import Design
from .inputs import Inputs
from .ranges import grid_values
from .sampling.points import DIM

_MOST_VARIED, _LONGEST = 1000, 200


def zip_groups(where: str, stated: Any, axes: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Names of axes that vary together, by the dimension that each group becomes.

    A table names the dimensions; of a list the names of the axes do. Raises SweepError, beginning with
    `where`, for what is no group, and for an axis or a dimension that stands there twice.
    """
    named = list(stated.items()) if isinstance(stated, Mapping) else [(None, group) for group in stated]
    groups: dict[str, tuple[str, ...]] = {}
    for name, group in named:
        here = where if name is None else f"{where}.{name}"
        if not isinstance(group, Sequence) or isinstance(group, str) or len(group) < 2:
            raise SweepError(f"{here}: {shown(group)} should be a list of two or more axes")
        for axis in group:
            if not isinstance(axis, str) or axis not in axes:
                raise SweepError(f"{here}: {shown(axis)} is no axis{nearest(str(axis), list(axes))}")
            if axis in [other for taken in groups.values() for other in taken] or list(group).count(axis) > 1:
                raise SweepError(f"{here}: {shown(axis)} stands there twice")
        dim = "_".join(axis.replace(".", "_") for axis in group) if name is None else name
        if dim in groups:
            raise SweepError(
                f"{here}: two groups would be called {shown(dim)}; name them, zip = {{ name = [...] }}"
            )
        if not dim.isidentifier():
            raise SweepError(f"{here}: should be a name of letters, digits and _")
        groups[dim] = tuple(group)
    return groups


def require_held(where: str, names: Collection[str]) -> None:
    """Refuse what is varied and no cube can hold: too many, or called as no file can be.

    SweepError, beginning with `where`.
    """
    if len(names) > _MOST_VARIED:
        raise SweepError(f"{where}: {len(names):,} axes and samples; at most {_MOST_VARIED:,} are read")
    for name in names:
        if len(name.encode(errors="replace")) > _LONGEST or "/" in name or not name.isprintable():
            raise SweepError(
                f"{where}: {shown(name)}: a file of the cube is called so; give it a name of at most "
                f"{_LONGEST} letters, without / and control characters"
            )


def axis_values(
    where: str, axes: Mapping[str, Any], fixed: Mapping[str, Any], inputs: Inputs, together: Collection[str]
) -> dict[str, np.ndarray]:
    """Values of every axis by name, checked; SweepError, beginning with `where` and the name.

    Axes that vary `together` with others may repeat values: a list of scenarios does.
    """
    return {
        name: _values(f"{where}.{name}", name, spec, fixed, inputs, name in together)
        for name, spec in axes.items()
    }


def _values(
    where: str, name: str, spec: Any, fixed: Mapping[str, Any], inputs: Inputs, repeat: bool
) -> np.ndarray:
    if name in inputs.choices:
        options = grid_values(where, spec, repeat)
        for option in options:
            inputs.require_option(where, name, option)
        return np.asarray(options)
    parameter = inputs.parameter(where, name)
    if name in fixed:
        raise SweepError(f"{where}: also stands in [fixed] as {shown(fixed[name])}; keep one of the two")
    return inputs.numbers(where, grid_values(where, spec, repeat), parameter)


def grid_axes(
    where: str, groups: Mapping[str, tuple[str, ...]], values: Mapping[str, np.ndarray], model: Model
) -> tuple[Axis, ...]:
    """The axes of the grid, each group one of them; SweepError, beginning with `where`, for a wrong group."""
    dim_of = {name: dim for dim, group in groups.items() for name in group}
    static = {choice.name for choice in model.choices}
    axes: dict[str, Axis] = {}
    for dim, group in groups.items():
        if len({member in static for member in group}) > 1:
            raise SweepError(f"{where}: {list(group)} mixes a static choice with a number")
        sizes = {name: len(values[name]) for name in group}
        if len(set(sizes.values())) > 1:
            lengths = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise SweepError(f"{where}: axes that vary together need equal lengths; {lengths} values")
        if dim in _taken(model, values):
            raise SweepError(
                f"{where}: the dimension {shown(dim)} would be called like an axis or a part of the model; "
                f"give it another name, zip = {{ scenario = [...] }}"
            )
    for name in values:
        dim = dim_of.get(name, name)
        members = groups.get(dim, (name,)) if name in dim_of else (name,)
        axes.setdefault(dim, Axis(dim, {member: values[member] for member in members}, name in static))
    return tuple(axes.values())


def require_own_names(where: str, axes: Iterable[Axis], variables: Iterable[str]) -> None:
    """Refuse an axis that is called like a variable of the cube: it cannot hold both."""
    taken = set(variables)
    for name in (name for axis in axes for name in axis.values):
        if name in taken:
            raise SweepError(
                f"{where}.{name}: an output is called {shown(name)}, too, and a cube cannot hold both; "
                "leave that output out, or rename one of them in the model"
            )


def _taken(model: Model, values: Mapping[str, np.ndarray]) -> set[str]:
    """Names that no dimension of zipped axes may have."""
    named = [*model.parameters, *model.choices, *model.dims, *model.all_outputs(path=True)]
    return {*values, *(one.name for one in named), "status", "time", DIM}


def sampled_axis(
    where: str, design: Design | None, drawn: Mapping[str, Values], model: Model
) -> tuple[Axis, ...]:
    """The axis of the design, the last one; none where nothing is sampled."""
    if design is None:
        return ()
    named = [*model.parameters, *model.choices, *model.dims, *model.all_outputs(path=True)]
    if DIM in [one.name for one in named]:
        raise SweepError(f"{where}: model {model.name} has a {shown(DIM)} of its own; rename that")
    tops = {name: one.high for name, one in design.distributions.items() if one.whole and not one.options}
    options = {name: one.options for name, one in design.distributions.items() if one.options}
    return (Axis(DIM, drawn, group=design.points_per_sample, tops=tops, options=options),)
