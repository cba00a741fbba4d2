"""Many points in batches: the one way from a function over a grid to arrays that hold its values.

The grid is cut along its longest axis, and along others where that is not enough. On a CPU one thread a core
computes batches, each into its window of arrays for the whole: a batch keeps one core busy, and calls from
one thread would queue up. Tiles of a sweep (`evaluate`) and lists of trajectories (`ode.trajectory.lanes`)
both go this way.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from math import ceil, prod
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..cores import cores
from ..device import each_of
from .launches import LONGEST, Launch, Launches
from .threads import Threads
from .windows import Coordinates, Started, Window, cut, windowed

# Points of a batch: its arrays should stay in a core's cache, its call should not weigh.
POINTS = 2**18
# A batch's last trajectories leave slots of a vector empty, and a small batch pays for its call; a large one
# leaves the other cores without work at the end.
_MOST_LANES, _LEAST_LANES, _PER_CORE = 2048, 512, 8
# Orbits of the first launches on a GPU, of which nobody knows how long they go: a thread each, on an H100.
LAUNCHED_LANES = 2**17
# Bytes that a batch through XLA may hold at once, by its trace.
_MOST_LIVE = 2**25
# Where batches are cut so that few values of an axis are in each: points of one at least, parts at most.
_FEWEST, _MOST_PARTS = 2**12, 16


class FillsWindows(Protocol):
    """What batches need of a function over a grid: that it fills windows of arrays.

    A `grid.function.GridFunction` does, and so does any other that has these two.
    """

    @property
    def outputs(self) -> Mapping[str, tuple[tuple[int, ...], np.dtype]]:
        """Shape at one point, and dtype, of each output."""
        ...

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates, /) -> None:
        """Compute the outputs at these coordinates."""
        ...


@runtime_checkable
class Begins(FillsWindows, Protocol):
    """What batches need besides where there are no threads: its outputs may still be on their way."""

    def begin(self, coordinates: Coordinates, device: Any = None, /) -> Mapping[str, Any]:
        """Begin to compute the outputs at these coordinates, on this one of several devices."""
        ...


class Folds(Protocol):
    """What batches need of a function of which no values are wanted."""

    def begin(self, coordinates: Coordinates, device: Any = None, /) -> Mapping[str, Any]:
        """Begin to fold the points at these coordinates, where there are no threads on a device."""
        ...

    def gather(self, folded: Mapping[str, Any], /) -> Any:
        """What is to be made of that, once it is there."""
        ...


class Batches:
    """Computes functions over grids of one shape on one device, or on several GPUs in turn.

    Parameters
    ----------
    sizes : length of each axis of the grid; none for a single point.
    device : where to compute. Elsewhere than on a CPU batches become smaller where one takes long.
    most : points of a batch on a CPU.
    most_elsewhere : of the first batches elsewhere; None where nothing bounds them.

    Attributes
    ----------
    count : how many batches there are, about.
    least : of axes, by their number, into how many parts they are cut at least.
    """

    def __init__(
        self, sizes: Sequence[int], device: Any, most: int, most_elsewhere: int | None = None
    ) -> None:
        self.sizes = tuple(sizes)
        self.count = 1
        self.least: dict[int, int] = {}
        self._threads: Threads | None = None
        self._spare: deque[dict[str, np.ndarray]] = deque()
        self._column_buffers: deque[dict[str, np.ndarray]] = deque()
        if device.platform == "cpu":
            self.count = -(-prod(self.sizes) // most)
            self._threads = Threads(cores())
        elif most_elsewhere is not None:
            self.count = -(-prod(self.sizes) // most_elsewhere)
        self._devices, self._turn, self._launches = each_of(device), count(), Launches()

    def windows(self) -> list[Window]:
        """The parts of the grid, of one shape, that are a batch each."""
        return cut(self.sizes, self.count, self.least)

    def start(
        self,
        function: FillsWindows,
        coordinates: Coordinates,
        columns: Mapping[str, np.ndarray] | None = None,
        then: Callable[[Started], Any] | None = None,
        order: Mapping[int, np.ndarray] | None = None,
        column_buffers: dict[str, np.ndarray] | None = None,
    ) -> Started:
        """Begin computing `function` over the whole grid; its values may still be on their way.

        Coordinates that are drawn later are drawn by the threads that compute. `columns`, and the
        `column_buffers` that they lie in, go beside the values, and their `order`. `then` makes what is
        `made` of them, in the thread that computed the last: they are still in its core's cache. Where no
        thread computes, nobody calls it.
        """
        started, windows = Started(self._buffers(function), columns=dict(columns or {})), self.windows()
        started.order, started.column_buffers = order or {}, column_buffers or {}
        done = count(1)  # `next` of it is one step for all threads
        for window in windows:
            if self._threads is not None:
                fill = partial(_fill, function, started, coordinates, window)
                if then is not None:
                    fill = partial(_fill_then, fill, done, len(windows), started, then)
                started.futures.append(self._threads.submit(fill))
            else:
                assert isinstance(function, Begins)
                part = windowed(coordinates, window)
                started.pending.append((window, partial(self._arrived, self._launched(function, part))))
        return started

    @property
    def whole(self) -> bool:
        """Whether a grid can be folded at once: on a CPU by one thread, elsewhere if it takes no time."""
        return self._threads is not None or self.count == 1

    def start_whole(
        self,
        function: "Folds",
        coordinates: Callable[[], Coordinates],
        columns: Mapping[str, np.ndarray],
        column_buffers: dict[str, np.ndarray],
    ) -> Started:
        """Begin to fold the whole grid, none of whose values are wanted; columns and buffers: see `start`."""
        started = Started({}, columns=dict(columns), column_buffers=column_buffers)
        if self._threads is not None:
            started.futures.append(self._threads.submit(_fold, started, function, coordinates))
        else:
            launch = self._launched(function, coordinates())
            started.pending.append(((), partial(self._folded, started, function, launch)))
        return started

    def _folded(self, started: Started, function: "Folds", launch: Launch) -> Mapping[str, Any]:
        """Make of a launch what is `made`; there are no values."""
        started.made = function.gather(self._arrived(launch))
        return {}

    def _launched(self, function: "Begins | Folds", part: Coordinates) -> Launch:
        """Begin a batch on the device whose turn it is."""
        if len(self._devices) == 1:
            return Launch(function.begin(part), self.count)
        number = next(self._turn) % len(self._devices)
        return Launch(function.begin(part, self._devices[number]), self.count, number)

    def _arrived(self, launch: Launch) -> Mapping[str, Any]:
        """What a device has computed, once it is there. Where it took long, smaller batches follow."""
        seconds = self._launches.wait(launch)
        if seconds > LONGEST and launch.of == self.count:  # not again for those that were on their way
            self.count = min(self.count * ceil(seconds / LONGEST), max(prod(self.sizes), 1))
        return launch.values

    @property
    def devices(self) -> int:
        """How many devices compute: all threads of a CPU are one."""
        return len(self._devices)

    @property
    def to_keep_busy(self) -> int:
        """How many grids should be under way for every core to have a batch, and one more to begin."""
        return -(-2 * cores() // self.count) if self._threads is not None else len(self._devices)

    def give_back(self, started: Started) -> None:
        """Offer the arrays of a finished grid for reuse: new memory costs as much time as computing does."""
        if started.whole:
            self._spare.append(started.whole)
        if started.column_buffers:
            self._column_buffers.append(started.column_buffers)

    def column_buffers(self, shapes: Mapping[str, tuple[tuple[int, ...], np.dtype]]) -> dict[str, np.ndarray]:
        """Arrays of these shapes and dtypes for columns, which come back with the grid."""
        return _arrays(self._column_buffers, shapes)

    def cut_smaller(self) -> bool:
        """From now on compute twice as many batches; False where that cannot be."""
        before, self.count = self.count, min(2 * self.count, prod(self.sizes))
        return self.count > before

    def by_value(self, axes: Iterable[int]) -> dict[int, int]:
        """Pieces into which such axes may be cut so that one holds few of their values."""
        if self._threads is None:
            return {}
        left, parts = max(prod(self.sizes) // _FEWEST, 1), {}
        for axis in axes:
            parts[axis] = min(left, self.sizes[axis], _MOST_PARTS)
            left //= parts[axis]
        return parts

    def bound(self, live: int) -> None:
        """Compute smaller batches on a CPU where one of now would hold so many bytes, more than is good."""
        if self._threads is not None and live > _MOST_LIVE:
            self.count = min(len(self.windows()) * -(-live // _MOST_LIVE), prod(self.sizes))

    def close(self) -> None:
        """Drop what has been started and is not wanted any more."""
        if self._threads is not None:
            self._threads.close()

    def _buffers(self, function: FillsWindows) -> dict[str, np.ndarray]:
        """Arrays for the whole grid: given back ones, or new ones."""
        return _arrays(
            self._spare,
            {name: ((*self.sizes, *inner), dtype) for name, (inner, dtype) in function.outputs.items()},
        )


def _arrays(
    spare: "deque[dict[str, np.ndarray]]", wanted: Mapping[str, tuple[tuple[int, ...], np.dtype]]
) -> dict[str, np.ndarray]:
    """Arrays of these shapes and dtypes: given back ones, or new ones."""
    with suppress(IndexError):
        whole = spare.popleft()
        if {name: (array.shape, array.dtype) for name, array in whole.items()} == dict(wanted):
            return whole
    return {name: np.empty(shape, dtype) for name, (shape, dtype) in wanted.items()}


def _fill(function: FillsWindows, started: Started, coordinates: Coordinates, window: Window) -> None:
    """Compute a window."""
    function.fill(started.window(window), windowed(coordinates, window))


def _fill_then(
    fill: Callable[[], None],
    done: "count[int]",
    windows: int,
    started: Started,
    then: Callable[[Started], Any],
) -> None:
    """Fill a window, and after the last one do what is to be done then."""
    fill()
    if next(done) == windows:
        started.made = then(started)


def _fold(started: Started, function: Folds, coordinates: Callable[[], Coordinates]) -> None:
    """Fold a whole grid, whose coordinates are drawn now."""
    started.made = function.gather(function.begin(coordinates()))


def lanes_of_a_batch(lanes: int) -> int:
    """How many of so many trajectories are best integrated in one batch."""
    wanted = -(-lanes // (_PER_CORE * cores()))
    return max(min(wanted, _MOST_LANES), min(lanes, _LEAST_LANES), 1)
