"""Whatever a CPU has as machine code a GPU has too, and where it has none a plan says why."""

import inspect
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
from equisweep.engine import device as devices
from equisweep.engine.codegen import backends, lane_loop
from equisweep.engine.codegen.backend import Backend
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu import backend as gpu_backend
from equisweep.engine.codegen.gpu import kernel, launch
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.how_compiled import NATIVE, Compiled
from equisweep.engine.codegen.ir import DTYPES
from equisweep.engine.codegen.llvm.floats import LIBRARY
from equisweep.engine.codegen.ops import OPERATIONS
from equisweep.engine.grid import function, made_before
from equisweep.engine.run import where as run_where
from equisweep.sweeps import Sweep, plan
from helpers.codegen.simulated import simulate


def test_both_back_ends_are_whole():
    """Each has all that a back end has, taken by the same arguments, and neither has more."""
    wanted = {name for name in dir(Backend) if not name.startswith("_")} | {*Backend.__annotations__}
    for made in (Cpu(), Gpu()):
        assert {name for name in dir(made) if not name.startswith("_")} == wanted
        assert made.routes
        for name in wanted & {*dir(Backend)}:
            names = [[*inspect.signature(getattr(of, name)).parameters] for of in (Backend, type(made))]
            assert names[0] == names[1], name


def test_a_gpu_has_every_operation_that_a_cpu_has(monkeypatch):
    """Rules for primitives know of no device: what they make of a trace, both compute."""
    cpu, gpu = Cpu(), Gpu()
    there = {one for one in product(OPERATIONS, DTYPES) if cpu.supports(*one)}
    assert {op for op, _ in there} | {op for op in OPERATIONS if OPERATIONS[op].formula} == {*OPERATIONS}
    assert {one for one in product(OPERATIONS, DTYPES) if gpu.supports(*one)} == there
    monkeypatch.setattr(gpu_backend, "libdevice", lambda: None)
    without = {one for one in product(OPERATIONS, DTYPES) if gpu.supports(*one)}
    assert {op for op, _ in there - without} == LIBRARY


OWN = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[Parameter("a", "a", "1", 0.5, Domain(0), "a rate"),
                Parameter("horizon", "T", "time", 3.0, Domain(0), "the end")],
    observables=[Observable("x", "x", "1", "prey"), Observable("y", "y", "1", "predators")],
    start=lambda p: [1.5, jax.lax.while_loop(lambda y: y < 0.5, lambda y: 2 * y, p["a"])],
    swings=("x",),
)
def predators(t, s, p):
    return [s[0] * (1 - s[1]), p["a"] * s[1] * (s[0] - 1) + 0.01 * jnp.exp(-s[0])]
"""
POINTS = Sweep("external", {"alpha": [0.2, 0.4]}, outputs=["investment"])


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return lambda **more: Sweep(f"{tmp_path}/own.py:predators", {"a": [0.3, 0.5]}, **more)


@pytest.fixture
def with_a_card(monkeypatch):
    """Plans are of sweeps on a GPU, for which nothing is simulated but that it is there."""
    simulate(monkeypatch)
    gpu, of = Gpu(), backends.backend_of
    for module in (backends, function):
        monkeypatch.setattr(module, "backend_of", lambda name: gpu if name == "gpu" else of(name))
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [gpu])
    monkeypatch.setattr(Gpu, "lanes", lambda *_: pytest.fail("a plan compiles nothing"))
    monkeypatch.setattr(Gpu, "grid", lambda *_: pytest.fail("a plan compiles nothing"))


def said(sweep):
    made_before.MADE.clear()  # in one process there is always the same card
    planned = plan(sweep, device="gpu", trial=False)
    return planned.computed, planned.not_portable


@pytest.mark.usefixtures("with_a_card")
def test_derivatives_loops_taylor_swings_and_models_of_ones_own_are_machine_code(own):
    """Derivatives of orbits, float32 and reduced sweeps run in tests/engine/gpus/test_simulated.py."""
    by_taylor = {"solver": "taylor", "rtol": 1e-4}
    for sweep in (
        replace(POINTS, derivatives={"investment": ["alpha", "beta"]}),
        own(integrator=by_taylor, outputs=["x_amplitude", "y_final"]),
    ):
        assert said(sweep) == ("machine code", "")


@pytest.mark.usefixtures("with_a_card")
def test_a_plan_says_why_xla_computes_points_or_orbits(monkeypatch, own):
    """What a run would hear of its programs: see `Backend.require`."""
    orbits = own(integrator={"solver": "heun"})
    card, reason = SimpleNamespace(compute_capability="7.5"), "a GPU of compute capability 7.5, below 8.0"
    with monkeypatch.context() as patched:
        patched.setattr(launch, "_gpus", lambda: [card])
        assert said(POINTS) == said(orbits) == (f"XLA ({reason})",) * 2
        card.compute_capability = "gfx942"
        assert said(POINTS)[0] == "XLA (a GPU that is not NVIDIA's, gfx942)"
        card.compute_capability = "9.0"
        assert said(POINTS)[0] == "machine code"
    with monkeypatch.context() as patched:
        patched.setattr(launch.jax, "__version__", "0.99.1")
        assert said(POINTS)[0] == "XLA (jax 0.99.1 is not known to take PTX)"
    with monkeypatch.context() as patched:
        patched.setattr(kernel, "_MOST_ARRAYS", 3)
        assert said(POINTS)[0] == "XLA (more than 3 arrays for a GPU's kernel)"


def test_auto_expects_of_a_card_that_xla_computes_there_what_has_no_machine_code_on_it(monkeypatch):
    """An old card takes none; on any is none of what a processor has none of, or of what libdevice lacks."""
    space, trial = POINTS.space(), SimpleNamespace(compute_seconds=1e3, computed={NATIVE})
    monkeypatch.setattr(run_where, "tried", lambda *_: trial)

    def through_xla(capability, trial=True):
        card = SimpleNamespace(compute_capability=capability, core_count=80, platform="gpu", id=0)
        monkeypatch.setattr(devices, "_gpus", lambda: ([card], ""))
        monkeypatch.setattr(launch, "_gpus", lambda: [card])
        return " through XLA" in run_where.where("auto", space, points=10**12, trial=trial).why

    for trial_too in (True, False):
        assert through_xla("7.0", trial_too)
        assert not through_xla("9.0", trial_too)
    trial.computed = {NATIVE, Compiled(True, library=("sinh",))}
    monkeypatch.setattr(gpu_backend, "libdevice", lambda: "there")
    assert not through_xla("9.0")
    monkeypatch.setattr(gpu_backend, "libdevice", lambda: None)
    assert through_xla("9.0")
    trial.computed = {NATIVE, Compiled(False, "more than 50000 scalar operations")}
    assert through_xla("9.0")
    assert not through_xla("9.0", trial=False)
