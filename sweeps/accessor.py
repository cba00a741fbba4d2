"""What a cube can be asked, as methods: ``dataset.equisweep.where("alpha < 0.5")``.

`open_cube` makes them available; for a Dataset opened otherwise, import this file. Each method is a
plain function of another file with the Dataset as its first argument.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from ..engine.errors import SweepError
from .cube.select import Selections
from .discover.accessor import Discovered
from .explore.accessor import Explored
from .plots.accessor import Plotted

if TYPE_CHECKING:
    import pyarrow as pa


@xr.register_dataset_accessor("equisweep")
class Equisweep(Plotted, Explored, Discovered):
    """Questions to a cube that equisweep wrote.

    Wherever `selections` are taken, they are texts or a mapping from coordinates to values, in the
    coordinate's unit: ``["n=3", "alpha=0.1:0.5"]`` or ``{"n": 3, "alpha": slice(0.1, 0.5)}``. `names` are
    names of variables. Every method raises SweepError, in one line that says what to do, where a name is
    unknown or an argument is wrong.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def __repr__(self) -> str:
        from .cube.described.summary import summary_text

        return summary_text(self._dataset)

    def _repr_html_(self) -> str:
        from .cube.described.summary import summary_html

        return summary_html(self._dataset)

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

    def select(self, selections: Selections, method: str | None = None) -> xr.Dataset:
        """The part of the cube where coordinates have the given values; reads nothing.

        Parameters
        ----------
        selections
            a number or label each, several, or a closed range; ``alpha~0.33`` takes the nearest value.
        method
            "nearest" takes the nearest value wherever a number is given.

        Returns
        -------
        Dataset
            A single value has dropped its dimension. Raises SweepError with the nearest value where there is
            none like it, and where the nearest lies further beyond its axis than half the step there.
        """
        from .cube.select import select

        return select(self._dataset, selections, method)

    def sel(
        self, selections: Mapping[str, Any] | None = None, method: str | None = None, **values: Any
    ) -> xr.Dataset:
        """The same, written as xarray's ``sel`` is: ``cube.equisweep.sel(alpha=0.33, method="nearest")``.

        Parameters
        ----------
        selections
            a mapping, for coordinates whose name no keyword can be ("v.data").
        method
            as of `select`.
        values
            a number, a label, a list or a slice for each coordinate, by its name.

        Returns
        -------
        Dataset
            As of `select`. Raises SweepError as it does, and where a coordinate stands there twice.
        """
        from .cube.select import select

        twice = set(selections or ()) & set(values)
        if twice:
            raise SweepError(f"sel: {min(twice)} stands in the mapping and among the keywords; keep one")
        return select(self._dataset, {**(selections or {}), **values}, method)

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
        from .sensitivity.analysis import sensitivity

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
        model: str | None = None,
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
        sweep_file, model
            of a cube whose model is a Python file: its sweep file or "file.py:name", one of them. It runs.

        Returns
        -------
        Dataset
            Over the other axes and ``crossing``: ``position`` and ``width`` in the unit of the axis,
            ``class_below``, ``class_above``, and counts of what was not followed. Raises SweepError, and
            CubeError where the cube does not hold the sweep that it was computed from.
        """
        from .boundaries.boundaries import boundaries

        return boundaries(
            self._dataset, variable, along, selections, level=level, rtol=rtol, sweep_file=sweep_file,
            model=model,
        )  # fmt: skip
