"""How a class output is drawn: one colour a class, a legend instead of a scale, a boundary as a line."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import SweepError

if TYPE_CHECKING:
    import xarray as xr

# Colours of Okabe and Ito (2008), told apart by colour-blind readers too; 0 is mostly "nothing there".
_COLOURS = (
    *("#dddddd", "#009e73", "#56b4e9", "#0072b2", "#f0e442", "#cc79a7", "#e69f00", "#d55e00", "#000000"),
    *("#999999", "#332288", "#882255", "#44aa99"),
)


def classes_of(array: "xr.DataArray") -> dict[int, str]:
    """Number and meaning of every class of a variable, from its attributes; empty where it is no class."""
    numbers, meanings = array.attrs.get("flag_values"), array.attrs.get("flag_meanings")
    if numbers is None or meanings is None:
        return {}
    return {int(number): name for number, name in zip(numbers, str(meanings).split(), strict=True)}


def draw_classes(panel: Any, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> None:
    """Fill `panel` with the colours of the classes `values`, shape (y, x)."""
    from matplotlib.colors import ListedColormap

    most = len(_COLOURS)
    panel.pcolormesh(
        x, y, np.asarray(values) % most, vmin=-0.5, vmax=most - 0.5, cmap=ListedColormap(_COLOURS),
        shading="nearest", rasterized=True,
    )  # fmt: skip


def add_legend(figure: Any, classes: dict[int, str], values: np.ndarray, line: str | None) -> None:
    """Name the classes that occur in `values`, and the line if there is one, below the panels."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    present = np.unique(values).tolist()
    handles: list[Any] = [
        Patch(facecolor=_COLOURS[number % len(_COLOURS)], edgecolor="0.4", label=name.replace("_", " "))
        for number, name in classes.items()
        if number in present
    ]
    if line:
        handles.append(Line2D([], [], **_LINE, label=line))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


_LINE = {"color": "black", "linewidth": 1.6, "linestyle": (0, (6, 3))}


def parse_line(text: str, x: str, y: str) -> str:
    """``r = f`` for the axes r and f, tidied up; SweepError where it names anything else."""
    names = [part.strip() for part in text.split("=")]
    if len(names) != 2 or sorted(names) != sorted((x, y)):
        raise SweepError(f"plot: --line {text!r}: write the two axes that are drawn, {x} = {y}")
    return f"{names[0]} = {names[1]}"


def draw_line(panel: Any, x: np.ndarray, y: np.ndarray) -> None:
    """The line on which both axes are equal, as far as the panel goes; its limits stay."""
    low, high = max(x.min(), y.min()), min(x.max(), y.max())
    if low <= high:
        panel.plot([low, high], [low, high], **_LINE)
