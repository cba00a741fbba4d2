"""``by_width.py 8``: prints digests of a grid and of lanes, computed so many numbers side by side."""

import hashlib
import sys

from equisweep.engine.codegen.cpu import types as vector_types

vector_types.WIDTH = int(sys.argv[1])  # before anything else takes it over

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from equisweep.engine.codegen.grid_loop import GridLoop  # noqa: E402
from equisweep.engine.ode.runge_kutta import Method  # noqa: E402
from equisweep.engine.ode.trajectory import lanes  # noqa: E402
from equisweep.kernels.games.supervision.model import SUPERVISION  # noqa: E402

jax.config.update("jax_enable_x64", True)


def show(name, values):
    print(name, hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest())


def point(a, b):
    x, y = a["x"], b["y"]
    return {"real": jnp.exp(-x) * jnp.log1p(y), "row": jnp.stack([x**y, jnp.floor(x * y)]), "less": x < y}


for shape in ((3, 41), (7, 9), (33, 2), (1, 1)):
    given = [{name: np.linspace(0.1, 3, n)} for name, n in zip("xy", shape, strict=True)]
    loop = GridLoop(point, given)
    found = {name: np.empty((*shape, *inner), dtype) for name, (inner, dtype) in loop.outputs.items()}
    loop.fill(found, given)
    for name, values in found.items():
        show(f"grid {shape} {name}", values)

parameters = {q.name: np.full(37, q.default) for q in SUPERVISION.parameters}
parameters |= {"r": np.linspace(1, 12, 37), "horizon": np.linspace(1, 30, 37)}
for solver in ("tsit5", "taylor"):
    ends = lanes(SUPERVISION.flow, Method(solver, 1e-8, 1e-8), reward="dynamic", punishment="static")
    for name, values in ends(parameters).items():
        show(f"lanes {solver} {name}", values)
