"""Intervals of measures that no bootstrap fits, for points drawn twice are neighbours of themselves."""

from collections.abc import Callable

import numpy as np

_MOST, _LEAST_POINTS = 20, 30


def with_intervals(
    x: np.ndarray,
    y: np.ndarray,
    measured: Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]],
    confidence: float,
) -> dict[str, np.ndarray]:
    """What `measured` says of all points, with ``_low`` and ``_high`` of each measure.

    Points are in no order, and are dealt into at most 20 parts. Where the measures of k parts have the
    standard deviation s, that of all points has s / sqrt(k), and the interval is Student's of k - 1 degrees
    of freedom. NaN where there are too few points for 3 parts.

    Parameters
    ----------
    x, y : shapes (points, dims) and (points, cells).
    """
    from scipy import stats

    result, parts = measured(x, y), min(_MOST, len(y) // _LEAST_POINTS)
    several = [measured(x[k::parts], y[k::parts]) for k in range(parts)] if parts > 2 else []
    for name, value in list(result.items()):
        give = np.full_like(value, np.nan)
        if several:
            spread = np.std([one[name] for one in several], axis=0, ddof=1)
            give = stats.t.ppf(0.5 + confidence / 2, parts - 1) * spread / np.sqrt(parts)
        result |= {f"{name}_low": value - give, f"{name}_high": value + give}
    return result
