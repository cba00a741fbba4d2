"""One comparison for the whole suite: its tolerance follows from the precision, and shapes count."""

import numpy as np
from numpy.typing import ArrayLike


def tolerance(dtype: type | np.dtype, multiplier: float = 1.0) -> float:
    """`multiplier` times the rounding unit of `dtype`; of double precision for integers and bools."""
    inexact = np.issubdtype(dtype, np.inexact)
    return multiplier * float(np.finfo(dtype if inexact else np.float64).eps)


def assert_close(
    actual: ArrayLike, desired: ArrayLike, *, multiplier: float = 100.0, floor: float = 0.0, what: str = ""
) -> None:
    """`actual` has the shape of `desired` and agrees to ``multiplier * eps`` of the coarser precision.

    The error allowed at each entry is ``multiplier * eps * max(|desired|, floor)``: `floor` is the size
    below which a number counts as zero. A NaN agrees with nothing.
    """
    actual, desired = np.asarray(actual), np.asarray(desired)
    assert actual.shape == desired.shape, f"{what}: shape {actual.shape}, expected {desired.shape}"
    coarse = max(tolerance(actual.dtype), tolerance(desired.dtype))
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - desired) / np.maximum(np.maximum(np.abs(desired), floor), 1e-300)
    wrong = ~(error <= multiplier * coarse) & (actual != desired)
    if wrong.any():
        worst = np.unravel_index(
            np.nanargmax(np.where(wrong, np.nan_to_num(error, nan=np.inf), -1)), error.shape
        )
        raise AssertionError(
            f"{what}: {wrong.sum()} of {wrong.size} differ by more than {multiplier * coarse:.1e}; worst at "
            f"{tuple(map(int, worst))}: {actual[worst]!r}, expected {desired[worst]!r}"
        )
