"""Which tiles of a cube are whose: dealt evenly among the parts of a sweep, in the same way on every host."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ...errors import Argument, SweepError
from ...tiles import Layout

MOST_PARTS = 100_000
_AS_TEXT = re.compile("[0-9]+/[0-9]+")


@dataclass(frozen=True)
class Part:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Part(1, 1)


def part_of(given: str | Sequence[int]) -> Part:
    """A part as it is given: "3/64", or the numbers 3 and 64.

    Raises SweepError where it is none.
    """
    try:
        number, of = given.split("/") if isinstance(given, str) else given
        if any(isinstance(one, bool | float) for one in (number, of)):
            raise TypeError
        if isinstance(given, str) and not _AS_TEXT.fullmatch(given):
            raise ValueError
        part = Part(int(number), int(of))
    except (TypeError, ValueError):
        part = Part(0, 0)
    if not 1 <= part.number <= part.of <= MOST_PARTS:
        raise SweepError(
            f"part: {given!r} is no part of a sweep: the first of 64 is 1/64, the last 64/64, "
            f"and there are at most {MOST_PARTS:,}; pass ",
            Argument("part", "1/64"),
        )
    return part


def tiles_of_part(layout: Layout, part: Part) -> np.ndarray:
    """Numbers of the part's tiles in the order of the layout, rising."""
    if part.of == 1:
        return np.arange(len(layout))
    return np.flatnonzero(dealt(layout, part.of) == part.number)


def dealt(layout: Layout, parts: int) -> np.ndarray:
    """Number of the part, from 1 on, that each tile belongs to.

    Tiles cost what their points cost. Those of one number of points are dealt row by row, one to each part,
    and in every row in another order: neighbours, which may take equally long, go to different parts, and no
    part always gets the same column of a grid. What is left over goes to those that have least so far.
    """
    points, loads = points_of_tiles(layout), np.zeros(parts, np.int64)
    owner, every = np.zeros(len(points), np.int64), np.arange(1, parts + 1)
    for size in np.unique(points)[::-1]:
        tiles = np.flatnonzero(points == size)
        rows = len(tiles) // parts
        drawn = _mixed(np.arange(rows * parts, dtype=np.uint64)).reshape(rows, parts)
        order = np.argsort(drawn, axis=1)
        owner[np.take_along_axis(tiles[: rows * parts].reshape(rows, parts), order, axis=1)] = every
        left = tiles[rows * parts :]
        least = np.lexsort((_mixed(np.arange(parts, dtype=np.uint64) + np.uint64(size)), loads))[: len(left)]
        owner[left] = least + 1
        loads[least] += size
    return owner


def points_of_tiles(layout: Layout) -> np.ndarray:
    """Number of points of every tile, in order."""
    along = []
    for size, length, count in zip(layout.grid, layout.tile, layout.counts, strict=True):
        lengths = np.full(count, length, np.int64)
        lengths[-1] = size - length * (count - 1)
        along.append(lengths)
    return reduce(np.multiply.outer, along, np.ones((), np.int64)).ravel()


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers that look drawn at random, the same everywhere and in every version: SplitMix64's."""
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
