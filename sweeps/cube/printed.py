"""Values of an axis as tables print them: what a number that somebody types beside it means."""

import numpy as np

from ..text import short

# Coordinates are decimal fractions that went through binary, and as such printed numbers are no nearer.
_AS_GOOD_AS = 1e-9
_IN_SIX_DIGITS = 5.1e-6
_MOST_NEAR = 20


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
    if not six_digits or len(near) > _MOST_NEAR:
        return None
    # A number that is written in another way than tables print it, such as 1000000, is that number.
    alike = [value for value in near.tolist() if short(float(value)) == repr(float(number))]
    return alike[0] if len(alike) == 1 else None
