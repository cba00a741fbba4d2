"""Sobol' points by their number, in the groups of which Sobol' indices are estimated.

Sources: Joe and Kuo, SIAM Journal on Scientific Computing 30 (2008) 2635-2654 for the direction numbers and
Matousek, Journal of Complexity 14 (1998) 527-556 for their scrambling by a matrix and a shift, both as SciPy
has them; Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola, Computer Physics Communications 181 (2010)
259-270 for the matrices A, B and A_B; Saltelli, same journal 145 (2002) 280-297 for B_A.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ....engine.values.line import Line
from .points import Points

# Points are multiples of 2^-30, of which 0 is one: half a step further all lie inside (0, 1).
BITS = 30
_PART = 10  # Bits of a number that are looked up at once: such a table stays in a core's cache.
_LOOKED_UP = 2**_PART


class SobolPoints(Points):
    """Points for Sobol' indices, from two matrices A and B: the halves of a scrambled sequence.

    That sequence has twice as many dimensions as there are parameters, `dims`. A sample is the same row of A,
    of A with column i of B for every i, with `second` of B with column i of A for every i, and of B. Columns
    with the same owner move as one; each has its own, if there are no `owners`.
    """

    def __init__(self, dims: int, seed: int, second: bool, owners: Sequence[int] | None = None) -> None:
        self._owners = np.array(range(dims) if owners is None else owners)
        self.points_per_sample = (1 + second) * (int(self._owners.max()) + 1) + 2
        self._dims, self._seed, self._second = dims, seed, second
        self._tables: dict[int, np.ndarray] = {}

    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Points`."""
        return self._column(dim, samples), self._column(self._dims + dim, samples)

    def two_in_rows(self, dim: int, samples: np.ndarray, line: Line) -> tuple[np.ndarray, np.ndarray]:
        """The same on a `line`, of samples of shape (rows, length): of a row all within such 1024 as make one
        look-up.
        """
        from ....engine.codegen.cpu.looked_up import (
            looked_up,
        )  # loads jax, which who reads a cube does not need

        parts, coordinates = (samples[:, 0] >> _PART).astype(np.uint32), []
        for one in (dim, self._dims + dim):
            table, shift = self._table(one)
            coordinates.append(looked_up(table[0], samples, _rest(table, parts) ^ shift, 0.5**BITS, line))
        return coordinates[0], coordinates[1]

    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """As of `Points`: the matrix B."""
        own = np.arange(self._owners.max() + 1) == self._owners[dim]
        parts = [[False], own, *([~own] if self._second else []), [True]]
        return np.concatenate(parts)[None].astype(bool)

    def _column(self, dim: int, samples: np.ndarray) -> np.ndarray:
        table, shift = self._table(dim)
        first, count = int(samples[0]), len(samples)
        if count > _LOOKED_UP and int(samples[-1]) - first == count - 1:  # one after another
            low, rest = np.uint32(first // _LOOKED_UP), first % _LOOKED_UP
            parts = low + np.arange(-(-(rest + count) // _LOOKED_UP), dtype=np.uint32)
            x = (table[0] ^ (_rest(table, parts) ^ shift)[:, None]).reshape(-1)[rest : rest + count]
        else:
            x = table[0][samples % np.uint32(_LOOKED_UP)] ^ _rest(table, samples >> np.uint32(_PART)) ^ shift
        return (x + 0.5) * 0.5**BITS

    def _table(self, dim: int) -> tuple[np.ndarray, np.uint32]:
        """What each part of a sample's number adds to a dimension of its point."""
        directions, shifts = scrambled(2 * self._dims, self._seed)
        if dim not in self._tables:
            # Points come in the order of Gray's code, n ^ (n >> 1): in it bit k of n stands for two bits.
            own = directions[dim]
            of_bit = own.copy()
            of_bit[1:] ^= own[:-1]
            self._tables[dim] = np.stack([_added(of_bit[k : k + _PART]) for k in range(0, BITS, _PART)])
        return self._tables[dim], shifts[dim]


def _rest(table: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """What the bits of samples' numbers beyond the first ones add."""
    return table[1][numbers % np.uint32(_LOOKED_UP)] ^ table[2][numbers >> np.uint32(_PART)]


def _added(of_bit: np.ndarray) -> np.ndarray:
    """What every number of some bits adds, of what each bit does."""
    result = np.zeros(1, np.uint32)
    for one in of_bit:
        result = np.concatenate([result, result ^ one])
    return result


@cache
def scrambled(dims: int, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Direction numbers of `dims` dimensions, shape (dims, BITS), and what points are shifted by, (dims,).

    None for the `seed`: unscrambled. Both are SciPy's.
    """
    from scipy.stats import qmc

    rng = None if seed is None else np.random.default_rng(seed)
    sampler = qmc.Sobol(dims, scramble=seed is not None, bits=BITS, rng=rng)
    directions, shifts = getattr(sampler, "_sv", None), getattr(sampler, "_shift", None)
    if directions is None or shifts is None:
        directions, shifts = asked(sampler, BITS)
    return np.array(directions, np.uint32), np.array(shifts, np.uint32)


def asked(sampler: Any, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, up to so many bits of a sample's number, from a sampler of SciPy's by its points alone.

    Point 2^(k + 1) - 1 differs from the first one by direction number k.
    """
    numbers = []
    for ahead in (0, *(2 ** (k + 1) - 1 for k in range(bits))):
        sampler.reset()
        if ahead:
            sampler.fast_forward(ahead)
        numbers.append((sampler.random(1)[0] * 2**BITS).astype(np.uint32))
    shifts = numbers[0]
    return np.stack(numbers[1:], axis=1) ^ shifts[:, None], shifts
