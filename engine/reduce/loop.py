"""Compute the tiles of a grid, fold them into the tiles of a cube, and lose little when stopped."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Argument, CubeError
from ..feedback.progress import Progress
from ..feedback.stop_flag import stop_if_requested
from ..gate.documents import parse_json
from ..space import Space
from ..store.cube import Cube
from ..tiles import Layout, Tile
from ..writer import TileWriter
from .block import block_of
from .checkpoint import drop_checkpoint, read_checkpoint, write_checkpoint
from .in_kernel import InKernel
from .reduction import ORDER, REDUCED_IN, SUMMED_IN, Layouts, ReducedSpace, layouts
from .target import Target
from .tile_order import Step, count, steps
from .tree import States

if TYPE_CHECKING:
    from ..grid.evaluate import Computed, Evaluator

# What is under way is written at most so often [s], and takes at most this share of the time.
_SECONDS, _SHARE = 1.0, 0.05


@dataclass
class Fold:
    """A reduced sweep on its way into a cube.

    Attributes
    ----------
    cube, space, stored
        The cube, the grid (its reduced axes last), and the space of the cube.
    todo
        Tiles of the cube that are missing.
    durable
        As of `execute`.
    part
        Which part of the sweep; empty for all of it. What is under way of each lies in a file of its own.
    spared
        Points that were not computed, as their cells were finished without them.
    """

    cube: Cube
    space: Space
    stored: ReducedSpace
    todo: Sequence[Tile]
    durable: bool
    part: str = ""

    def __post_init__(self) -> None:
        self._written, self._took = time.monotonic(), 0.0
        self._begun = self._left_by_an_earlier_run()
        self._done_before = {self._begun.tile: self._begun.done} if self._begun else {}
        self._now: Target | None = None
        self._sent, self.spared = set[tuple[int, ...]](), 0

    @cached_property
    def layouts(self) -> Layouts:
        """How the grid and the cube are cut, as the run that began the cube has cut them."""
        kept = len(self.space.axes) - len(self.stored.reduced)
        try:
            tile = tuple(parse_json(self.cube.attributes[REDUCED_IN]))
            result = layouts(Layout(self.space.shape, tile), self.stored, kept, self.cube.layout)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            result = None
        if result is None:
            raise CubeError(
                f"{self.cube.root}: its attribute {REDUCED_IN!r} does not say how its grid is cut; "
                "choose another output, or overwrite it with ",
                Argument("overwrite", True),
            )
        if self.stored.reduction.summed and self.cube.attributes.get(SUMMED_IN) != ORDER:
            raise CubeError(
                f"{self.cube.root}: another version of equisweep began it, and adds up in another order, "
                "which changes last bits; finish it with that version, or overwrite it with ",
                Argument("overwrite", True),
            )
        return result

    @property
    def points(self) -> int:
        """How many points are still to be computed."""
        return sum(tile.points for tile in self.tiles())

    def tiles(self) -> Iterator[Tile]:
        """The tiles of the grid that are still to be computed, in order."""
        return (step.tile for _, one in self._order() for _, step in one)

    def wanted(self) -> Iterator[Tile]:
        """The same while they are folded: without those of cells that are finished meanwhile."""
        for target_tile, order in self._order():
            for number, step in order:
                now = self._now
                if now is None or now.tile != target_tile or number >= now.done:
                    self._sent.add(step.tile.key)
                    yield step.tile

    def parts_of(self, tile: Tile, values: Mapping[str, np.ndarray], by_matrix: bool = False) -> States:
        """The partial results of all measures that a tile of the grid gives, of its `values`.

        They are new arrays: those of the tile are used again. `by_matrix`: as of `Block`.
        """
        block = block_of(self.space, self.layouts.kept, self.layouts.grid, tile, values)
        block.by_matrix = by_matrix
        return [measure.part(block) for measure in self.stored.reduction.measures]

    def attach(self, evaluator: "Evaluator") -> bool:
        """Let an evaluator of the grid fold its tiles itself, in the threads that compute them.

        Whether it may be that no values are written, so that a tile is not cut into batches.
        """
        cut, measures = self.layouts, self.stored.reduction.measures
        in_kernel = InKernel(self.space, measures, cut.grid, cut.kept, evaluator.device)
        evaluator.then, evaluator.instead = self.parts_of, in_kernel.work
        return in_kernel.possible and evaluator.device.platform == "cpu" and not self.space.needs_ode

    def run(
        self, computed: Iterable["Computed"], evaluator: "Evaluator", writer: TileWriter, shown: Progress
    ) -> None:
        """Fold tiles as they come, and write what is finished.

        Stopped by anything, what has been folded is kept for a later run.
        """
        tiles, target = iter(computed), None
        try:
            for target_tile, order in self._order():
                target = self._now = self._target(target_tile)
                for number, step in order:
                    if number < target.done:
                        self._pass_over(step, tiles, evaluator, shown)
                    else:
                        self._next(target, step, tiles, evaluator, shown)
                writer.submit(target.tile, target.values | target.columns)
                target = None
            writer.finish()
        except BaseException:
            writer.stop()
            if target is not None and target.whole:
                write_checkpoint(
                    self.cube.root, target.checkpoint(self.cube.stamp.cube), self.durable, self.part
                )
            raise
        drop_checkpoint(self.cube.root, self.part)

    def _next(
        self, target: Target, step: Step, tiles: Iterator["Computed"], evaluator: "Evaluator", shown: Progress
    ) -> None:
        stop_if_requested()
        tile, started, values = next(tiles)
        self._sent.discard(tile.key)
        target.fold(step, self.parts_of(tile, values) if started.made is None else started.made)
        evaluator.batches.give_back(started)
        shown.add(tile.points)
        now = time.monotonic()
        if now - self._written > max(_SECONDS, self._took / _SHARE):
            write_checkpoint(self.cube.root, target.checkpoint(self.cube.stamp.cube), self.durable, self.part)
            self._written = time.monotonic()
            self._took = self._written - now

    def _pass_over(
        self, step: Step, tiles: Iterator["Computed"], evaluator: "Evaluator", shown: Progress
    ) -> None:
        """Leave out a tile of cells that were finished without it; it may be computed already."""
        if step.tile.key in self._sent:
            self._sent.discard(step.tile.key)
            evaluator.batches.give_back(next(tiles)[1])
        else:
            self.spared += step.tile.points
        shown.add(step.tile.points)

    def _order(self) -> Iterator[tuple[Tile, Iterator[tuple[int, Step]]]]:
        """The cube's tiles, first what is begun: each with those of the grid that are still to be folded into
        it, and their numbers.
        """
        begun = self._begun
        first = [begun.tile] if begun else []
        for tile in (*first, *(tile for tile in self.todo if tile not in first)):
            done = self._done_before.get(tile, 0)
            yield tile, enumerate(steps(self.layouts, tile, done), done)

    def _target(self, tile: Tile) -> Target:
        if self._begun is not None and tile == self._begun.tile:
            return self._begun
        return Target(self.stored, self.layouts, tile)

    def _left_by_an_earlier_run(self) -> Target | None:
        held = read_checkpoint(self.cube.root, self.cube.stamp.cube, self.part)
        if held is None:
            return None
        tile = next((tile for tile in self.todo if tile.key == held.key), None)
        if tile is None or not 0 < held.done <= count(self.layouts, tile):
            return None
        target = Target(self.stored, self.layouts, tile)
        return target if target.restore(held) else None
