"""Scatter plots of points that lie on no grid: the output as colour over two inputs, or over one input."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from . import frame, labels
from .classes import colours_of
from .direction import FACETS, Direction, direction
from .layer import layer_of
from .look.bands import Colours, scale
from .view import MOST_DRAWN, MOST_NAMED, View, ordinal, require_cube, require_few_panels, require_result

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from .look.style import Style

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
_LOST = {"marker": "x", "color": "0.5", "linestyle": "none", "markersize": 4, "markeredgewidth": 0.9}
# More points than these are a picture in a PDF or SVG, too.
_CROWD = 3000


def look_points(
    dataset: "xr.Dataset", name: str, axes: Mapping[str, str | None], facets: Sequence[str],
    log: frozenset[str], keep: frozenset[str], style: "Style",
) -> View:  # fmt: skip
    """Check and load what a scatter plot shows of a variable.

    `axes` are x, y and hue to names of coordinates or None: y lies along the dimension of x and then the
    variable is colour; hue lies along it, too, and is colour, or along another and is a mark for each value.
    The rest is as of `view.look`, and so is what is raised.
    """
    require_cube(dataset, [name], keep)
    wanted = {**dict(zip(FACETS[2 - len(facets) :], facets, strict=True)), **axes}
    asked = {dim for one in wanted.values() if one in dataset.coords for dim in dataset[one].dims}
    single = [dim for dim in dataset[name].dims if dataset.sizes[dim] == 1 and dim not in asked]
    dataset = dataset.isel(dict.fromkeys(single, 0))
    ways = {o: direction(dataset, name, o, one, log) for o, one in wanted.items() if one}
    x, y, hue = ways["x"], ways.get("y"), ways.get("hue")
    panels = tuple(ways[one] for one in FACETS if one in ways)
    along = hue is not None and hue.dim == x.dim
    _require_places(x, y, [way for way in (*panels, None if along else hue) if way])
    group = None if along else hue
    if group and len(group.values) > MOST_NAMED:
        many = f" has {len(group.values):,} values, and a legend holds {MOST_NAMED}; select some of them"
        raise SweepError("plot: ", Argument("hue", group.name), many)
    drawn = [way.dim for way in (*panels, group, x) if way]
    left = [str(dim) for dim in dataset[name].dims if dim not in drawn]
    if left:
        advice = f"plot: {name} still varies over {', '.join(left)}; select one value, or name it as "
        raise SweepError(advice, Argument("facet"))
    require_few_panels(panels)
    step = -(-len(x.values) // max(MOST_DRAWN["scatter"] // (len(group.values) if group else 1), 1))
    note = f"Drawn: every {step}{ordinal(step)} of {len(x.values):,} points." if step > 1 else ""
    thinner = dataset.isel({x.dim: slice(None, None, step)})
    x, y, colour = (_every(way, step) for way in (x, y, hue if along else None))
    assert x is not None
    shape = (-1, len(group.values) if group else 1, len(x.values))
    layer = layer_of(thinner, name, drawn, shape, keep, ("color" if y else "y") in log)
    require_result([layer])
    title, selected = str(dataset.attrs.get("title", "")), labels.selected(dataset)
    return View(
        "scatter", (layer,), x, group, panels, title, selected, log, (note,) if note else (), style, y, colour
    )  # fmt: skip


def _every(way: Direction | None, step: int) -> Direction | None:
    return way and Direction(way.name, way.dim, way.values[::step], way.array, way.log)


def _require_places(x: Direction, y: Direction | None, others: Sequence[Direction]) -> None:
    if y is not None and y.dim != x.dim:
        wrong = f": {y.name} does not vary together with {x.name}, and a scatter plot draws what does; "
        raise SweepError("plot: ", Argument("y", y.name), wrong, "use ", Argument("kind", "heat"))
    for i, way in enumerate(others):
        if way.dim in (x.dim, *[other.dim for other in others[:i]]):
            raise SweepError(f"plot: {way.name} and {x.name}: these should be different axes")


def draw_scatter(view: View, _line: str | None = None) -> "Figure":
    """A figure of points: in the plane of two inputs, coloured by the output, or the output over an input.

    Of a plane, points without a result are grey crosses; the note counts them in either.
    """
    (layer,) = view.layers
    sheet = frame.sheet_of(len(view.panels), view.style, view.columns)
    colours = _colours(view)
    looks = _class_looks(view) if layer.classes else {}
    for panel, part in zip(sheet.used, layer.values, strict=True):
        frame.set_axis(panel.xaxis, view.x)
        panel.grid(color="0.9", linewidth=0.6)
        panel.set_axisbelow(True)
        if view.up is not None:
            frame.set_axis(panel.yaxis, view.up)
            _draw_plane(panel, view, part[0], colours, looks)
        else:
            if "y" in view.log:
                panel.set_yscale("log")
            _draw_outputs(panel, view, part, colours)
            if view.style.ranged:
                panel.set_ylim(*view.style.ends(*panel.get_ylim()))
    up = view.up.label if view.up else layer.label
    sheet.label(view.titles, view.x.label, up, view.rows)
    if colours is not None:
        label = view.colour.label if view.colour else layer.label
        sheet.colour_bar(colours.mappable, label, colours.ticks, extend=colours.extend)
    sheet.legend(_handles(view, looks))
    before = layer.label if layer.classes else ""
    missing = "grey crosses" if view.up else "not drawn"
    return sheet.finish(view.title, view.where, view.note(missing), before=before)


def _colours(view: View) -> Colours | None:
    """The scale of what is colour: the output, or an input along the points; None where nothing is."""
    (layer,) = view.layers
    log = "color" in view.log
    if view.up is not None:
        return None if layer.classes else scale(layer.values.compressed(), view.style, log)
    return None if view.colour is None else scale(view.colour.positions, view.style.without_range(), log)


def _class_looks(view: View) -> dict[int, tuple[str, str]]:
    (layer,) = view.layers
    colours = colours_of(layer.classes, layer.values)
    return {
        number: (colour, _MARKERS[i % len(_MARKERS)]) for i, (number, colour) in enumerate(colours.items())
    }


def _draw_plane(
    panel: Any, view: View, values: np.ma.MaskedArray, colours: Colours | None, looks: dict[int, Any]
) -> None:
    assert view.up is not None
    x, y, lost = view.x.positions, view.up.positions, np.ma.getmaskarray(values)
    look = _points(values.size)
    if lost.any():
        panel.plot(x[lost], y[lost], **_LOST, rasterized=look["rasterized"])
    if colours is not None:
        there = ~lost
        panel.scatter(x[there], y[there], c=values.data[there], norm=colours.norm, cmap=colours.cmap, **look)
    for number, (colour, marker) in looks.items():
        there = (values == number).filled(False)
        panel.scatter(x[there], y[there], color=colour, marker=marker, **look)


def _draw_outputs(panel: Any, view: View, part: np.ma.MaskedArray, colours: Colours | None) -> None:
    look = _points(part.size)
    for i, values in enumerate(part):
        there = ~np.ma.getmaskarray(values)
        x, y = view.x.positions[there], values.data[there]
        if colours is not None:
            assert view.colour is not None
            shade = view.colour.positions[there]
            panel.scatter(x, y, c=shade, norm=colours.norm, cmap=colours.cmap, **look)
        else:
            colour = frame.COLOURS[i % len(frame.COLOURS)]
            panel.scatter(x, y, color=colour, marker=_MARKERS[i % len(_MARKERS)], **look)


def _points(count: int) -> dict[str, Any]:
    """Smaller the more there are; with a rim that shows the palest on white."""
    size = float(np.clip(9000 / max(count, 1), 4, 26))
    rim = 0.3 if size > 5 else 0.0
    return {"s": size, "linewidths": rim, "edgecolors": "0.25", "rasterized": count > _CROWD}


def _handles(view: View, looks: dict[int, tuple[str, str]]) -> list[Any]:
    from matplotlib.lines import Line2D

    def entry(colour: str, marker: str, text: str) -> Any:
        rim = {"markeredgecolor": "0.25", "markeredgewidth": 0.4}
        return Line2D([], [], linestyle="none", color=colour, marker=marker, markersize=6, label=text, **rim)

    (layer,) = view.layers
    entries = [entry(c, m, labels.spoken(layer.classes[number])) for number, (c, m) in looks.items()]
    if view.second is not None and view.colour is None and view.up is None:
        entries = [
            entry(frame.COLOURS[i % len(frame.COLOURS)], _MARKERS[i % len(_MARKERS)], view.second.setting(i))
            for i in range(len(view.second.values))
        ]
    if view.up is not None and np.ma.getmaskarray(layer.values).any():
        entries.append(Line2D([], [], **_LOST, label="no result"))
    return entries
