"""From a cube back to the motion it was computed from: its model, and the parameters of a scenario."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....engine.errors import SweepError
from ...spec.sweep import Sweep
from ...text import nearest

if TYPE_CHECKING:
    import xarray as xr

    from ....engine.space import Space


def space_of(dataset: "xr.Dataset", model: str | None) -> "Space":
    """The space of the sweep that made this cube.

    A model of the user's own is code outside the cube: it is loaded, and so runs, only where `model`
    says where it lies, and is refused where it is not the file that the cube was swept with. Raises
    SweepError where it is not, or where the model has no motion that a portrait could show.
    """
    table = _sweep_table(dataset)
    stated = str(table["model"])
    name = stated.rpartition(":")[2]
    own = ":" in stated
    if own and model is None:
        raise SweepError(
            f"plot: --kind phase: the model {stated} is your own code, and no part of the cube; "
            f"say where it lies, and it will run: --model path/to/{Path(stated).name}"
        )
    if not own and model is not None:
        raise SweepError(
            f"plot: --model {model}: this cube's model {stated} ships with equisweep; leave it out"
        )
    if own:
        table = {**table, "model": model}
    space = Sweep.from_table(table, origin="plot", folder=Path()).space()
    told = json.loads(dataset.attrs.get("identity", "{}")).get("model file", "")
    if own and space.model_digest != told:
        raise SweepError(
            f"plot: --model {model}: is not the file that this cube was swept with ({name}; its text differs)"
        )
    if space.model.flow is None:
        raise SweepError(f"plot: --kind phase: the model {space.model.name} has no dynamics")
    if space.model.flow.motion is None:
        raise SweepError(f"plot: --kind phase: the field of {space.model.name} changes with time")
    return space


def scenario(space: "Space", point: "xr.Dataset") -> tuple[dict[str, Any], dict[str, str]]:
    """Parameters and static choices at one point of the grid, `point` having one value of every axis."""
    import jax.numpy as jnp

    p = {name: jnp.asarray(value, float) for name, value in space.fixed.items()}
    static = dict(space.choices)
    for axis in space.axes:
        for target in axis.values:
            value = point[target].item()
            name, _, component = target.partition(".")
            if axis.static:
                static[target] = str(value)
            elif component:
                dim = space.model.parameter(name).dim
                assert dim is not None
                p[name] = p[name].at[space.labels[dim].index(component)].set(value)
            else:
                p[name] = jnp.asarray(value, float)
    return p, static


def facet_dim(dataset: "xr.Dataset", space: "Space", facet: str | None) -> str | None:
    """The grid's dimension that `facet` names; SweepError where there is none."""
    if facet is None:
        return None
    names = {target: axis.dim for axis in space.axes for target in axis.values}
    if facet not in names:
        raise SweepError(f"plot: --facet {facet}: no such axis{nearest(facet, list(names))}")
    if names[facet] not in dataset.dims:
        raise SweepError(f"plot: --facet {facet}: it has one value only, {dataset[facet].item()}")
    return names[facet]


def _sweep_table(dataset: "xr.Dataset") -> Mapping[str, Any]:
    text = str(dataset.attrs.get("sweep", ""))
    if not text:
        raise SweepError("plot: --kind phase: the cube does not hold its sweep (attribute 'sweep')")
    return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
