"""What a scatter plot shows: points along one dimension of a cube, at their inputs or at their outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.classes import classes_of
from ..spec.sampling.points import DIM
from . import labels
from .direction import FACETS, Direction, argument_of, direction
from .kinds import is_output
from .layer import Beside, layer_of
from .view import MOST_DRAWN, MOST_NAMED, View, ordinal, require_cube, require_few_panels, require_result

if TYPE_CHECKING:
    import xarray as xr

    from .look.style import Style

Ways = dict[str, Direction]


def look_points(
    dataset: "xr.Dataset", name: str, axes: Mapping[str, str | None], facets: Sequence[str],
    log: frozenset[str], keep: frozenset[str], style: "Style",
    most: Mapping[str, int] | None = None, empty: bool = False,
) -> View:  # fmt: skip
    """Check and load what a scatter plot shows of a variable.

    `axes` are x, y and hue to names of coordinates or outputs, or None: y lies along the dimension of x and
    then the variable is colour; hue lies along it, too, and is colour, or along another and is a mark for
    each value. Outputs lie along the dimension of the points: ``sample``, or the only one that is left.
    The rest is as of `view.look`, and so is what is raised.
    """
    require_cube(dataset, [name], keep)
    wanted = {**dict(zip(FACETS[2 - len(facets) :], facets, strict=True)), **axes}
    asked = {dim for one in wanted.values() if one in dataset.coords for dim in dataset[one].dims}
    single = [dim for dim in dataset[name].dims if dataset.sizes[dim] == 1 and dim not in asked]
    dataset = dataset.isel(dict.fromkeys(single, 0))
    ways = _ways(dataset, name, wanted, log)
    x, y, hue = ways["x"], ways.get("y"), ways.get("hue")
    panels = tuple(ways[one] for one in FACETS if one in ways)
    along = hue is not None and hue.dim == x.dim
    _require_own_axes(x, y, [way for way in (*panels, None if along else hue) if way])
    group = None if along else hue
    if group and len(group.values) > MOST_NAMED:
        many = f" has {len(group.values):,} values, and a legend holds {MOST_NAMED}; select some of them"
        raise SweepError("plot: ", Argument("hue", group.name), many)
    order = [way.dim for way in (*panels, group, x) if way]
    for one in (name, *(way.name for way in (x, y, hue) if way and is_output(dataset, way.name))):
        _require_drawn(dataset[one], order)
    require_few_panels(panels)
    limit = (most or {}).get("x", MOST_DRAWN["scatter"])
    step = -(-len(x.values) // max(limit // (len(group.values) if group else 1), 1))
    note = f"Drawn: every {step}{ordinal(step)} of {len(x.values):,} points." if step > 1 else ""
    thinner = dataset.isel({x.dim: slice(None, None, step)})
    shape = (-1, len(group.values) if group else 1, len(x.values[::step]))
    x, y, colour = (
        way and _placed(thinner, name, way, order, shape, step) for way in (x, y, hue if along else None)
    )
    assert x is not None
    beside = [Beside(w.array, w.table, w.log) for w in (x, y, colour) if w and w.table is not None]
    layer = layer_of(thinner, name, order, shape, keep, ("color" if y else "y") in log, beside)
    if not empty:
        require_result([layer])
    title, selected = str(dataset.attrs.get("title", "")), labels.selected(dataset)
    return View(
        "scatter", (layer,), x, group, panels, title, selected, log, (note,) if note else (), style, y, colour
    )  # fmt: skip


def _ways(dataset: "xr.Dataset", name: str, wanted: Mapping[str, str | None], log: frozenset[str]) -> Ways:
    """The direction of each option: axes of the cube first, along which points lie that stand at outputs."""
    outputs = {o: one for o, one in wanted.items() if o not in FACETS and one and is_output(dataset, one)}
    ways = {o: direction(dataset, name, o, one, log) for o, one in wanted.items() if one and o not in outputs}
    for option, one in outputs.items():
        here, array = Argument(argument_of(option), one), dataset[one]
        if one == name:
            raise SweepError("plot: ", here, ": is what is drawn itself; name another output, or an input")
        if classes_of(array):
            raise SweepError("plot: ", here, f": {one} holds classes, and points stand at numbers")
        dim = _dim_of_points(dataset[name], ways)
        scale = "color" if option == "hue" else option
        ways[option] = Direction(one, dim, np.arange(dataset.sizes[dim]), array, scale in log)
    return {option: ways[option] for option, one in wanted.items() if one}


def _dim_of_points(array: "xr.DataArray", ways: Ways) -> str:
    """The dimension of points that stand at outputs."""
    for option in ("x", "y"):
        if option in ways:
            return ways[option].dim
    left = [str(dim) for dim in array.dims if dim not in [ways[one].dim for one in FACETS if one in ways]]
    if DIM in left:
        return DIM
    if len(left) > 1 and "hue" in ways and ways["hue"].dim in left:
        left.remove(ways["hue"].dim)
    if len(left) != 1:
        raise _still_varies(array, left)
    return left[0]


def _placed(
    dataset: "xr.Dataset", name: str, way: Direction, order: list[str], shape: tuple[int, ...], step: int
) -> Direction:
    """A direction of every `step`-th point, with the values of an output loaded."""
    thinner = replace(way, values=way.values[::step], at=np.arange(len(way.values))[::step])
    if not is_output(dataset, way.name):
        return thinner
    array = dataset[way.name].load()
    values = array.broadcast_like(dataset[name]).transpose(*order).values.reshape(shape)
    return replace(thinner, table=values.astype(float) if values.dtype.kind in "iu" else values)


def _require_drawn(array: "xr.DataArray", drawn: Sequence[str]) -> None:
    left = [str(dim) for dim in array.dims if dim not in drawn]
    if left:
        raise _still_varies(array, left)


def _still_varies(array: "xr.DataArray", left: Sequence[str]) -> SweepError:
    advice = f"plot: {array.name} still varies over {', '.join(left)}; select one value, or name it as "
    return SweepError(advice, Argument("facet"))


def _require_own_axes(x: Direction, y: Direction | None, others: Sequence[Direction]) -> None:
    if y is not None and y.dim != x.dim:
        wrong = f": {y.name} does not vary together with {x.name}, and a scatter plot draws what does; "
        raise SweepError("plot: ", Argument("y", y.name), wrong, "use ", Argument("kind", "heat"))
    for i, way in enumerate(others):
        if way.dim in (x.dim, *[other.dim for other in others[:i]]):
            raise SweepError(f"plot: {way.name} and {x.name}: these should be different axes")
