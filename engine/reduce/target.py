"""One tile of the reduced cube while it comes about: its finished cells, and the tree of those under way."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from ..tiles import Tile
from .checkpoint import Checkpoint
from .measure import State
from .reduction import Layouts, ReducedSpace
from .tile_order import Step
from .tree import States, Tree

_CELLS, _TREE = "cells", "tree"


class Target:
    """A tile of the cube, of which nothing is there yet.

    Attributes
    ----------
    tile
        Which tile.
    values, columns
        Of its variables, filled cell by cell; and the samples in it, where these remain.
    done
        How many tiles of the grid are in it.
    whole
        Whether there are any, and none of them in part: an interrupt may come at any moment.
    """

    def __init__(self, stored: ReducedSpace, layouts: Layouts, tile: Tile) -> None:
        self.tile, self.measures, self.done = tile, stored.reduction.measures, 0
        self.columns = _columns(stored, tile)
        self.values = {
            one.name: np.full(
                tile.shape + tuple(len(stored.labels[dim]) for dim in one.inner_dims), one.fill, one.dtype
            )
            for one in stored.variables
        }
        self.whole = False
        self._parts, self._tree = layouts.parts, Tree(self.measures)
        self._until, self._points = stored.reduction.until, prod(layouts.grid.tile[layouts.kept :])

    def fold(self, step: Step, states: States) -> None:
        """Add what one tile of the grid has for some cells: the partial results of all measures.

        Cells that are finished early are done with all their tiles.
        """
        self.whole = False
        self._tree.add(states)
        self.done += 1
        if (step.last or self._may_end()) and self._finished(step):
            self.done += -self.done % self._parts
            self._tree = Tree(self.measures)
        self.whole = True

    def _may_end(self) -> bool:
        count = self._tree.count
        return bool(self._until) and count & (count - 1) == 0 and count * self._points >= self._until

    def _finished(self, step: Step) -> bool:
        """Put the results so far into their cells: whether these need no more points."""
        enough = True
        for measure, state in zip(self.measures, self._tree.result(), strict=True):
            results = measure.finish(state)
            enough = measure.enough(results) and enough
            for name, cells in results.items():
                here = self.values[name][step.region]
                new = cells.reshape(here.shape)
                # A history has what it had, and one number more.
                here[...] = np.where(np.isnan(new), here, new) if name in measure.histories else new
        return enough or step.last

    def checkpoint(self, cube: str) -> Checkpoint:
        """What is there of it, for a later run."""
        arrays = {f"{_CELLS}/{name}": values for name, values in self.values.items()}
        for level, states in enumerate(self._tree.held):
            for number, state in enumerate(states):
                arrays |= {f"{_TREE}/{level}/{number}/{name}": values for name, values in state.items()}
        return Checkpoint(cube, self.tile.key, self.done, arrays)

    def restore(self, begun: Checkpoint) -> bool:
        """Begin where an earlier run has ended; False, and as before, where that is not of this form."""
        under_way = begun.done % self._parts
        held = [
            [_below(begun.arrays, f"{_TREE}/{level}/{number}/") for number in range(len(self.measures))]
            for level in range(under_way.bit_count())
        ]
        cells = _below(begun.arrays, f"{_CELLS}/")
        same = {name: values.shape for name, values in cells.items()}
        if same != {name: values.shape for name, values in self.values.items()}:
            return False
        if not all(state for states in held for state in states):
            return False
        self.whole = True
        self.values, self._tree, self.done = cells, Tree(self.measures, under_way, held), begun.done
        return True


def _below(arrays: Mapping[str, np.ndarray], prefix: str) -> State:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _columns(stored: ReducedSpace, tile: Tile) -> dict[str, Any]:
    """The samples in a tile, which a cube of a large design has beside its variables."""
    axes = zip(stored.axes, tile.region, strict=True)
    return {name: values[part] for axis, part in axes for name, values in axis.columns.items()}
