"""Lorenz trajectories by numba, written by hand, and by heyoka."""

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from tools.tsit5 import A2, A3, A4, A5, A6, B, E

from .lorenz import BETA, SIGMA, STEPS, TOL, errors, rhos, slopes


def numba_rk4(size: int) -> tuple[Any, Any]:
    """Case: RK4 of equal steps, lanes spread over all cores by prange."""
    import numba as nb

    @nb.njit(parallel=True, fastmath=True)
    def solve(rho, end):
        h = 1 / STEPS
        for i in nb.prange(len(rho)):
            x, y, z, r = 1.0, 0.0, 0.0, rho[i]
            for _ in range(STEPS):
                a1, b1, c1 = SIGMA * (y - x), r * x - y - x * z, x * y - BETA * z
                u, v, w = x + h / 2 * a1, y + h / 2 * b1, z + h / 2 * c1
                a2, b2, c2 = SIGMA * (v - u), r * u - v - u * w, u * v - BETA * w
                u, v, w = x + h / 2 * a2, y + h / 2 * b2, z + h / 2 * c2
                a3, b3, c3 = SIGMA * (v - u), r * u - v - u * w, u * v - BETA * w
                u, v, w = x + h * a3, y + h * b3, z + h * c3
                a4, b4, c4 = SIGMA * (v - u), r * u - v - u * w, u * v - BETA * w
                x += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
                y += h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
                z += h / 6 * (c1 + 2 * c2 + 2 * c3 + c4)
            end[i, 0], end[i, 1], end[i, 2] = x, y, z
        return end

    rho = rhos(size)
    return lambda: solve(rho, np.empty((size, 3))), lambda end: errors(end) | {"steps": float(size * STEPS)}


def numba_tsit5(size: int, fixed: bool) -> tuple[Any, Any]:
    """Case: Tsit5 of equal or adaptive steps, lanes spread over all cores by prange."""
    import numba as nb

    inline = nb.njit(inline="always", fastmath=True)

    @inline
    def field(s, r):
        x, y, z = s
        return SIGMA * (y - x), r * x - y - x * z, x * y - BETA * z

    @inline
    def one(s, h, a, k):
        return s[0] + h * a[0] * k[0], s[1] + h * a[0] * k[1], s[2] + h * a[0] * k[2]

    @inline
    def two(a, k, m):
        return a[0] * k[0] + a[1] * m[0], a[0] * k[1] + a[1] * m[1], a[0] * k[2] + a[1] * m[2]

    @inline
    def add(u, b, k):
        return u[0] + b * k[0], u[1] + b * k[1], u[2] + b * k[2]

    @nb.njit(fastmath=True)
    def lane(r):
        s, t, steps = (1.0, 0.0, 0.0), 0.0, 0
        h = 1 / STEPS
        k1 = field(s, r)
        while steps < STEPS if fixed else t < 1.0:
            if not fixed:
                h = min(h, 1.0 - t)
            k2 = field(one(s, h, A2, k1), r)
            k3 = field(add(s, h, two(A3, k1, k2)), r)
            k4 = field(add(s, h, add(two(A4, k1, k2), A4[2], k3)), r)
            k5 = field(add(s, h, add(add(two(A5, k1, k2), A5[2], k3), A5[3], k4)), r)
            k6 = field(add(s, h, add(add(add(two(A6, k1, k2), A6[2], k3), A6[3], k4), A6[4], k5)), r)
            slope = add(add(add(add(two(B, k1, k2), B[2], k3), B[3], k4), B[4], k5), B[5], k6)
            new = add(s, h, slope)
            k7 = field(new, r)
            steps += 1
            if fixed:
                s, k1 = new, k7
                continue
            e = add(add(add(add(add(two(E, k1, k2), E[2], k3), E[3], k4), E[4], k5), E[5], k6), E[6], k7)
            ratio = 1e-10
            for i in range(3):
                ratio = max(ratio, abs(h * e[i]) / (TOL + TOL * max(abs(s[i]), abs(new[i]))))
            if ratio <= 1:
                t, s, k1 = t + h, new, k7
                if t >= 1 - 1e-15:
                    break
            h *= min(10.0, max(0.2, 0.9 * ratio**-0.2))
        return s[0], s[1], s[2], steps

    @nb.njit(parallel=True, fastmath=True)
    def solve(rho):
        end = np.empty((len(rho), 4))
        for i in nb.prange(len(rho)):
            end[i, 0], end[i, 1], end[i, 2], end[i, 3] = lane(rho[i])
        return end

    rho = rhos(size)
    return lambda: solve(rho), lambda end: errors(end[:, :3]) | {"steps": float(end[:, 3].sum())}


def heyoka_batch(size: int, batch: int = 8) -> tuple[Any, Any]:
    """Case: heyoka's batch integrator, compiled once, one copy per core."""
    import heyoka as hy

    x, y, z = hy.make_vars("x", "y", "z")
    system = list(zip((x, y, z), slopes(x, y, z, hy.par[0]), strict=True))
    start = np.repeat([[1.0], [0.0], [0.0]], batch, axis=1)
    first = hy.taylor_adaptive_batch(system, state=start, pars=np.zeros((1, batch)), tol=TOL)
    count = -(-size // batch)
    rho = np.pad(rhos(size), (0, count * batch - size), mode="edge").reshape(count, batch)
    end = np.empty((3, count, batch))
    workers = os.cpu_count() or 1
    copies = [copy.deepcopy(first) for _ in range(workers)]
    threads = ThreadPoolExecutor(workers)

    def some(j: int) -> int:
        ta, steps = copies[j], 0
        for i in range(j, count, workers):
            ta.set_time(0.0)
            ta.state[:] = start
            ta.pars[0] = rho[i]
            ta.propagate_until(1.0)
            end[:, i] = ta.state
            steps += sum(result[3] for result in ta.propagate_res)
        return steps

    def run() -> tuple[np.ndarray, int]:
        return end, sum(threads.map(some, range(workers)))

    def check(outcome: tuple[np.ndarray, int]) -> dict[str, float]:
        return errors(outcome[0].reshape(3, -1)[:, :size].T) | {"steps": float(outcome[1])}

    return run, check
