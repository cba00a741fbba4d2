"""The external model's loss over a grid, by equisweep, a flattened vmap, NumPy, numba; a copy of its bytes.

The exact non-cooperative equilibrium. With K = -E L ln v and q(p) = (1 - alpha p)(1 - alpha^2 p), n = 3
cities: the smallest root p of K p q(p) = 1, if it lies below beta v, else no investment. Investment
e = ln(beta v / p) / (-E ln v), loss L (1 - (1 - p) q(p)) + e.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

V, E, L = 0.5, 0.1, 400.0
RATE = -E * np.log(V)
K = RATE * L
NEWTON_STEPS = 10  # enough for every point of this grid: see the error
OK, CORNER, SEVERAL = 1, 2, 3
BYTES = 17  # two float64 and a uint8


def grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of alpha and of beta."""
    return np.linspace(0.01, 0.99, side), np.linspace(0.01, 1.0, side)


def space(side: int) -> Any:
    """The same grid as a sweep."""
    from equisweep.sweeps import Sweep

    axes = {
        "alpha": {"start": 0.01, "stop": 0.99, "num": side},
        "beta": {"start": 0.01, "stop": 1.0, "num": side},
    }
    return Sweep("external", axes=axes, outputs=["investment", "expected_loss"]).space()


def ours(side: int) -> tuple[Any, Any]:
    """Case: tiles in turn, the next one started before the last is fetched, as a run does."""
    from equisweep.engine import plan_space
    from equisweep.engine.device import pick_device
    from equisweep.engine.grid.evaluate import Evaluator

    _double()
    wanted, device = space(side), pick_device("cpu")
    layout = plan_space(wanted, device)
    evaluator = Evaluator(wanted, layout, device)

    def tiles() -> Iterator[tuple[Any, dict[str, np.ndarray]]]:
        before = None
        for tile in layout:
            started = evaluator.start(tile)
            if before:
                yield before[1], evaluator.finish(*before)
            before = tile, started
        if before:
            yield before[1], evaluator.finish(*before)

    def run() -> None:
        for started, _ in tiles():
            evaluator.batches.give_back(started)  # as a run does once a tile is written

    def check(_: None) -> dict[str, float]:
        parts = [values for _, values in tiles()]
        whole = [
            np.concatenate([t[k].reshape(-1) for t in parts])
            for k in ("investment", "expected_loss", "status")
        ]
        return errors(side, whole)

    return run, check


def flattened(side: int) -> tuple[Any, Any]:
    """Case: the same kernel under one vmap over a flat list of points, as one would without axes."""
    import jax
    from equisweep.engine.point import point_function

    _double()
    wanted = space(side)
    point = point_function(wanted, wanted.choices)
    function = jax.jit(jax.vmap(lambda a, b: point({"alpha": a, "beta": b})))
    alpha, beta = (v.reshape(-1) for v in np.meshgrid(*grid(side), indexing="ij"))
    most = min(2**20, alpha.size)
    slices = [slice(i, i + most) for i in range(0, alpha.size, most)]

    def run() -> list[Any]:
        started = [function(alpha[window], beta[window]) for window in slices]
        return [{k: np.asarray(v) for k, v in part.items()} for part in started]

    def check(parts: list[dict[str, np.ndarray]]) -> dict[str, float]:
        whole = [np.concatenate([t[k] for t in parts]) for k in ("investment", "expected_loss", "status")]
        return errors(side, whole)

    return run, check


