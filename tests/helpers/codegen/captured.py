"""The kernels that the orbits of a model come to on a GPU: lowered as for one, and compiled by nobody yet."""

import jax
from equisweep.engine.codegen import lane_loop
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.grid.function import _shapes_at_a_point
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep


class Captured(Gpu):
    """The GPU's back end, which keeps the loops that it is given, and runs none."""

    platform = "cpu"

    def __init__(self):
        self.loops = []

    def lanes(self, loop):
        self.loops.append(loop)
        return lambda arrays: list(arrays[: loop.split])


def loops_of(monkeypatch, name, solver):
    """All loops of a model's orbits, every mechanism dynamic: that over its steps first, calls last."""
    model = MODELS[name]
    dynamic = {c.name: "dynamic" for c in model.choices if "dynamic" in c.options}
    number = next(q for q in model.parameters if not q.integer and q.dim is None)
    space = Sweep(name, {number.name: [number.default]}, fixed=dynamic, integrator={"solver": solver}).space()
    captured = Captured()
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [captured])
    jax.eval_shape(point_function(space, space.choices), *_shapes_at_a_point(space))
    assert captured.loops
    return sorted(captured.loops, key=lambda loop: loop.once)
