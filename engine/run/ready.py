"""What a run computes with, made before anything is written: so a new cube says whether it is portable."""

import time
from collections.abc import Callable, Iterable
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from ..device import most_points
from ..errors import CubeError, SweepInterrupted
from ..feedback.progress import Progress, Silence
from ..space import Space
from ..store.cube import Cube
from ..tiles import Layout, Tile
from .portable import require_same_bits, said_of

if TYPE_CHECKING:
    from ..evaluate import Evaluator


class Ready:
    """The evaluator of a run and its display, made when first wanted; `part` is the part of the sweep.

    `started` and `began` say when, by the calendar and by the clock.
    """

    def __init__(self, space: Space, device: Callable[[], Any], progress: bool, part: str = "") -> None:
        self.space, self.device, self._progress, self._part = space, device, progress, part
        self.started, self.began = time.time(), time.monotonic()
        self._evaluator: Evaluator | None = None
        self._shown: Progress | None = None

    def portable(self, layout: Layout) -> str:
        """What a new cube of these tiles is to say of its numbers: "yes", or "no: " and why.

        Every kernel is made. Raises SweepInterrupted where the user pressed Ctrl-C meanwhile, and SweepError
        for a model that cannot be computed.
        """
        self.shown(self.space.points, 0)
        return said_of(self._made(self.evaluator(layout), _one_of_each(self.space, layout), 0, len(layout)))

    def require_same_bits(
        self, cube: Cube, layout: Layout, tiles: Iterable[Tile], done: int, of: int
    ) -> None:
        """Make the kernels of these tiles; CubeError where they may compute other bits than the cube has.

        `done` of all tiles are there. Raises SweepInterrupted and SweepError as `portable`.
        """
        evaluator = self.evaluator(layout)
        why_not = self._made(evaluator, tiles, done, of)
        try:
            require_same_bits(cube, why_not, evaluator.device)
        except CubeError:
            self.close()
            raise

    def _made(self, evaluator: "Evaluator", tiles: Iterable[Tile], done: int, of: int) -> str:
        """Make the kernels of these tiles; why they are not portable, empty where they are."""
        try:
            evaluator.make(tiles)
        except KeyboardInterrupt:
            self.close()
            raise SweepInterrupted(done, of, self._part) from None
        except BaseException:
            self.close()
            raise
        return evaluator.why_not_portable

    def evaluator(self, layout: Layout) -> "Evaluator":
        """What computes tiles of a layout."""
        from ..compile_cache import keep_compiled

        if self._evaluator is None or self._evaluator.layout != layout:
            keep_compiled()
            self._evaluator = evaluator_of(self.space, layout, self.device())
        return self._evaluator

    def shown(self, points: int, done: int) -> Progress:
        """How far the run is, of so many points, which `done` of them are already; it has begun."""
        if self._shown is None or (self._shown.total, self._shown.done) != (points, done):
            self.close()
            self._shown = (Progress if self._progress else Silence)(points, done)
            self._shown.begin()
        return self._shown

    def close(self) -> None:
        """End the line of the display."""
        if self._shown is not None:
            self._shown.close()
            self._shown = None


def evaluator_of(space: Space, layout: Layout, device: Any) -> "Evaluator":
    """An evaluator whose batches fit: a cube begun on a larger device has tiles too large for this one."""
    from ..evaluate import Evaluator

    evaluator = Evaluator(space, layout, device)
    fitting = 2 * most_points(device, space.bytes_per_point, space.needs_ode)
    while prod(layout.tile) > fitting * evaluator.batches.count and evaluator.batches.cut_smaller():
        pass
    return evaluator


def _one_of_each(space: Space, layout: Layout) -> list[Tile]:
    """A tile for every combination of static choices."""
    counts = zip(space.axes, layout.counts, strict=True)
    return [layout.at(key) for key in product(*(range(n) if axis.static else (0,) for axis, n in counts))]
