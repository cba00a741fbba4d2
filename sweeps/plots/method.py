"""The method with which a cube draws itself: `plot.plot`, with the Dataset of the accessor."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..cube.select import Selections

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


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
        facet: str | None = None,
        hue: str | None = None,
        selections: Selections = (),
        log: Iterable[str] = (),
        line: str | None = None,
        keep: Iterable[str] = (),
        model: str | None = None,
    ) -> "Figure":
        """A picture of the cube, as ``equisweep plot`` draws it.

        Parameters
        ----------
        variables
            what to draw. Lines take several; a phase portrait takes none.
        x, y
            axes of the cube that run to the right and upwards. In a phase portrait: observables.
        kind
            "lines", "heat", "contour", "classes" or "phase". If absent: lines without `y`; with it
            classes for a class, else heat.
        facet
            an axis: one panel for each of its values, at most 12.
        hue
            an axis: one line for each of its values (lines only).
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

        Returns
        -------
        matplotlib.figure.Figure
            Symbols and units on its axes, and below them a note that counts the points left out by status.
            Raises SweepError also where no point has a result, or the kind does not suit the variable.
        """
        from .plot import plot

        return plot(
            self._dataset, variables, x, y, kind=kind, facet=facet, hue=hue, selections=selections, log=log,
            line=line, keep=keep, model=model,
        )  # fmt: skip
