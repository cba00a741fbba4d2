"""Lines: variables along one axis, one line for each value of another or for each variable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from . import frame, labels
from .layer import Layer
from .look.style import Style
from .look.symbols import with_unit
from .view import MOST_NAMED, Direction, View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
_MARKS = 8
_CROWD = 200


@dataclass(frozen=True)
class Line:
    """How one line looks."""

    colour: Any
    style: Any
    marker: str
    label: str


def draw_lines(view: View, _line: str | None = None) -> "Figure":
    """A figure of lines: variables of one unit share a panel, others have panels of their own.

    Names, and values that were sampled, are marks without a line. A line breaks where a point has no result,
    and a point alone between two such is a dot. Up to
    `MOST_NAMED` lines have a colour, a dash and a marker each; more have a colour bar.
    """
    groups = _groups(view.layers)
    if len(groups) > 1 and view.rows:
        units = ", ".join(repr(group[0].unit) for group in groups)
        raise SweepError(
            f"plot: two facets draw variables of one unit, and these have {units}; draw one of them"
        )
    titles = [_title(group, held, len(groups)) for group in groups for held in view.panels]
    sheet = frame.sheet_of(len(titles), view.style, view.columns, share_values=len(groups) == 1)
    if sheet.own:
        _share_by_unit(sheet.used, len(view.panels))
    looks = _looks(view, several=len(groups) < len(view.layers))
    at = iter(sheet.used)
    for group in groups:
        for k in range(len(view.panels)):
            panel = next(at)
            frame.set_axis(panel.xaxis, view.x)
            if "y" in view.log:
                panel.set_yscale("log")
            for layer in group:
                for i, values in enumerate(layer.values[k]):
                    _draw(panel, view.x, values, looks[layer.name, i])
            panel.grid(color="0.9", linewidth=0.6)
            panel.set_axisbelow(True)
    if view.style.ranged:
        _set_range(sheet.used, view)
    _label(sheet, titles, view, groups)
    _legend(sheet, view, looks)
    return sheet.finish(view.title, view.where, view.note("lines break there"))


def _share_by_unit(used: list[Any], each: int) -> None:
    """One scale for the panels of the variables of one unit, `each` of them."""
    for i, panel in enumerate(used):
        if i % each:
            panel.sharey(used[i - i % each])


def _set_range(used: list[Any], view: View) -> None:
    """The stated ends of the axis upwards; what is not stated stays as the lines have it."""
    for panel in used:
        panel.set_ylim(*view.style.ends(*panel.get_ylim()))


def _groups(layers: tuple[Layer, ...]) -> list[list[Layer]]:
    """Variables by their unit."""
    units = dict.fromkeys(layer.unit for layer in layers)
    return [[layer for layer in layers if layer.unit == unit] for unit in units]


def _title(group: list[Layer], held: tuple[str, ...], groups: int) -> str:
    names = ", ".join(labels.spoken(layer.name) for layer in group) if groups > 1 else ""
    return ": ".join(filter(None, (names, *held)))


def _label(sheet: frame.Sheet, titles: list[str], view: View, groups: list[list[Layer]]) -> None:
    sheet.label(view.titles if view.rows else titles, view.x.label, "", view.rows)
    each = len(view.panels)
    first = sheet.leftmost
    for i, panel in enumerate(sheet.used):
        group = groups[i // each]
        if panel in first or (len(groups) > 1 and i % each == 0):
            names = ", ".join(labels.spoken(layer.name) for layer in group)
            several = with_unit(names, group[0].unit)
            text = group[0].label if len(group) == 1 else labels.fit(several, 3.5)
            panel.set_ylabel(text if view.style.ylabel is None else view.style.ylabel)


def _looks(view: View, several: bool) -> dict[tuple[str, int], Line]:
    """The look of each line: colours tell the values of the hue, or else the variables.

    Where a panel holds `several` variables, dashes tell them apart.
    """
    count = len(view.second.values) if view.second else 1
    looks = {}
    for k, layer in enumerate(view.layers):
        for i in range(count):
            number = i if view.second else k if several else 0
            names = [labels.spoken(layer.name)] if several else []
            names += [view.second.setting(i)] if view.second else []
            shape = k * count + i if several else i
            dash = k if several or count > MOST_NAMED else i
            look = Line(
                _colour(view.second, number, view.style), _STYLES[dash % len(_STYLES)],
                _MARKERS[shape % len(_MARKERS)] if count <= MOST_NAMED else "", ", ".join(names),
            )  # fmt: skip
            looks[layer.name, i] = look
    return looks


def _colour(hue: Direction | None, i: int, style: Style) -> Any:
    """Numbers have an order and names have not: a scale for the ones, distinct colours for the others."""
    if hue is None or hue.named or (len(hue.values) <= 4 and style.cmap is None):
        return frame.COLOURS[i % len(frame.COLOURS)]
    low, high = _ends(hue)
    if low == high:
        return style.colours(0.5)
    value = np.log(hue.positions[i]) if hue.log else hue.positions[i]
    # The palest yellow hardly shows on white.
    return style.colours((1.0 if style.cmap else 0.9) * (value - low) / (high - low))


def _ends(hue: Direction) -> tuple[float, float]:
    positions = np.log(hue.positions) if hue.log else hue.positions
    return float(positions.min()), float(positions.max())


def _draw(panel: Any, x: Direction, values: np.ma.MaskedArray, look: Line) -> None:
    drawn = np.ma.filled(values.astype(float), np.nan)
    there = np.isfinite(drawn)
    positions = np.flatnonzero(there)
    step = max(1, len(positions) // _MARKS)
    # Each line has its marks elsewhere, so that they do not hide each other.
    offset = _MARKERS.index(look.marker) * step // len(_MARKERS) if look.marker else 0
    marked = positions[offset::step].tolist() if look.marker else []
    style = "" if x.unordered else look.style
    (line,) = panel.plot(
        x.positions, drawn, color=look.colour, linestyle=style or "none", linewidth=1.5,
        marker=look.marker or ("." if x.unordered else ""), markersize=3 if len(positions) > _CROWD else 5,
        markevery=positions.tolist() if x.unordered else marked,
        label=look.label,
    )  # fmt: skip
    line.set_clip_on(True)
    before, after = np.append(False, there[:-1]), np.append(there[1:], False)
    alone = there & ~before & ~after
    alone[marked] = False
    if alone.any() and not x.unordered:
        panel.plot(x.positions[alone], drawn[alone], ".", color=look.colour, markersize=4)


def _legend(sheet: frame.Sheet, view: View, looks: dict[tuple[str, int], Line]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    if view.second is not None and len(view.second.values) > MOST_NAMED:
        hue, style = view.second, view.style
        shown = ListedColormap(style.colours(np.linspace(0, 1.0 if style.cmap else 0.9, 256)))
        norm = (LogNorm if hue.log else Normalize)(float(hue.positions.min()), float(hue.positions.max()))
        sheet.colour_bar(ScalarMappable(norm, shown), hue.label)
        if len(view.layers) == 1:
            return
        looks = {key: look for key, look in looks.items() if key[1] == 0}
    handles = {handle.get_label(): handle for handle in _handles(looks, view)}
    if len(handles) > 1:
        sheet.legend(list(handles.values()))


def _handles(looks: dict[tuple[str, int], Line], view: View) -> list[Any]:
    from matplotlib.lines import Line2D

    many = view.second is not None and len(view.second.values) > MOST_NAMED
    return [
        Line2D(
            [], [], color="0.3" if many else look.colour,
            linestyle="none" if view.x.unordered else look.style,
            marker=look.marker, markersize=5, linewidth=1.5,
            label=labels.spoken(name) if many else look.label,
        )
        for (name, _), look in looks.items()
    ]  # fmt: skip
