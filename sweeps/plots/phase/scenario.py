"""From a cube back to the motion it was computed from: its model, and the parameters of a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....engine.errors import Argument, SweepError
from ...cube.source import own_model, space_of, sweep_of
from ...text import nearest
from .chart import PHASE

if TYPE_CHECKING:
    import xarray as xr

    from ....engine.space import Space


def space_with_motion(dataset: "xr.Dataset", model: str | None) -> "Space":
    """The space of the sweep that made this cube, whose model has a motion that a portrait can show.

    A model of the user's own is code outside the cube: it is loaded, and so runs, only where `model`
    says where it lies, and is refused where it is not the file that the cube was swept with. Raises
    SweepError where it is not, or where the model has no motion that a portrait could show, and CubeError
    where the cube was computed from another sweep than it holds.
    """
    if not dataset.attrs.get("sweep"):
        raise SweepError("plot: ", PHASE, ": the cube does not hold its sweep (attribute 'sweep')")
    own = own_model(dataset)
    if own and model is None:
        raise SweepError(
            "plot: ", PHASE, f": the model {own} is your own code, and no part of the cube; "
            "say where it lies, and it will run: ", Argument("model", f"path/to/{Path(own).name}"),
        )  # fmt: skip
    if model is not None and not own:
        ships = f": this cube's model {sweep_of(dataset).model} ships with equisweep; leave it out"
        raise SweepError("plot: ", Argument("model", model), ships)
    space = space_of(dataset, model=model, origin="plot")
    if space.model.flow is None:
        raise SweepError("plot: ", PHASE, f": the model {space.model.name} has no dynamics")
    if space.model.flow.motion is None:
        raise SweepError("plot: ", PHASE, f": the field of {space.model.name} changes with time")
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
        hint = nearest(facet, list(names))
        raise SweepError("plot: ", Argument("facet", facet), f": no such axis{hint}")
    if names[facet] not in dataset.dims:
        single = f": it has one value only, {dataset[facet].item()}"
        raise SweepError("plot: ", Argument("facet", facet), single)
    return names[facet]
