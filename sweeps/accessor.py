"""What a cube can be asked, as methods: ``dataset.equisweep.query(...)``.

`open_cube` makes them available; for a Dataset opened otherwise, import this file. Each method is a
plain function of another file with the Dataset as its first argument.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import xarray as xr

from .query import query_text


@xr.register_dataset_accessor("equisweep")
class Equisweep:
    """Questions to a cube that equisweep wrote."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def table(self, names: Sequence[str] = (), selections: Iterable[str] = (), style: str = "table") -> str:
        """What ``equisweep query`` prints; see `query.query_text`."""
        return query_text(self._dataset, names, selections, style)

    def sensitivity(self, method: str | None = None, names: Sequence[str] = (), **options: Any) -> xr.Dataset:
        """What outputs depend on; see `sensitivity.sensitivity`."""
        from .sensitivity import sensitivity

        return sensitivity(self._dataset, method, names, **options)
