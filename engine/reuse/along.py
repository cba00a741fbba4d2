"""Which positions along an axis another cube has, too."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..store.read import Reader
from ..values.columns import Values


@dataclass(frozen=True)
class Along:
    """What an axis and a dimension of another cube have in common.

    Attributes
    ----------
    size
        Length of the axis.
    there
        For each position of the axis the one in the other cube, -1 where that has none; None where the first
        ones are the same.
    first
        So many are the same, where `there` is None.
    """

    size: int
    there: np.ndarray | None = None
    first: int = 0

    @property
    def count(self) -> int:
        """How many positions are common."""
        return self.first if self.there is None else int((self.there >= 0).sum())

    def within(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Common positions from `start` up to `stop`: counted from `start`, and those of the other cube."""
        if self.there is None:
            ours = np.arange(max(min(stop, self.first) - start, 0))
            return ours, ours + start
        there = self.there[start:stop]
        ours = np.flatnonzero(there >= 0)
        return ours, there[ours]

    def ends(self, every: bool, alone: bool) -> list[tuple[np.ndarray, np.ndarray]]:
        """The first and last common positions, or `every` one, here and there: together, or each `alone`."""
        if self.there is None:
            ours = np.arange(self.first) if every else np.unique([0, self.first - 1])
            theirs = ours
        else:
            ours = np.flatnonzero(self.there >= 0)
            ours = ours if every else np.unique(ours[[0, -1]])
            theirs = self.there[ours]
        if not alone:
            return [(ours, theirs)]
        return [(ours[k : k + 1], theirs[k : k + 1]) for k in range(len(ours))]


def coordinates_along(reader: Reader, dim: str) -> dict[str, np.ndarray]:
    """The coordinates of a cube along a dimension, by name."""
    return {name: _values(reader, name) for name in names_along(reader, dim)}


def names_along(reader: Reader, dim: str) -> list[str]:
    """Names of a cube's coordinates along a dimension."""
    cube = reader.cube
    names = [name for name, array in cube.coordinates.items() if array.dims == (dim,)]
    return sorted(names + [name for name in cube.columns if cube.array(name).dims == (dim,)])


def _values(reader: Reader, name: str) -> np.ndarray:
    if name in reader.cube.columns:
        return reader.read(name, [slice(None)])
    return reader.coordinate(name)


def along(values: Mapping[str, Values], others: Mapping[str, np.ndarray]) -> Along:
    """What values along an axis have in common with those of another cube, name by name to the last bit."""
    names, size = list(values), len(next(iter(values.values())))
    ours = [_keys(np.asarray(values[name][:])) for name in names]
    theirs = [_keys(np.asarray(others[name])) for name in names]
    if any(a.dtype.kind != b.dtype.kind for a, b in zip(ours, theirs, strict=True)):
        return Along(size, np.full(size, -1))
    if len(ours) == 1:
        return Along(size, _positions(ours[0], theirs[0]))
    # Zipped values: each gets the number that it has among all of its name, and a row of these is one key.
    rows = [
        np.unique(np.concatenate(pair), return_inverse=True)[1] for pair in zip(ours, theirs, strict=True)
    ]
    keys = np.unique(np.stack(rows), axis=1, return_inverse=True)[1].ravel()
    return Along(size, _positions(keys[:size], keys[size:]))


def _keys(values: np.ndarray) -> np.ndarray:
    """Values as what tells them: of numbers their bits, for 0 and -0 may give other numbers."""
    if values.dtype.kind in "OUST":
        return np.array(values.tolist(), str)
    return np.ascontiguousarray(values, np.float64).view(np.int64)


def _positions(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Where each value lies among others, -1 where nowhere."""
    if not len(theirs):
        return np.full(len(ours), -1)
    order = np.argsort(theirs, kind="stable")
    at = np.minimum(np.searchsorted(theirs, ours, sorter=order), len(theirs) - 1)
    return np.where(theirs[order[at]] == ours, order[at], -1)
