"""The sheet that a picture is drawn on: its panels, their labels, the title above and the note below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from . import labels
from .direction import Direction
from .look import numbers
from .look.style import Style
from .look.symbols import plain
from .look.ticks import settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart by colour-blind readers too. Yellow and black come last.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a8a")
NOTE_SIZE = 8
_MOST_TICKS = 10
# Inches of a panel by the number of columns, and how much of its height it then has.
_WIDTHS = {1: (5.6, 1.1), 2: (4.4, 1.0), 3: (3.4, 0.85)}
_NARROW = (2.7, 0.7)
# What stands above a legend below the panels until the note is known.
_NOTE = "note"
# Attributes of a coordinate that say where the domain of its parameter ends.
_DOMAIN = {"valid_min": -np.inf, "valid_max": np.inf}
# The share of a stated width that a legend may take.
_BESIDE = 0.3


@dataclass
class Sheet:
    """Panels to draw in, in reading order, in `columns`; `own` where the figure was made for them."""

    figure: "Figure"
    used: "list[Axes]"
    columns: int
    style: Style
    own: bool

    @property
    def lowest(self) -> "list[Axes]":
        """The panels with none below them: they carry the label of the axis to the right."""
        return [panel for i, panel in enumerate(self.used) if i + self.columns >= len(self.used)]

    @property
    def leftmost(self) -> "list[Axes]":
        """The first panel of every row: they carry the label of the axis upwards."""
        return self.used[:: self.columns]

    def label(self, titles: Sequence[str], x: str, y: str, rows: Sequence[str] = ()) -> None:
        """Titles of panels, and the axes' labels where they are needed.

        `rows`, where there are any, stand to the right of the last panel of each row; `titles` are then
        those of the columns.
        """
        style = self.style
        for panel, title in zip(self.used, titles, strict=False):
            if title:
                panel.set_title(title, fontsize=11 * self.scale)
        for text, panel in zip(rows, self.used[self.columns - 1 :: self.columns], strict=False):
            panel.annotate(
                text, (1, 0.5), xycoords="axes fraction", xytext=(7, 0), textcoords="offset points",
                rotation=270, ha="left", va="center", fontsize=11 * self.scale, annotation_clip=False,
            )  # fmt: skip
        for panel in self.lowest:
            panel.set_xlabel(x if style.xlabel is None else style.xlabel, fontsize=10 * self.scale)
        for panel in self.leftmost:
            panel.set_ylabel(y if style.ylabel is None else style.ylabel, fontsize=10 * self.scale)

    @property
    def scale(self) -> float:
        """How large letters are: smaller in a figure that is stated to be small."""
        size = self.style.figsize
        return 1.0 if size is None else float(np.clip(np.sqrt(size[0] * size[1] / 20), 0.65, 1.0))

    def legend(self, handles: list[Any], **options: Any) -> None:
        """A legend beside the panels, or below them where a stated width leaves too little beside.

        A figure of no stated size grows by it, so that the panels keep theirs.
        """
        if not handles:
            return
        options |= {"handles": handles, "fontsize": 9 * self.scale}
        if not self.own:
            self.used[-1].legend(**options | {"fontsize": 8})
            return
        made = self.figure.legend(loc="outside right center", frameon=False, **options)
        width, whole = made.get_window_extent().width / self.figure.dpi, self.figure.get_figwidth()
        if self.style.figsize is None:
            self.figure.set_figwidth(whole + width)
        elif width > _BESIDE * whole:
            made.remove()
            columns = int(np.clip(whole / width, 1, len(handles)))
            options |= {"ncols": columns, "title": _NOTE, "alignment": "left"}
            self.figure.legend(loc="outside lower center", frameon=False, **options)

    def colour_bar(self, mappable: Any, label: str, ticks: np.ndarray | None = None, **options: Any) -> Any:
        """One colour bar for all panels, with a tick at each of `ticks` or where they are round."""
        bar = self.figure.colorbar(mappable, ax=self.used, pad=0.02, aspect=25, **options)
        bar.set_label(label, fontsize=10 * self.scale)
        bar.ax.tick_params(labelsize=10 * self.scale)
        if ticks is not None:
            bar.set_ticks(list(ticks), labels=numbers.number_texts(np.asarray(ticks, float)))
            bar.ax.minorticks_off()
        return bar

    def finish(self, title: str, where: str, note: str, before: str = "") -> "Figure":
        """The figure, with its title, what was selected, what is missing, and ticks that can be read."""
        stated = self.style.title
        parts = [before and f"{before}:", plain(title), f"({where})" if where else ""]
        text = "  ".join(filter(None, parts)) if stated is None else stated
        if not self.own:
            _on_the_panel(self.used[-1 if len(self.used) > 1 else 0], stated, where, note)
        else:
            self._head_and_foot(text, note)
        settle(self.figure, self.used, self.own)
        return self.figure

    def _head_and_foot(self, title: str, note: str) -> None:
        """The title above all panels and the note below them, at the head of a legend that stands there."""
        width = self.figure.get_figwidth() / self.scale
        for legend in self.figure.legends if not note else ():
            legend.set_title("")
        if title:
            size = 10 if self.style.title is None else 12
            letters = width * 10 / size
            self.figure.suptitle(labels.fit(title, letters), fontsize=size * self.scale)
        if not note:
            return
        small, size = labels.fit(note, width, small=True), NOTE_SIZE * self.scale
        below = [legend for legend in self.figure.legends if legend.get_title().get_text() == _NOTE]
        for legend in below:  # which leaves no room for another text below it
            legend.set_title(small)
            legend.get_title().set(fontsize=size, color="0.25")
        if not below:
            self.figure.supxlabel(small, x=0.02, ha="left", fontsize=size, color="0.25")


def sheet_of(
    count: int, style: Style, columns: int = 0, height: float = 3.7, share_values: bool = True
) -> Sheet:
    """A sheet with `count` panels, in so many columns or as many as suit, `height` inches high.

    Raises SweepError where axes were given, and not one for each panel.
    """
    if style.ax is not None:
        return _given(count, style)
    from .look.figure import Drawing

    chosen = columns or (count if count <= 3 else 2 if count == 4 else 3)
    rows = -(-count // chosen)
    width, part = _WIDTHS.get(chosen, _NARROW)
    size = style.figsize or (width * chosen + 0.8, height * part * rows + 0.7)
    figure = Drawing(figsize=size, layout="constrained")
    grid = figure.subplots(rows, chosen, squeeze=False, sharex=True, sharey=share_values)
    for panel in grid.flat[count:]:
        panel.remove()
    used = list(grid.flat[:count])
    for i, panel in enumerate(used):
        if i + chosen >= count:  # nothing stands below it
            panel.tick_params(labelbottom=True)
    sheet = Sheet(figure, used, chosen, style, own=True)
    for panel in used:
        panel.tick_params(labelsize=10 * sheet.scale)
    return sheet


def _given(count: int, style: Style) -> Sheet:
    used = style.axes
    if len(used) != count:
        one = "one panel" if count == 1 else f"{count} panels"
        raise SweepError(f"plot: ax: the picture has {one}, and {len(used)} axes are given")
    figure = used[0].get_figure(root=True)
    assert figure is not None
    rows = len({round(panel.get_position().y0, 3) for panel in used})
    columns = count // rows if count % rows == 0 else count
    return Sheet(figure, used, columns, style, own=False)


def _on_the_panel(panel: "Axes", title: str | None, where: str, note: str) -> None:
    """Title and note of a picture within somebody's figure, whose own title and foot stay as they are."""
    if title is not None or (where and not panel.get_title()):
        panel.set_title(where if title is None else title, fontsize=10)
    if note:
        width = panel.get_window_extent().width / panel.figure.dpi
        panel.annotate(
            labels.fit(note, width, small=True), (0.5, 0), xycoords=panel.xaxis.label, xytext=(0, -3),
            textcoords="offset points", ha="center", va="top", fontsize=NOTE_SIZE, color="0.25",
            annotation_clip=False,
        )  # fmt: skip


