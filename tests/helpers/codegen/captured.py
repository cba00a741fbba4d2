"""What the orbits of a model come to on a GPU: lowered as for one, and compiled by nobody yet."""

import jax
import jax.numpy as jnp
from equisweep.engine.codegen import lane_loop
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.route.route import Route
from equisweep.engine.grid.function import _shapes_at_a_point
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep


class Captured(Gpu):
    """The GPU's back end, which keeps what it is given and runs nothing; by `routes`, or loop by loop."""

    platform = "cpu"

    def __init__(self, routes):
        self.routes, self.programs = routes, []

    def lanes(self, loop):
        self.programs.append(loop)
        return lambda arrays: list(arrays[: loop.split])

    def route(self, route):
        self.programs.append(route)
        return lambda arrays, shapes: [jnp.zeros(one.shape, one.dtype) for one in shapes]


def loops_of(monkeypatch, name, solver):
    """All loops of a model's orbits, every mechanism dynamic: that over its steps first, calls last."""
    result = _captured(monkeypatch, name, solver, Captured(routes=False))
    return sorted(result, key=lambda loop: loop.once)


def route_of(monkeypatch, name, solver, dtype="float64"):
    """The one route of a model's orbits, with a path of a few times."""
    result = _captured(monkeypatch, name, solver, Captured(routes=True), times=[1.0, 2.0, 5.0], dtype=dtype)
    (route,) = [one for one in result if isinstance(one, Route)]
    return route


def one_orbit(name, solver, **more):
    """A sweep of one orbit of a model at its defaults, every mechanism dynamic."""
    model = MODELS[name]
    dynamic = {c.name: "dynamic" for c in model.choices if "dynamic" in c.options}
    number = next(q for q in model.parameters if not q.integer and q.dim is None)
    more["integrator"] = {"solver": solver} | more.get("integrator", {})
    return Sweep(name, {number.name: [number.default]}, fixed=dynamic, **more)


def _captured(monkeypatch, name, solver, captured, **more):
    """What a back end is given of a model's orbits."""
    space = one_orbit(name, solver, **more).space()
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [captured])
    jax.eval_shape(point_function(space, space.choices), *_shapes_at_a_point(space))
    assert captured.programs
    return captured.programs
