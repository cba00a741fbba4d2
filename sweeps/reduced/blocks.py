"""Samples in blocks, of which bootstrap draws where there are too many samples to draw single ones."""

import numpy as np

from ..spec.sampling.hashing import hashed, keys

BLOCKS = 1024
_TURNS = 16  # at a time: what is made of them stays in a core's cache
_STREAM = (0, 7)  # of the seed, so that blocks know nothing of the points


class Blocks:
    """Which of `count` blocks each sample lies in: of every `count` samples, one in each.

    Their order is shuffled anew for every `count` samples, a *turn*, since Sobol' points one after another,
    or at equal distances, are more or less alike than points at random. The first ones are not shuffled:
    where there are no more samples than blocks, a block is a sample.
    """

    def __init__(self, samples: int, seed: int) -> None:
        self.count = min(samples, BLOCKS)
        self._keys = keys(seed, _STREAM, 4).reshape(2, 2)
        rng = np.random.Generator(np.random.Philox(key=keys(seed, _STREAM, 6)[4:].astype(np.uint64)))
        shuffles = [rng.permutation(self.count).astype(np.intp) for _ in range(2)]
        # Row k: a shuffle of what was moved round by k.
        twice = [np.concatenate([one, one]) for one in shuffles]
        self._moved = [np.lib.stride_tricks.sliding_window_view(one, self.count) for one in twice]

    def indices(self, first: int, length: int) -> np.ndarray:
        """The sample of each turn in each block, among `length` samples from number `first` on.

        Numbers of samples after the first, shape (turns, blocks); -1 for one that is not among those.
        """
        turns = np.arange(first // self.count, (first + length - 1) // self.count + 1)
        indices = self._orders(turns)
        indices += (turns * self.count - first)[:, None]
        for end in (0, -1):  # only the first turn and the last may reach beyond
            outside = (indices[end] < 0) | (indices[end] >= length)
            indices[end, outside] = -1
        return indices

    def added(self, table: np.ndarray, first: int) -> np.ndarray:
        """Sums over turns of values (..., samples) from sample number `first` on, shape (..., blocks)."""
        result = np.zeros((*table.shape[:-1], self.count))
        indices = self.indices(first, table.shape[-1])
        for begin in range(0, len(indices), _TURNS):
            here = indices[begin : begin + _TURNS]
            for row in np.ndindex(table.shape[:-1]):  # a row at a time is several times as fast
                result[row] += np.where(here >= 0, table[row][here], 0.0).sum(axis=0)
        return result

    def _orders(self, turns: np.ndarray) -> np.ndarray:
        """The sample of each turn that lies in each block, shape (turns, blocks).

        Twice the samples are moved round by a number of the turn's own and then shuffled: two turns differ in
        both numbers, or have indices that were near each other far apart.
        """
        count = self.count
        if len(turns) == 1 and not turns[0]:
            return np.arange(count)[None]
        numbers = turns.astype(np.uint32)
        by = [(hashed(numbers, key) & np.uint32(count - 1)).astype(np.intp) for key in self._keys]
        order = self._moved[0][by[0]]
        # One look-up for all: what turn k is moved to lies in row k.
        order += (np.arange(len(turns)) * count)[:, None]
        order = self._moved[1][by[1]].ravel()[order]
        order[turns == 0] = np.arange(count)
        return order
