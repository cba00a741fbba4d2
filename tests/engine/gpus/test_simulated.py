"""Whole sweeps on GPUs, without one: a cube's bytes, several cards, memory that runs out, long launches."""

from dataclasses import replace
from math import prod

import jax
import numpy as np
import pytest
from equisweep.engine.errors import CubeError
from equisweep.engine.feedback.stop_flag import forget_stop, request_stop
from equisweep.engine.grid.batches import Batches
from equisweep.engine.grid.launches import LONGEST, Launch, Launches
from equisweep.engine.grid.vmap import GridVmap
from equisweep.engine.reduce.in_kernel import TileFold
from equisweep.sweeps import Sweep, SweepError, open_cube
from equisweep.sweeps.recompute import recompute
from equisweep.sweeps.run import run_report
from helpers.codegen.simulated import brought_home, simulate
from helpers.cube_files import contents
from helpers.products import costs_seconds

POINTS = Sweep(
    "external", {"alpha": [0.2, 0.4, 0.6, 0.8], "beta": [0.1, 0.3, 0.5, 0.7]}, outputs=["investment"]
)


def computed(path, device, sweep=POINTS, **options):
    return run_report(sweep, path, device=device, durable=False, progress=False, tile_points=4, **options)


def numbers(path):
    """All bytes but those that say where, and when, it was computed."""
    return {name: content for name, content in contents(path).items() if "c/" in name and "/runs" not in name}


@pytest.fixture(scope="module")
def on_the_cpu(tmp_path_factory):
    path = tmp_path_factory.mktemp("cpu") / "a.zarr"
    computed(path, "cpu")
    assert numbers(path)
    return path


@pytest.mark.parametrize(("device", "count"), [("gpu", 1), ("gpu", 3), ("all", 3)])
def test_a_cube_has_the_bytes_of_a_cpus_and_all_gpus_share_its_tiles(
    tmp_path, monkeypatch, on_the_cpu, device, count
):
    gpus, sent = simulate(monkeypatch, count)
    before = len(jax.live_arrays())
    report = computed(tmp_path / "a.zarr", device)
    assert numbers(tmp_path / "a.zarr") == numbers(on_the_cpu)
    assert open_cube(tmp_path / "a.zarr").attrs["portable"] == "yes"
    used = count if device == "all" else 1
    assert report.device == ", ".join(f"cuda:{k}" for k in range(used))
    assert [sent.count(gpu) for gpu in gpus] == ([2, 1, 1] if used > 1 else [4, 0, 0][:count])
    assert len(jax.live_arrays()) == before  # the memory of the device is given back


@pytest.mark.parametrize("axes", [POINTS.axes, {"mechanism": ["noncooperation", "sharing"]}])
def test_float32_has_the_bytes_of_a_cpus_in_grids_and_at_single_points(tmp_path, monkeypatch, axes):
    sweep = replace(POINTS, axes=axes, dtype="float32")
    computed(tmp_path / "cpu.zarr", "cpu", sweep)
    simulate(monkeypatch)
    computed(tmp_path / "gpu.zarr", "gpu", sweep)
    assert open_cube(tmp_path / "gpu.zarr").attrs["portable"] == "yes"
    assert numbers(tmp_path / "gpu.zarr") == numbers(tmp_path / "cpu.zarr")
    assert open_cube(tmp_path / "gpu.zarr")["investment"].dtype == "float32"


@pytest.mark.parametrize(
    "asked", [["mean", "std", "argmax", "histogram(0, 9, 4)"], ["mean", "quantiles(0.5)"]]
)
def test_what_is_reduced_has_the_bytes_of_a_cpus(tmp_path, monkeypatch, asked):
    """Folded on the device, so that no value comes home, or from values that do."""
    sweep = replace(POINTS, reduce={"over": ["beta"], "investment": asked})
    computed(tmp_path / "cpu.zarr", "cpu", sweep)
    simulate(monkeypatch, 2)
    folded, gather = [], TileFold.gather
    monkeypatch.setattr(
        TileFold, "gather", lambda one, result: folded.append(one.tile) or gather(one, result)
    )
    computed(tmp_path / "gpu.zarr", "all", sweep)
    assert numbers(tmp_path / "gpu.zarr") == numbers(tmp_path / "cpu.zarr") != {}
    assert len(folded) == (4 if "std" in asked else 0)


