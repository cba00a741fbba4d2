"""What falls below all numbers and comes back does so with the same bits in every form of machine code."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow
from equisweep.kernels.status import Status
from helpers.codegen.gpu import OnThisProcessor
from helpers.codegen.lanes import SideBySide
from helpers.flows import seen
from helpers.products import costs_seconds

# The exposed and the infected, and a season of waves by the year.
EPIDEMIC = Flow(
    start=lambda p: jnp.stack([0.9 + 0 * p["horizon"], p["seed"], p["seed"]]),
    field=lambda t, z, p: jnp.stack(
        [
            0.02 * (1 - z[0]) - 60 * (1 + jnp.sin(p["w"] * t)) * z[0] * z[2],
            60 * (1 + jnp.sin(p["w"] * t)) * z[0] * z[2] - 20.02 * z[1],
            20 * z[1] - 30.02 * z[2],
        ]
    ),
    observe=lambda z, p: dict(zip("sei", z, strict=True)),
    observables=seen("s", "e", "i"),
)
TIMES = (50.0, 95.0, 190.0)
GIVEN = {
    "horizon": np.array([110.0, 290.0, 190.0]), "w": 2 * np.pi / np.array([100.0, 100.0, 200.0]),
    "seed": np.full(3, 1e-3),
}  # fmt: skip


def computed(monkeypatch, backend, method):
    monkeypatch.setattr(loops, "lane_backends", lambda: [backend])
    monkeypatch.setattr("equisweep.engine.ode.trajectory._FUNCTIONS", {})
    out = lanes(EPIDEMIC, method, TIMES)({k: jnp.asarray(v) for k, v in GIVEN.items()})
    return {name: np.asarray(values) for name, values in out.items()}


METHODS = [Method("heun", rtol=1e-4), pytest.param(Method("tsit5", rtol=1e-6), marks=costs_seconds)]


@pytest.mark.parametrize("method", METHODS, ids=["heun", "tsit5"])
def test_threads_vectors_and_whole_programs_have_the_same_bits(monkeypatch, method):
    monkeypatch.setattr(machine_code, "OPTIMISE", 0)
    program = computed(monkeypatch, Cpu(8), method)
    sides = SideBySide(OnThisProcessor(), Cpu(8))
    by_parts = computed(monkeypatch, sides, method)
    assert (program["i_final"] == 0).any()  # below all numbers
    assert program["status"].tolist() == [Status.not_steady] * 3
    assert len(sides.results) > 1
    for name, values in program.items():
        np.testing.assert_array_equal(by_parts[name].view(np.uint8), values.view(np.uint8), err_msg=name)
    for threads, vectors in sides.results:
        for one, other in zip(threads, vectors, strict=True):
            np.testing.assert_array_equal(one.view(np.uint8), other.view(np.uint8))
