"""``by_width.py 8``: prints digests of a grid and of lanes, computed so many numbers side by side."""

import hashlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.codegen.backends import BACKENDS
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.games.supervision.model import SUPERVISION

jax.config.update("jax_enable_x64", True)
BACKENDS["cpu"] = lambda: Cpu(int(sys.argv[1]))


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
