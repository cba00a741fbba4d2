"""Contours: filled bands of a number over two axes, with labelled lines between them."""

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from . import frame
from .classes import draw_line, line_legend
from .look.bands import Colours, bands
from .look.numbers import number_texts
from .view import Direction, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_contour(view: View, line: str | None = None) -> "Figure":
    """A figure with filled contours and labelled lines, the same levels in all panels.

    A cell with a corner that has no result stays hatched grey. `line` draws where both axes are equal.
    Raises SweepError where an axis has names, or a single value.
    """
    assert view.second is not None
    require_numbers(view.x, view.second)
    (layer,) = view.layers
    colours = bands(layer.values.compressed(), view.style, "color" in view.log)
    sheet = frame.sheet_of(len(view.panels), view.style, view.columns)
    for panel, part in zip(sheet.used, layer.values, strict=True):
        frame.hatch(panel)
        frame.set_axis(panel.xaxis, view.x)
        frame.set_axis(panel.yaxis, view.second)
        if part.count() == 0:
            continue
        _draw_bands(panel, view.x.positions, view.second.positions, part, colours)
        if line:
            draw_line(panel, view.x.positions, view.second.positions)
        panel.set(xlim=view.x.positions[[0, -1]], ylim=view.second.positions[[0, -1]])
    sheet.label(view.titles, view.x.label, view.second.label, view.rows)
    sheet.colour_bar(colours.mappable, layer.label, colours.ticks)
    if line:
        line_legend(sheet, line)
    note = view.note("hatched grey, with the cells around them")
    figure = sheet.finish(view.title, view.where, note)
    _drop_cut_labels(sheet.used)
    return figure


def require_numbers(x: Direction, y: Direction) -> None:
    """Refuse axes of names, and of a single value: there are no lines between those."""
    contour, heat = Argument("kind", "contour"), Argument("kind", "heat")
    for option, way in (("x", x), ("y", y)):
        if way.named:
            raise SweepError("plot: ", contour, ": ", Argument(option, way.name), " has names; use ", heat)
        if len(way.values) < 2:
            single = " has one value; contours need two"
            raise SweepError("plot: ", contour, ": ", Argument(option, way.name), single)


def _draw_bands(
    panel: "Axes", x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, colours: Colours
) -> None:
    """Filled bands between the levels, and a labelled line at each level that the values pass."""
    assert colours.edges is not None
    assert colours.ticks is not None
    panel.contourf(x, y, values, levels=colours.edges, extend="neither", norm=colours.norm, cmap=colours.cmap)
    levels = colours.ticks
    inside = levels[(levels > values.min()) & (levels < values.max())]
    if inside.size:
        lines = panel.contour(x, y, values, levels=inside, colors="black", linewidths=0.6)
        texts = dict(zip(levels.tolist(), number_texts(levels), strict=True))
        for text in panel.clabel(lines, fontsize=7, fmt=lambda number: texts[float(number)]):
            text.set_bbox({"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6})


def _drop_cut_labels(used: "list[Axes]") -> None:
    """Remove labels of lines that reach over the edge of their panel, which would cut them."""
    for panel in used:
        frame_box = panel.get_window_extent()
        for text in list(panel.texts):
            if text.get_bbox_patch() is None:  # the name of a row, beside its panel
                continue
            box = text.get_window_extent()
            if not (frame_box.contains(box.x0, box.y0) and frame_box.contains(box.x1, box.y1)):
                text.remove()
