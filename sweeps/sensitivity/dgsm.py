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
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.where(usable, y, 0).sum(axis=0) / usable.sum(axis=0)
        sums = resampler.sums(moments(x, y, slopes, usable, distributions, middle))
    left_out = len(usable) - usable.sum(axis=0)
    return {"left_out": left_out} | measures_of(sums, middle, distributions, resampler)


def moments(
    x: np.ndarray,
    y: np.ndarray,
    slopes: np.ndarray,
    usable: np.ndarray,
    distributions: Sequence[Distribution],
    middle: np.ndarray,
) -> np.ndarray:
    """What is added up over points, of outputs about `middle`: shape (points, 3 + 4 dims, cells)."""
    g = np.where(usable[:, None], slopes, 0)
    steep = np.stack([d.steepness(x[:, i]) for i, d in enumerate(distributions)], axis=1)
    with np.errstate(invalid="ignore"):
        apart = np.where(usable, y - middle, 0)[:, None]
    scaled = (g * steep[:, :, None]) ** 2
    return np.concatenate(
        [usable[:, None].astype(float), apart, apart**2, g, np.abs(g), g**2, scaled], axis=1
    )


def measures_of(
    sums: np.ndarray, middle: np.ndarray, distributions: Sequence[Distribution], resampler: Resampler
) -> dict[str, np.ndarray]:
    """All that `dgsm` returns but what was left out, from sums of moments about `middle`."""
    dims, result = len(distributions), dict[str, np.ndarray]()
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums[:, 1:] / sums[:, :1]
        variance = varying(means[:, 1] - means[:, 0] ** 2, middle)[:, None]
        slope, size, nu, scaled = (means[:, 2 + i * dims : 2 + (i + 1) * dims] for i in range(4))
        constants = np.array([d.poincare for d in distributions])[:, None]
        bound = constants * scaled / variance
        measures = {"mean_slope": slope, "mean_size": size, "nu": nu, "total_bound": bound}
        for name, measure in measures.items():
            names = (name, f"{name}_low", f"{name}_high")
            result |= dict(zip(names, resampler.interval(measure), strict=True))
    return result


def elasticities(x: np.ndarray, y: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """``dy/dx x / y``, in percent per percent; NaN where y is 0. Shapes broadcast."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, np.nan, slopes * x / y)
