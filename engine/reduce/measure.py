"""What is kept of a reduced sweep: a measure of one output, folded tile by tile."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ..space import Variable
from .accumulators import Accumulator, Given
from .lanes import Lanes
from .seen import Seen, all_in, see

# A partial result: arrays by name, each with the cells of the cube that results along its first axis.
State = dict[str, np.ndarray]


@dataclass
class Block:
    """One tile of the grid, by the cells that its points fall into.

    Attributes
    ----------
    cells, points
        How many cells there are, and points of each in this tile.
    status
        Of every point, shape (cells, points).
    values
        Of every variable, shape (cells, points, ...).
    columns
        Of every sampled parameter, shape (points,), where samples are reduced.
    first
        The number of the first point among all those of a cell.
    indices_in_cell
        From numbers of points in this tile to their numbers among all those of a cell.
    lanes, shape
        How values of cells are added up, and the lengths of the tile's axes; as one axis of cells and one of
        points if not given.
    by_matrix
        Whether the points of a cell lie matrix by matrix, samples in the order of the reduction
        (`grid.by_matrix`); they have no columns and no `indices_in_cell` then.
    """

    cells: int
    points: int
    status: np.ndarray
    values: Mapping[str, np.ndarray]
    columns: Mapping[str, np.ndarray]
    first: int
    indices_in_cell: Callable[[np.ndarray], np.ndarray]
    lanes: Lanes | None = None
    shape: tuple[int, ...] = ()
    by_matrix: bool = False
    _seen: dict[Any, Seen] = field(default_factory=dict)
    _whole: dict[frozenset[int], bool] = field(default_factory=dict)

    @property
    def added(self) -> tuple[Lanes, tuple[int, ...]]:
        """How values of cells are added up."""
        if self.lanes is None:
            return Lanes((self.cells, self.points), 1), (self.cells, self.points)
        return self.lanes, self.shape

    def all_have(self, codes: frozenset[int]) -> bool:
        """Whether every point has one of these statuses; looked at once."""
        if codes not in self._whole:
            self._whole[codes] = all_in(self.status, codes)
        return self._whole[codes]

    def seen(self, output: str, codes: frozenset[int]) -> Seen:
        """The values of an output that count where the status is one of `codes`; looked at once."""
        key = output, codes
        if key not in self._seen:
            status = None if self.all_have(codes) else self.status
            self._seen[key] = see(self.values[output], status, codes)
        return self._seen[key]


@dataclass(frozen=True)
class Counted:
    """What a measure is taken of: an output, at those points of a cell that count.

    Attributes
    ----------
    output
        The variable that is measured.
    inner
        The shape of what it has at a point.
    codes
        The statuses that count.
    points
        How many points fall into a cell, whether they count or not.
    """

    output: Variable
    inner: tuple[int, ...]
    codes: frozenset[int]
    points: int

    @property
    def name(self) -> str:
        """The name of the output."""
        return self.output.name

    @property
    def numbers(self) -> int:
        """How many numbers the output has at a point."""
        return prod(self.inner)

    def seen(self, block: Block) -> Seen:
        """Its values in a block, and which of them count."""
        return block.seen(self.name, self.codes)


class Measure(ABC):
    """One or more variables of the resulting cube, and how they come about.

    Attributes
    ----------
    variables
        What it gives; their inner dimensions are the output's own and then those in `labels`.
    labels
        Labels of dimensions that only these variables have.
    numbers
        How many numbers a partial result holds for each cell; of all its tiles, where it `grows` with them.
    histories
        Names of variables that get one number more each time that results are looked at, and else NaN.
    accumulators
        What a partial result is made of where points are folded as they are computed; None where it needs
        the values.
    summed
        Whether it holds sums, whose last bits depend on the order of summation.
    """

    grows = False
    summed = False
    accumulators: tuple[Accumulator, ...] | None = None
    histories: frozenset[str] = frozenset()

    variables: tuple[Variable, ...]
    labels: Mapping[str, tuple[Any, ...]]
    numbers: int

    @abstractmethod
    def part(self, block: Block) -> State:
        """The partial result of one tile."""

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """The partial result of one tile, of what its accumulators give: the bits that `part` gives.

        `indices_in_cell` is as of `Block`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no accumulators")

    @abstractmethod
    def join(self, one: State, two: State) -> State:
        """The partial result of both parts, of which `one` comes first."""

    @abstractmethod
    def finish(self, state: State) -> dict[str, np.ndarray]:
        """The variables, from the partial result of all tiles: shape (cells, ...) each."""

    def enough(self, results: Mapping[str, np.ndarray]) -> bool:
        """Whether cells with these results need no more points; asked where a reduction may end early."""
        del results
        return True


def why_values_are_needed(measures: Sequence[Measure]) -> str:
    """Which measures cannot be taken of points as they are computed, whatever computes them."""
    needing = dict.fromkeys(type(one).__name__.lower() for one in measures if one.accumulators is None)
    return f"by {', '.join(needing)}" if needing else ""
