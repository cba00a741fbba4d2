"""Trajectories by their number. Source: Morris, Technometrics 33 (1991) 161-174."""

from collections.abc import Sequence

import numpy as np

from .hashing import below, hashed, keys
from .points import Points


class MorrisPoints(Points):
    """Trajectories that move every parameter once, up or down by levels / (2 (levels - 1)) and in random
    order, on a grid of `levels` (even) from 0 to 1. Those with the same owner move at once; each has its own,
    if there are no `owners`.
    """

    def __init__(self, dims: int, seed: int, levels: int, owners: Sequence[int] | None = None) -> None:
        self._owners = list(range(dims) if owners is None else owners)
        self._levels = levels
        self.points_per_sample = max(self._owners) + 2
        self._low, self._up, self._order = (
            [keys(seed, (dim, stream), 2) for dim in range(dims)] for stream in range(3)
        )

    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Points`: before its step and after it."""
        half = self._levels // 2
        low = below(hashed(samples, self._low[dim]), half)
        up = (hashed(samples, self._up[dim]) >> np.uint32(31)).astype(bool)
        before, after = np.where(up, low, low + half), np.where(up, low + half, low)
        return before / (self._levels - 1), after / (self._levels - 1)

    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """As of `Points`: from its turn on, which is its place among the trajectory's hashed numbers."""
        mine = self._owners[dim]
        own, turn = hashed(samples, self._order[mine]), np.zeros(len(samples), np.uint32)
        for other in range(self.points_per_sample - 1):
            if other != mine:
                its = hashed(samples, self._order[other])
                turn += (its < own) | ((its == own) & (other < mine))
        return turn[:, None] < np.arange(self.points_per_sample, dtype=np.uint32)