def numpy_grid(side: int, factored: bool, blocks: int = 1) -> tuple[Any, Any]:
    """Case: broadcasting by hand. `factored`: Newton along alpha alone. `blocks` of rows, in threads."""
    alpha, beta = grid(side)
    threads = ThreadPoolExecutor(os.cpu_count())
    out = (np.empty((side, side)), np.empty((side, side)), np.empty((side, side), np.uint8))

    def some(rows: slice) -> None:
        solve(alpha[rows, None], beta[None, :], factored, [o[rows] for o in out])

    def run() -> Any:
        edges = [i * side // blocks for i in range(blocks + 1)]
        rows = [slice(a, b) for a, b in pairwise(edges)]
        if blocks == 1:
            some(rows[0])
        else:
            list(threads.map(some, rows))
        return out

    return run, lambda outputs: errors(side, [v.reshape(-1) for v in outputs])


def solve(alpha: np.ndarray, beta: np.ndarray, factored: bool, out: list[np.ndarray]) -> None:
    """Investment, loss and status into `out`; precision follows from `alpha`."""
    rate, k = -E * np.log(alpha.dtype.type(V)), -E * L * np.log(alpha.dtype.type(V))
    square = alpha * alpha

    def pays(p: np.ndarray) -> np.ndarray:
        return k * p * (1 - alpha * p) * (1 - square * p) - 1

    p = np.full(alpha.shape if factored else np.broadcast_shapes(alpha.shape, beta.shape), 1 / k)
    for _ in range(NEWTON_STEPS):
        slope = k * (1 - p * (2 * (alpha + square) - 3 * alpha * square * p))
        value = pays(p)
        p += np.where((value < 0) & (slope > 0), -value / np.where(slope > 0, slope, 1), 0)
    end = beta * V
    inside = (p < end) & (np.abs(pays(p)) < 1e-12)
    corner = pays(end) <= 0
    chosen = np.where(inside, p, end)
    out[0][...] = np.where(inside, (np.log(end) - np.log(p)) / rate, 0)
    out[1][...] = L * (1 - (1 - chosen) * (1 - alpha * chosen) * (1 - square * chosen)) + out[0]
    out[2][...] = np.where(inside & corner, SEVERAL, np.where(inside, OK, CORNER))


def numba_grid(side: int, factored: bool) -> tuple[Any, Any]:
    """Case: a loop over points written by hand, rows spread over all cores by prange."""
    import math

    import numba as nb

    rate, k = float(RATE), float(K)

    @nb.njit(inline="always", fastmath=True)
    def root(a, b):
        p, step = 1 / k, 1.0
        while step > 4e-16 * p:
            value = k * p * (1 - a * p) * (1 - b * p) - 1
            slope = k * (1 - p * (2 * (a + b) - 3 * a * b * p))
            if value >= 0 or slope <= 0:
                break
            step = -value / slope
            p += step
        return p

    @nb.njit(parallel=True, fastmath=True)
    def all_points(alpha, beta, investment, loss, status):
        for i in nb.prange(len(alpha)):
            a, b = alpha[i], alpha[i] * alpha[i]
            p = root(a, b)
            log_p = math.log(p)
            good = abs(k * p * (1 - a * p) * (1 - b * p) - 1) < 1e-12
            for j in range(len(beta)):
                if not factored:
                    p = root(a, b)
                    log_p = math.log(p)
                    good = abs(k * p * (1 - a * p) * (1 - b * p) - 1) < 1e-12
                end = beta[j] * V
                corner = k * end * (1 - a * end) * (1 - b * end) <= 1
                inside = good and p < end
                q = p if inside else end
                investment[i, j] = (math.log(end) - log_p) / rate if inside else 0.0
                loss[i, j] = L * (1 - (1 - q) * (1 - a * q) * (1 - b * q)) + investment[i, j]
                status[i, j] = (SEVERAL if corner else OK) if inside else CORNER
        return investment, loss, status

    alpha, beta = grid(side)
    out = (np.empty((side, side)), np.empty((side, side)), np.empty((side, side), np.uint8))
    return lambda: all_points(alpha, beta, *out), lambda outputs: errors(
        side, [v.reshape(-1) for v in outputs]
    )


def copy(side: int, threads: int) -> tuple[Any, Any]:
    """Case: as many bytes as the sweep produces, copied from memory to memory."""
    source, target = np.ones(side * side * BYTES // 8), np.zeros(side * side * BYTES // 8)
    pool = ThreadPoolExecutor(threads)
    edges = [i * source.size // threads for i in range(threads + 1)]
    slices = [slice(a, b) for a, b in pairwise(edges)]

    def run() -> None:
        if threads == 1:
            np.copyto(target, source)
        else:
            list(pool.map(lambda part: np.copyto(target[part], source[part]), slices))

    return run, lambda _: {}


def errors(side: int, outputs: list[np.ndarray]) -> dict[str, float]:
    """Largest relative error of investment and loss at 2,000 points; how many of all statuses differ."""
    alpha, beta = grid(side)
    some = np.random.default_rng(7).choice(side * side, min(2000, side * side), replace=False)
    i, j = np.divmod(some, side)
    exact = [
        np.empty(len(some), np.longdouble),
        np.empty(len(some), np.longdouble),
        np.empty(len(some), np.uint8),
    ]
    solve(alpha[i].astype(np.longdouble), beta[j].astype(np.longdouble), True, exact)
    worst = 0.0
    for value, right in zip(outputs[:2], exact[:2], strict=True):
        size = np.maximum(np.abs(right), 1.0)
        worst = max(worst, float((np.abs(value[some] - right) / size).max()))
    differ = int((outputs[2][some] != exact[2]).sum())
    return {"error": worst} | ({"statuses that differ": differ} if differ else {})


def _double() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
