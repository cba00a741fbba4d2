"""What a run computes with, made before anything is written: so a new cube says whether it is portable."""

import time
from collections.abc import Callable, Iterable
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..device import most_points
from ..errors import SweepInterrupted
from ..feedback.progress import Progress, Silence
from ..space import Space
from ..store.cube import Cube
from ..store.shared.parts import WHOLE, Part, points_of_tiles, tiles_of_part
from ..tiles import Layout, Tile
from .portable import require_same_bits, said_of

if TYPE_CHECKING:
    from ..grid.by_matrix import Order
    from ..grid.evaluate import Evaluator
    from ..reuse.old_points import OldPoints


class Ready:
    """The evaluator of a run and its display, made when first wanted.

    `part` is the part of the sweep that is computed. `old`, if it is set, gives some of the points. `order`,
    if it is set, is the one in which samples of a design are added up. `started` and `began` say when the
    display began, by the calendar and by the clock.
    """

    old: "OldPoints | None" = None
    order: "Order | None" = None

    def __init__(
        self, space: Space, device: Callable[[], Any], progress: bool, part: Part | None = None
    ) -> None:
        self.space, self.device, self._progress, self._part = space, device, progress, part
        self.started, self.began = time.time(), time.monotonic()
        self._evaluator: Evaluator | None = None
        self._shown: Progress | None = None

    def take_from(self, reuse: Path, root: Path) -> None:
        """Take points from the cube at `reuse` for that at `root`; SweepError where they cannot be."""
        from ..reuse.agree import require_apart
        from ..reuse.old_points import OldPoints

        require_apart(reuse, root)
        self.old = OldPoints(reuse, self.space)
        self.old.require_device(self.device())

    def portable(self, layout: Layout) -> str:
        """What a new cube of these tiles is to say of its numbers: "yes", or "no: " and why.

        Every kernel is made. Raises SweepInterrupted where the user pressed Ctrl-C meanwhile, and SweepError
        for a model that cannot be computed.
        """
        indices = tiles_of_part(layout, self._part or WHOLE)
        points = self.space.points if self._part is None else int(points_of_tiles(layout)[indices].sum())
        self.shown(points, 0)
        return said_of(self._made(self.evaluator(layout), one_of_each(self.space, layout), 0, len(indices)))

    def require_same_bits(
        self, cube: Cube, layout: Layout, tiles: Iterable[Tile], done: int, of: int
    ) -> None:
        """Make the kernels of these tiles; CubeError where they may compute other bits than the cube has.

        `done` of all tiles are there. Raises SweepInterrupted and SweepError as `portable`.
        """
        evaluator = self.evaluator(layout)
        why_not = self._made(evaluator, tiles, done, of)
        require_same_bits(cube, why_not, evaluator.device)

    def _made(self, evaluator: "Evaluator", tiles: Iterable[Tile], done: int, of: int) -> str:
        """Make the kernels of these tiles; why what is computed, and taken, is not portable, if it is not."""
        try:
            evaluator.make(tiles)
            return why_not_portable(evaluator, self.old)
        except KeyboardInterrupt:
            raise SweepInterrupted(done, of, str(self._part or "")) from None

    def evaluator(self, layout: Layout) -> "Evaluator":
        """What computes tiles of a layout."""
        from ..kept.folder import keep_compiled

        if self._evaluator is None or self._evaluator.layout != layout:
            keep_compiled()
            self._evaluator = evaluator_of(self.space, layout, self.device(), self.order)
        return self._evaluator

    def shown(self, points: int, done: int) -> Progress:
        """How far the run is, of so many points, which `done` of them are already; it has begun."""
        if self._shown is None:
            self.started, self.began = time.time(), time.monotonic()
            self._shown = (Progress if self._progress else Silence)(points, done)
            self._shown.begin()
        self._shown.total, self._shown.done, self._shown.skipped = points, done, done
        return self._shown

    def close(self) -> None:
        """End the line of the display."""
        if self._shown is not None:
            self._shown.close()
            self._shown = None


def evaluator_of(space: Space, layout: Layout, device: Any, order: "Order | None" = None) -> "Evaluator":
    """An evaluator whose batches fit: a cube begun on a larger device has tiles too large for this one.

    `order`, if there is one, is that in which samples of a design are added up.
    """
    from ..grid.by_matrix import MatrixEvaluator
    from ..grid.evaluate import Evaluator

    by_matrix = None if order is None else MatrixEvaluator(space, layout, device, order)
    evaluator = by_matrix or Evaluator(space, layout, device)
    fitting = 2 * most_points(device, space.bytes_per_point, space.needs_ode)
    while prod(layout.tile) > fitting * evaluator.batches.count and evaluator.batches.cut_smaller():
        pass
    return evaluator


def why_not_portable(evaluator: "Evaluator", old: "OldPoints | None") -> str:
    """Why what it computes, beside the points of another cube, is not portable; empty where it is.

    Raises SweepError where the two would have other bits.
    """
    why_not = evaluator.why_not_portable
    return why_not if old is None else old.why_not_portable(why_not, evaluator.device)


def one_of_each(space: Space, layout: Layout) -> list[Tile]:
    """A tile for every combination of static choices."""
    counts = zip(space.axes, layout.counts, strict=True)
    return [layout.at(key) for key in product(*(range(n) if axis.static else (0,) for axis, n in counts))]
