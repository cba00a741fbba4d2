"""A process that computes tiles as it is told, and commits them itself, beside others."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..feedback.progress import Silence
from ..grid.evaluate import Evaluator
from ..kept.folder import keep_compiled
from ..reduce.loop import Fold
from ..reduce.reduction import ReducedSpace
from ..reuse.old_points import OldPoints
from ..reuse.tiles import Tiles, source_of_tiles
from ..run.execute import AHEAD, write_all
from ..run.portable import require_same_bits
from ..run.ready import evaluator_of, why_not_portable
from ..space import Space
from ..store.commit import digests, record
from ..store.cube import open_cube_for_reading
from ..store.identity import require_same_sweep
from ..store.manifest import key_of
from ..store.shared.lease import beside_others
from ..store.storage.held import hold
from ..tiles import Tile
from ..writer import TileWriter


@dataclass(frozen=True)
class Done:
    """What was done of some tiles: how many were computed and written, their points, and those taken over."""

    tiles: int = 0
    points: int = 0
    taken: int = 0
    compilations: int = 0


class Member:
    """Computes tiles of the cube at `root` with one evaluator, as often as it is asked.

    Parameters
    ----------
    space, stored
        What is swept, and the space of the cube.
    root
        The cube, which is there.
    device
        The jax device.
    durable, attributes
        As of `execute`.
    reuse
        Another cube to take points from.
    name
        Who this is, among those that write to the cube.

    Raises CubeError where the cube is of another sweep, or another process must write alone.
    """

    def __init__(
        self,
        space: Space,
        stored: Space,
        root: Path,
        device: Any,
        *,
        durable: bool,
        attributes: Mapping[str, str],
        name: str,
        reuse: Path | None = None,
    ) -> None:
        self.space, self.stored, self.device, self.durable, self.name = space, stored, device, durable, name
        self.attributes, self.reuse = attributes, reuse
        self._open = ExitStack()
        self._lease = self._open.enter_context(beside_others(root, name))
        self._compiled = self._taken = 0
        try:
            keep_compiled()
            self.cube = open_cube_for_reading(root)
            require_same_sweep(self.cube, stored)
            hold(self.cube, self._lease)
            self._open.callback(self.cube.recorder.close)
        except BaseException:
            self._open.close()
            raise

    def compute(self, indices: Iterable[int]) -> Done:
        """Compute and commit those of the tiles with these numbers that nobody has committed meanwhile."""
        counts = self.cube.layout.counts
        tiles = [self.cube.layout.at(key_of(index, counts)) for index in indices]
        self.cube.recorder.begin()
        todo = [tile for tile in tiles if not self._there(tile)]
        if not todo:
            return Done(len(tiles), sum(tile.points for tile in tiles))
        evaluator = self._source.evaluator
        evaluator.make(todo if evaluator.layout == self.cube.layout else evaluator.layout)
        require_same_bits(self.cube, why_not_portable(evaluator, self._old), self.device)
        writer = TileWriter(self.cube, self.durable, Silence(0), AHEAD[1], self._lease.require)
        if isinstance(self.stored, ReducedSpace):
            fold = Fold(self.cube, self.space, self.stored, todo, self.durable, self.name)
            fold.attach(self._source.evaluator)
            points = fold.points
            fold.run(self._source.tiles(fold.tiles(), AHEAD[0]), evaluator, writer, Silence(0))
        else:
            points = sum(tile.points for tile in tiles)
            write_all(self._source.tiles(todo, AHEAD[0]), evaluator, writer)
        self.cube.storage.commit(self.name)  # what is reported, others see
        return Done(len(tiles), points, *self._since())

    def close(self) -> None:
        """Say that this one ended in good order."""
        try:
            if "_source" in self.__dict__:
                self._source.close()
            if self.cube.recorder.begun:
                self.cube.recorder.end(alone=False)
        finally:
            self._open.close()

    @cached_property
    def _source(self) -> Tiles:
        layout, order = self.cube.layout, None
        if isinstance(self.stored, ReducedSpace):
            order = self.stored.reduction.order
            layout = Fold(self.cube, self.space, self.stored, [], self.durable, self.name).layouts.grid
        evaluator: Evaluator = evaluator_of(self.space, layout, self.device, order)
        return source_of_tiles(evaluator, self._old, self.attributes)

    @cached_property
    def _old(self) -> OldPoints | None:
        return None if self.reuse is None else OldPoints(self.reuse, self.space)

    def _since(self) -> tuple[int, int]:
        """Points that were taken over, and compilations, since this was asked last."""
        taken, compiled = self._source.taken - self._taken, self._source.compilations - self._compiled
        self._taken, self._compiled = self._source.taken, self._source.compilations
        return taken, compiled

    def _there(self, tile: Tile) -> bool:
        """Whether a tile is committed: by one that died, perhaps, before it could record it."""
        if not self.cube.storage.exists(self.cube.path("status", tile.key)):
            return False
        shards = digests(self.cube, tile)
        if shards is not None:
            record(self.cube, tile, shards, False)
        return shards is not None
