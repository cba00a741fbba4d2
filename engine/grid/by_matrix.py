"""Points of a design computed matrix by matrix: of many samples the first point, then the second, and so on.

At each of its points a sample of a Sobol' design has one of two values of each parameter: that of the matrix
A or that of B. As designs number their points, a tile has each of these several times, and what belongs to
one sample lies side by side. Where nothing is made of the points but sums over samples, each value is drawn
once for a tile, and samples lie side by side, in the order in which they are added up.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from ..codegen.grid_loop import GridLoop
from ..space import Space
from ..tiles import Layout, Tile
from ..values.axis import Axis
from ..values.columns import Matrices
from .evaluate import Evaluator
from .windows import Coordinates, Started


class Order(Protocol):
    """In which order samples are added up.

    Attributes
    ----------
    count
        Into how many sums; of so many samples one goes into each.
    """

    count: int

    def indices(self, first: int, length: int) -> np.ndarray:
        """The sample of each turn that goes into each sum, of `length` samples from number `first` on.

        Numbers of samples after the first, shape (turns, sums); -1 for one that is not among those.
        """
        ...


class MatrixEvaluator(Evaluator):
    """Computes tiles matrix by matrix where it can, and else as `Evaluator`.

    It can where machine code computes a tile in one batch, the samples are drawn where they are needed and
    lie along the last axis, and a tile holds whole turns of the `order`. Then `then` is given the values with
    the points along that axis in the order (points of a sample, samples in order), and `by_matrix`.
    """

    def __init__(self, space: Space, layout: Layout, device: Any, order: Order) -> None:
        super().__init__(space, layout, device)
        self.order = order

    def start(self, tile: Tile) -> Started:
        """As of `Evaluator`."""
        function = self.function(tile)
        if self.then is None or not isinstance(function, GridLoop) or not self._whole_turns(tile):
            return super().start(tile)
        *before, axis = (self.space.axes[i] for i in self._numeric)
        coordinates: list[Mapping[str, Any]] = [self._coordinates(i, tile, {}) for i in self._numeric[:-1]]
        samples = _Samples(self.order, tile.start[-1] // axis.group, tile.shape[-1] // axis.group)
        coordinates.append({name: _Drawn(axis, name, samples, self.space.dtype) for name in axis.values})
        computed = ByMatrix(function, len(before), axis.group)
        return self.batches.start(computed, coordinates, None, partial(self._made_by_matrix, tile))

    @property
    def _suits(self) -> bool:
        """Whether there are such samples, and a tile is one batch."""
        axis = self.space.axes[-1]
        matrices = axis.group and all(isinstance(one, Matrices) for one in axis.values.values())
        return bool(matrices) and not axis.options and len(self.batches.windows()) == 1

    def _whole_turns(self, tile: Tile) -> bool:
        """Whether all of a tile lies in the grid, in whole turns of the order."""
        turn = self.order.count * max(self.space.axes[-1].group, 1)
        whole = tile.start[-1] % turn == 0 and tile.shape[-1] % turn == 0
        return self._suits and whole and tile.shape == self.layout.tile

    def _made_by_matrix(self, tile: Tile, started: Started) -> Any:
        assert self.then is not None
        return self.then(tile, self._clipped(tile, started), by_matrix=True)


class ByMatrix:
    """A function over a grid of which the last axis, along number `axis`, has samples of `each` points.

    Its outputs have all first points of the samples along that axis, then all second ones, and so on.
    """

    def __init__(self, function: GridLoop, axis: int, each: int) -> None:
        self.function, self.outputs, self._axis, self._each = function, function.outputs, axis, each

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs at these coordinates, of which the last ones are `_Drawn`."""
        drawn = {name: values.both() for name, values in coordinates[-1].items()}
        front = (slice(None),) * self._axis
        for point in range(self._each):
            matrix = {name: values[int(others[point])] for name, (values, others) in drawn.items()}
            size = len(next(iter(matrix.values())))
            part = (*front, slice(point * size, (point + 1) * size))
            windows = {name: array[part] for name, array in outputs.items()}
            self.function.fill(windows, [*coordinates[:-1], matrix])


class _Samples:
    """The samples of a tile in their order, which the thread finds out that computes them."""

    def __init__(self, order: Order, first: int, count: int) -> None:
        self._order, self._first, self._count = order, first, count

    @cached_property
    def numbers(self) -> np.ndarray:
        """Their numbers, shape (turns, sums)."""
        return self._order.indices(self._first, self._count) + self._first


class _Drawn:
    """One name's values of some samples, in their order, that are drawn by the thread that computes them."""

    def __init__(self, axis: Axis, name: str, samples: _Samples, dtype: np.dtype) -> None:
        self._axis, self._name, self._samples, self._dtype = axis, name, samples, dtype

    def __getitem__(self, part: slice) -> "_Drawn":
        """All of them: they are computed in one batch."""
        return self

    def both(self) -> tuple[list[np.ndarray], np.ndarray]:
        """The one and the other value of each sample, and which of them each of its points has."""
        column = self._axis.values[self._name]
        assert isinstance(column, Matrices)
        both = column.two(self._samples.numbers)
        return [self._axis.as_taken(self._name, one.ravel(), self._dtype) for one in both], column.others
