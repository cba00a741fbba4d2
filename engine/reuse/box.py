"""Compute some positions of a tile alone: a grid of its own, in programs that several tiles share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..codegen.how_compiled import Compiled
from ..grid.evaluate import Evaluator, computed_tiles
from ..space import Space
from ..tiles import Layout, Tile


class Boxes:
    """Computes grids inside of tiles. Lengths are rounded up, so that few programs are made.

    Attributes
    ----------
    compilations
        How many were compiled.
    """

    def __init__(self, space: Space, layout: Layout, device: Any) -> None:
        self.space, self.layout, self.device = space, layout, device
        self._evaluators: dict[tuple[int, ...], _BoxEvaluator] = {}

    @property
    def compilations(self) -> int:
        """Of all of them."""
        return sum(one.compilations for one in self._evaluators.values())

    @property
    def computed(self) -> set[Compiled]:
        """How it was computed."""
        return {how for one in self._evaluators.values() for how in one.computed}

    def compute(self, tile: Tile, positions: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The values of every variable at these positions along each axis, counted from the tile's start."""
        lengths = tuple(
            min(_rounded(len(one)), most) for one, most in zip(positions, self.layout.tile, strict=True)
        )
        if lengths not in self._evaluators:
            self._evaluators[lengths] = _BoxEvaluator(self.space, Layout(lengths, lengths), self.device)
        evaluator = self._evaluators[lengths]
        evaluator.positions = [start + one for start, one in zip(tile.start, positions, strict=True)]
        stop = tuple(a + len(one) for a, one in zip(tile.start, positions, strict=True))
        _, started, values = next(computed_tiles(evaluator, [Tile(tile.key, tile.start, stop)], 0))
        copies = {name: values[name].copy() for name in (v.name for v in self.space.variables)}
        evaluator.batches.give_back(started)
        return copies

    def close(self) -> None:
        """Drop what computes."""
        for one in self._evaluators.values():
            one.batches.close()


class _BoxEvaluator(Evaluator):
    """An evaluator of single positions."""

    positions: Sequence[np.ndarray] = ()

    def columns(self, tile: Tile) -> dict[str, np.ndarray]:
        return {}

    def _columns_later(self, tile: Tile) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        return {}, {}  # samples are drawn here, since positions need not lie beside each other

    def _later(self, i: int, tile: Tile, columns: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return self._coordinates(i, tile, columns)

    def _coordinates(self, i: int, tile: Tile, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        positions = self.positions[i]
        padded = np.pad(positions, (0, self.layout.tile[i] - len(positions)), mode="edge")
        return self.space.axes[i].at(padded, self.space.dtype)


def _rounded(length: int) -> int:
    """The next power of two."""
    return 1 << (length - 1).bit_length()
