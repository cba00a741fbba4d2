"""Designs as equisweep 0.1.0 drew them, all points at once: a cube that it began goes on with the same."""

from math import inf, log

import numpy as np

from ..distributions.distribution import Distribution
from .sobol import BITS

VERSION = "0.1.0"
MOST_POINTS = 10**7


def sobol_points(dims: int, samples: int, seed: int, second_order: int) -> np.ndarray:
    """Shape (samples * points of each, dims); see `sobol.SobolPoints`, which has the same points."""
    from scipy.stats import qmc

    sampler = qmc.Sobol(2 * dims, scramble=True, bits=BITS, rng=np.random.default_rng(seed))
    both = sampler.random(samples) + 0.5**BITS / 2
    a, b = both[:, None, :dims], both[:, None, dims:]
    swapped = np.eye(dims, dtype=bool)
    parts = [a, np.where(swapped, b, a)]
    if second_order:
        parts.append(np.where(swapped, a, b))
    return np.concatenate([*parts, b], axis=1).reshape(-1, dims)


def latin_points(dims: int, samples: int, seed: int, batch: int) -> np.ndarray:
    """Shape (samples, dims): independent Latin hypercubes of `batch` points, one after the other."""
    from scipy.stats import qmc

    sampler = qmc.LatinHypercube(dims, rng=np.random.default_rng(seed))
    points = np.concatenate([sampler.random(batch) for _ in range(samples // batch)])
    return np.clip(points, 0.5**54, 1 - 0.5**53)


def morris_points(dims: int, samples: int, seed: int, levels: int) -> np.ndarray:
    """Shape (samples * (dims + 1), dims): trajectories on a grid of `levels` from 0 to 1."""
    rng, half = np.random.default_rng(seed), levels // 2
    trajectories = np.empty((samples, dims + 1, dims))
    for path in trajectories:
        low = rng.integers(0, half, dims)
        up = rng.integers(0, 2, dims).astype(bool)
        moved = np.argsort(rng.permutation(dims)) < np.arange(dims + 1)[:, None]
        path[:] = (low + half * (moved == up)) / (levels - 1)
    return trajectories.reshape(-1, dims)


POINTS = {"sobol": sobol_points, "lhs": latin_points, "morris": morris_points}


def quantiles(d: Distribution, u: np.ndarray) -> np.ndarray:
    """Quantiles of a distribution, to the bit as they were: see `Distribution.quantiles`."""
    from scipy import stats

    if d.kind == "triangular":
        return stats.triang.ppf(u, (d.numbers[1] - d.low) / (d.high - d.low), d.low, d.high - d.low)
    if d.kind not in ("normal", "lognormal"):
        return d.quantiles(u)
    (mean, deviation), low, high = d.numbers, d.low, d.high
    if d.kind == "lognormal":
        low, high = (log(end) if end > 0 else -inf for end in (low, high))
    cut = (low - mean) / deviation, (high - mean) / deviation
    values = stats.truncnorm.ppf(u, *cut, loc=mean, scale=deviation)
    return np.clip(np.exp(values) if d.kind == "lognormal" else values, d.low, d.high)
