"""A grid cut into windows of one shape, which are computed one by one and put together again."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np

# The values of each name along each axis of a grid: arrays, or what draws them (`later`).
Coordinates = Sequence[Mapping[str, Any]]
# A part of a grid: a slice of each axis.
Window = tuple[slice, ...]


@dataclass
class Started:
    """A grid under way: the arrays it fills, window by window, and what is still to come.

    `pending` are windows that are on their way from a device, each with what waits for its values;
    `futures` are windows that threads fill;
    `columns` are values along its axes that are kept beside what is computed. `order` says of axes whose
    values were computed in rising order at which place each is. `made` is what the thread that filled the
    last window made of the whole; None where no thread did. `column_buffers` are what columns
    lie in, to be used again.
    """

    whole: dict[str, np.ndarray]
    pending: deque[tuple[Window, Callable[[], Mapping[str, Any]]]] = field(default_factory=deque)
    futures: list[Future[None]] = field(default_factory=list)
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    order: Mapping[int, np.ndarray] = field(default_factory=dict)
    made: Any = None
    column_buffers: dict[str, np.ndarray] = field(default_factory=dict)

    def window(self, window: Window) -> dict[str, np.ndarray]:
        """The part of the arrays that a window is."""
        return {name: array[(*window, ...)] for name, array in self.whole.items()}

    def wait(self) -> None:
        """Until all windows are in place; raises what one of them raised, and drops those not begun."""
        try:
            while self.pending:  # what has come home is forgotten at once, and the device's memory free
                window, arrived = self.pending.popleft()
                put(self.window(window), arrived())
            for future in self.futures:
                future.result()
        finally:
            self.pending.clear()
            for future in self.futures:
                future.cancel()


def put(outputs: Mapping[str, np.ndarray], values: Mapping[str, Any]) -> None:
    """Copy values to their places, once they are there."""
    for name, array in outputs.items():
        array[...] = np.asarray(values[name])


def cut(sizes: Sequence[int], count: int, least: Mapping[int, int] | None = None) -> list[Window]:
    """Windows of one shape that cover a grid: about `count` of them, by its longest axis as far as that goes.

    The last one along an axis reaches back over its neighbour if it must. `least` says of axes into how many
    parts they are cut at least.
    """
    least = least or {}
    counts, left = [1] * len(sizes), -(-count // prod(least.values()))
    for axis in sorted(range(len(sizes)), key=lambda a: -sizes[a]):
        already = least.get(axis, 1)
        counts[axis] = max(min(left * already, sizes[axis]), 1)
        left = -(-left * already // counts[axis])
    return list(product(*map(_spans, sizes, counts)))


def _spans(size: int, count: int) -> list[slice]:
    """At most `count` spans of one length that cover an axis."""
    length = -(-size // count)
    starts = [min(first, size - length) for first in range(0, size, length)] if size else [0]
    return [slice(first, first + length) for first in starts]


def windowed(coordinates: Coordinates, window: Window) -> list[Mapping[str, Any]]:
    """The coordinates within a window."""
    return [
        {name: values[part] for name, values in c.items()}
        for c, part in zip(coordinates, window, strict=True)
    ]
