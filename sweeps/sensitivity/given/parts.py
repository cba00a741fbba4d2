"""Intervals of measures that no bootstrap fits, for points drawn twice are neighbours of themselves."""

from collections.abc import Callable

import numpy as np

_MOST, _FEWEST, _LEAST_POINTS = 20, 3, 30
Measured = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]


def with_intervals(
    x: np.ndarray, y: np.ndarray, measured: Measured, confidence: float
) -> dict[str, np.ndarray]:
    """What `measured` says of all points, with ``_low`` and ``_high`` of each measure.

    Points are in no order, and are dealt into at most 20 parts. Where the measures of k parts have the
    standard deviation s, that of all points has s / sqrt(k), and the interval is Student's of k - 1 degrees
    of freedom. A class that few points have does not vary in some of many parts: there are fewer, larger
    ones for it. NaN where there are too few points for 3 parts, or for it to vary in each of 3.

    Parameters
    ----------
    x, y : shapes (points, dims) and (points, cells).
    """
    result, parts = measured(x, y), min(_MOST, len(y) // _LEAST_POINTS)
    gives = {name: np.full_like(value, np.nan) for name, value in result.items()}
    left = np.arange(y.shape[1])
    while parts >= _FEWEST and left.size:
        for name, give in _give(x, y[:, left], measured, parts, confidence).items():
            gives[name][..., left] = give
        lacking = [np.isnan(give) & ~np.isnan(result[name]) for name, give in gives.items()]
        left = np.flatnonzero(np.any([one.any(axis=0) for one in lacking], axis=0))
        parts = max(parts // 2, _FEWEST) if parts > _FEWEST else 0
    for name, give in gives.items():
        result |= {f"{name}_low": result[name] - give, f"{name}_high": result[name] + give}
    return result


def _give(
    x: np.ndarray, y: np.ndarray, measured: Measured, parts: int, confidence: float
) -> dict[str, np.ndarray]:
    """Half the width of the interval of each measure, by its spread over so many parts."""
    from scipy import stats

    several = [measured(x[k::parts], y[k::parts]) for k in range(parts)]
    width = stats.t.ppf(0.5 + confidence / 2, parts - 1) / np.sqrt(parts)
    return {name: width * np.std([one[name] for one in several], axis=0, ddof=1) for name in several[0]}
