"""Sobol' indices of many outputs at once.

Estimators: first order and the matrices, Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola, Computer
Physics Communications 181 (2010) 259-270; total, Jansen, Computer Physics Communications 117 (1999) 35-43;
second order, Saltelli, Computer Physics Communications 145 (2002) 280-297. They are those of SALib.
"""

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from .bootstrap import Resampler, varying

# Values of which moments are made at once: few enough for a cache, many for a product of matrices.
_PIECE = 2**20


def sobol_indices(
    values: np.ndarray, usable: np.ndarray, dims: int, second_order: bool, resampler: Resampler
) -> dict[str, np.ndarray]:
    """First, total and second-order indices with their intervals.

    Parameters
    ----------
    values : shape (base samples, points of each, cells), in the order of `SobolPoints`.
    usable : the same shape; a base sample with any point that is not usable is left out.

    Returns
    -------
    S1, ST, S2 and each one's ``_low`` and ``_high``, shapes (dims, cells) and (dims, dims, cells), NaN on
    the diagonal of S2 and where an output does not vary; ``mean``, ``std`` and ``left_out`` (base samples),
    shape (cells,).
    """
    rows = np.asarray(usable.all(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.add.reduce(values, axis=(0, 1), where=rows[:, None])
        middle = total / (rows.sum(axis=0) * values.shape[1])
        sums = resampler.sums_of(_tables(values, rows, middle, second_order))
    result = indices_of(sums, middle, dims, second_order, resampler)
    return result | {"left_out": len(rows) - rows.sum(axis=0)}


def _tables(
    values: np.ndarray, rows: np.ndarray, middle: np.ndarray, second_order: bool
) -> Iterator[np.ndarray]:
    """Moments of so many base samples at a time, shape (samples, moments, cells)."""
    at_once = max(_PIECE // max(values[0].size, 1), 1)
    for first in range(0, len(values), at_once):
        here = rows[first : first + at_once]
        y = np.where(here[:, None], values[first : first + at_once] - middle, 0.0).swapaxes(0, 1)
        yield np.stack(list(_moments(y, here.astype(float), second_order)), axis=1)


def indices_of(
    sums: np.ndarray, middle: np.ndarray, dims: int, second_order: bool, resampler: Resampler
) -> dict[str, np.ndarray]:
    """All that `sobol_indices` returns but what was left out, from sums of moments about `middle`."""
    j, k = np.triu_indices(dims, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        moments = sums[:, 1:] / sums[:, :1]
        variance = moments[:, 1] - moments[:, 0] ** 2
        shares = moments[:, 2:] / varying(variance, middle)[:, None]
        first, total = shares[:, :dims], shares[:, dims : 2 * dims]
        result = _with_interval("S1", first, resampler) | _with_interval("ST", total, resampler)
        if second_order:
            pairs = np.full((len(shares), dims, dims, sums.shape[-1]), np.nan)
            both = shares[:, 2 * dims : 2 * dims + len(j)]
            pairs[:, j, k] = pairs[:, k, j] = both - first[:, j] - first[:, k]
            result |= _with_interval("S2", pairs, resampler)
    about = {
        "mean": middle + moments[0, 0],
        "std": np.sqrt(np.maximum(variance[0], 0)),
    }
    return result | about


def _moments(y: Any, counted: Any, second_order: bool) -> Iterator[Any]:
    """What is added up over base samples, one moment after the other.

    `y`: values about some number, those of each point of a base sample along the first axis, 0 where one is
    not counted; `counted`: 1 where it is, else 0. Arrays, or terms of a program.
    """
    dims = _dims(y, second_order)
    a, b, ab, ba = y[0], y[-1], y[1 : dims + 1], y[dims + 1 : -1]
    steps = [with_b - a for with_b in ab]
    yield counted
    yield (a + b) * 0.5
    yield (a * a + b * b) * 0.5
    for step in steps:
        yield b * step
    for step in steps:
        yield step * step * 0.5
    if second_order:
        both = a * b
        for j, k in zip(*np.triu_indices(dims, 1), strict=True):
            yield ba[j] * ab[k] - both


def movable_moments(y: Any, counted: Any, second_order: bool) -> Iterator[Any]:
    """The same, with all that `moved` needs."""
    dims = _dims(y, second_order)
    yield from _moments(y, counted, second_order)
    for with_b in y[1 : dims + 1]:
        yield with_b - y[0]
    for with_a in y[dims + 1 : -1]:
        yield with_a - y[-1]
    yield reduce(add, y)


def _dims(y: Any, second_order: bool) -> int:
    """How many parameters, or groups, have points of their own among those of a base sample."""
    return (len(y) - 2) // (1 + second_order)


def moved(table: np.ndarray, by: np.ndarray, dims: int, second_order: bool) -> np.ndarray:
    """Sums of `movable_moments`, shape (cells, moments, ...), about numbers that are larger `by` so much."""
    j, k = np.triu_indices(dims, 1)
    result, pairs = table.copy(), len(j) if second_order else 0
    # Where the differences begin: of A with columns of B, and of B with those of A.
    steps = 3 + 2 * dims + pairs
    by = by.reshape(-1, *(1,) * (table.ndim - 2))
    of_each, count, a_less = by[:, None], table[:, 0], table[:, steps : steps + dims]
    result[:, 1] -= by * count
    result[:, 2] -= 2 * by * table[:, 1] - by**2 * count
    result[:, 3 : 3 + dims] -= of_each * a_less
    if second_order:
        b_less = table[:, steps + dims : steps + 2 * dims]
        result[:, 3 + 2 * dims : steps] -= of_each * (b_less[:, j] + a_less[:, k])
    points = dims * (1 + second_order) + 2
    result[:, -1] -= by * points * count
    return result


def _with_interval(name: str, values: np.ndarray, resampler: Resampler) -> dict[str, np.ndarray]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), resampler.interval(values), strict=True))
