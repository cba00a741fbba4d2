"""Which points of a cell are added up one after another: the same in machine code and by NumPy.

The points of a cell in one tile are spread over *lanes*, of at most 32 points each. Where the innermost axis
is one that goes, a row of points along it is cut into runs of 512, whose points go to 16 lanes in turn, and
rows that are shorter share their lanes with the next ones until a lane is full. Else a lane gets 32 points
in a row. What lanes hold is added up by halves. So the bits follow from the shape of the tile alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from ..codegen.folds import RUN_BITS, SLOTS, Rows

RUN = 2**RUN_BITS
_IN_A_LANE = RUN // SLOTS


@dataclass(frozen=True)
class Lanes:
    """How points are spread over lanes where tiles have these `lengths`, of which the first `kept` remain.

    Axes of static choices, along which a tile has one value, are left aside.
    """

    lengths: tuple[int, ...]
    kept: int

    @property
    def inner(self) -> int:
        """The axis along which points lie side by side: the last, unless that is short."""
        last = len(self.lengths) - 1
        return last if self.lengths[last] >= SLOTS else int(np.argmax(self.lengths))

    @property
    def strided(self) -> bool:
        """Whether that axis is one that goes."""
        return self.inner >= self.kept

    @property
    def rows_at_once(self) -> int:
        """How many rows share their lanes."""
        return max(RUN // _padded(self.lengths[self.inner], SLOTS), 1)

    def rows(self, shape: tuple[int, ...]) -> Rows:
        """Where the points of a tile of this shape belong, row by row."""
        return _rows(self, shape)

    def turns(self, values: np.ndarray, shape: Sequence[int]) -> Iterator[np.ndarray]:
        """Values of the points of a tile of this shape, shape (n, points), turn by turn.

        In each turn a lane gets one value, or 0 where there is none left: shape (n, lanes).
        """
        n, gone = len(values), tuple(shape[self.kept :])
        if not self.strided:
            lanes = -(-values.shape[1] // _IN_A_LANE)
            parts = _filled(values, 1, lanes * _IN_A_LANE).reshape(n, lanes, _IN_A_LANE)
            yield from np.ascontiguousarray(np.moveaxis(parts, 2, 0))
            return
        along = np.moveaxis(values.reshape(n, *gone), 1 + self.inner - self.kept, -1)
        along = along.reshape(n, -1, along.shape[-1])
        runs, blocks = _runs(along.shape[2]), -(-along.shape[1] // self.rows_at_once)
        run = RUN if runs > 1 else _padded(along.shape[2], SLOTS)
        parts = _filled(_filled(along, 1, blocks * self.rows_at_once), 2, runs * run)
        parts = parts.reshape(n, blocks, self.rows_at_once, runs, run // SLOTS, SLOTS)
        parts = np.ascontiguousarray(parts.transpose(2, 4, 0, 1, 3, 5))
        yield from parts.reshape(-1, n, blocks * runs * SLOTS)

    def by_cell(self, array: np.ndarray, shape: Sequence[int], cells_first: int) -> np.ndarray:
        """What machine code gives by rows, with cells of a tile of this shape along one axis.

        `array` has numbers of rows, or of cells, along axis `cells_first`, and the innermost axis last.
        """
        lead, cells = array.shape[:cells_first], prod(shape[: self.kept])
        if self.strided:
            return array.reshape(*lead, cells, prod(array.shape[cells_first:]) // cells)
        outer = [n for axis, n in enumerate(shape[: self.kept]) if axis != self.inner]
        each = prod(array.shape[cells_first:-1]) // prod(outer)
        split = array.reshape(*lead, *outer, each, array.shape[-1])
        return np.moveaxis(split, -1, cells_first + self.inner).reshape(*lead, cells, each)


def halved(lanes: np.ndarray) -> np.ndarray:
    """The sum of what lanes hold, along the last axis: the second half is added to the first, and so on."""
    many, result = lanes.shape[-1], lanes.copy()
    with np.errstate(invalid="ignore", over="ignore"):
        while many > 1:
            half = (many + 1) // 2
            first = result[..., : many - half]
            np.add(first, result[..., half:many], out=first)
            many = half
    return result[..., 0]


@lru_cache(64)
def _rows(lanes: Lanes, shape: tuple[int, ...]) -> Rows:
    inner, kept = lanes.inner, lanes.kept
    outer = tuple(1 if axis == inner else n for axis, n in enumerate(shape))
    at = np.unravel_index(np.arange(prod(outer)), outer)
    cell, row, column = (np.zeros(prod(outer), np.int64) for _ in range(3))
    for axis, index in enumerate(at):
        if axis < kept:
            cell = cell * outer[axis] + index
        else:
            row, column = row * outer[axis] + index, column * shape[axis] + index
    cells = prod(outer[:kept])
    if lanes.strided:
        runs, rows = _runs(shape[inner]), prod(outer[kept:])
        blocks = -(-rows // lanes.rows_at_once) * runs
        block, step = cell * blocks + row // lanes.rows_at_once * runs, prod(shape[inner + 1 :])
    else:
        blocks = -(-prod(shape[kept:]) // _IN_A_LANE)
        block, step = cell * blocks + row // _IN_A_LANE, 0
    return Rows(np.stack([block, column, cell], axis=1), cells * blocks, cells, step)


def _runs(length: int) -> int:
    return -(-length // RUN)


def _padded(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _filled(values: np.ndarray, axis: int, length: int) -> np.ndarray:
    """With zeros behind up to a length."""
    missing = [(0, length - n if k == axis else 0) for k, n in enumerate(values.shape)]
    return np.pad(values, missing) if values.shape[axis] < length else values
