"""How a picture is to look where its user says so: its words, colours, levels, range, size and axes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ....engine.errors import Argument, SweepError
from ....engine.gate.text import clean_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    # One panel, or as many as the picture has, in reading order; arrays as pyplot.subplots gives them.
    Canvas: TypeAlias = Axes | Sequence[Axes] | np.ndarray

# At most so many bands, or at exactly these values.
Levels = int | Sequence[float]
NUMBERS = "viridis"
_MOST_LEVELS = 60
LEAST_INCHES, MOST_INCHES = 1.0, 60.0
# What each of these is for.
_KINDS = {
    "cmap": ("heat", "contour", "lines", "scatter"),
    "levels": ("heat", "contour"),
    "range": ("heat", "contour", "lines", "scatter"),
}


@dataclass(frozen=True)
class Style:
    """What a user says of the look of a picture; None where nothing is said.

    Parameters
    ----------
    title, xlabel, ylabel : replace what stands above, below and beside the panels; empty for nothing.
    cmap : name of a colour map of matplotlib's, or one itself.
    levels : of bands: how many at most, or where they end.
    vmin, vmax : ends of the colours, or of the axis upwards where a line's height is the number.
    figsize : width and height of the whole figure in inches.
    ax : panels to draw in, of a figure that is there.
    """

    title: str | None = None
    xlabel: str | None = None
    ylabel: str | None = None
    cmap: "str | Colormap | None" = None
    levels: Levels | None = None
    vmin: float | None = None
    vmax: float | None = None
    figsize: tuple[float, float] | None = None
    ax: "Canvas | None" = None

    @property
    def colours(self) -> "Colormap":
        """The colour map of numbers."""
        import matplotlib

        name = NUMBERS if self.cmap is None else self.cmap
        return matplotlib.colormaps[name] if isinstance(name, str) else name

    @property
    def ranged(self) -> bool:
        """Whether an end of the range is stated."""
        return self.vmin is not None or self.vmax is not None

    def without_range(self) -> "Style":
        """The same where colours are not what the range is of."""
        return replace(self, vmin=None, vmax=None)

    @property
    def axes(self) -> "list[Axes]":
        """The panels that were given."""
        if self.ax is None:
            return []
        return list(np.ravel(np.asarray(self.ax, dtype=object)))

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """The range, with `low` and `high` where an end is not stated."""
        return (
            low if self.vmin is None else float(self.vmin),
            high if self.vmax is None else float(self.vmax),
        )


def require_style(style: Style, kind: str, log: Iterable[str]) -> Style:
    """The style as it can be drawn; SweepError for what has no meaning for a kind, and for what cannot be."""
    given = {"cmap": style.cmap is not None, "levels": style.levels is not None, "range": style.ranged}
    for name, stated in given.items():
        if stated and kind not in _KINDS[name]:
            argument = Argument("vmin" if name == "range" else name)
            raise SweepError("plot: ", argument, " has no meaning for ", Argument("kind", kind))
    for name in ("title", "xlabel", "ylabel"):
        _require_text(name, getattr(style, name))
    _require_colours(style.cmap)
    _require_range(style, ("y" if kind == "lines" else "color") in set(log))
    if style.figsize is not None:
        _require_size(style)
    _require_axes(style)
    words = {name: getattr(style, name) for name in ("title", "xlabel", "ylabel")}
    words = {name: None if text is None else clean_lines(text) for name, text in words.items()}
    return replace(style, **words, levels=_levels(style.levels))


def _require_text(name: str, text: Any) -> None:
    """Refuse a text that matplotlib could not set: between dollar signs stands its mathematics."""
    if text is None:
        return
    if not isinstance(text, str):
        raise SweepError("plot: ", Argument(name, text), ": should be a text")
    if "$" not in text:
        return
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(text)
    except ValueError as error:
        reason = str(error).strip().splitlines()[-1]
        raise SweepError(
            "plot: ",
            Argument(name, text),
            rf": between $ and $ stands mathematics, and this is none ({reason}); a dollar is \$",
        ) from None


def _require_colours(cmap: Any) -> None:
    import matplotlib
    from matplotlib.colors import Colormap

    if cmap is None or isinstance(cmap, Colormap):
        return
    known = list(matplotlib.colormaps)
    if cmap in known:
        return
    alike = {name.casefold(): name for name in known}
    close = get_close_matches(str(cmap).casefold(), list(alike), n=3, cutoff=0.5)
    names = [alike[name] for name in close] or ["viridis", "cividis", "magma", "coolwarm"]
    hint = f"; near it are {', '.join(names)}" if close else f"; there are {', '.join(names)} and more"
    raise SweepError("plot: ", Argument("cmap", cmap), f": matplotlib has no such colour map{hint}")


def _require_range(style: Style, log: bool) -> None:
    for name in ("vmin", "vmax"):
        value = getattr(style, name)
        if value is None:
            continue
        if not isinstance(value, int | float | np.number) or not isfinite(value):
            raise SweepError("plot: ", Argument(name, value), ": should be a finite number")
        if log and value <= 0:
            raise SweepError("plot: ", Argument(name, value), ": a log scale needs numbers > 0")
    low, high = style.ends(-np.inf, np.inf)
    if low >= high:
        raise SweepError("plot: ", Argument("vmin", style.vmin, typed=f"{low:g}:{high:g}"), ": should rise")


def _require_size(style: Style) -> None:
    size = style.figsize
    if style.ax is not None:
        raise SweepError(
            "plot: ", Argument("figsize"), " and ax: a figure that is there has its size; keep one"
        )
    sides = list(size) if isinstance(size, tuple | list | np.ndarray) else []
    if len(sides) != 2 or not all(_is_number(one) and LEAST_INCHES <= one <= MOST_INCHES for one in sides):
        should = f": should be a width and a height of {LEAST_INCHES:g} to {MOST_INCHES:g} inches"
        typed = "x".join(f"{one:g}" if _is_number(one) else str(one) for one in sides) or str(size)
        raise SweepError("plot: ", Argument("figsize", size, typed=typed), should)


def _require_axes(style: Style) -> None:
    from matplotlib.axes import Axes

    for one in style.axes:
        if not isinstance(one, Axes):
            what = type(one).__name__
            raise SweepError(f"plot: ax: should be axes of matplotlib's, and holds a {what}")


def _levels(levels: Any) -> Levels | None:
    """Levels in rising order; SweepError where they are none."""
    if levels is None:
        return None
    if isinstance(levels, int | np.integer) and not isinstance(levels, bool):
        if not 1 <= levels <= _MOST_LEVELS:
            raise SweepError("plot: ", Argument("levels", levels), f": should be 1 to {_MOST_LEVELS} bands")
        return int(levels)
    if isinstance(levels, Iterable) and not isinstance(levels, str):
        values = list(levels)
        if 1 <= len(values) <= _MOST_LEVELS and all(_is_number(value) for value in values):
            return sorted({float(value) for value in values})
        typed = ",".join(map(str, values))
    else:
        typed = str(levels)
    should = ": should be a number of bands, such as 9, or values, such as [0, 1, 2.5]"
    raise SweepError("plot: ", Argument("levels", levels, typed=typed), should)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and isfinite(value)
