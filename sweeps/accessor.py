"""What a cube can be asked, as methods: ``dataset.equisweep.query(...)``.

`open_cube` makes them available; for a Dataset opened otherwise, import this file. Each method is a
plain function of another file with the Dataset as its first argument.
"""

from collections.abc import Iterable, Sequence

import xarray as xr

from .boundary import boundaries
from .query import query_text


@xr.register_dataset_accessor("equisweep")
class Equisweep:
    """Questions to a cube that equisweep wrote."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def table(self, names: Sequence[str] = (), selections: Iterable[str] = (), style: str = "table") -> str:
        """What ``equisweep query`` prints; see `query.query_text`."""
        return query_text(self._dataset, names, selections, style)

    def boundaries(
        self, variable: str, along: str, selections: Iterable[str] = (), *, level: float | None = None
    ) -> xr.Dataset:
        """Where a class changes along an axis; see `boundary.boundaries`."""
        return boundaries(self._dataset, variable, along, selections, level=level)
