"""The lines of a cube along one axis: its other axes, the parameters on each, and where neighbours differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space

_SLAB = 2**24  # numbers read at once


@dataclass(frozen=True)
class Lines:
    """Every line of a variable along one axis.

    Attributes
    ----------
    dims, shape
        The other dimensions, those of the variable's own last.
    along, along_dim
        Values of the axis; its dimension, along which `together` (the axis among them) vary.
    over
        Parameter or static choice to (place of its dimension among `dims` or None, values).
    static
        Names of the static choices.
    inner
        How many of `dims`, from the end, are the variable's own.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    along: np.ndarray
    along_dim: str
    together: dict[str, np.ndarray]
    over: dict[str, tuple[int | None, np.ndarray]]
    static: dict[str, str]
    inner: int
    coords: dict[str, Any] = field(default_factory=dict)

    def number(self, at: np.ndarray) -> np.ndarray:
        """The flat number of each line (row of `at`) among all of `shape`."""
        return (
            np.asarray(np.ravel_multi_index(tuple(at.T), self.shape)) if self.dims else np.zeros(len(at), int)
        )

    def entry(self, at: np.ndarray) -> np.ndarray:
        """Which number of the variable's own dimensions, flattened, each line (row of `at`) is about."""
        own = self.shape[len(self.shape) - self.inner :]
        columns = at[:, len(self.shape) - self.inner :]
        return np.asarray(np.ravel_multi_index(tuple(columns.T), own)) if own else np.zeros(len(at), int)

    def by_choice(self, at: np.ndarray) -> Iterator[tuple[dict[str, str], np.ndarray]]:
        """Static choices, and the rows of `at` where they hold."""
        moving = {name: place for name, (place, _) in self.over.items() if name in self.static}
        dims = sorted({place for place in moving.values() if place is not None})
        keys, which = np.unique(at[:, dims], axis=0, return_inverse=True)
        for k, key in enumerate(keys):
            position = dict(zip(dims, key.tolist(), strict=True))
            choices = dict(self.static)
            for name, place in moving.items():
                values = self.over[name][1]
                choices[name] = str(values if place is None else values[position[place]])
            yield choices, np.flatnonzero(which.ravel() == k)

    def points(self, at: np.ndarray, index: np.ndarray, position: np.ndarray) -> dict[str, np.ndarray]:
        """Parameters of points on the lines `at`, at `position` beyond grid point `index` of the axis."""
        parameters = {}
        for name, (place, values) in self.over.items():
            if name not in self.static:
                parameters[name] = np.full(len(at), values, float) if place is None else values[at[:, place]]
        share = (position - self.along[index]) / (self.along[index + 1] - self.along[index])
        for name, values in self.together.items():
            low, high = values[index], values[index + 1]
            parameters[name] = position if values is self.along else low + share * (high - low)
        return parameters


def lines_of(dataset: "xr.Dataset", space: "Space", variable: str, along: str) -> Lines:
    """The lines of `variable` along `along` in what was selected of a cube."""
    array = dataset[variable]
    along_dim = str(dataset[along].dims[0])
    grid = [str(dim) for dim in array.dims if dim in space.dims and dim != along_dim]
    own = [str(dim) for dim in array.dims if dim not in space.dims]
    dims = (*grid, *own)
    along_values = dataset[along].values.astype(float)
    static, over, together = dict(space.choices), {}, {}
    for axis in space.axes:
        for name in axis.values:
            coordinate = dataset[name]
            if axis.static:
                static[name] = ""
            if coordinate.dims and coordinate.dims[0] == along_dim:
                together[name] = along_values if name == along else coordinate.values.astype(float)
            else:
                over[name] = (dims.index(str(coordinate.dims[0])) if coordinate.dims else None,
                              coordinate.values)  # fmt: skip
    coords = {str(c): dataset[c] for c in dataset.coords if along_dim not in dataset[c].dims}
    shape = tuple(array.sizes[dim] for dim in dims)
    coords = {name: c for name, c in coords.items() if set(c.dims) <= set(dims)}
    return Lines(dims, shape, along_values, along_dim, together, over, static, len(own), coords)


def grid_changes(
    dataset: "xr.Dataset",
    lines: Lines,
    variable: str,
    classify: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of neighbours whose classes differ: their lines (rows of places in `dims`) and places on them.

    Pairs with a point that has not been computed are left out; the third result counts them by line.
    """
    at, index = [], []
    left_out = np.zeros(lines.shape, int)
    for window in _slabs(lines, len(lines.along)):
        part = dataset.isel(dict(zip(lines.dims, window, strict=False)))
        status = part["status"].load()
        values = part[variable].load()
        codes = np.broadcast_to(
            status.transpose(*[d for d in lines.dims if d in status.dims], lines.along_dim).values[
                (..., *[None] * lines.inner, slice(None))
            ],
            [part.sizes[d] for d in (*lines.dims, lines.along_dim)],
        )
        classes = classify(values.transpose(*lines.dims, lines.along_dim).values, codes)
        computed = (codes[..., 1:] != 0) & (codes[..., :-1] != 0)
        differ = np.argwhere((classes[..., 1:] != classes[..., :-1]) & computed)
        differ[:, : len(window)] += np.array([w.start for w in window], int)
        at.append(differ[:, :-1])
        index.append(differ[:, -1])
        left_out[tuple(window)] = (~computed).sum(axis=-1)
    return np.concatenate(at), np.concatenate(index), left_out


def _slabs(lines: Lines, length: int) -> Iterator[list[slice]]:
    """Windows of the first dimension, small enough to read."""
    if not lines.dims:
        yield []
        return
    row = int(np.prod(lines.shape[1:])) * length
    step = max(_SLAB // row, 1)
    for start in range(0, lines.shape[0], step):
        yield [slice(start, min(start + step, lines.shape[0]))]
