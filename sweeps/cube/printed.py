"""Values of an axis as tables print them: what a number that somebody types beside it means."""

import numpy as np

from ..text import short

# Coordinates are decimal fractions that went through binary, and as such printed numbers are no nearer.
_AS_GOOD_AS = 1e-9
_IN_SIX_DIGITS = 5.1e-6
_MOST_NEAR = 20
_DIGITS = 5


def as_printed(number: float, values: np.ndarray, six_digits: bool = True) -> float | None:
    """The value that a number means: the same but for rounding, or the only one that prints as it.

    `six_digits` says whether the second counts: 0.333333 is a third on an axis of thirds, where that is how a
    table shows it. None where there is no such value.
    """
    with np.errstate(all="ignore"):
        best = float(values[np.argmin(np.abs(values - number))])
        if np.isclose(best, number, rtol=_AS_GOOD_AS, atol=0):
            return best
        near = np.unique(values[np.abs(values - number) <= _IN_SIX_DIGITS * abs(number)])
    if not six_digits or values.dtype.kind in "iu" or len(near) > _MOST_NEAR:  # counts are printed whole
        return None
    alike = [value for value in near.tolist() if _prints_as(float(value), float(number))]
    return alike[0] if len(alike) == 1 else None


def _prints_as(value: float, number: float) -> bool:
    """Whether a value prints as this number, which has five digits or six or is written as tables do.

    A number of fewer digits that they write in another way, such as 1000000, is that number.
    """
    printed, digits = short(value), f"{abs(number):.15e}".split("e")[0].replace(".", "").rstrip("0")
    return printed == repr(number) or (float(printed) == number and len(digits) >= _DIGITS)
