"""The frame of a picture: its panels, their labels, the title above and the note below."""

from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels
from .view import Direction, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart by colour-blind readers too. Yellow and black come last.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a8a")
NUMBERS = "viridis"
NOTE_SIZE = 8
_MOST_TICKS = 10


def panels(count: int, share_values: bool = True, height: float = 3.7) -> tuple["Figure", list["Axes"]]:
    """A figure with `count` panels, and the panels in reading order; `height` is one panel's in inches."""
    from matplotlib.figure import Figure

    columns = count if count <= 3 else 2 if count == 4 else 3
    rows = -(-count // columns)
    width = 5.6 if columns == 1 else 4.4 if columns == 2 else 3.4
    height *= 0.85 if columns == 3 else 1.1 if columns == 1 else 1.0
    figure = Figure(figsize=(width * columns + 0.8, height * rows + 0.7), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=share_values)
    for panel in grid.flat[count:]:
        panel.remove()
    used = list(grid.flat[:count])
    for i, panel in enumerate(used):
        if i + columns >= count:  # nothing stands below it
            panel.tick_params(labelbottom=True)
    return figure, used


def lowest(used: list["Axes"]) -> list["Axes"]:
    """The panels with none below them: they carry the label of the axis to the right."""
    columns = _columns(used)
    return [panel for i, panel in enumerate(used) if i + columns >= len(used)]


def leftmost(used: list["Axes"]) -> list["Axes"]:
    """The first panel of every row: they carry the label of the axis upwards."""
    return used[:: _columns(used)]


def hatch(panel: "Axes") -> None:
    """Grey and hatched wherever nothing is drawn: the look of a point without a result."""
    panel.set_facecolor("0.88")
    panel.patch.set(hatch="////", edgecolor="0.6", linewidth=0)


def set_axis(axis: Any, way: Direction) -> None:
    """Scale and ticks of a matplotlib axis: names of choices, few integers, or numbers."""
    from matplotlib.ticker import NullLocator

    if way.named:
        axis.set_ticks(way.positions, [str(value).replace("_", " ") for value in way.values])
        if axis.axis_name == "x" and max(len(str(value)) for value in way.values) > 8:
            axis.set_tick_params(rotation=25)
            for text in axis.get_ticklabels():
                text.set(horizontalalignment="right", rotation_mode="anchor")
    elif way.values.dtype.kind in "iu" and len(way.values) <= _MOST_TICKS:
        if way.log:
            getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
        axis.set_ticks(way.positions, [str(value) for value in way.values])
        axis.set_minor_locator(NullLocator())
    elif way.log:
        getattr(axis.axes, f"set_{axis.axis_name}scale")("log")


def label_panels(used: list["Axes"], titles: list[str], x: str, y: str) -> None:
    """Titles of panels, and the axes' labels where they are needed."""
    for panel, title in zip(used, titles, strict=True):
        if title:
            panel.set_title(title, fontsize=11)
    for panel in lowest(used):
        panel.set_xlabel(x)
    for panel in leftmost(used):
        panel.set_ylabel(y)


def legend(figure: "Figure", handles: list[Any], **options: Any) -> None:
    """A legend beside the panels; the figure grows by its width, so that the panels keep theirs."""
    if handles:
        made = figure.legend(
            handles=handles, loc="outside right center", frameon=False, fontsize=9, **options
        )
        figure.set_figwidth(figure.get_figwidth() + made.get_window_extent().width / figure.dpi)


def headline(figure: "Figure", title: str, where: str, note: str, before: str = "") -> None:
    """Title with what was selected above all panels, and the note on what is missing below them."""
    width = figure.get_figwidth()
    parts = [before and f"{before}:", labels.plain(title), f"({where})" if where else ""]
    figure.suptitle(labels.fit("  ".join(filter(None, parts)), width), fontsize=10)
    if note:
        text = labels.fit(note, width, small=True)
        figure.supxlabel(text, x=0.02, ha="left", fontsize=NOTE_SIZE, color="0.25")


def edges(way: Direction) -> np.ndarray:
    """Borders of the cells around an axis' values: halfway between them, on its own scale."""
    positions = np.log(way.positions) if way.log else way.positions
    if len(positions) == 1:
        half = np.array([0.5 * abs(positions[0]) or 0.5])
        ends = np.concatenate([positions - half, positions + half])
    else:
        middle = (positions[:-1] + positions[1:]) / 2
        ends = np.concatenate([[2 * positions[0] - middle[0]], middle, [2 * positions[-1] - middle[-1]]])
    return np.exp(ends) if way.log else ends


def colour_scale(view: View) -> tuple[Any, np.ndarray]:
    """How the numbers of all panels become colours, and the finite numbers: (norm, values)."""
    from matplotlib.colors import BoundaryNorm, LogNorm, Normalize

    layer = view.layers[0]
    values = layer.values.compressed()
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu" and high - low < 12 and "color" not in view.log:
        return BoundaryNorm(np.arange(low, high + 2) - 0.5, 256), values
    if low == high:
        high = low + (abs(low) * 1e-3 or 1e-3)
    return (LogNorm if "color" in view.log else Normalize)(float(low), float(high)), values


def colour_bar(figure: "Figure", used: list["Axes"], mappable: Any, label: str, norm: Any) -> Any:
    """One colour bar for all panels; integers have a tick each."""
    bar = figure.colorbar(mappable, ax=used, label=label, pad=0.02, aspect=25)
    boundaries = getattr(norm, "boundaries", None)
    if boundaries is not None:
        bar.set_ticks(boundaries[:-1] + 0.5)
        bar.ax.minorticks_off()
    return bar


def _columns(used: list["Axes"]) -> int:
    grid = used[0].get_gridspec()
    assert grid is not None
    return grid.ncols
