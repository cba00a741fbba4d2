"""Indices along one dimension, tile by tile: pure integer arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Index = int | np.integer | slice | np.ndarray


@dataclass(frozen=True)
class Span:
    """The indices that lie in one tile.

    Attributes
    ----------
    tile
        The tile's number along the dimension.
    hull
        The least slice of the tile that holds them.
    inside
        Where they lie in the hull; None where they are all of it, in order.
    target
        Where they belong in the result.
    count
        How many they are.
    """

    tile: int
    hull: slice
    inside: np.ndarray | None
    target: slice | np.ndarray
    count: int


def spans(index: Index, size: int, length: int) -> list[Span]:
    """The indices of a dimension of `size` numbers, in tiles of `length`, tile by tile.

    Negative indices count from the end, as in NumPy; IndexError where one is outside.
    """
    if isinstance(index, slice):
        start, stop, step = index.indices(size)
        if step == 1:
            return _run(start, max(start, stop), length)
        index = np.arange(start, stop, step)
    positions = np.atleast_1d(np.asarray(index)).astype(np.int64)
    positions = np.where(positions < 0, positions + size, positions)
    if positions.size and not 0 <= positions.min() <= positions.max() < size:
        raise IndexError(f"an index lies outside of {size} numbers")
    return _scattered(positions, length)


def put(result: np.ndarray, parts: Sequence[Span], values: np.ndarray) -> None:
    """Put the hull of some numbers of a tile where they belong."""
    if all(span.inside is None for span in parts):
        result[tuple(span.target for span in parts)] = values
        return
    inside = [
        np.arange(n) if span.inside is None else span.inside
        for span, n in zip(parts, values.shape, strict=True)
    ]
    target = [
        np.arange(s.target.start, s.target.stop) if isinstance(s.target, slice) else s.target for s in parts
    ]
    result[np.ix_(*target)] = values[np.ix_(*inside)]


def _run(start: int, stop: int, length: int) -> list[Span]:
    result = []
    for tile in range(start // length, -(-stop // length) if stop > start else start // length):
        first, last = max(start, tile * length), min(stop, (tile + 1) * length)
        hull = slice(first - tile * length, last - tile * length)
        result.append(Span(tile, hull, None, slice(first - start, last - start), last - first))
    return result


def _scattered(positions: np.ndarray, length: int) -> list[Span]:
    tiles, result = positions // length, []
    order = np.argsort(tiles, kind="stable")
    ends = np.flatnonzero(np.diff(tiles[order])) + 1
    for where in np.split(order, ends) if len(order) else ():
        tile, inside = int(tiles[where[0]]), positions[where] % length
        low, high = int(inside.min()), int(inside.max())
        result.append(Span(tile, slice(low, high + 1), inside - low, where, len(where)))
    return result
