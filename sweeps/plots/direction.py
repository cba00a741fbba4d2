"""One way through a picture: along an axis of the cube, to the right, upwards, or from panel to panel."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..spec.sampling.points import DIM
from ..text import nearest
from . import labels

if TYPE_CHECKING:
    import xarray as xr

# From row to row, and from column to column or from panel to panel.
FACETS = ("row", "facet")


def argument_of(option: str) -> str:
    """The argument that names a direction: rows are the first of two facets."""
    return "facet" if option == "row" else option


@dataclass(frozen=True)
class Direction:
    """One way through the picture: to the right, upwards, from panel to panel or from line to line.

    Where points stand at an output of theirs, `table` has its values [panel, line, point], and `values` only
    says how many points there are. `at` has the positions of its values along the dimension; None: all, in
    order.
    """

    name: str
    dim: str
    values: np.ndarray
    array: "xr.DataArray"
    log: bool = False
    table: np.ndarray | None = None
    at: np.ndarray | None = None

    @property
    def named(self) -> bool:
        """Whether its values are names and not numbers."""
        return self.values.dtype.kind not in "iuf"

    @property
    def unordered(self) -> bool:
        """Whether its neighbours are not neighbours otherwise, so that no line leads from one to the next."""
        return self.named or self.dim == DIM

    @property
    def positions(self) -> np.ndarray:
        """Where its values stand on an axis: names stand at 0, 1, 2 ..."""
        return np.arange(len(self.values)) if self.named else self.values.astype(float)

    def along(self, shape: tuple[int, ...]) -> np.ndarray:
        """Where points stand, for all [panel, line, point] of this shape."""
        return np.broadcast_to(self.positions, shape) if self.table is None else self.table

    @property
    def label(self) -> str:
        """Name, symbol and unit."""
        return labels.axis_label(self.array, self.name)

    def setting(self, i: int) -> str:
        """Its i-th value as a title: "n = 3"."""
        value = self.values[i]
        return labels.setting(self.name, str(value) if self.named else value.item(), self.array)


def direction(dataset: "xr.Dataset", variable: str, option: str, name: str, log: frozenset[str]) -> Direction:
    """The axis called `name`, or the coordinate of one that varies together with others."""
    dims = [str(dim) for dim in dataset[variable].dims]
    here = Argument(argument_of(option), name)
    if name in dataset.coords:
        array = dataset[name]
        if not array.dims:
            raise SweepError("plot: ", here, f": it has one value only, {array.item()}")
        if str(array.dims[0]) in dims:
            logarithmic = ("color" if option == "hue" else option) in log
            way = Direction(name, str(array.dims[0]), array.values, array, logarithmic)
            if logarithmic and (way.named or not (array.values > 0).all()):
                least = "names" if way.named else f"values down to {array.values.min():g}"
                wrong = f": {name} has {least}; a log scale needs numbers > 0"
                raise SweepError("plot: ", Argument("log", option), wrong)
            return way
    if name in dims:
        members = [str(c) for c in dataset.coords if dataset[c].dims == (name,)]
        together = f": {' and '.join(members)} vary together along it; name one of them"
        raise SweepError("plot: ", here, together)
    known = [str(c) for c in dataset.coords if dataset[c].dims and str(dataset[c].dims[0]) in dims]
    raise SweepError(f"plot: {variable} has no axis {name!r}{nearest(name, known)}")