def test_a_cube_begun_on_a_gpu_goes_on_elsewhere_and_is_checked_there(tmp_path, monkeypatch, on_the_cpu):
    path = tmp_path / "a.zarr"
    with monkeypatch.context() as patched:
        simulate(patched)
        computed(path, "gpu", part="1/2")
    assert computed(path, "cpu", part="2/2").missing == 0
    assert numbers(path) == numbers(on_the_cpu)
    assert recompute(path, 1.0, device="cpu").differences == {}
    simulate(monkeypatch, 2)
    recomputed = recompute(path, 1.0, device="all")
    assert (recomputed.device, recomputed.differences) == ("gpu:0+1", {})


DECAY = """
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[Parameter("a", "a", "1", 0.5, Domain(0), "a rate"),
                Parameter("horizon", "T", "time", 1.0, Domain(0), "the end")],
    observables=[Observable("x", "x", "1", "what is left", lambda x, p: x[0])],
    start=lambda p: [1.0],
)
def decay(t, x, p):
    return [-p["a"] * x[0]]
"""


@pytest.fixture
def decays(tmp_path):
    (tmp_path / "own.py").write_text(DECAY)
    axis, times = "axes = {a = [0.1, 0.5, 2.0, 7.0, 9.0]}", "times = [0.25, 0.5, 2.0]"
    outputs = 'outputs = ["x_final", "x_path", "attractor", "settle_time"]'
    steps = 'integrator = {solver = "bosh3", rtol = 1e-6}'
    (tmp_path / "own.toml").write_text(f'model = "own.py:decay"\n{outputs}\n{axis}\n{times}\n{steps}\n')
    return Sweep.from_file(tmp_path / "own.toml")


@costs_seconds
def test_orbits_begun_on_a_gpu_go_on_elsewhere_with_the_bytes_of_a_cpus(tmp_path, monkeypatch, decays):
    """Whole programs: start, steps, looks, saved path and what is said of it at its end."""
    cubes = [tmp_path / "cpu.zarr", tmp_path / "gpu.zarr"]
    computed(cubes[0], "cpu", decays)
    with monkeypatch.context() as patched:
        gpus, _ = simulate(patched, 2)
        tries, home = full_beyond(patched, 2, "it is begun"), brought_home(patched)
        computed(cubes[1], "all", decays, part="1/2")
        # A tile of three orbits is halved, and what nobody stores stays there.
        assert tries[0] == (gpus[0], 3)
        assert {tries[-2], tries[-1]} == {(gpus[0], 2), (gpus[1], 2)}
        assert home == {"x_final": 32, "x_path": 96, "attractor": 4, "settle_time": 32, "status": 4}
    assert computed(cubes[1], "cpu", decays, part="2/2").missing == 0
    assert open_cube(cubes[1]).attrs["portable"] == "yes"
    assert numbers(cubes[1]) == numbers(cubes[0])
    assert recompute(cubes[1], 1.0, sweep_file=tmp_path / "own.toml", device="cpu").differences == {}
    simulate(monkeypatch)
    assert recompute(cubes[0], 1.0, sweep_file=tmp_path / "own.toml", device="gpu").differences == {}


@costs_seconds
def test_orbits_through_xla_are_mixed_with_none_of_another_device(tmp_path, monkeypatch, decays):
    steps = {"native": False, "solver": "heun", "fixed_steps": 9, "settle": 0.0}
    path, sweep = tmp_path / "gpu.zarr", replace(decays, integrator=steps, outputs=["x_final"], times=None)
    simulate(monkeypatch)
    computed(path, "gpu", sweep, part="1/2")
    assert open_cube(path).attrs["portable"] == "no: XLA (native = false)"
    with pytest.raises(CubeError, match=r"is not portable .* and begun on gpu; tiles computed on cpu"):
        computed(path, "cpu", sweep)


