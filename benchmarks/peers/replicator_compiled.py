"""The replicator problem by compiled peers: numba, numbalsoda, heyoka."""

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from replicator import A0, B0, B1, U0, W0, X0, Y0, achieved, field_logits, field_shares, problem
from tools.tsit5 import A2, A3, A4, A5, A6, B, E

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0


def numba_tsit5(kind: str, size: int, tol: float, coordinates: str, fastmath: bool = True) -> tuple[Any, Any]:
    """Case: a scalar adaptive Tsit5 written by hand, lanes spread over all cores by prange."""
    import math

    import numba as nb

    logits = coordinates == "logits"

    @nb.njit(inline="always", fastmath=fastmath)
    def field(u, w, r, f, c1):
        if logits:
            x, y = 1 / (1 + math.exp(-u)), 1 / (1 + math.exp(-w))
        else:
            x, y = u, w
        a = -c1 - r * y * y + (1 - y) * (f * (1 - y) + A0)
        b = B0 + x * (r * y + f * (1 - y) + B1)
        if logits:
            return a, b
        return x * (1 - x) * a, y * (1 - y) * b

    @nb.njit(fastmath=fastmath)
    def lane(r, f, c1, horizon, tol):
        u, w = (U0, W0) if logits else (X0, Y0)
        t, steps = 0.0, 0
        k1, l1 = field(u, w, r, f, c1)
        h = min(0.01 * max(abs(u), abs(w)) / max(abs(k1), abs(l1), 1e-10), horizon)
        while t < horizon:
            h = min(h, horizon - t)
            k2, l2 = field(u + h * A2[0] * k1, w + h * A2[0] * l1, r, f, c1)
            k3, l3 = field(u + h * (A3[0] * k1 + A3[1] * k2), w + h * (A3[0] * l1 + A3[1] * l2), r, f, c1)
            k4, l4 = field(
                u + h * (A4[0] * k1 + A4[1] * k2 + A4[2] * k3),
                w + h * (A4[0] * l1 + A4[1] * l2 + A4[2] * l3),
                r, f, c1,
            )  # fmt: skip
            k5, l5 = field(
                u + h * (A5[0] * k1 + A5[1] * k2 + A5[2] * k3 + A5[3] * k4),
                w + h * (A5[0] * l1 + A5[1] * l2 + A5[2] * l3 + A5[3] * l4),
                r, f, c1,
            )  # fmt: skip
            k6, l6 = field(
                u + h * (A6[0] * k1 + A6[1] * k2 + A6[2] * k3 + A6[3] * k4 + A6[4] * k5),
                w + h * (A6[0] * l1 + A6[1] * l2 + A6[2] * l3 + A6[3] * l4 + A6[4] * l5),
                r, f, c1,
            )  # fmt: skip
            nu = u + h * (B[0] * k1 + B[1] * k2 + B[2] * k3 + B[3] * k4 + B[4] * k5 + B[5] * k6)
            nw = w + h * (B[0] * l1 + B[1] * l2 + B[2] * l3 + B[3] * l4 + B[4] * l5 + B[5] * l6)
            k7, l7 = field(nu, nw, r, f, c1)
            eu = h * (E[0] * k1 + E[1] * k2 + E[2] * k3 + E[3] * k4 + E[4] * k5 + E[5] * k6 + E[6] * k7)
            ew = h * (E[0] * l1 + E[1] * l2 + E[2] * l3 + E[3] * l4 + E[4] * l5 + E[5] * l6 + E[6] * l7)
            ratio = max(
                abs(eu) / (tol + tol * max(abs(u), abs(nu))), abs(ew) / (tol + tol * max(abs(w), abs(nw)))
            )
            steps += 1
            if ratio <= 1:
                t, u, w, k1, l1 = t + h, nu, nw, k7, l7
                if t >= horizon * (1 - 1e-15):
                    break
            h *= min(GROW, max(SHRINK, SAFETY * max(ratio, 1e-10) ** -0.2))
        if logits:
            return 1 / (1 + math.exp(-u)), 1 / (1 + math.exp(-w)), steps
        return u, w, steps

    @nb.njit(parallel=True, fastmath=fastmath)
    def all_lanes(r, f, c1, horizon, tol):
        end = np.empty((len(r), 3))
        for i in nb.prange(len(r)):
            end[i, 0], end[i, 1], end[i, 2] = lane(r[i], f[i], c1[i], horizon[i], tol)
        return end

    p = problem(kind, size)

    def run() -> np.ndarray:
        if kind != "even":  # numba's advice where pieces of work differ
            nb.set_parallel_chunksize(64)
        return all_lanes(p["r"], p["f"], p["c1"], p["horizon"], tol)

    return run, lambda end: achieved(kind, end[:, :2]) | {"steps": float(end[:, 2].sum())}


