"""The method with which a cube draws itself: `plot.plot`, with the Dataset of the accessor."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..cube.select import Selections
from .look.style import Levels

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from .look.style import Canvas


class Plotted:
    """What of ``dataset.equisweep`` draws."""

    _dataset: "xr.Dataset"

    def plot(
        self,
        variables: str | Sequence[str] = (),
        x: str | None = None,
        y: str | None = None,
        *,
        kind: str | None = None,
        facet: str | Sequence[str] | None = None,
        hue: str | None = None,
        selections: Selections = (),
        log: Iterable[str] = (),
        line: str | None = None,
        keep: Iterable[str] = (),
        model: str | None = None,
        title: str | None = None,
        xlabel: str | None = None,
        ylabel: str | None = None,
        cmap: "str | Colormap | None" = None,
        levels: Levels | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        figsize: tuple[float, float] | None = None,
        ax: "Canvas | None" = None,
    ) -> "Figure":
        """A picture of the cube, as ``equisweep plot`` draws it.

        Parameters
        ----------
        variables
            what to draw. Lines take several; a phase portrait takes none.
        x, y
            axes of the cube that run to the right and upwards. In a phase portrait: observables.
        kind
            "lines", "heat", "contour", "classes", "scatter" or "phase". If absent: a scatter plot over a
            sampled input, lines without `y`, and with it classes for a class, else heat.
        facet
            an axis: one panel for each of its values, at most 12. Two axes: rows, and columns, at most 6.
        hue
            an axis: one line, or kind of mark, for each of its values; of sampled points also an input that
            is their colour.
        selections
            the part of the cube to draw; what is not drawn along an axis needs one value.
        log
            which of "x", "y" and "color" have a logarithmic scale.
        line
            such as "r = f": draw where the two axes of a map are equal.
        keep
            statuses to draw besides ok, such as "corner"; the note below the picture counts them.
        model
            of a phase portrait whose model is your own: where it lies, "file.py:name". Its code runs.
        title
            instead of the model's title and what was selected; "" for nothing. What stands between two
            dollar signs is mathematics, as matplotlib reads it.
        xlabel, ylabel
            instead of name, symbol and unit.
        cmap
            a colour map of matplotlib's, or its name.
        levels
            of contours, and of heat maps in bands: how many at most, or at which values.
        vmin, vmax
            ends of the colour scale, or of the axis upwards where lines or marks stand for numbers.
        figsize
            width and height of the whole figure in inches.
        ax
            axes of matplotlib's to draw in, one for each panel in reading order.

        Returns
        -------
        matplotlib.figure.Figure
            That of `ax`, or one of its own. Symbols and units on its axes, and below them a note that counts
            the points left out by status.
            Raises SweepError also where no point has a result, or the kind does not suit the variable.
        """
        from .plot import plot

        return plot(
            self._dataset, variables, x, y, kind=kind, facet=facet, hue=hue, selections=selections, log=log,
            line=line, keep=keep, model=model, title=title, xlabel=xlabel, ylabel=ylabel, cmap=cmap,
            levels=levels, vmin=vmin, vmax=vmax, figsize=figsize, ax=ax,
        )  # fmt: skip
