"""A grid cut into windows of its longest axis, which are computed one by one and put together again."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# The values of each name along each axis of a grid.
Coordinates = Sequence[Mapping[str, Any]]


@dataclass
class Started:
    """A grid under way: the arrays it fills, window by window of one axis, and what is still to come.

    Without any axis, `axis` is None and the one window is the whole. `pending` are values that are on
    their way from a device, `futures` are windows that threads fill.
    """

    whole: dict[str, np.ndarray]
    axis: int | None
    pending: list[tuple[slice, Mapping[str, Any]]] = field(default_factory=list)
    futures: list[Future[None]] = field(default_factory=list)

    def window(self, window: slice) -> dict[str, np.ndarray]:
        """The part of the arrays that a window is."""
        at = ... if self.axis is None else (*[slice(None)] * self.axis, window)
        return {name: array[at] for name, array in self.whole.items()}

    def wait(self) -> None:
        """Until all windows are in place; raises what one of them raised, and drops those not begun."""
        try:
            for window, values in self.pending:
                put(self.window(window), values)
            for future in self.futures:
                future.result()
        finally:
            for future in self.futures:
                future.cancel()


def put(outputs: Mapping[str, np.ndarray], values: Mapping[str, Any]) -> None:
    """Copy values to their places, once they are there."""
    for name, array in outputs.items():
        array[...] = np.asarray(values[name])


def cut(size: int, count: int) -> list[slice]:
    """At most `count` windows of one length that cover an axis.

    The last one reaches back over its neighbour if it must.
    """
    length = -(-size // count)
    starts = [min(first, size - length) for first in range(0, size, length)] if size else [0]
    return [slice(first, first + length) for first in starts]


def windowed(coordinates: Coordinates, window: slice) -> list[Mapping[str, Any]]:
    """The coordinates with the longest one cut to the window."""
    part = list(coordinates)
    if part:
        axis = longest([_length(c) for c in coordinates])
        part[axis] = {name: values[window] for name, values in coordinates[axis].items()}
    return part


def longest(sizes: Sequence[int]) -> int:
    """Which of the axes is the longest, the first of equals; 0 where there is none."""
    return max(range(len(sizes)), key=lambda i: sizes[i], default=0)


def _length(coordinate: Mapping[str, Any]) -> int:
    return len(next(iter(coordinate.values())))
