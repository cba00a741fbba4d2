"""Partial rank correlation coefficients of many outputs at once.

Source: Iman and Helton, Risk Analysis 8 (1988) 71-90; as used with Latin hypercubes, Marino, Hogue, Ray,
Kirschner, Journal of Theoretical Biology 254 (2008) 178-196.
"""

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

# Of a share of the variance of ranks, which add up to 1.
_ROUNDING = 2**10 * np.finfo(float).eps


def fewest(dims: int) -> int:
    """How many points it takes to have correlations, and their p-values, of so many parameters."""
    return dims + 3


def partial_rank_correlations(
    x: np.ndarray,
    y: np.ndarray,
    usable: np.ndarray,
    confidence: float,
    tied: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> dict[str, np.ndarray]:
    """Correlation of the ranks of each parameter and output, the other parameters' ranks held fixed.

    Parameters
    ----------
    x : the parameters, shape (points, dims).
    y, usable : the outputs, shape (points, cells); points that are not usable are left out.
    tied : makes values the same that differ for no reason, column by column: ranks see any difference.

    Returns
    -------
    ``prcc``, ``prcc_low``, ``prcc_high`` (by Fisher's transformation) and ``p_value`` (two-sided, Student's
    t), shape (dims, cells); ``left_out``, shape (cells,). NaN where an output does not vary, where fewer than
    `fewest` points remain, and where the other parameters explain every rank.
    """
    names = ("prcc", "prcc_low", "prcc_high", "p_value")
    result = {name: np.full((x.shape[1], y.shape[1]), np.nan) for name in names}
    # Cells that lack the same points are ranked together: all of them, where nothing is left out.
    patterns, owner = np.unique(np.packbits(usable, axis=0), axis=1, return_inverse=True)
    for pattern in range(patterns.shape[1]):
        cells = np.flatnonzero(owner.ravel() == pattern)
        rows = usable[:, cells[0]]
        if rows.sum() >= fewest(x.shape[1]):
            part = _of_complete(x[rows], tied(y[rows][:, cells]), confidence)
            for name, values in zip(names, part, strict=True):
                result[name][:, cells] = values
    return result | {"left_out": len(usable) - usable.sum(axis=0)}


def _of_complete(x: np.ndarray, y: np.ndarray, confidence: float) -> tuple[np.ndarray, ...]:
    from scipy import stats

    points, dims = x.shape
    u, v = _standard_ranks(x), _standard_ranks(y)
    # Regression of one rank on all others gives every partial correlation: r² = t² / (t² + freedom).
    inverse = np.linalg.pinv(u.T @ u, hermitian=True)
    slopes = inverse @ (u.T @ v)
    left = np.maximum(1 - np.sum(slopes * (u.T @ v), axis=0), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.clip(slopes / np.sqrt(slopes**2 + left * np.diag(inverse)[:, None]), -1, 1)
        # Where the others explain every rank, what is left to correlate with is rounding.
        r[(slopes**2 < _ROUNDING) & (left * np.diag(inverse)[:, None] < _ROUNDING)] = np.nan
        freedom = points - 1 - dims
        p = 2 * stats.t.sf(np.abs(r) * np.sqrt(freedom / (1 - r**2)), freedom)
        give = NormalDist().inv_cdf(0.5 + confidence / 2) / np.sqrt(points - dims - 2)
        return r, np.tanh(np.arctanh(r) - give), np.tanh(np.arctanh(r) + give), p


def _standard_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks by column, ties at their mean, centred and of length 1; NaN where all are the same."""
    from scipy import stats

    ranks = stats.rankdata(values, axis=0)
    ranks -= (len(values) + 1) / 2
    with np.errstate(invalid="ignore"):
        return ranks / np.sqrt(np.sum(ranks**2, axis=0))
