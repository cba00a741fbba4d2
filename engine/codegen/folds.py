"""What a grid's points are folded into where their numbers are not wanted one by one.

A fold has accumulators for each cell and each *lane* of it: a lane is a part of the cell's points in one tile
(`rows` and `SLOTS` say which), and its points are added one after another. What lanes become together is for
the caller to say. So the bits do not depend on how many points are computed side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from .ir import Scalar
from .schedule import Grid

# Points side by side along the innermost axis go to so many lanes in turn.
SLOTS = 16
# Of that axis so many points, as a power of 2, go to the same lanes.
RUN_BITS = 9
NOWHERE = np.iinfo(np.int64).max

# Rows of accumulators in each lane, by kind; some have counters of each cell instead.
_LANES = {"sum": 1, "squares": 4, "least": 2, "count": 0, "bins": 0}


@dataclass(frozen=True, eq=False)
class Fold:
    """One number of a point, folded where `counted` is true.

    sum : `value` added up.
    spread : the first `value` of a lane, how many there are, and the sums of their distances from the first
        and of the squares of these.
    least : the least `value`, and the index of the first point that has it; infinite and `NOWHERE` of none.
    count : points; those at which the integer `value` is `number`, where that is given.
    bins : points by the bin of `edges` that their `value` lies in, which is between the first and the last.
    """

    kind: Literal["sum", "squares", "least", "count", "bins"]
    counted: Scalar
    value: Scalar | None = None
    edges: tuple[float, ...] = ()
    number: int | None = None

    @property
    def lanes(self) -> int:
        """Rows of accumulators, of 8 bytes in each lane."""
        return _LANES[self.kind]

    @property
    def counters(self) -> int:
        """Counters of each cell."""
        return 1 if self.kind == "count" else max(len(self.edges) - 1, 0)

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        """What has to be computed of a point."""
        return (self.counted,) if self.value is None else (self.counted, self.value)

    @property
    def first(self) -> tuple[int | float, ...]:
        """What its rows begin with, integers as the bits of a number."""
        return {"squares": (0.0, 0, 0.0, 0.0), "least": (np.inf, NOWHERE)}.get(self.kind, (0.0,) * self.lanes)


@dataclass(frozen=True)
class Folding:
    """A grid whose fields are what `folds` need.

    `strided`: the innermost axis is one that goes, so that its points are spread over lanes; else each of its
    values belongs to another cell. `fields` are the numbers of points that folds are made of.
    """

    grid: Grid
    folds: tuple[Fold, ...]
    strided: bool
    fields: tuple[tuple[Scalar, ...], ...] = ()

    @cached_property
    def lanes(self) -> int:
        """Rows of accumulators in each lane."""
        return sum(fold.lanes for fold in self.folds)

    @cached_property
    def counters(self) -> int:
        """Counters of each cell."""
        return sum(fold.counters for fold in self.folds)

    @cached_property
    def first(self) -> np.ndarray:
        """What the rows begin with, as 64 bits each."""
        numbers = [one for fold in self.folds for one in fold.first]
        bits = [np.float64(one).view(np.int64) if isinstance(one, float) else one for one in numbers]
        return np.array(bits, np.int64)


@dataclass(frozen=True)
class Rows:
    """To what the points of a grid belong, row by row: a row runs along the innermost axis.

    Attributes
    ----------
    table
        Of each row, in the order of the loops: the block whose lanes its points go to (of the innermost axis'
        first points, if it is cut), the index of its first point in its cell, and the number of its cell,
        where the innermost axis remains of its first one; shape (rows, 3).
    blocks, cells
        How many there are, the innermost axis left aside where it remains.
    step
        Places from one point of a row to the next.
    """

    table: np.ndarray
    blocks: int
    cells: int
    step: int

    @cached_property
    def fits(self) -> tuple[int, int, int]:
        """How many rows there are, which block is the last, and how many blocks there are; none for a table
        that names what is not there.
        """
        if len(self.table) == 0 or self.table.min() < 0 or self.table[:, 2].max() >= self.cells:
            return 0, 0, 0
        return len(self.table), int(self.table[:, 0].max()), self.blocks


def folding(grid: Grid, folds: Sequence[Fold], inner: int, strided: bool) -> Folding:
    """The folding of what a grid computes; axes are nested in their order, but for `inner`, the innermost."""
    scalars = tuple(dict.fromkeys(s for fold in folds for s in fold.scalars))
    axes = (*(axis for axis in range(len(grid.lengths)) if axis != inner), inner)
    made_for = Grid(grid.along, (scalars,), axes, grid.lengths, True)
    return Folding(made_for, tuple(folds), strided, grid.fields)