def hatch(panel: "Axes") -> None:
    """Grey and hatched wherever nothing is drawn: the look of a point without a result."""
    panel.set_facecolor("0.88")
    panel.patch.set(hatch="////", edgecolor="0.6", linewidth=0)


def set_axis(axis: Any, way: Direction) -> None:
    """Scale and ticks of a matplotlib axis: names of choices, few integers, or numbers."""
    from matplotlib.ticker import NullLocator

    if way.log:
        getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    if way.table is not None:
        return
    if way.named:
        axis.set_ticks(way.positions, [labels.spoken(str(value)) for value in way.values])
    elif way.values.dtype.kind in "iu" and len(way.values) <= _MOST_TICKS:
        axis.set_ticks(way.positions, [str(value) for value in way.values])
        axis.set_minor_locator(NullLocator())


def edges(way: Direction) -> np.ndarray:
    """Borders of the cells around an axis' values: halfway between them, on its own scale.

    They end at the ends of the parameter's domain, where the cube knows these, and those of numbers of one
    sign end at 0: the domain of what is never negative mostly does.
    """
    positions = np.log(way.positions) if way.log else way.positions
    if len(positions) == 1:
        half = np.array([0.5 if way.log else 0.5 * abs(positions[0]) or 0.5])
        ends = np.concatenate([positions - half, positions + half])
    else:
        middle = (positions[:-1] + positions[1:]) / 2
        ends = np.concatenate([[2 * positions[0] - middle[0]], middle, [2 * positions[-1] - middle[-1]]])
    ends = np.exp(ends) if way.log else ends
    within = np.clip(ends, *limits(way.values, way.array.attrs))
    return within if np.diff(within).all() else ends


def limits(values: np.ndarray, attributes: Mapping[str, Any]) -> tuple[float, float]:
    """Beyond which no cell of an axis with these values reaches; `attributes` may hold its domain's ends."""
    whole = values.dtype.kind in "iu"
    if not whole and values.dtype.kind != "f":  # names
        return -np.inf, np.inf
    low, high = float(values.min()), float(values.max())
    try:
        least, most = (float(attributes.get(key, end)) for key, end in _DOMAIN.items())
    except (TypeError, ValueError):
        least, most = _DOMAIN.values()
    if not least <= low <= high <= most:  # somebody scaled the values
        least, most = _DOMAIN.values()
    if whole:  # each is as wide as any other, as is a count of 0
        least, most = least - 0.5, most + 0.5
    if not (whole and 0 in values) and len(values) > 1 and low * high >= 0:
        least, most = (max(least, 0), most) if high > 0 else (least, min(most, 0))
    return least, most
