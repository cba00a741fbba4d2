"""Numbers at random that are functions of a number: hashed, and not drawn one after another.

Sources: the mixing of bits, Wellons, "Prospecting for hash functions" (2018), lowbias32; permutations of any
length by mixing within the next power of two, and again what falls outside, Black and Rogaway, CT-RSA 2002.
"""

from collections.abc import Sequence

import numpy as np

# Rounds of mixing after which no pair of indices shows which permutation it is; few bits mix slowly.
_ROUNDS, _OF_FEW, _FEW = 7, 24, 8
_FRACTION = 20  # Bits of a number in [0, 1): one added to 2^32 is still exact.


def keys(seed: int, stream: Sequence[int], count: int) -> np.ndarray:
    """`count` keys of 32 bits of a seed; other streams have others that know nothing of these."""
    return np.random.SeedSequence(seed, spawn_key=tuple(stream)).generate_state(count, np.uint32)


def hashed(numbers: np.ndarray, key: np.ndarray) -> np.ndarray:
    """32 bits for each number (uint32), by a key of two."""
    x = numbers ^ key[0]
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x += key[1]
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def fractions(numbers: np.ndarray, key: np.ndarray) -> np.ndarray:
    """A number inside (0, 1) for each number, evenly distributed on the middles of 2^20 steps."""
    return ((hashed(numbers, key) >> np.uint32(32 - _FRACTION)) + 0.5) * 0.5**_FRACTION


def below(bits: np.ndarray, most: int) -> np.ndarray:
    """Whole numbers from 0 on, below `most`, of hashed bits."""
    return ((bits.astype(np.uint64) * np.uint64(most)) >> np.uint64(32)).astype(np.uint32)


def permuted(indices: np.ndarray, which: np.ndarray, length: int, key: np.ndarray) -> np.ndarray:
    """Where permutations of `length` things put those at `indices`.

    Parameters
    ----------
    indices : uint32, each below `length`.
    which : uint32, the number of the permutation for each index, in order.
    key : as of `permutation_keys`.
    """
    bits = max((length - 1).bit_length(), 1)
    numbers, row = (which[:1], None) if which[0] == which[-1] else np.unique(which, return_inverse=True)
    of_each = _round_keys(numbers, key, _OF_FEW if bits <= _FEW else _ROUNDS)
    result = _mixed(indices.copy(), of_each, row, bits)
    outside = np.flatnonzero(result >= length)
    while outside.size:
        part = _mixed(result[outside], of_each, None if row is None else row[outside], bits)
        result[outside] = part
        outside = outside[part >= length]
    return result


def permutation_keys(seed: int, stream: Sequence[int]) -> np.ndarray:
    """The key of a family of permutations."""
    return keys(seed, stream, 4 * _OF_FEW)


def _round_keys(which: np.ndarray, key: np.ndarray, rounds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each round an odd factor and a summand of every permutation."""
    pairs = key.reshape(-1, 2, 2)[:rounds]
    return [(hashed(which, a) | np.uint32(1), hashed(which, b)) for a, b in pairs]


def _mixed(
    x: np.ndarray, of_each: list[tuple[np.ndarray, np.ndarray]], row: np.ndarray | None, bits: int
) -> np.ndarray:
    """A permutation of the numbers of so many bits, in place."""
    mask, shift = np.uint32((1 << bits) - 1), np.uint32(max((bits + 1) // 2, 1))
    for factor, summand in of_each:
        x *= factor[0] if row is None else factor[row]
        x += summand[0] if row is None else summand[row]
        x &= mask
        x ^= x >> shift
    return x
