"""Turn a stated sweep into a complete, checked space; every error names file, key and value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...engine.check_model import check_model
from ...engine.errors import SweepError
from ...engine.space import Axis, Space, derivative_name, dim_labels
from ...kernels.model import Model
from ..text import nearest
from .checks import parameter_values, require_types
from .design import DIM, Design, design_names, resolve_design
from .dynamics import resolve_motion
from .models import find_model
from .ranges import grid_values
from .sweep import Sweep
from .vectors import component_labels, target_parameter, vector_values

_MOST_POINTS = 2**60


def resolve(sweep: Sweep) -> Space:
    """The space of a sweep, with every name, value and combination checked before any compute."""
    require_types(sweep)
    model, digest = find_model(f"{sweep.origin}: model", sweep.model, sweep.folder)
    if sweep.dtype not in ("float64", "float32"):
        raise SweepError(f'{sweep.origin}: dtype: {sweep.dtype!r} is neither "float64" nor "float32"')
    # Components that are sampled are stated as much as those that are axes.
    stated = replace(sweep, axes=dict.fromkeys(design_names(sweep)) | dict(sweep.axes))
    labels = component_labels(stated, model)
    times, integrator = resolve_motion(sweep, model)
    design, drawn = resolve_design(sweep, model, labels)
    values = _axis_values(sweep, model, labels)
    choices, fixed = _fixed(stated, model, labels, values | drawn)
    outputs = _outputs(sweep, model, bool(times))
    space = Space(
        model=model,
        axes=_axes(sweep, model, values) + _sampled_axis(sweep, model, design, drawn),
        fixed=fixed,
        choices=choices,
        labels={dim.name: dim_labels(dim, labels) for dim in model.dims} | ({"time": times} if times else {}),
        outputs=outputs,
        derivatives=_derivatives(sweep, model, labels),
        dtype=np.dtype(sweep.dtype),
        times=times,
        integrator=integrator,
        model_digest=digest,
        design=design.text() if design else {},
    )
    if not space.axes:
        raise SweepError(f"{sweep.origin}: axes: there are none; give at least one, if only of one value")
    if space.points > _MOST_POINTS:
        raise SweepError(f"{sweep.origin}: axes: {space.points:.3g} points are more than any disk holds")
    if digest:
        check_model(f"{sweep.origin}: model {sweep.model}", space)
    return space


def _axis_values(sweep: Sweep, model: Model, labels: Mapping[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    choices = {choice.name: choice for choice in model.choices}
    found = {}
    for name, spec in sweep.axes.items():
        where = f"{sweep.origin}: axes.{name}"
        if name in choices:
            values = grid_values(where, spec)
            for value in values:
                _require_option(where, value, choices[name].options)
            found[name] = np.asarray(values)
            continue
        parameter = target_parameter(where, name, model, labels)
        if name in sweep.fixed:
            told = sweep.fixed[name]
            raise SweepError(f"{where}: also stands in [fixed] as {told!r}; keep one of the two")
        found[name] = parameter_values(where, grid_values(where, spec), parameter, sweep.dtype)
    return found


def _axes(sweep: Sweep, model: Model, values: Mapping[str, np.ndarray]) -> tuple[Axis, ...]:
    groups: dict[str, tuple[str, ...]] = {}
    for group in sweep.zip:
        where = f"{sweep.origin}: zip"
        if not isinstance(group, Sequence) or isinstance(group, str) or len(group) < 2:
            raise SweepError(f"{where}: {group!r} should be a list of two or more axes")
        for name in group:
            if not isinstance(name, str) or name not in values:
                raise SweepError(f"{where}: {name!r} is no axis{nearest(str(name), list(values))}")
            if name in groups:
                raise SweepError(f"{where}: {name!r} stands there twice")
            groups[name] = tuple(group)
        sizes = {name: len(values[name]) for name in group}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise SweepError(f"{where}: axes that vary together need equal lengths; {told} values")
    static = {choice.name for choice in model.choices}
    axes: dict[str, Axis] = {}
    for name in values:
        group = groups.get(name, (name,))
        kinds = {member in static for member in group}
        if len(kinds) > 1:
            raise SweepError(f"{sweep.origin}: zip: {list(group)} mixes a static choice with a number")
        dim = "_".join(member.replace(".", "_") for member in group) if len(group) > 1 else name
        axes.setdefault(dim, Axis(dim, {member: values[member] for member in group}, kinds.pop()))
    return tuple(axes.values())


def _sampled_axis(
    sweep: Sweep, model: Model, design: Design | None, drawn: Mapping[str, np.ndarray]
) -> tuple[Axis, ...]:
    """The axis of the design, the last one; none where nothing is sampled."""
    if design is None:
        return ()
    named = [*model.parameters, *model.choices, *model.dims, *model.all_outputs(path=True)]
    if DIM in [one.name for one in named]:
        raise SweepError(f"{sweep.origin}: design: model {model.name} has a {DIM!r} of its own; rename that")
    tops = {name: one.high for name, one in design.distributions.items() if one.kind == "integers"}
    return (Axis(DIM, drawn, group=design.group, tops=tops),)


def _fixed(
    sweep: Sweep, model: Model, labels: Mapping[str, tuple[str, ...]], axes: Mapping[str, np.ndarray]
) -> tuple[dict[str, str], dict[str, float | np.ndarray]]:
    choices = {choice.name: choice for choice in model.choices}
    names = [p.name for p in model.parameters]
    for name, value in sweep.fixed.items():
        where = f"{sweep.origin}: fixed.{name}"
        if name in choices:
            _require_option(where, value, choices[name].options)
            if name in axes:
                raise SweepError(f"{where}: also stands in [axes]; keep one of the two")
        elif name not in names:
            known = nearest(name, names + list(choices))
            raise SweepError(f"{where}: model {model.name} has no parameter {name!r}{known}")
    chosen = {
        choice.name: str(sweep.fixed.get(choice.name, choice.default))
        for choice in model.choices
        if choice.name not in axes
    }
    fixed: dict[str, float | np.ndarray] = {}
    for parameter in model.parameters:
        if parameter.dim is not None:
            check = partial(parameter_values, parameter=parameter, dtype=sweep.dtype)
            fixed[parameter.name] = vector_values(sweep, model, parameter, labels[parameter.dim], check)
        elif parameter.name not in axes:
            where = f"{sweep.origin}: fixed.{parameter.name}"
            value = sweep.fixed.get(parameter.name, parameter.default)
            fixed[parameter.name] = float(parameter_values(where, [value], parameter, sweep.dtype)[0])
    return chosen, fixed


def _outputs(sweep: Sweep, model: Model, path: bool) -> tuple[str, ...]:
    known = [output.name for output in model.all_outputs(path)]
    for name in sweep.outputs:
        if name not in known:
            hint = nearest(str(name), known)
            if name in [output.name for output in model.all_outputs(path=True)]:
                raise SweepError(f"{sweep.origin}: outputs: {name!r} is saved along times; add times = [...]")
            raise SweepError(f"{sweep.origin}: outputs: model {model.name} has no output {name!r}{hint}")
        if list(sweep.outputs).count(name) > 1:
            raise SweepError(f"{sweep.origin}: outputs: {name!r} stands there twice")
    return tuple(sweep.outputs) or tuple(known)


def _derivatives(
    sweep: Sweep, model: Model, labels: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, str], ...]:
    known = [output.name for output in model.all_outputs(path=bool(sweep.times))]
    pairs = []
    for name, targets in sweep.derivatives.items():
        where = f"{sweep.origin}: derivatives.{name}"
        if name not in known:
            raise SweepError(f"{where}: model {model.name} has no output {name!r}{nearest(name, known)}")
        if model.output(name).kind != "real":
            raise SweepError(f"{where}: {name} counts or classifies and has no derivative")
        if isinstance(targets, str) or not isinstance(targets, Sequence):
            raise SweepError(f"{where}: {targets!r} should be a list of parameters")
        for target in targets:
            if not isinstance(target, str):
                raise SweepError(f"{where}: {target!r} is no parameter name")
            if target in [choice.name for choice in model.choices]:
                raise SweepError(f"{where}: {target} is a static choice; derivatives need a number")
            if target_parameter(where, target, model, labels).integer:
                raise SweepError(f"{where}: {target} is a whole number; derivatives need a continuous one")
            if (name, target) in pairs:
                raise SweepError(f"{where}: {target!r} stands there twice")
            pairs.append((name, target))
    taken = [*known, *(derivative_name(*pair) for pair in pairs)]
    for pair in pairs:
        if taken.count(derivative_name(*pair)) > 1:
            raise SweepError(
                f"{sweep.origin}: derivatives: two variables would be {derivative_name(*pair)!r}"
            )
    return tuple(pairs)


def _require_option(where: str, value: Any, options: tuple[str, ...]) -> None:
    if value not in options:
        raise SweepError(f"{where}: {value!r} is no option{nearest(str(value), list(options))}")