class Full:
    def __array__(self, *_, **__):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes")


def full_beyond(monkeypatch, most, when):
    """From now on each card has room for so many points; how many were tried on which."""
    begin, tries = GridVmap.begin, []

    def begun(function, coordinates, device=None):
        points = prod(len(next(iter(c.values()))) for c in coordinates)
        tries.append((device, points))
        if points > most and when == "it is begun":
            np.asarray(Full())
        values = begin(function, coordinates, device)
        return dict.fromkeys(values, Full()) if points > most else values

    monkeypatch.setattr(GridVmap, "begin", begun)
    return tries


# A sweep's points fold on the device, as long as there is room for them.
MEAN = replace(POINTS, reduce={"over": ["beta"], "investment": ["mean", "std"]})


@pytest.mark.parametrize(
    ("sweep", "when"), [(POINTS, "it is begun"), (POINTS, "it comes home"), (MEAN, "it is begun")]
)
def test_memory_that_runs_out_halves_a_tile_and_the_run_goes_on_on_all_cards(
    tmp_path, monkeypatch, sweep, when
):
    computed(tmp_path / "cpu.zarr", "cpu", sweep)
    gpus, _ = simulate(monkeypatch, 2)
    tries = full_beyond(monkeypatch, 2, when)
    computed(tmp_path / "a.zarr", "all", sweep)
    assert {points for _, points in tries} == {4, 2}
    assert {device for device, points in tries if points == 2} == {*gpus}
    assert numbers(tmp_path / "a.zarr") == numbers(tmp_path / "cpu.zarr") != {}
    full_beyond(monkeypatch, 0, when)
    with pytest.raises(SweepError, match="cannot hold even one point"):
        computed(tmp_path / "b.zarr", "all", sweep)
    assert not (tmp_path / "b.zarr").exists()


def test_launches_that_take_long_become_smaller(tmp_path, monkeypatch, on_the_cpu):
    simulate(monkeypatch)
    wait, counts = Launches.wait, []
    monkeypatch.setattr(
        Launches, "wait", lambda *given: (wait(*given), counts.append(given[1].of), 1.7 * LONGEST)[2]
    )
    computed(tmp_path / "a.zarr", "gpu")
    assert counts[0] == 1
    assert 2 in counts
    assert counts == sorted(counts)
    assert numbers(tmp_path / "a.zarr") == numbers(on_the_cpu)


def test_the_first_launch_of_orbits_holds_as_many_as_there_are_threads(monkeypatch):
    (gpu,), _ = simulate(monkeypatch)
    assert len(Batches((2**20,), gpu, 100, 2**17).windows()) == 8
    assert len(Batches((2**20,), gpu, 100).windows()) == 1


class Late:
    """An array that is there after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def is_ready(self):
        self.looks -= 1
        return self.looks < 0


def test_launches_are_timed_each_from_the_end_of_that_before_it(monkeypatch):
    now = [10.0]
    monkeypatch.setattr("equisweep.engine.grid.launches.time.monotonic", lambda: now[0])
    monkeypatch.setattr("equisweep.engine.grid.launches.time.sleep", lambda s: now.append(now.pop() + 1))
    first, second, other = (
        Launch({"a": Late(3)}),
        Launch({"a": Late(2), "b": Late(2)}),
        Launch({"a": Late(0)}, device=1),
    )
    launches = Launches()
    assert [launches.wait(launch) for launch in (first, second, other)] == [3, 4, 7]


def test_who_waits_for_a_launch_hears_that_it_is_to_stop():
    request_stop()
    try:
        with pytest.raises(KeyboardInterrupt):
            Launches().wait(Launch({"a": Late(10**9)}))
    finally:
        forget_stop()
