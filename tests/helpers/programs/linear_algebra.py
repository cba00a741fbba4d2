"""Models that call LAPACK, computed by several threads at once: a process that hangs ends itself with code 3.

``python linear_algebra.py '[["solve", "grid"]]'`` prints one line of JSON: for each model that is asked for,
by routine and whether in a grid or a loop, the sum of its outputs over the grid, once for each time it was
computed.
"""

import json
import os
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import lineax
import numpy as np

POINTS, SIZE, TIMES, THREADS = 640, 8, 20, 4

MATRIX = np.random.default_rng(5).normal(size=(SIZE, SIZE))
SYMMETRIC = MATRIX @ MATRIX.T


def of_general(a):
    return MATRIX + a * np.eye(SIZE)


def of_symmetric(a):
    return SYMMETRIC + a * np.eye(SIZE)


def solved_by_lineax(a, xp):
    """Its primitive is no one of JAX's: what it calls stands in no trace."""
    if xp is np:
        return np.linalg.solve(of_general(a), np.ones(SIZE)).sum()
    matrix = lineax.MatrixLinearOperator(of_general(a))
    return lineax.linear_solve(matrix, jnp.ones(SIZE), lineax.LU(), throw=False).value.sum()


def convolved(a, xp):
    """What XLA hands to a pool of threads as well."""
    return xp.convolve(of_general(a).ravel(), xp.ones(SIZE)).sum()


# A number of one matrix, as JAX and as NumPy compute it; each takes a namespace with `linalg` in it.
ROUTINES = {
    "solve": lambda a, xp: xp.linalg.solve(of_general(a), xp.ones(SIZE)).sum(),
    "inv": lambda a, xp: xp.linalg.inv(of_general(a)).sum(),
    "det": lambda a, xp: xp.linalg.det(of_general(a)),
    "cholesky": lambda a, xp: xp.linalg.cholesky(of_symmetric(a)).sum(),
    "eigh": lambda a, xp: xp.linalg.eigh(of_symmetric(a))[0].sum(),
    "svd": lambda a, xp: xp.linalg.svd(of_general(a), compute_uv=False).sum(),
    "eigvals": lambda a, xp: xp.abs(xp.linalg.eigvals(of_general(a))).sum(),
    "lineax": solved_by_lineax,
    "qr": lambda a, xp: xp.abs(xp.linalg.qr(of_general(a))[1]).sum(),
    "convolution": convolved,
    "transform": lambda a, xp: xp.abs(xp.fft.fft2(of_general(a))).sum(),
}


def in_a_grid(routine):
    """Two calls that do not wait for each other: two of XLA's threads at once."""
    return lambda p: {"x": routine(p["a"], jnp) + routine(p["a"] + 1.0, jnp)}


def in_a_loop(routine):
    def twice(i, sums):
        return sums[0] + routine(i + 1.0, jnp), sums[1] + routine(i + 2.0, jnp)

    def point(p):
        first, second = jax.lax.fori_loop(
            0, 2, lambda i, sums: twice(p["a"] + i, sums), (0.0 * p["a"], 0.0 * p["a"])
        )
        return {"x": first + second}

    return point


def _end_if_stuck():
    """No processor time used for half a minute: nothing will ever come."""
    used, since = 0.0, time.monotonic()
    while True:
        time.sleep(1)
        now = resource.getrusage(resource.RUSAGE_SELF)
        if now.ru_utime + now.ru_stime > used + 0.2:
            used, since = now.ru_utime + now.ru_stime, time.monotonic()
        if time.monotonic() > since + 30:
            os._exit(3)


def main():
    from equisweep.engine.grid.vmap import GridVmap

    jax.config.update("jax_enable_x64", True)
    threading.Thread(target=_end_if_stuck, daemon=True).start()
    coordinates = [{"a": np.linspace(2.0, 5.0, POINTS)}]
    sums = {}
    for name, where in json.loads(sys.argv[1]):
        model = {"grid": in_a_grid, "loop": in_a_loop}[where](ROUTINES[name])
        function = GridVmap(model, coordinates, jax.devices("cpu")[0], lambda: None)

        def once(_, function=function):
            outputs = {"x": np.empty(POINTS)}
            function.fill(outputs, coordinates)
            return float(outputs["x"].sum())

        with ThreadPoolExecutor(THREADS) as threads:
            sums[f"{name} in a {where}"] = list(threads.map(once, range(TIMES)))
    print(json.dumps(sums))


if __name__ == "__main__":
    main()
