"""What a cube can be asked, as methods: ``dataset.equisweep.where("alpha < 0.5")``.

`open_cube` makes them available; for a Dataset opened otherwise, import this file. Each method is a
plain function of another file with the Dataset as its first argument.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from .cube.select import Selections

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure


@xr.register_dataset_accessor("equisweep")
class Equisweep:
    """Questions to a cube that equisweep wrote.

    Wherever `selections` are taken, they are texts or a mapping from coordinates to values, in the
    coordinate's unit: ``["n=3", "alpha=0.1:0.5"]`` or ``{"n": 3, "alpha": slice(0.1, 0.5)}``. `names` are
    names of variables. Every method raises SweepError, in one line that says what to do, where a name is
    unknown or an argument is wrong.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def table(self, names: Sequence[str] = (), selections: Selections = (), style: str = "table") -> str:
        """The cube as text: what ``equisweep query`` prints.

        Parameters
        ----------
        names
            variables to show; all of them if empty.
        selections
            the part of the cube to show.
        style
            "table", which ends after 200 rows, "csv" or "json", which hold all rows and digits.

        Returns
        -------
        str
            One row a point, coordinates first, classes and statuses by name; a single variable over two
            dimensions stands in rows and columns. Raises SweepError where no point is selected.
        """
        from .cube.query import query_text

        return query_text(self._dataset, names, selections, style)

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
        from .plots.plot import plot

        return plot(
            self._dataset, variables, x, y, kind=kind, facet=facet, hue=hue, selections=selections, log=log,
            line=line, keep=keep, model=model,
        )  # fmt: skip

    def select(self, selections: Selections) -> xr.Dataset:
        """The part of the cube where coordinates have the given values; reads nothing.

        Parameters
        ----------
        selections
            a number or label each, several, or a closed range.

        Returns
        -------
        Dataset
            A single value has dropped its dimension. Raises SweepError with the nearest value where there is
            none like it.
        """
        from .cube.select import select

        return select(self._dataset, selections)

    def where(self, condition: str) -> xr.Dataset:
        """The cube with every point at which a condition fails made NaN; reads nothing yet.

        Parameters
        ----------
        condition
            such as ``expected_loss > 40 and alpha < 0.5`` or ``status == "ok"``, over coordinates,
            variables and components (``share.data``), in their units.

        Returns
        -------
        Dataset
            The same dimensions and coordinates; integers have become floats, for NaN. Raises SweepError that
            shows the place where the condition is wrong.
        """
        from .cube.lazy import where

        return where(self._dataset, condition)

    def ok(self, statuses: Sequence[str] = ("ok",)) -> xr.Dataset:
        """The cube with every point made NaN whose status is none of these; reads nothing yet.

        Parameters
        ----------
        statuses
            names of the statuses to keep.

        Returns
        -------
        Dataset
            As of `where`. Raises SweepError where a status is unknown.
        """
        from .cube.lazy import ok

        return ok(self._dataset, statuses)

    def reduce(
        self,
        how: str,
        over: Sequence[str] = (),
        names: Sequence[str] = (),
        statuses: Sequence[str] | None = None,
    ) -> xr.Dataset:
        """The cube reduced over axes, with what was left out; computed when asked for, in bounded memory.

        Parameters
        ----------
        how
            "mean", "min", "max", "sum", "std" (divisor n), "count", "argmin" or "argmax".
        over
            axes, or coordinates along them; all of each variable if empty.
        names
            variables; if empty, all that have these axes and can be reduced so.
        statuses
            statuses that count as results; points of another one, and NaN, are left out. None: ok, and
            those that say nothing against a variable, as not_steady does of a path.

        Returns
        -------
        Dataset
            The remaining dimensions, in the variables' units: each variable, ``left_out``, the number of
            points left out, and for "argmin" and "argmax" the coordinates of the extreme;
            ``<variable>_left_out`` and so on where there are several variables. Raises SweepError also for
            a class, which can only be counted.
        """
        from .cube.reduce import reduce

        return reduce(self._dataset, how, over, names, statuses)

    def sql(self, query: str) -> "pa.Table":
        """The result of one SELECT over the cube, in DuckDB's SQL.

        Parameters
        ----------
        query
            the table is ``cube``, a row a point, its columns the coordinates and variables. Outputs with
            a dimension of their own stand in ``cube_<dimension>``. Statuses and classes are their names.

        Returns
        -------
        pyarrow.Table
            ``.to_pandas()`` makes a data frame of it. Raises SweepError with the engine's message.
        """
        from .cube.sql import sql

        return sql(self._dataset, query)

    def sensitivity(
        self,
        method: str | None = None,
        names: Sequence[str] = (),
        *,
        selections: Selections = (),
        keep: Sequence[str] | None = None,
        confidence: float = 0.95,
        resamples: int = 100,
        seed: int = 0,
    ) -> xr.Dataset:
        """Which sampled parameters the outputs depend on.

        Parameters
        ----------
        method
            "sobol", "morris", "dgsm", "prcc" or "elasticity"; that of the cube's design if None.
        names
            outputs; all that are numbers if empty.
        selections
            of dimensions that are not sampled.
        keep
            statuses of points that count; all other points are left out, and counted. None: ok, corner,
            several_equilibria, and those that say nothing against an output.
        confidence, resamples, seed
            of the intervals, which are drawn by bootstrap over the samples.

        Returns
        -------
        Dataset
            ``<output>_<measure>`` and its ``_low`` and ``_high`` ends, over ``parameter`` and the dimensions
            that are not sampled. Raises SweepError also where the cube has no design, or lacks the
            derivatives, that the method reads.
        """
        from .sensitivity.measures import sensitivity

        return sensitivity(
            self._dataset, method, names, selections=selections, keep=keep, confidence=confidence,
            resamples=resamples, seed=seed,
        )  # fmt: skip

    def boundaries(
        self,
        variable: str,
        along: str,
        selections: Selections = (),
        *,
        level: float | None = None,
        rtol: float = 1e-9,
        sweep_file: str | Path | None = None,
    ) -> xr.Dataset:
        """Where a class changes along an axis: found on the grid, then closed in on by the model itself.

        Parameters
        ----------
        variable
            a class, a count or the status; a real variable together with `level`.
        along
            an axis of numbers.
        selections
            the part of the cube to look at.
        level
            where a real variable passes this value, in its unit.
        rtol
            the width at which a bracket is narrow enough, relative to its position.
        sweep_file
            the cube's sweep file, where its model is a Python file. Its code runs.

        Returns
        -------
        Dataset
            Over the other axes and ``crossing``: ``position`` and ``width`` in the unit of the axis,
            ``class_below``, ``class_above``, and counts of what was not followed. Raises SweepError, and
            CubeError where the cube does not hold the sweep that it was computed from.
        """
        from .boundaries.boundaries import boundaries

        return boundaries(
            self._dataset, variable, along, selections, level=level, rtol=rtol, sweep_file=sweep_file
        )
