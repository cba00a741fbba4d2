"""Contours: filled bands of a number over two axes, with labelled lines between them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from . import frame
from .classes import draw_line, line_legend
from .view import Direction, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BANDS = 9


def draw_contour(view: View, line: str | None = None) -> "Figure":
    """A figure with filled contours and labelled lines, the same levels in all panels.

    A cell with a corner that has no result stays hatched grey. `line` draws where both axes are equal.
    Raises SweepError where an axis has names, or a single value.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm

    assert view.second is not None
    _require_numbers(view.x, view.second)
    (layer,) = view.layers
    levels = _levels(layer.values.compressed(), "color" in view.log)
    figure, used = frame.panels(len(view.panels))
    colours: Any = {"cmap": frame.NUMBERS, "norm": BoundaryNorm(levels, 256)}
    for panel, part in zip(used, layer.values, strict=True):
        frame.hatch(panel)
        frame.set_axis(panel.xaxis, view.x)
        frame.set_axis(panel.yaxis, view.second)
        if part.count() == 0:
            continue
        _draw_bands(panel, view.x.positions, view.second.positions, part, levels, colours)
        if line:
            draw_line(panel, view.x.positions, view.second.positions)
        panel.set(xlim=view.x.positions[[0, -1]], ylim=view.second.positions[[0, -1]])
    frame.label_panels(used, view.panels, view.x.label, view.second.label)
    bar = frame.colour_bar(figure, used, ScalarMappable(**colours), layer.label, None)
    bar.set_ticks(levels, labels=[f"{level:g}" for level in levels])
    bar.ax.minorticks_off()
    if line:
        line_legend(figure, line)
    frame.headline(figure, view.title, view.where, view.note("hatched grey, with the cells around them"))
    _drop_cut_labels(figure, used)
    return figure


def _require_numbers(x: Direction, y: Direction) -> None:
    """Refuse axes of names, and of a single value: there are no lines between those."""
    contour, heat = Argument("kind", "contour"), Argument("kind", "heat")
    for option, way in (("x", x), ("y", y)):
        if way.named:
            raise SweepError("plot: ", contour, ": ", Argument(option, way.name), " has names; use ", heat)
        if len(way.values) < 2:
            single = " has one value; contours need two"
            raise SweepError("plot: ", contour, ": ", Argument(option, way.name), single)


def _draw_bands(
    panel: "Axes", x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, levels: np.ndarray, colours: Any
) -> None:
    """Filled bands between the levels, and a labelled line at each level that the values pass."""
    panel.contourf(x, y, values, levels=levels, extend="neither", **colours)
    inside = levels[(levels > values.min()) & (levels < values.max())]
    if inside.size:
        lines = panel.contour(x, y, values, levels=inside, colors="black", linewidths=0.6)
        for text in panel.clabel(lines, fontsize=7, fmt=lambda number: f"{number:g}"):
            text.set_bbox({"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6})


def _drop_cut_labels(figure: Any, used: list[Any]) -> None:
    """Remove labels of lines that reach over the edge of their panel, which would cut them."""
    figure.draw_without_rendering()
    for panel in used:
        frame_box = panel.get_window_extent()
        for text in list(panel.texts):
            box = text.get_window_extent()
            if not (frame_box.contains(box.x0, box.y0) and frame_box.contains(box.x1, box.y1)):
                text.remove()


def _levels(values: np.ndarray, log: bool) -> np.ndarray:
    """Round numbers that hold all values between them."""
    from matplotlib.ticker import MaxNLocator

    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = abs(low) * 1e-3 or 1e-3
        return np.array([low - half, low + half])
    if not log:
        return np.asarray(MaxNLocator(_BANDS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    ends = np.floor(np.log10(low)), np.ceil(np.log10(high))
    factors = (1, 2, 5) if ends[1] - ends[0] <= 3 else (1,)
    step = max(1, int((ends[1] - ends[0]) // 12))
    every = [k * 10.0**e for e in np.arange(ends[0], ends[1] + step, step) for k in factors]
    levels = np.array([level for level in every if level <= 10 ** ends[1] * (1 if step == 1 else 10**step)])
    first = max(int(np.searchsorted(levels, low, "right")) - 1, 0)
    last = min(int(np.searchsorted(levels, high, "left")) + 1, len(levels))
    return levels[first:last]
