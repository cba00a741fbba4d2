"""Samples in blocks, of which bootstrap draws where there are too many samples to draw single ones."""

from typing import Any

import numpy as np

from ..spec.sampling.hashing import hashed, keys

BLOCKS = 1024
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
        self._shuffles = [rng.permutation(self.count).astype(np.intp) for _ in range(2)]

    def by_turns(self, first: int, *values: np.ndarray) -> list[np.ndarray]:
        """Values of samples from number `first` on by the turn and block of each; 0 where there is none.

        Shape (..., samples) to (..., turns, blocks), of each array.
        """
        length = values[0].shape[-1]
        turns = np.arange(first // self.count, (first + length - 1) // self.count + 1)
        begin = first - turns[0] * self.count
        places: Any = slice(begin, begin + length)
        if turns[-1] > 0:
            order = self._orders(turns) + self.count * np.arange(len(turns))[:, None]
            places = order.ravel()[places]
        return [self._placed(one, places, len(turns)) for one in values]

    def _placed(self, values: np.ndarray, places: Any, turns: int) -> np.ndarray:
        outer = values.shape[:-1]
        result = np.zeros((*outer, turns * self.count), values.dtype)
        if isinstance(places, slice):
            result[..., places] = values
        else:
            for row in np.ndindex(outer):  # a row at a time is several times as fast
                result[row][places] = values[row]
        return result.reshape(*outer, turns, self.count)

    def _orders(self, turns: np.ndarray) -> np.ndarray:
        """The blocks of the samples of each turn, in order, shape (turns, blocks).

        Twice the samples are moved round by a number of the turn's own and then shuffled: two turns differ in
        both numbers, or have places that were near each other far apart.
        """
        plain, last = np.arange(self.count), self.count - 1  # of more turns than one, a power of two
        order = np.broadcast_to(plain, (len(turns), self.count))
        for key, shuffle in zip(self._keys, self._shuffles, strict=True):
            by = hashed(turns.astype(np.uint32), key).astype(np.intp)
            order = shuffle[(order + by[:, None]) & last]
        return np.where(turns[:, None] == 0, plain, order)
