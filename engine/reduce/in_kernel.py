"""Tiles folded by the machine code that computes them: none of their values is ever written."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import numpy as np

from ..codegen.fold_loop import MOST_FOLDS, FoldLoop, Numbers
from ..codegen.folds import Fold
from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled, all_native
from ..codegen.ir import Graph, Unsupported
from ..feedback.compiling import compiling
from ..grid.vmap import GridVmap
from ..grid.windows import Coordinates, windowed
from ..kept.program import KeptProgram
from ..space import Space
from ..tiles import Layout, Tile
from .accumulators import given_of
from .block import indices_in_cell, lanes_of, numeric
from .measure import Measure, State, why_values_are_needed

FOLDED = ("lanes", "counters")


class InKernel:
    """Folds tiles of a grid, cut by `layout`, of which the first `kept` axes remain.

    `possible`: whether the measures have such a form.
    """

    def __init__(
        self, space: Space, measures: Sequence[Measure], layout: Layout, kept: int, device: Any
    ) -> None:
        self.space, self.measures, self.kept, self.device = space, measures, kept, device
        self.lanes = lanes_of(space, kept, layout)
        self.accumulators = [one for measure in measures for one in measure.accumulators or ()]
        self.numbers = {one.name: space.inner_size(one) for one in space.variables}
        self.possible = not why_values_are_needed(measures) and all(self.numbers.values())
        self._loops: dict[int, tuple[Any, FoldLoop | None]] = {}

    def work(self, function: Any, tile: Tile, coordinates: Coordinates) -> "TileFold | None":
        """What makes the partial results of all measures of a tile, which `function` computes.

        None where that has no such form or a tile is a single point, and values are folded once they are
        there. What is made for one function is kept. `coordinates` are those of the tile, or what draws them.
        """
        if not self.possible or not coordinates:
            return None
        if id(function) not in self._loops:
            self._loops[id(function)] = function, self._made(function, coordinates)
        loop = self._loops[id(function)][1]
        return None if loop is None else TileFold(self, loop, tile)

    def _made(self, function: Any, coordinates: Coordinates) -> FoldLoop | None:
        inner, strided = self.lanes.inner, self.lanes.strided
        try:
            with compiling(self.space.model.name):
                loop = self._grid_loop(function, coordinates)
                return None if loop is None else FoldLoop(loop, self._folds, inner, strided)
        except Unsupported:
            return None
        except RuntimeError as error:  # of LLVM
            warnings.warn(f"values are folded apart, as the machine code failed: {error}", stacklevel=2)
            return None

    def _grid_loop(self, function: Any, coordinates: Coordinates) -> GridLoop | None:
        """The machine code of a function; None of one that XLA computes."""
        if isinstance(function, KeptProgram) and self.device.platform != "cpu":
            first = tuple(
                slice(0, 1) for _ in coordinates
            )  # a kept program is not traced, but its kernels are
            function = function.traced_anew(windowed(coordinates, first))
        loop = function.launched if isinstance(function, GridVmap) else function
        return loop if isinstance(loop, GridLoop) else None

    def _folds(self, graph: Graph, numbers: Numbers) -> list[Fold]:
        return [fold for one in self.accumulators for fold in one.folds(graph, numbers)]

    @cache  # noqa: B019 - it lives as long as the run
    def on_device(self, loop: FoldLoop, shapes: tuple[Any, ...]) -> GridVmap:
        """A loop that is traced as a function of coordinates of these shapes and dtypes, for the device."""
        coordinates = [dict(axis) for axis in shapes]
        lengths = tuple(next(iter(c.values())).shape[0] for c in coordinates)

        def folded(*at: Mapping[str, Any]) -> dict[str, Any]:
            return dict(zip(FOLDED, loop(at, self.lanes.rows(lengths)), strict=True))

        return GridVmap(folded, coordinates, self.device, what=self.space.model.name, whole=True)


@dataclass(frozen=True)
class TileFold:
    """Makes the partial results of all measures of one tile."""

    owner: InKernel
    loop: FoldLoop
    tile: Tile

    def begin(self, coordinates: Coordinates, device: Any = None) -> Mapping[str, Any]:
        """Lanes and counters of the points at these coordinates."""
        if self.loop.traced:
            shapes = tuple(
                tuple((name, jax.ShapeDtypeStruct(v.shape, v.dtype)) for name, v in sorted(axis.items()))
                for axis in coordinates
            )
            return self.owner.on_device(self.loop, shapes).begin(coordinates, device)
        rows = self.owner.lanes.rows(tuple(len(next(iter(axis.values()))) for axis in coordinates))
        return dict(zip(FOLDED, self.loop(coordinates, rows), strict=True))

    def gather(self, folded: Mapping[str, Any]) -> list[State]:
        """The partial results."""
        owner = self.owner
        shape, (lanes, counters) = (
            numeric(owner.space, self.tile.shape),
            (np.asarray(folded[n]) for n in FOLDED),
        )
        by_cell = owner.lanes.by_cell(lanes, shape, 1), owner.lanes.by_cell(counters, shape, 0)
        given = given_of(owner.accumulators, owner.numbers, *by_cell)
        states, where = [], partial(indices_in_cell, owner.space, owner.kept, self.tile)
        for measure in owner.measures:
            count = len(measure.accumulators or ())
            states.append(measure.gathered(given[:count], where))
            given = given[count:]
        return states


def why_values_are_written(space: Space, measures: Sequence[Measure], ways: Collection[Compiled]) -> str:
    """Why a tile's values are written before they are folded; empty where machine code folds the points."""
    if space.needs_ode:
        return "of orbits"
    if all(axis.static for axis in space.axes):
        return "of single points"
    if len(space.drawn_choices) > 1:
        return "of drawn choices"
    if needing := why_values_are_needed(measures):
        return needing
    numbers = {one.name: space.inner_size(one) for one in space.variables}
    wanted = [one for measure in measures for one in measure.accumulators or ()]
    if sum(numbers.get(one.output, 1) for one in wanted) > MOST_FOLDS:
        return f"of more than {MOST_FOLDS} statistics"
    return "" if all_native(ways) else "through XLA"
