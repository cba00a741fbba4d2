"""Samples in blocks, of which bootstrap draws where there are too many samples to draw single ones."""

import numpy as np

from ..spec.sampling.hashing import permutation_keys, permuted

BLOCKS = 1024
_STREAM = (0, 7)  # of the seed, so that blocks know nothing of the points


class Blocks:
    """Which of `count` blocks each sample lies in: of every `count` samples, one in each.

    Their order is shuffled anew for every `count` samples, since Sobol' points one after another, or at equal
    distances, are more or less alike than points at random. The first ones are not shuffled: where there are
    no more samples than blocks, a block is a sample.
    """

    def __init__(self, samples: int, seed: int) -> None:
        self.count = min(samples, BLOCKS)
        self._keys = permutation_keys(seed, _STREAM)

    def add(self, table: np.ndarray, first: int) -> np.ndarray:
        """Sums over each block of a table's rows, which are samples from number `first` on.

        Shape (samples, ...) to (blocks, ...).
        """
        result = np.zeros((self.count, *table.shape[1:]))
        start, end = first, first + len(table)
        while start < end:
            turn, place = divmod(start, self.count)
            stop = min(end, (turn + 1) * self.count)
            here = self._order(turn)[place : place + stop - start]
            result[here] += table[start - first : stop - first]
            start = stop
        return result

    def _order(self, turn: int) -> np.ndarray:
        places = np.arange(self.count, dtype=np.uint32)
        if turn == 0 or self.count == 1:
            return places
        return permuted(places, np.full(self.count, turn, np.uint32), self.count, self._keys)
