"""Points of a design in the unit cube, grouped by sample: more samples only add points at the end.

Sources: Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola, Computer Physics Communications 181 (2010)
259-270 for the matrices A, B and A_B; Saltelli, Computer Physics Communications 145 (2002) 280-297 for B_A;
Morris, Technometrics 33 (1991) 161-174 for trajectories. Points and order are those SALib analyses.
"""

import numpy as np

# Sobol' points are multiples of 2^-30, of which 0 is one: half a step further all lie inside (0, 1).
_BITS = 30


def sobol_points(dims: int, samples: int, seed: int, second_order: bool) -> np.ndarray:
    """Shape (samples * group, dims). Each sample's group of points: A, A with column i of B for every i,
    with `second_order` B with column i of A for every i, and B.

    Scrambled Sobol' points; `samples` is a power of two.
    """
    from scipy.stats import qmc

    sampler = qmc.Sobol(2 * dims, scramble=True, bits=_BITS, rng=np.random.default_rng(seed))
    both = sampler.random(samples) + 0.5**_BITS / 2
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
    """Shape (samples * (dims + 1), dims): trajectories that move every parameter once, up or down by
    levels / (2 (levels - 1)) and in random order, on a grid of `levels` (even) from 0 to 1.
    """
    rng, half = np.random.default_rng(seed), levels // 2
    trajectories = np.empty((samples, dims + 1, dims))
    for path in trajectories:
        low = rng.integers(0, half, dims)
        up = rng.integers(0, 2, dims).astype(bool)
        moved = np.argsort(rng.permutation(dims)) < np.arange(dims + 1)[:, None]
        path[:] = (low + half * (moved == up)) / (levels - 1)
    return trajectories.reshape(-1, dims)
