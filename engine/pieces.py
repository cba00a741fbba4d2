"""A tile cut into windows of its longest axis, which are computed one by one and put together again."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import jax
import numpy as np


@dataclass
class Started:
    """A tile under way: the arrays it fills, window by window of one axis, and what is still to come.

    Without any numeric axis, `axis` is None and the one window is the whole.
    """

    whole: dict[str, np.ndarray]
    axis: int | None
    pending: list[tuple[slice, Mapping[str, jax.Array]]]
    futures: list[Future[None]] = field(default_factory=list)

    def put(self, window: slice, values: Mapping[str, jax.Array]) -> None:
        """Copy the values of a window to their place."""
        at = () if self.axis is None else (*[slice(None)] * self.axis, window)
        for name, array in self.whole.items():
            array[at] = np.asarray(values[name])

    def wait(self) -> None:
        """Until all windows are in place; raises what one of them raised, and drops those not begun."""
        try:
            for window, values in self.pending:
                self.put(window, values)
            for future in self.futures:
                future.result()
        finally:
            for future in self.futures:
                future.cancel()


def cut(size: int, pieces: int) -> list[slice]:
    """Windows of one length that cover an axis; the last one reaches back over its neighbour if it must."""
    length = -(-size // pieces)
    starts = [min(first, size - length) for first in range(0, size, length)]
    return [slice(first, first + length) for first in starts]


def windowed(coordinates: list[dict[str, np.ndarray]], window: slice) -> list[dict[str, np.ndarray]]:
    """The coordinates with the longest one cut to the window."""
    part = list(coordinates)
    if part:
        axis = longest([_length(c) for c in coordinates])
        part[axis] = {name: values[window] for name, values in coordinates[axis].items()}
    return part


def longest(sizes: Sequence[int]) -> int:
    return max(range(len(sizes)), key=lambda i: sizes[i], default=0)


def _length(coordinate: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(coordinate.values())))
