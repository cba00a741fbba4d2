"""Derivative-based global sensitivity measures (DGSM) of many outputs at once, and elasticities.

Sources: Sobol' and Kucherenko, Mathematics and Computers in Simulation 79 (2009) 3009-3017; the bound for
distributions other than the uniform, Lamboni, Iooss, Popelin, Gamboa, same journal 87 (2013) 45-54.
"""

from collections.abc import Sequence

import numpy as np

from ..spec.distributions.distribution import Distribution
from .bootstrap import Resampler, varying


def dgsm(
    x: np.ndarray,
    y: np.ndarray,
    slopes: np.ndarray,
    usable: np.ndarray,
    distributions: Sequence[Distribution],
    resampler: Resampler,
) -> dict[str, np.ndarray]:
    """Means of the derivative, of its size and of its square, and an upper bound of the total index.

    Parameters
    ----------
    x, y : parameters, shape (points, dims), and outputs, shape (points, cells).
    slopes : derivatives, shape (points, dims, cells).
    usable : shape (points, cells); points that are not usable are left out.

    Returns
    -------
    mean_slope, mean_size, nu, total_bound and each one's ``_low`` and ``_high``, shape (dims, cells);
    ``left_out``, shape (cells,). The bound is ``poincare nu / variance``: ST is never larger,
    unless the output jumps, which no derivative sees.
    """
    rows, dims = usable, slopes.shape[1]
    g = np.where(rows[:, None], slopes, 0)
    steep = np.stack([d.steepness(x[:, i]) for i, d in enumerate(distributions)], axis=1)
    kept = np.where(rows, y, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = kept.sum(axis=0) / rows.sum(axis=0)
        apart = np.where(rows, kept - middle, 0)[:, None]
        parts = [
            rows[:, None].astype(float),
            apart,
            apart**2,
            g,
            np.abs(g),
            g**2,
            (g * steep[:, :, None]) ** 2,
        ]
        sums = resampler.sums(np.concatenate(parts, axis=1))
        moments = sums[:, 1:] / sums[:, :1]
        variance = varying(moments[:, 1] - moments[:, 0] ** 2, middle)[:, None]
        slope, size, nu, scaled = (moments[:, 2 + i * dims : 2 + (i + 1) * dims] for i in range(4))
        constants = np.array([d.poincare for d in distributions])[:, None]
        bound = constants * scaled / variance
        result = {"left_out": len(rows) - rows.sum(axis=0)}
        measures = {"mean_slope": slope, "mean_size": size, "nu": nu, "total_bound": bound}
        for name, measure in measures.items():
            names = (name, f"{name}_low", f"{name}_high")
            result |= dict(zip(names, resampler.interval(measure), strict=True))
    return result


def elasticities(x: np.ndarray, y: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """``dy/dx x / y``, in percent per percent; NaN where y is 0. Shapes broadcast."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, np.nan, slopes * x / y)
