"""Latin hypercubes by the number of a point: in each a parameter's strata stand in an order of its own."""

import numpy as np

from .hashing import fractions, keys, permutation_keys, permuted
from .points import Points


class LatinPoints(Points):
    """Independent Latin hypercubes of `batch` points, one after the other; of any number of dimensions.

    Along each dimension every stratum of 1/batch holds one point of a hypercube, somewhere in it.
    """

    points_per_sample = 1

    def __init__(self, seed: int, batch: int) -> None:
        self._seed, self._batch = seed, batch

    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Points`."""
        length = np.uint32(self._batch)
        orders, within = permutation_keys(self._seed, (dim, 0)), keys(self._seed, (dim, 1), 2)
        cubes = samples // length
        stratum = permuted(samples - cubes * length, cubes, self._batch, orders)
        u = (stratum + fractions(samples, within)) / self._batch
        return u, u

    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """As of `Points`."""
        return np.zeros((1, 1), bool)
