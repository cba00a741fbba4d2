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
from .held_value import held_at


class Apart(Exception):
    """Why two grids have no points that could be compared, in words."""


@dataclass(frozen=True)
class Common:
    """Common points.

    Attributes
    ----------
    dims
        The dimensions of the first grid.
    one, other
        For each of them, positions of what is common along it, in one cube and in the other.
    axes
        The axis that each of them is in the other cube; None where that cube has one value of it.
    held
        Axes of the other cube of which the first has one value, with its position there.
    """

    dims: tuple[str, ...]
    one: tuple[np.ndarray, ...]
    other: tuple[np.ndarray, ...]
    axes: tuple[int | None, ...]
    held: Mapping[int, int]

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


def common_points(one: Reader, other: Reader) -> Common:
    """What two cubes have in common; an axis that only one has is compared at the value that the other holds.

    Raises `Apart` where that cannot be told.
    """
    dims, others = (reader.cube.array("status").dims for reader in (one, other))
    ours, theirs = (
        [coordinates_along(reader, dim) for dim in reader.cube.array("status").dims]
        for reader in (one, other)
    )
    axes, positions, left = [], [], dict(enumerate(theirs))
    for dim, values in zip(dims, ours, strict=True):
        axis = next((k for k, one in left.items() if one.keys() == values.keys()), None)
        if axis is None:
            at = held_at(other.cube.identity, values)
            if at is None:
                raise Apart(_why(dim, values, theirs, "first", "other"))
            positions.append((at, np.zeros(len(at), np.int64)))
        else:
            pair = _along(values, left.pop(axis))
            if pair is None:
                raise Apart(f"nothing tells positions along {dim} in both")
            positions.append(pair)
        axes.append(axis)
    held = {}
    for axis, values in left.items():
        at = held_at(one.cube.identity, values)
        if at is None:
            raise Apart(_why(others[axis], values, ours, "other", "first"))
        if not len(at):
            raise Apart(f"the value of {' and '.join(values)} in the first is none of the other's axis")
        held[axis] = int(at[0])
    return Common(dims, tuple(a for a, _ in positions), tuple(b for _, b in positions), tuple(axes), held)


def _why(dim: str, names: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], here: str, there: str) -> str:
    zipped = [axis for axis in axes if axis.keys() & names.keys()]
    if zipped:
        listed = ", ".join("+".join(axis) for axis in zipped)
        return (
            f"along {dim} of the {here} {', '.join(names)} vary together, and in the {there} along {listed}"
        )
    return f"{dim} is an axis of the {here}, and the {there} has no one value of it"


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
    positions = np.array(pairs, np.int64).reshape(-1, 2)
    return positions[:, 0], positions[:, 1]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def _keys(coordinates: Mapping[str, np.ndarray]) -> Iterator[tuple[Any, ...]]:
    """What tells each position: its values, and the how manieth it is of those that have them."""
    seen: Counter[tuple[Any, ...]] = Counter()
    for values in zip(*(array.tolist() for array in coordinates.values()), strict=True):
        yield (*values, seen[values])
        seen[values] += 1
