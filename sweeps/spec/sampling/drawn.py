"""A sampled parameter's values, as functions of the number of a point."""

from collections.abc import Callable

import numpy as np

from ....engine.values.columns import Column, Matrices
from ....engine.values.line import SHARES
from .points import Points
from .sobol import SobolPoints

_BLOCK = 2**13  # Samples whose values are computed at once: those of all their points stay in a core's cache.


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
        result = np.empty(stop - start, self.dtype)
        self.write(start, result)
        return result

    def write(self, start: int, out: np.ndarray) -> None:
        """As of `Column`."""
        each, stop = self._points.points_per_sample, start + len(out)
        first, last = start // each, -(-stop // each)
        for low in range(first, last, _BLOCK):
            high = min(low + _BLOCK, last)
            here = slice(max(low * each, start), min(high * each, stop))
            whole, part = high * each - low * each, out[here.start - start : here.stop - start]
            groups = part if len(part) == whole else np.empty(whole, self.dtype)
            self._fill(groups.reshape(-1, each), np.arange(low, high, dtype=np.uint32))
            if groups is not part:
                part[:] = groups[here.start - low * each : here.stop - low * each]

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """As of `Column`."""
        each = self._points.points_per_sample
        flat = numbers.ravel()
        samples, place = (flat // each).astype(np.uint32), flat % each
        one, two = self.two(samples)
        other = self._points.other(self._dim, samples)
        here = other[np.arange(len(flat)) if len(other) > 1 else 0, place]
        return np.where(here, two, one).reshape(numbers.shape)

    def head(self, size: int) -> "Drawn":
        """As of `Column`."""
        return type(self)(self._points, self._dim, size, self._quantiles, self.dtype.type)

    def _fill(self, groups: np.ndarray, samples: np.ndarray) -> None:
        """Write the values of these samples, shape (samples, points of each)."""
        one, two = self.two(samples)
        other = self._points.other(self._dim, samples)
        if len(other) == 1:
            for place, here in enumerate(other[0]):
                groups[:, place] = two if here else one
        else:  # each once, as it stays: a thread whose window overlaps may have drawn it, and compute with it
            np.copyto(groups, one[:, None], where=~other)
            np.copyto(groups, two[:, None], where=other)

    def two(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Matrices`."""
        one, two = self._points.two(self._dim, samples.astype(np.uint32, copy=False))
        first = self._valued(one)
        return first, first if two is one else self._valued(two)

    def _valued(self, shares: np.ndarray) -> np.ndarray:
        return self._quantiles(shares).astype(self.dtype, copy=False)


class DrawnMatrices(Drawn, Matrices):
    """The same of Sobol' matrices, in which all samples have the other value at the same of their points."""

    _points: SobolPoints

    @property
    def others(self) -> np.ndarray:
        """As of `Matrices`."""
        (others,) = self._points.other(self._dim, np.zeros(1, np.uint32))
        return others

    def two(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Matrices`."""
        if samples.ndim == 1:
            return super().two(samples)
        line = getattr(self._quantiles, "line", None)
        one, two = self._points.two_in_rows(self._dim, samples, line or SHARES)
        return (one, two) if line else (self._valued(one), self._valued(two))
