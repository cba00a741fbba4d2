"""Cells of an output that hold at the same points, measured together."""

from collections.abc import Callable

import numpy as np

# Points below which a measure of a sample says nothing.
LEAST = 30
# From the parameters, (points, dims), and an output, (points, cells), to arrays whose last axis is the cells.
Measured = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]


def by_pattern(x: np.ndarray, y: np.ndarray, usable: np.ndarray, measured: Measured) -> dict[str, np.ndarray]:
    """What `measured` says of each cell, of the points that are usable there.

    Parameters
    ----------
    x : the parameters, shape (points, dims).
    y, usable : the outputs, shape (points, cells).

    Returns
    -------
    As `measured`, and ``left_out``, shape (cells,); NaN where fewer than `LEAST` points remain, or all have
    one value.
    """
    result: dict[str, np.ndarray] = {}
    patterns, owner = np.unique(np.packbits(usable, axis=0), axis=1, return_inverse=True)
    for pattern in range(patterns.shape[1]):
        cells = np.flatnonzero(owner.ravel() == pattern)
        rows = usable[:, cells[0]]
        here = y[rows][:, cells]
        varies = np.ptp(here, axis=0) > 0 if len(here) else np.zeros(len(cells), bool)
        if rows.sum() < LEAST or not varies.any():
            continue
        for name, values in measured(x[rows], here[:, varies]).items():
            empty = np.full((*values.shape[:-1], y.shape[1]), np.nan)
            result.setdefault(name, empty)[..., cells[varies]] = values
    return result | {"left_out": len(usable) - usable.sum(axis=0)}
