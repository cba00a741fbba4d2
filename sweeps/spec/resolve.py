"""Turn a stated sweep into a complete, checked space; every error names file, key and value."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.array_metadata import MOST_DIMS
from ...engine.gate.text import shown
from ...engine.space import Space, dim_labels
from ...engine.user_model.check import check_model
from ...kernels.model import Model
from .about import require_about
from .axes import axis_values, grid_axes, require_held, require_own_names, sampled_axis, zip_groups
from .checks import require_types
from .design import design_names, resolve_design
from .fixed import fixed_values
from .inputs import Inputs
from .integrator import (
    integrator_options,
    require_dynamics,
    require_fitting_tolerances,
    require_later_end,
    saved_times,
)
from .load_model import find_model
from .outputs import derivative_pairs, output_names
from .ranges import MOST_VALUES
from .sampling.parameters import Beside
from .vectors import component_labels

_MOST_POINTS = 2**44  # more than any disk holds


def resolve(table: Mapping[str, Any], origin: str, folder: Path) -> Space:
    """The space of a sweep, with every name, value and combination checked before any compute.

    Parameters
    ----------
    table
        A sweep as its file states it, with every key: what the file leaves out has its default.
    origin
        Where the table stands; every error begins with it.
    folder
        What the path of a model's own file is relative to.

    Raises
    ------
    SweepError
        Naming file, key and value.
    """
    require_types(origin, table)
    require_about(f"{origin}: about", table["about"])
    model, digest = find_model(f"{origin}: model", table["model"], folder)
    if table["dtype"] not in ("float64", "float32"):
        raise SweepError(f'{origin}: dtype: {shown(table["dtype"])} is neither "float64" nor "float32"')
    fixed, varied = table["fixed"], dict.fromkeys([*design_names(table["design"]), *table["axes"]])
    require_held(f"{origin}: axes", varied)
    drawn_as = dict[str, str]()
    if table["model"] == "network":
        from .networks.resolve import resolve_networks

        networks = resolve_networks(origin, table, list(varied), folder)
        model, fixed, drawn_as = networks.model, networks.fixed, networks.identity
    elif table["networks"]:
        raise SweepError(f"{origin}: networks: model {shown(table['model'])} has none; they are of network")
    labels = component_labels(f"{origin}: fixed", fixed, varied, model)
    inputs = Inputs(model, labels, table["dtype"])
    require_dynamics(origin, table["times"], table["integrator"], model)
    times = saved_times(f"{origin}: times", table["times"])
    integrator = integrator_options(f"{origin}: integrator", table["integrator"], model, table["dtype"])
    beside = Beside(table["axes"], fixed, inputs, folder)
    design, drawn = resolve_design(f"{origin}: design", table["design"], beside)
    groups = zip_groups(f"{origin}: zip", table["zip"], table["axes"])
    together = {name for group in groups.values() for name in group}
    _require_few(f"{origin}: axes", table["axes"], together)
    values = axis_values(f"{origin}: axes", table["axes"], fixed, inputs, together)
    taken = dict.fromkeys(values, "[axes]") | dict.fromkeys(drawn, "[design.parameters]")
    choices, fixed = fixed_values(f"{origin}: fixed", fixed, inputs, taken)
    outputs = output_names(f"{origin}: outputs", table["outputs"], model, bool(times))
    axes = grid_axes(f"{origin}: zip", groups, values, model)
    space = Space(
        model=model,
        axes=axes + sampled_axis(f"{origin}: design", design, drawn, model),
        fixed=fixed,
        choices=choices,
        labels=_labels(f"{origin}: model {table['model']}", model, labels)
        | ({"time": times} if times else {}),
        outputs=outputs,
        derivatives=derivative_pairs(f"{origin}: derivatives", table["derivatives"], inputs, bool(times)),
        dtype=np.dtype(table["dtype"]),
        times=times,
        integrator=integrator,
        model_digest=digest,
        design=design.text() if design else {},
        networks=drawn_as,
    )
    require_own_names(f"{origin}: axes", space.axes, [variable.name for variable in space.variables])
    _require_size(f"{origin}: axes", space)
    require_later_end(f"{origin}: integrator", space)
    if digest:
        check_model(f"{origin}: model {table['model']}", space)
    require_fitting_tolerances(f"{origin}: integrator", space)
    return space


def _labels(where: str, model: Model, by_component: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Labels of each dimension of a model; SweepError, beginning with `where`, for one that has none."""
    try:
        return {dim.name: dim_labels(dim, by_component) for dim in model.dims}
    except SweepError as error:
        raise SweepError(f"{where}: {error}") from None


def _require_few(where: str, axes: Mapping[str, Any], together: Collection[str]) -> None:
    """Refuse a grid by the sizes that its ranges state, before their values are computed."""
    points = 1
    for name, spec in axes.items():
        size = spec.get("num") if isinstance(spec, Mapping) else 1
        if name not in together and type(size) is int and 0 < size <= MOST_VALUES:
            points *= size
    if points > _MOST_POINTS:
        raise SweepError(f"{where}: {points:.3g} points are more than any disk holds")


def _require_size(where: str, space: Space) -> None:
    if not space.axes:
        raise SweepError(f"{where}: there are none; give at least one, if only of one value")
    if space.points > _MOST_POINTS:
        raise SweepError(f"{where}: {space.points:.3g} points are more than any disk holds")
    dims = len(space.dims) + max(len(variable.inner_dims) for variable in space.variables)
    if dims > MOST_DIMS:
        advice = "let axes vary together, with zip"
        raise SweepError(f"{where}: {dims} dimensions; a cube has at most {MOST_DIMS}: {advice}")
