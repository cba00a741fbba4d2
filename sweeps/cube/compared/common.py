"""Which points two cubes have in common, along each dimension of their grids."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ....engine.reuse.along import coordinates_along
from ....engine.store.read import Reader


@dataclass(frozen=True)
class Common:
    """Common points.

    Attributes
    ----------
    dims
        The dimensions of both grids, in the order of the first.
    one, other
        For each of them, positions of what is common along it, in one cube and in the other.
    """

    dims: tuple[str, ...]
    one: tuple[np.ndarray, ...]
    other: tuple[np.ndarray, ...]

    @property
    def points(self) -> int:
        """How many points are common."""
        return prod(len(positions) for positions in self.one)

    def blocks(self, tile: Sequence[int]) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
        """The common points in blocks that lie in one tile of the first cube each: positions in both."""
        along = []
        for one, other, length in zip(self.one, self.other, tile, strict=True):
            ends = np.flatnonzero(np.diff(one // length)) + 1
            along.append(list(zip(np.split(one, ends), np.split(other, ends), strict=True)))
        for parts in product(*along) if self.points else ():
            yield tuple(part[0] for part in parts), tuple(part[1] for part in parts)


def common_points(one: Reader, other: Reader) -> Common | None:
    """What two cubes have in common; None where their grids have other dimensions."""
    dims, others = (reader.cube.array("status").dims for reader in (one, other))
    if set(dims) != set(others):
        return None
    pairs = [_along(coordinates_along(one, dim), coordinates_along(other, dim)) for dim in dims]
    if any(pair is None for pair in pairs):
        return None
    found = [pair for pair in pairs if pair is not None]
    return Common(dims, tuple(pair[0] for pair in found), tuple(pair[1] for pair in found))


def _along(
    one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions of the values that two dimensions have in common; None where other names lie along them."""
    if one.keys() != other.keys():
        return None
    if not one:
        return None
    if all(_same(one[name], other[name]) for name in one):
        every = np.arange(len(next(iter(one.values()))))
        return every, every
    known = {key: position for position, key in enumerate(_keys(other))}
    pairs = [(position, known[key]) for position, key in enumerate(_keys(one)) if key in known]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def _keys(coordinates: Mapping[str, np.ndarray]) -> Iterator[tuple[Any, ...]]:
    """What tells each position: its values, and the how manieth it is of those that have them."""
    seen: Counter[tuple[Any, ...]] = Counter()
    for values in zip(*(array.tolist() for array in coordinates.values()), strict=True):
        yield (*values, seen[values])
        seen[values] += 1
