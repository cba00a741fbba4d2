"""Scatter plots of points that lie on no grid: an output as colour in a plane, or over an input or output."""

from typing import TYPE_CHECKING, Any

import numpy as np

from . import frame, labels
from .classes import colours_of
from .look.bands import Colours, scale
from .view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
_LOST = {"marker": "x", "color": "0.5", "linestyle": "none", "markersize": 4, "markeredgewidth": 0.9}
# More points than these are a picture in a PDF or SVG, too.
_CROWD = 3000


def draw_scatter(view: View, _line: str | None = None) -> "Figure":
    """A figure of points: in a plane, coloured by the output, or the output over an input or another output.

    In a plane of inputs, points without a result are grey crosses; the note counts them everywhere.
    """
    (layer,) = view.layers
    sheet = frame.sheet_of(len(view.panels), view.style, view.columns)
    colours = _colours(view)
    looks = _class_looks(view) if layer.classes else {}
    for number, (panel, part) in enumerate(zip(sheet.used, layer.values, strict=True)):
        frame.set_axis(panel.xaxis, view.x)
        panel.grid(color="0.9", linewidth=0.6)
        panel.set_axisbelow(True)
        if view.up is not None:
            frame.set_axis(panel.yaxis, view.up)
            _draw_plane(panel, view, number, part[0], colours, looks)
        else:
            if "y" in view.log:
                panel.set_yscale("log")
            _draw_outputs(panel, view, number, part, colours)
            if view.style.ranged:
                panel.set_ylim(*view.style.ends(*panel.get_ylim()))
    up = view.up.label if view.up else layer.label
    sheet.label(view.titles, view.x.label, up, view.rows)
    if colours is not None:
        label = view.colour.label if view.colour else layer.label
        sheet.colour_bar(colours.mappable, label, colours.ticks, extend=colours.extend)
    sheet.legend(_handles(view, looks))
    before = layer.label if layer.classes else ""
    missing = "grey crosses" if _has_crosses(view) else "not drawn"
    return sheet.finish(view.title, view.where, view.note(missing), before=before)


def _has_crosses(view: View) -> bool:
    """Whether points without a result have a place: in the plane of two inputs."""
    return view.up is not None and view.up.table is None and view.x.table is None


def _colours(view: View) -> Colours | None:
    """The scale of what is colour: the output, or what lies along the points; None where nothing is."""
    (layer,) = view.layers
    log = "color" in view.log
    if view.up is not None:
        return None if layer.classes else scale(layer.values.compressed(), view.style, log)
    if view.colour is None:
        return None
    shades = view.colour.along(layer.values.shape)[~np.ma.getmaskarray(layer.values)]
    return scale(shades, view.style.without_range(), log)


def _class_looks(view: View) -> dict[int, tuple[str, str]]:
    (layer,) = view.layers
    colours = colours_of(layer.classes, layer.values)
    return {
        number: (colour, _MARKERS[i % len(_MARKERS)]) for i, (number, colour) in enumerate(colours.items())
    }


def _draw_plane(
    panel: Any, view: View, number: int, values: np.ma.MaskedArray, colours: Colours | None,
    looks: dict[int, Any],
) -> None:  # fmt: skip
    assert view.up is not None
    shape, lost = view.layers[0].values.shape, np.ma.getmaskarray(values)
    x, y = (way.along(shape)[number, 0] for way in (view.x, view.up))
    look = _points(values.size)
    if lost.any() and _has_crosses(view):
        panel.plot(x[lost], y[lost], **_LOST, rasterized=look["rasterized"])
    if colours is not None:
        there = ~lost
        panel.scatter(x[there], y[there], c=values.data[there], norm=colours.norm, cmap=colours.cmap, **look)
    for code, (colour, marker) in looks.items():
        there = (values == code).filled(False)
        panel.scatter(x[there], y[there], color=colour, marker=marker, **look)


def _draw_outputs(
    panel: Any, view: View, number: int, part: np.ma.MaskedArray, colours: Colours | None
) -> None:
    look, shape = _points(part.size), view.layers[0].values.shape
    positions = view.x.along(shape)[number]
    for i, values in enumerate(part):
        there = ~np.ma.getmaskarray(values)
        x, y = positions[i, there], values.data[there]
        if colours is not None:
            assert view.colour is not None
            shade = view.colour.along(shape)[number, i, there]
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
    if _has_crosses(view) and np.ma.getmaskarray(layer.values).any():
        entries.append(Line2D([], [], **_LOST, label="no result"))
    return entries
