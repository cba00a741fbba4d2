"""Points of a design in the unit cube, grouped by sample: more samples only add points at the end.

Sources: Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola, Computer Physics Communications 181 (2010)
259-270 for the matrices A, B and A_B; Saltelli, Computer Physics Communications 145 (2002) 280-297 for B_A;
Morris, Technometrics 33 (1991) 161-174 for trajectories. Points and order are those SALib analyses.

A new kind of design is one entry in `SAMPLERS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from .checks import count

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


def _second_order(where: str, stated: Mapping[str, Any], samples: int) -> int:
    second = stated.get("second_order", False)
    if not isinstance(second, bool):
        raise SweepError(f"{where}.second_order: {shown(second)} should be true or false")
    if samples & (samples - 1):
        near = 2 ** (samples.bit_length() - 1)
        raise SweepError(
            f"{where}.samples: {samples:,} is no power of two, and Sobol' points are even only in such "
            f"numbers; give {near:,} or {2 * near:,}"
        )
    return int(second)


def _batch(where: str, stated: Mapping[str, Any], samples: int) -> int:
    batch = count(f"{where}.batch", stated.get("batch", samples), 2)
    if samples % batch:
        raise SweepError(f"{where}.samples: {samples:,} is no multiple of the batch of {batch:,}")
    return batch


def _levels(where: str, stated: Mapping[str, Any], _samples: int) -> int:
    levels = count(f"{where}.levels", stated.get("levels", 4), 2)
    if levels % 2:
        raise SweepError(f"{where}.levels: {levels} is odd; give an even number, such as 4")
    return levels


@dataclass(frozen=True)
class Sampler:
    """One kind of design.

    Attributes
    ----------
    option
        The key that this kind alone has; its value is an integer.
    counted
        What `samples` counts.
    group
        ``group(dims, option)``: points of one sample.
    points
        ``points(dims, samples, seed, option)``: all of them in the unit cube, shape (samples * group, dims).
    read_option
        ``read_option(where, stated, samples)``: the option that a sweep file states, or its default;
        SweepError where it is wrong or does not suit so many samples.
    reaches_ends
        Whether points lie on the ends of the unit cube.
    """

    option: str
    counted: str
    group: Callable[[int, int], int]
    points: Callable[[int, int, int, int], np.ndarray]
    read_option: Callable[[str, Mapping[str, Any], int], int]
    reaches_ends: bool = False


SAMPLERS = {
    "sobol": Sampler(
        "second_order",
        "base samples",
        lambda dims, second: (1 + second) * dims + 2,
        lambda dims, samples, seed, second: sobol_points(dims, samples, seed, bool(second)),
        _second_order,
    ),
    "lhs": Sampler("batch", "points", lambda _dims, _option: 1, latin_points, _batch),
    "morris": Sampler(
        "levels", "trajectories", lambda dims, _option: dims + 1, morris_points, _levels, reaches_ends=True
    ),
}
