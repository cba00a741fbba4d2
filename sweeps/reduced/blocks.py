"""Samples in blocks, of which bootstrap draws where there are too many samples to draw single ones."""

import threading
from collections.abc import Iterator
from math import prod

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
        self._shuffles = [rng.permutation(self.count).astype(np.intp) for _ in range(2)]

    def turns(self, first: int, length: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Of some turns at a time the sample in each block, among `length` samples from number `first` on.

        Numbers of samples after the first, shape (turns, blocks), and which of them are among those; None
        where all are. In the place of others stands one that is.
        """
        last = (first + length - 1) // self.count
        for begin in range(first // self.count, last + 1, _TURNS):
            turns = np.arange(begin, min(begin + _TURNS, last + 1))
            places = self._orders(turns)
            places += (turns * self.count - first)[:, None]
            inside = None
            if turns[0] * self.count < first or (turns[-1] + 1) * self.count > first + length:
                inside = (places >= 0) & (places < length)
                places = places.clip(0, length - 1)
            yield places, inside

    def added(self, table: np.ndarray, first: int) -> np.ndarray:
        """Sums over turns of values (..., samples) from sample number `first` on, shape (..., blocks)."""
        result = np.zeros((*table.shape[:-1], self.count))
        for places, inside in self.turns(first, table.shape[-1]):
            for row in np.ndindex(table.shape[:-1]):  # a row at a time is several times as fast
                values = table[row][places]
                result[row] += (values if inside is None else np.where(inside, values, 0.0)).sum(axis=0)
        return result

    def _orders(self, turns: np.ndarray) -> np.ndarray:
        """The sample of each turn that lies in each block, shape (turns, blocks).

        Twice the samples are moved round by a number of the turn's own and then shuffled: two turns differ in
        both numbers, or have places that were near each other far apart.
        """
        plain, last = np.arange(self.count), self.count - 1  # of more turns than one, a power of two
        order = np.repeat(plain[None], len(turns), axis=0)
        for key, shuffle in zip(self._keys, self._shuffles, strict=True):
            order += hashed(turns.astype(np.uint32), key).astype(np.intp)[:, None]
            order &= last
            order = shuffle[order]
        order[turns == 0] = plain
        return order


class _Scratch(threading.local):
    """Arrays that a thread uses again and again."""

    def __init__(self) -> None:
        self.held: dict[str, np.ndarray] = {}


_SCRATCH = _Scratch()


def scratch(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array with anything in it, this thread's until it asks for the `name` again.

    The first touch of new memory takes longer than what is done with it here.
    """
    held = _SCRATCH.held.get(name)
    if held is None or held.size < prod(shape):
        held = _SCRATCH.held[name] = np.empty(prod(shape))
    return held[: prod(shape)].reshape(shape)
