"""Tiles folded by the machine code that computes them: none of their values is ever written."""

import warnings
from collections.abc import Callable, Collection, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from ..codegen.fold_loop import FoldLoop, Numbers
from ..codegen.folds import Fold
from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled, all_native
from ..codegen.ir import Graph, Unsupported
from ..feedback.compiling import compiling
from ..space import Space
from ..tiles import Layout, Tile
from .accumulators import given_of
from .block import lanes_of, numeric, places
from .measure import Measure, State, why_values_are_needed

if TYPE_CHECKING:
    from ..grid.windows import Coordinates


class InKernel:
    """Folds tiles of a grid, cut by `layout`, of which the first `kept` axes remain.

    `possible`: whether the measures have such a form.
    """

    def __init__(self, space: Space, measures: Sequence[Measure], layout: Layout, kept: int) -> None:
        self.space, self.measures, self.kept = space, measures, kept
        self.lanes = lanes_of(space, kept, layout)
        self._accumulators = [one for measure in measures for one in measure.accumulators or ()]
        sizes = {one.name: prod(len(space.labels[dim]) for dim in one.inner_dims) for one in space.variables}
        self._numbers = sizes
        self.possible = not why_values_are_needed(measures) and all(sizes.values())
        self._loops: dict[int, tuple[Any, FoldLoop | None]] = {}

    def work(self, function: Any, tile: Tile) -> "Callable[[Coordinates], list[State]] | None":
        """What makes the partial results of all measures of a tile's coordinates, which `function` computes.

        None where that has no such form, and values are folded once they are there. What is made for one
        function is kept.
        """
        if not self.possible or not isinstance(function, GridLoop) or function.traced:
            return None
        if id(function) not in self._loops:
            self._loops[id(function)] = function, self._made(function)
        loop = self._loops[id(function)][1]
        return None if loop is None else partial(self._states, loop, tile)

    def _made(self, function: GridLoop) -> FoldLoop | None:
        make = partial(FoldLoop, function, self._folds, self.lanes.inner, self.lanes.strided)
        try:
            with compiling(self.space.model.name):
                return make()
        except Unsupported:
            return None
        except RuntimeError as error:  # of LLVM
            warnings.warn(f"values are folded apart, as the machine code failed: {error}", stacklevel=2)
            return None

    def _folds(self, graph: Graph, numbers: Numbers) -> list[Fold]:
        return [fold for one in self._accumulators for fold in one.folds(graph, numbers)]

    def _states(self, loop: FoldLoop, tile: Tile, coordinates: "Coordinates") -> list[State]:
        shape = numeric(self.space, tile.shape)
        lanes, counters = loop(coordinates, self.lanes.rows(shape))
        given = given_of(
            self._accumulators,
            self._numbers,
            self.lanes.by_cell(lanes, shape, 1),
            self.lanes.by_cell(counters, shape, 0),
        )
        states, where = [], partial(places, self.space, self.kept, tile)
        for measure in self.measures:
            count = len(measure.accumulators or ())
            states.append(measure.gathered(given[:count], where))
            given = given[count:]
        return states


def why_values_are_written(
    space: Space, measures: Sequence[Measure], device: Any, ways: Collection[Compiled]
) -> str:
    """Why a tile's values are written before they are folded; empty where machine code folds the points."""
    if device.platform != "cpu":
        return "on a GPU"
    if space.needs_ode:
        return "of orbits"
    if len(space.drawn_choices) > 1:
        return "of drawn choices"
    return why_values_are_needed(measures) or ("" if all_native(ways) else "through XLA")
