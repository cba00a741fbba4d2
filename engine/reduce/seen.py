"""The values of an output in one tile, and which of them count."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...kernels.status import Status

# Values that are added up, or subtracted from, at once: they stay in a core's cache.
_PIECE = 2**15


@dataclass
class Seen:
    """Values by rows: a row is a cell, or one number that a vector output has in it.

    Attributes
    ----------
    values
        Shape (rows, points).
    kept
        Which of them count, of the same shape; None where all do.
    inner
        Shape of what an output has at one point.
    """

    values: np.ndarray
    kept: np.ndarray | None
    inner: tuple[int, ...]

    @cached_property
    def count(self) -> np.ndarray:
        """How many values of each row count."""
        if self.kept is None:
            return np.full(len(self.values), self.values.shape[1], np.int64)
        return np.count_nonzero(self.kept, axis=1).astype(np.int64)

    @cached_property
    def total(self) -> np.ndarray:
        """The sum of each row, in double precision, pairwise."""
        return totals(self.filled(0.0))

    def filled(self, filler: float) -> np.ndarray:
        """The values, with `filler` in the place of those that do not count."""
        return self.values if self.kept is None else np.where(self.kept, self.values, filler)

    def squares(self, mean: np.ndarray) -> np.ndarray:
        """The sum of squares of each row about its mean."""
        parts = []
        for start in range(0, self.values.shape[1], _PIECE):
            piece = slice(start, start + _PIECE)
            apart = self.values[:, piece] - mean[:, None]
            if self.kept is not None:
                apart = np.where(self.kept[:, piece], apart, 0.0)
            np.square(apart, out=apart)
            parts.append(apart.sum(axis=1, dtype=np.float64))
        return np.stack(parts, axis=1).sum(axis=1)


def totals(values: np.ndarray) -> np.ndarray:
    """The sum of each row, in double precision."""
    with np.errstate(invalid="ignore", over="ignore"):
        return values.sum(axis=1, dtype=np.float64)


def see(values: np.ndarray, status: np.ndarray, codes: frozenset[int]) -> Seen:
    """What counts of an output's `values`, shape (cells, points, ...): of these statuses, and not NaN.

    Where something at a point is not finite, and that counts all the same, an infinite value does not.
    """
    inner = values.shape[2:]
    if inner:
        values = np.moveaxis(values.reshape(*values.shape[:2], -1), 2, 1)
        values = np.ascontiguousarray(values).reshape(-1, values.shape[2])
    real = values.dtype.kind == "f"
    if real:
        result = Seen(values, None, inner)
        whole = result.total = totals(values)  # finite where all values are
        if np.isfinite(whole).all() and _all_in(status, codes):
            return result
    elif _all_in(status, codes):
        return Seen(values, None, inner)
    counts = np.zeros(256, bool)
    counts[list(codes)] = True
    kept = counts[status]
    if inner:
        kept = np.repeat(kept, len(values) // len(kept), axis=0)
    if real:
        kept &= np.isfinite(values) if Status.not_finite in codes else ~np.isnan(values)
    return Seen(values, kept, inner)


def _all_in(status: np.ndarray, codes: frozenset[int]) -> bool:
    """Whether all points have one of these statuses; by counting bytes, which is faster than to look up."""
    left = status.size
    for code in sorted(codes):
        left -= np.count_nonzero(status == code)
        if not left:
            return True
    return False
