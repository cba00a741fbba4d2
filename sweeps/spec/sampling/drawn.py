"""A sampled parameter's values, as functions of the number of a point."""

from collections.abc import Callable

import numpy as np

from ....engine.values.columns import Column
from .points import Points

_BLOCK = 2**15  # Values that are computed at once: they stay in a core's cache.


class Drawn(Column):
    """One parameter of a design.

    Parameters
    ----------
    points : the design in the unit cube.
    dim : the parameter's dimension of it.
    size : how many points there are.
    quantiles : from the unit interval to values, of any shape.
    dtype : of the values.
    """

    def __init__(
        self,
        points: Points,
        dim: int,
        size: int,
        quantiles: Callable[[np.ndarray], np.ndarray],
        dtype: type = np.float64,
    ) -> None:
        self.size, self.dtype = size, np.dtype(dtype)
        self._points, self._dim, self._quantiles = points, dim, quantiles

    def between(self, start: int, stop: int) -> np.ndarray:
        """As of `Column`."""
        each = self._points.points_per_sample
        first, last = start // each, -(-stop // each)
        result = np.empty((last - first, each), self.dtype)
        for low in range(first, last, _BLOCK):
            samples = np.arange(low, min(low + _BLOCK, last), dtype=np.uint32)
            self._fill(result[low - first : low - first + len(samples)], samples)
        return result.reshape(-1)[start - first * each : stop - first * each]

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """As of `Column`."""
        each = self._points.points_per_sample
        flat = numbers.ravel()
        samples, place = (flat // each).astype(np.uint32), flat % each
        one, two = self._two(samples)
        other = self._points.other(self._dim, samples)
        here = other[np.arange(len(flat)) if len(other) > 1 else 0, place]
        return np.where(here, two, one).reshape(numbers.shape)

    def head(self, size: int) -> "Drawn":
        """As of `Column`."""
        return Drawn(self._points, self._dim, size, self._quantiles, self.dtype.type)

    def _fill(self, groups: np.ndarray, samples: np.ndarray) -> None:
        """Write the values of these samples, shape (samples, points of each)."""
        one, two = self._two(samples)
        other = self._points.other(self._dim, samples)
        if len(other) == 1:
            for place, here in enumerate(other[0]):
                groups[:, place] = two if here else one
        else:
            groups[:] = one[:, None]
            np.copyto(groups, two[:, None], where=other)

    def _two(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one, two = self._points.two(self._dim, samples)
        first = self._quantiles(one).astype(self.dtype, copy=False)
        return first, first if two is one else self._quantiles(two).astype(self.dtype, copy=False)