def numbalsoda_prange(kind: str, size: int, tol: float, solver: str) -> tuple[Any, Any]:
    """Case: numbalsoda's LSODA or DOP853 in a prange, in shares, as its README shows."""
    import numba as nb
    import numbalsoda

    solve = getattr(numbalsoda, solver)

    @nb.cfunc(numbalsoda.lsoda_sig)
    def field(_t, state, slope, p):
        x, y, r, f, c1 = state[0], state[1], p[0], p[1], p[2]
        slope[0] = x * (1 - x) * (-c1 - r * y * y + (1 - y) * (f * (1 - y) + A0))
        slope[1] = y * (1 - y) * (B0 + x * (r * y + f * (1 - y) + B1))

    address = field.address

    @nb.njit(parallel=True)
    def all_lanes(r, f, c1, horizon, tol):
        end = np.empty((len(r), 2))
        for i in nb.prange(len(r)):
            times, p = np.array([0.0, horizon[i]]), np.array([r[i], f[i], c1[i]])
            states, good = solve(address, np.array([X0, Y0]), times, p, tol, tol, 100_000)
            end[i, :] = states[-1] if good else np.full(2, np.nan)
        return end

    p = problem(kind, size)
    return (
        lambda: (field, all_lanes(p["r"], p["f"], p["c1"], p["horizon"], tol))[1],
        lambda end: achieved(kind, end),
    )


def heyoka_batch(
    kind: str, size: int, tol: float, batch: int, ensemble: bool = False, coordinates: str = "shares"
) -> tuple[Any, Any]:
    """Case: heyoka's batch integrator (one SIMD lane each), one integrator per core.

    Compiled once and copied. `ensemble`: through its own ensemble_propagate_until instead.
    """
    import heyoka as hy

    x, y = hy.make_vars("x", "y")
    logits = coordinates == "logits"
    shares = (hy.sigmoid(x), hy.sigmoid(y)) if logits else (x, y)
    system = (field_logits if logits else field_shares)(*shares, hy.par[0], hy.par[1], hy.par[2])
    start = np.repeat([[U0], [W0]] if logits else [[X0], [Y0]], batch, axis=1)
    first = hy.taylor_adaptive_batch(
        [(x, system[0]), (y, system[1])], state=start, pars=np.zeros((3, batch)), tol=tol
    )
    p = problem(kind, size)
    count = -(-size // batch)
    packed = np.stack([p[name] for name in ("r", "f", "c1", "horizon")])
    packed = np.pad(packed, ((0, 0), (0, count * batch - size)), mode="edge").reshape(4, count, batch)
    end = np.empty((2, count, batch))
    workers = os.cpu_count() or 1
    copies = [copy.deepcopy(first) for _ in range(workers)]
    threads = ThreadPoolExecutor(workers)

    def some(ta: Any, some: range, count: bool) -> int:
        steps = 0
        for i in some:
            ta.set_time(0.0)
            ta.state[:] = start
            ta.pars[:] = packed[:3, i]
            ta.propagate_until(packed[3, i])
            end[:, i] = ta.state
            steps += sum(result[3] for result in ta.propagate_res) if count else 0
        return steps

    def in_threads(counted: bool = False) -> tuple[np.ndarray, int]:
        # Interleaved in small pieces taken by whichever thread is free.
        ranges = [range(i, min(i + 64, count)) for i in range(0, count, 64)]
        free = list(copies)

        def take(lanes: range) -> int:
            ta = free.pop()
            try:
                return some(ta, lanes, counted)
            finally:
                free.append(ta)

        return end, sum(threads.map(take, ranges))

    def in_ensemble() -> tuple[np.ndarray, int]:
        def prepare(ta: Any, i: int) -> Any:
            ta.pars[:] = packed[:3, i]
            return ta

        done = hy.ensemble_propagate_until(first, float(p["horizon"][0]), count, prepare, max_workers=workers)
        for i, (ta, *_) in enumerate(done):
            end[:, i] = ta.state
        return end, 0

    def check(_outcome: tuple[np.ndarray, int]) -> dict[str, float]:
        states = in_threads(counted=True)  # apart, as counting takes time
        shares = states[0].reshape(2, -1)[:, :size].T
        shares = 1 / (1 + np.exp(-shares)) if logits else shares
        return achieved(kind, shares) | {"steps": float(states[1]), "order": int(first.order)}

    return in_ensemble if ensemble else in_threads, check
