"""What a cube can be asked, as methods: ``dataset.equisweep.where("alpha < 0.5")``.

`open_cube` makes them available; for a Dataset opened otherwise, import this file. Each method is a
plain function of another file with the Dataset as its first argument.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

if TYPE_CHECKING:
    import pyarrow as pa


@xr.register_dataset_accessor("equisweep")
class Equisweep:
    """Questions to a cube that equisweep wrote."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def table(self, names: Sequence[str] = (), selections: Iterable[str] = (), style: str = "table") -> str:
        """Variables (`names`) at `selections` as text, in the style "table", "csv" or "json"."""
        from .cube.query import query_text

        return query_text(self._dataset, names, selections, style)

    def plot(
        self, variables: str | Sequence[str] = (), x: str | None = None, y: str | None = None, **options: Any
    ) -> Any:
        """A picture as ``equisweep plot`` draws it, a matplotlib figure; see `equisweep.sweeps.plot`."""
        from .plots.plot import plot

        return plot(self._dataset, variables, x, y, **options)

    def select(self, selections: Mapping[str, str]) -> xr.Dataset:
        """The part where coordinates have the given values; see `equisweep.sweeps.select`."""
        from .cube.select import select

        return select(self._dataset, selections)

    def where(self, condition: str) -> xr.Dataset:
        """Points at which `condition` fails made NaN, lazily; see `equisweep.sweeps.where`."""
        from .cube.lazy import where

        return where(self._dataset, condition)

    def ok(self, statuses: Sequence[str] = ("ok",)) -> xr.Dataset:
        """Points of other statuses made NaN, lazily; see `equisweep.sweeps.ok`."""
        from .cube.lazy import ok

        return ok(self._dataset, statuses)

    def reduce(
        self,
        how: str,
        over: Sequence[str] = (),
        names: Sequence[str] = (),
        statuses: Sequence[str] = ("ok",),
    ) -> xr.Dataset:
        """Mean, extremes, counts over axes, lazily, with what was left out; see `equisweep.sweeps.reduce`."""
        from .cube.reduce import reduce

        return reduce(self._dataset, how, over, names, statuses)

    def sql(self, query: str) -> "pa.Table":
        """The result of a SELECT over the table ``cube``; see `equisweep.sweeps.sql`."""
        from .cube.sql import sql

        return sql(self._dataset, query)

    def sensitivity(self, method: str | None = None, names: Sequence[str] = (), **options: Any) -> xr.Dataset:
        """What outputs depend on; see `equisweep.sweeps.sensitivity.sensitivity`."""
        from .sensitivity.measures import sensitivity

        return sensitivity(self._dataset, method, names, **options)

    def boundaries(
        self, variable: str, along: str, selections: Iterable[str] = (), *, level: float | None = None
    ) -> xr.Dataset:
        """Where a class changes along an axis; see `equisweep.sweeps.boundaries.boundaries`."""
        from .boundaries.boundaries import boundaries

        return boundaries(self._dataset, variable, along, selections, level=level)
