"""Maps of classes: a colour and a letter for each class, a legend instead of a scale."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from . import frame, labels
from .view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours of Okabe and Ito (2008), told apart by colour-blind readers too; 0 is mostly "nothing there".
COLOURS = (
    *("#dddddd", "#009e73", "#56b4e9", "#0072b2", "#f0e442", "#cc79a7", "#e69f00", "#d55e00", "#000000"),
    *("#999999", "#332288", "#882255", "#44aa99"),
)
_LINE = {"color": "black", "linewidth": 1.6, "linestyle": (0, (6, 3))}
_LETTER_GRID = 48
# A region carries its class's letter where it reaches this far in every direction, in cells of that grid.
_LETTER_REACH = 2


def draw_class_map(view: View, line: str | None = None) -> "Figure":
    """A figure with one map of classes a panel, and a legend of the classes that occur.

    Each class's largest region carries a letter, so that the map reads in grey print too. `line` draws
    where both axes are equal. Raises SweepError where there are more classes than colours.
    """
    from matplotlib.colors import ListedColormap

    assert view.second is not None
    (layer,) = view.layers
    colours = colours_of(layer.classes, layer.values)
    letters = {number: chr(ord("A") + i) for i, number in enumerate(colours)}
    rank = {number: i for i, number in enumerate(colours)}
    sheet = frame.sheet_of(len(view.panels), view.style, view.columns)
    across, up = frame.edges(view.x), frame.edges(view.second)
    for panel, part in zip(sheet.used, layer.values, strict=True):
        frame.hatch(panel)
        frame.set_axis(panel.xaxis, view.x)
        frame.set_axis(panel.yaxis, view.second)
        ranks = np.ma.masked_invalid(np.full(part.shape, np.nan))
        for number, i in rank.items():
            ranks[(part == number).filled(False)] = i
        panel.pcolormesh(
            across, up, ranks, vmin=-0.5, vmax=len(rank) - 0.5, cmap=ListedColormap(list(colours.values())),
            rasterized=True,
        )  # fmt: skip
        _write_letters(panel, view, part, letters)
        if line:
            draw_line(panel, view.x.positions, view.second.positions)
    sheet.label(view.titles, view.x.label, view.second.label, view.rows)
    _add_legend(sheet, layer.classes, colours, letters, bool(layer.lost), line)
    return sheet.finish(view.title, view.where, view.note("hatched grey"), before=layer.label)


def line_legend(sheet: frame.Sheet, line: str) -> None:
    """Name the line where both axes are equal, in a picture that has no other legend."""
    from matplotlib.lines import Line2D

    sheet.legend([Line2D([], [], **_LINE, label=line)])


def parse_line(text: str, x: str, y: str) -> str:
    """``r = f`` for the axes r and f, tidied up; SweepError where it names anything else."""
    names = [part.strip() for part in text.split("=")]
    if len(names) != 2 or sorted(names) != sorted((x, y)):
        advice = f": write the two axes that are drawn, {x} = {y}"
        raise SweepError("plot: ", Argument("line", text, typed=repr(text)), advice)
    return f"{names[0]} = {names[1]}"


def draw_line(panel: Any, x: np.ndarray, y: np.ndarray) -> None:
    """The line on which both axes are equal, as far as the panel goes; its limits stay."""
    low, high = max(x.min(), y.min()), min(x.max(), y.max())
    if low <= high:
        panel.plot([low, high], [low, high], **_LINE)


def colours_of(classes: Mapping[int, str], values: np.ma.MaskedArray) -> dict[int, str]:
    """A colour for each class that occurs: by its number, where that gives each its own."""
    present = np.unique(values.compressed()).tolist()
    if all(0 <= number < len(COLOURS) for number in classes):
        return {number: COLOURS[number] for number in present}
    if len(present) > len(COLOURS):
        many = f"plot: {len(present)} classes are more than the {len(COLOURS)} colours; use "
        raise SweepError(many, Argument("selections"))
    return {number: COLOURS[i] for i, number in enumerate(present)}


def _add_legend(
    sheet: frame.Sheet, classes: Mapping[int, str], colours: Mapping[int, str], letters: Mapping[int, str],
    missing: bool, line: str | None,
) -> None:  # fmt: skip
    """Name the classes that occur, the hatching and the line, beside the panels."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    patches = {
        number: Patch(facecolor=colour, edgecolor="0.4", label=labels.spoken(classes[number]))
        for number, colour in colours.items()
    }
    drawers = {patch: _lettered(letters[number], colours[number]) for number, patch in patches.items()}
    handles: list[Any] = list(patches.values())
    if missing:
        handles.append(Patch(facecolor="0.88", edgecolor="0.6", hatch="////", label="no result"))
    if line:
        handles.append(Line2D([], [], **_LINE, label=line))
    sheet.legend(handles, handler_map=drawers, handleheight=1.2)


def _lettered(letter: str, colour: str) -> Any:
    """What draws a patch of that colour in a legend, with a letter on it."""
    from matplotlib.colors import to_rgb
    from matplotlib.legend_handler import HandlerPatch
    from matplotlib.text import Text

    class Lettered(HandlerPatch):
        def create_artists(self, legend, orig_handle, xdescent, ydescent, width, height, fontsize, trans):  # pyright: ignore
            drawn = super().create_artists(
                legend, orig_handle, xdescent, ydescent, width, height, fontsize, trans
            )
            dark = sum(to_rgb(colour)) < 1.2
            middle = (width / 2 - xdescent, height / 2 - ydescent)
            text = Text(
                *middle, letter, color="white" if dark else "black", fontsize=7,
                ha="center", va="center_baseline",
            )  # fmt: skip
            text.set_transform(trans)
            return [*drawn, text]

    return Lettered()


def _write_letters(panel: Any, view: View, values: np.ma.MaskedArray, letters: Mapping[int, str]) -> None:
    """Each class's letter where its largest region is widest, if it is wide enough."""
    assert view.second is not None
    rows, columns = (np.linspace(0, size - 1, _LETTER_GRID).round().astype(int) for size in values.shape)
    coarse = values[np.ix_(rows, columns)]
    for number, letter in letters.items():
        depth = _depth((coarse == number).filled(False))
        if depth.max() <= _LETTER_REACH:
            continue
        i, j = np.unravel_index(int(depth.argmax()), depth.shape)
        place = view.x.positions[columns[j]], view.second.positions[rows[i]]
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "alpha": 0.8, "edgecolor": "none"}
        panel.text(*place, letter, ha="center", va="center", fontsize=8, bbox=box)


def _depth(inside: np.ndarray) -> np.ndarray:
    """How often a region can be peeled before a cell goes: its distance from the border, in cells."""
    depth = np.zeros(inside.shape, int)
    while inside.any():
        depth += inside
        padded = np.pad(inside, 1)
        inside = inside & padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    return depth
