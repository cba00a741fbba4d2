"""Shares of variance that groups of parameters explain, of points that may depend on each other.

The variance that is left where some parameters are known is that of an output among points that are nearest
neighbours in these. Of single parameters and of all but one it gives Kucherenko's indices, of all groups the
Shapley effects. Sources: Kucherenko, Tarantola, Annoni, Computer Physics Communications 183 (2012) 937-946;
Owen and Prieur, SIAM/ASA Journal on Uncertainty Quantification 5 (2017) 986-1002; the estimate, Broto,
Bachoc, Depecker, same journal 8 (2020) 693-716, with three neighbours.
"""

from collections.abc import Iterable
from itertools import combinations
from math import comb

import numpy as np

from .parts import with_intervals

_NEIGHBOURS = 3
MOST_SHAPLEY = 12  # parameters: of so many there are 4,096 groups
_APART = 1e-9  # by which equal values are told apart, as ranks from 0 to 1
_AT_ONCE = 2**23


def kucherenko(x: np.ndarray, y: np.ndarray, confidence: float, seed: int) -> dict[str, np.ndarray]:
    """First-order and total indices ``S1`` and ``ST``, with intervals, shape (dims, cells)."""
    dims = x.shape[1]
    groups = {(i,) for i in range(dims)} | {_without(range(dims), i) for i in range(dims)}

    def measured(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        return _first_and_total(_left(x, y, groups), dims)

    return with_intervals(*_prepared(x, y, seed), measured, confidence)


def shapley(x: np.ndarray, y: np.ndarray, confidence: float, seed: int) -> dict[str, np.ndarray]:
    """The ``shapley`` effects, which add up to 1, and the indices of `kucherenko`, in the same form."""
    dims = x.shape[1]
    groups = [group for size in range(1, dims) for group in combinations(range(dims), size)]

    def measured(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        left = _left(x, y, groups)
        effects = np.zeros((dims, y.shape[1]))
        for group in [(), *groups]:
            for i in set(range(dims)) - set(group):
                gained = left[group] - left[tuple(sorted((*group, i)))]
                effects[i] += gained / (dims * comb(dims - 1, len(group)))
        return {"shapley": effects} | _first_and_total(left, dims)

    return with_intervals(*_prepared(x, y, seed), measured, confidence)


def _prepared(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in no order, as ranks of each parameter from 0 to 1, of which no two are the same."""
    from scipy import stats

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    ranks = stats.rankdata(x[order], axis=0) / len(x)
    return ranks + _APART * rng.random(x.shape), y[order]


def _left(
    x: np.ndarray, y: np.ndarray, groups: Iterable[tuple[int, ...]]
) -> dict[tuple[int, ...], np.ndarray]:
    """The share of the variance of each cell that is left where each of these groups is known."""
    from scipy.spatial import KDTree

    dims, variance = x.shape[1], y.var(axis=0, ddof=1)
    cells = y.shape[1]
    result = {(): np.ones(cells), tuple(range(dims)): np.zeros(cells)}
    rows = max(_AT_ONCE // cells, 1)
    for group in groups:
        if group in result:
            continue
        near = np.asarray(KDTree(x[:, group]).query(x[:, group], _NEIGHBOURS)[1])
        total = np.zeros(cells)
        for start in range(0, len(y), rows):
            total += y[near[start : start + rows]].var(axis=1, ddof=1).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):  # of a part that does not vary
            result[group] = total / len(y) / variance
    return result


def _first_and_total(left: dict[tuple[int, ...], np.ndarray], dims: int) -> dict[str, np.ndarray]:
    first = [1 - left[(i,)] for i in range(dims)]
    total = [left[_without(range(dims), i)] for i in range(dims)]
    return {"S1": np.stack(first), "ST": np.stack(total)}


def _without(dims: Iterable[int], i: int) -> tuple[int, ...]:
    return tuple(one for one in dims if one != i)
