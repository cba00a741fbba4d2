"""The values of an output in one tile, and which of them count."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...kernels.status import Status

# Values that are added up, or subtracted from, at once: they stay in a core's cache.
_BLOCK = 2**15


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
        return counted(self.kept)

    @cached_property
    def total(self) -> np.ndarray:
        """The sum of each row, in double precision, pairwise."""
        return totals(self.values, self.kept)

    def filled(self, filler: float) -> np.ndarray:
        """The values, with `filler` in the place of those that do not count."""
        return self.values if self.kept is None else np.where(self.kept, self.values, filler)


def totals(values: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
    """The sum of each row, in double precision, of what is kept; of all for None."""
    with np.errstate(invalid="ignore", over="ignore"):
        if kept is None:
            return values.sum(axis=1, dtype=np.float64)

        if values.shape[1] >= _BLOCK:  # of a long row it is faster to pick what counts
            return np.array([row[here].sum(dtype=np.float64) for row, here in zip(values, kept, strict=True)])

        def of(rows: slice, block: slice) -> np.ndarray:
            filled = np.where(kept[rows, block], values[rows, block], 0.0)
            return filled.sum(axis=1, dtype=np.float64)

        return _by_blocks(values.shape, of)


def _by_blocks(shape: tuple[int, ...], of: Callable[[slice, slice], np.ndarray]) -> np.ndarray:
    """Sums over rows that are formed block by block: what is made of a block stays in a core's cache."""
    rows, columns = shape
    at_once, result = max(_BLOCK // max(columns, 1), 1), np.empty(rows)
    for row in range(0, rows, at_once):
        here = slice(row, row + at_once)
        parts = [of(here, slice(start, start + _BLOCK)) for start in range(0, columns, _BLOCK)]
        result[here] = np.stack(parts, axis=1).sum(axis=1) if len(parts) > 1 else parts[0]
    return result


def see(values: np.ndarray, status: np.ndarray | None, codes: frozenset[int]) -> Seen:
    """What counts of an output's `values`, shape (cells, points, ...): of these statuses, and not NaN.

    None for the `status`: every point has one of them.

    Where something at a point is not finite, and that counts all the same, an infinite value does not.
    """
    inner = values.shape[2:]
    if inner:
        values = np.moveaxis(values.reshape(*values.shape[:2], -1), 2, 1)
        values = np.ascontiguousarray(values).reshape(-1, values.shape[2])
    real, kept = values.dtype.kind == "f", None
    if status is not None:
        kept = _any_of(status, codes)
        if inner:
            kept = np.repeat(kept, len(values) // len(kept), axis=0)
    result = Seen(values, kept, inner)
    # A sum is finite where all values that count are, so that most tiles need no look at each.
    if not real or np.isfinite(result.total).all():
        return result
    finite = np.isfinite(values) if Status.not_finite in codes else ~np.isnan(values)
    return Seen(values, finite if kept is None else kept & finite, inner)


def counted(mask: np.ndarray) -> np.ndarray:
    """How many are true in each row, shape (rows, points): eight at a time, which is faster."""
    return np.bitwise_count(np.packbits(mask, axis=1)).sum(axis=1, dtype=np.int64)


def _any_of(status: np.ndarray, codes: frozenset[int]) -> np.ndarray:
    """Which points have one of these statuses; comparing bytes is faster than to look them up."""
    kept = np.zeros(status.shape, bool)
    for code in codes:
        kept |= status == code
    return kept


def all_in(status: np.ndarray, codes: frozenset[int]) -> bool:
    """Whether all points have one of these statuses."""
    low, high = min(codes, default=0), max(codes, default=0)
    if len(codes) == high - low + 1:
        return bool(status.max() <= high and status.min() >= low)  # several times as fast as to count
    left = status.size
    for code in sorted(codes):
        left -= np.count_nonzero(status == code)
        if not left:
            return True
    return False
