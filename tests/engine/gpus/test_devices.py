"""Which device computes and why, in a line; and a card shared with others."""

import ctypes
import logging
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from equisweep.engine import device as devices
from equisweep.engine.codegen.how_compiled import NATIVE
from equisweep.engine.device import SeveralGpus, choose_device, most_points, pick_device
from equisweep.engine.errors import SweepError
from equisweep.engine.gpus import missing, neighbour
from equisweep.engine.gpus.estimate import GPU_START, Amount
from equisweep.engine.kept.environment import variables
from equisweep.engine.run import where as run_where
from equisweep.engine.trial import TooLong
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.commands.main import main
from helpers.project import ROOT

DEMO = Amount(52_488, 3 * 8 * 52_488, False, False, 16, wide=False)
ORBITS = Amount(10**6, 17 * 10**6, True, False, 16, wide=False)
H100 = SimpleNamespace(core_count=132, compute_capability="9.0", platform="gpu", id=0)
FOR_PICTURES = SimpleNamespace(core_count=128, compute_capability="8.9", platform="gpu", id=0)
OLD = SimpleNamespace(core_count=80, compute_capability="7.0", platform="gpu", id=0)


@pytest.fixture
def seen(monkeypatch):
    """What JAX sees from now on."""

    def see(*gpus, reason="none is here"):
        asked = []
        monkeypatch.setattr(devices, "_gpus", lambda: (asked.append(1), (gpus, reason))[1])
        return asked

    return see


@pytest.mark.parametrize(
    ("amount", "gpu", "kind", "why"),
    [
        (DEMO, H100, "cpu", "a GPU takes 3 s to start"),
        (ORBITS, H100, "gpu", "on the processor 20 s, by rates"),
        (replace(ORBITS, wide=True, cores=32), H100, "cpu", "about 2.2 s, and a GPU takes 3 s to start"),
        (replace(ORBITS, wide=True, cores=2), H100, "gpu", "about 3.4 s, and on the processor 36 s"),
        (replace(ORBITS, decided=True), H100, "cpu", "to start"),
        (replace(ORBITS, points=10**5, cores=2), H100, "gpu", "on the processor 16 s"),
        (replace(ORBITS, points=10**8, bytes=0, cores=128), FOR_PICTURES, "cpu", "on the GPU 1.4e+03 s"),
        (replace(ORBITS, points=10**7, bytes=0, cores=2), FOR_PICTURES, "gpu", "on the processor 1.6e+03"),
        (
            replace(ORBITS, through_xla=True),
            H100,
            "gpu",
            "about 7.5 s through XLA, and on the processor 20 s",
        ),
        (replace(ORBITS, wide=True), OLD, "gpu", "about 4.4 s, and on the processor 4.5 s"),
        (
            replace(ORBITS, wide=True, through_xla=True),
            OLD,
            "cpu",
            "and on the GPU through XLA 18 s, by rates",
        ),
        (
            replace(ORBITS, core_seconds=64.0),
            H100,
            "gpu",
            "about 3.1 s, and on the processor 4 s, by points tried",
        ),
        (
            replace(ORBITS, bytes=10**10, core_seconds=64.0),
            H100,
            "cpu",
            "and on the GPU 5.1 s, by points tried",
        ),
        (replace(DEMO, points=10**10, bytes=17 * 10**10), H100, "gpu", "on the processor 1.8e+02 s"),
        (
            replace(DEMO, points=10**10, bytes=17 * 10**10, wide=True, cores=32),
            H100,
            "cpu",
            "on the GPU 41 s",
        ),
        (None, H100, "gpu", ""),
    ],
)
def test_auto_takes_what_is_likely_to_be_sooner_done_and_says_why(seen, amount, gpu, kind, why):
    asked = seen(gpu)
    choice = choose_device("auto", amount)
    assert choice.device.platform == kind
    assert why in choice.why
    assert bool(asked) == ("to start" not in why)  # no card is started for what ends before it has


def test_of_very_many_orbits_a_tile_holds_more():
    cpu = SimpleNamespace(platform="cpu")
    tiles = {points: most_points(cpu, 8, True, points) for points in (0, 10**9, 10**10, 10**13)}
    assert tiles == {0: 2**14, 10**9: 2**14, 10**10: 10**5, 10**13: 2**20}
    assert most_points(cpu, 8, False, 10**3) == most_points(cpu, 8, False, 10**13) == 2**20


@pytest.mark.parametrize(("compute", "kind"), [(50.0, "gpu"), (0.5, "cpu")])
def test_where_a_card_is_there_points_are_tried_before_a_large_sweep_is_sent(
    monkeypatch, seen, compute, kind
):
    """A million orbits, on two cores: however long rates say that they take, what was tried decides."""
    asked, side = seen(H100), np.linspace(1, 10, 1000).tolist()
    sweep = Sweep("supervision", {"r": side, "f": side}, fixed={"reward": "dynamic"})
    space = replace(sweep, integrator={"decide": "integration"}).space()
    tries = []
    trial = SimpleNamespace(compute_seconds=compute, computed={NATIVE})
    monkeypatch.setattr(run_where, "tried", lambda *given: (tries.append(given), trial)[1])
    monkeypatch.setattr(run_where, "cores", lambda: 2)
    choice = run_where.where("auto", space)
    assert (choice.device.platform, len(tries), bool(asked)) == (kind, 1, True)
    assert f"{compute:g} s" in choice.why
    assert choice.why.endswith("by points tried")
    assert tries[0][2].platform == "cpu"
    assert run_where.where("auto", space, trial=False).why.endswith("by rates")
    assert len(tries) == 1
    # Half of the points take half as long; what cannot be tried, as compiling takes long, goes by rates.
    assert run_where.measured(run_where.amount_of(space, 500_000), space).cpu_seconds == compute / 2

    def too_long(*_):
        raise TooLong(100.0, "")

    monkeypatch.setattr(run_where, "tried", too_long)
    assert run_where.where("auto", space).why.endswith("by rates")
    # The demo is not tried, nor is a card started for it.
    asked.clear()
    demo = Sweep.from_file(ROOT / "sweeps" / "presets" / "external.toml").space()
    assert (demo.points, run_where.where("auto", demo).device.platform, asked) == (52_488, "cpu", [])


def test_what_a_core_takes_is_measured_by_points_of_the_sweep(monkeypatch, seen):
    monkeypatch.setattr(devices, "GPU_START", -1.0)  # nothing is too small
    seen(H100)
    sweep = Sweep("external", {"alpha": [0.2, 0.4], "beta": [0.3, 0.6]}, outputs=["investment"])
    choice = run_where.where("auto", sweep.space())
    assert choice.device.platform == "cpu"
    assert choice.why.endswith("on the GPU 3 s, by points tried")


def test_several_cards_are_one_device_which_has_the_least_of_their_memory(seen):
    gpus = [SimpleNamespace(id=k, platform="gpu", memory_stats=lambda k=k: {"bytes_limit": 2**(20 + k)},
                            device_kind="a card") for k in range(3)]  # fmt: skip
    seen(*gpus)
    assert pick_device("gpu") is gpus[0]
    several = pick_device("all")
    assert isinstance(several, SeveralGpus)
    assert several.memory_stats() == {"bytes_limit": 2**20}
    assert most_points(several, 64, False) == most_points(gpus[0], 64, False) == 512
    assert ORBITS.gpu_seconds(several) < ORBITS.gpu_seconds(gpus[0])
    seen(gpus[1])
    assert pick_device("all") is gpus[1]
    seen()
    for wanted in ("gpu", "all"):
        with pytest.raises(SweepError, match="no GPU can be used: none is here; use device='cpu'"):
            pick_device(wanted)
    assert choose_device("auto", ORBITS).why == "no GPU: none is here"


def test_a_run_says_why_the_card_that_is_there_is_not_used(tmp_path, monkeypatch, seen, capsys):
    seen(reason="the driver is too old")
    monkeypatch.setattr(run_where, "amount_of", lambda *_: ORBITS)
    (tmp_path / "a.toml").write_text('model = "external"\n[axes]\nalpha = [0.1, 0.5]\n')
    for driver, said in ((None, ""), ((12, 4), "equisweep: no GPU: the driver is too old\n")):
        monkeypatch.setattr(missing, "driver_version", lambda driver=driver: driver)
        main(["run", str(tmp_path / "a.toml"), "-o", str(tmp_path / "a.zarr"), "-q", "--overwrite"])
        assert capsys.readouterr().err == said


def fake_driver(monkeypatch, release):
    def version(where):
        ctypes.cast(where, ctypes.POINTER(ctypes.c_int))[0] = release
        return 0

    def loaded(_):
        if release is None:
            raise OSError
        return SimpleNamespace(cuDriverGetVersion=version)

    monkeypatch.setattr(missing.ctypes, "CDLL", loaded)


@pytest.mark.parametrize(
    ("environment", "plugin", "release", "reason"),
    [
        ({"CUDA_VISIBLE_DEVICES": ""}, "jax_cuda13_plugin", 13000, "CUDA_VISIBLE_DEVICES is '' and hides"),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, "jax_cuda13_plugin", 13000, "hides every GPU"),
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, "jax_cuda13_plugin", 13000, "^CUDA_ERROR$"),
        ({"JAX_PLATFORMS": "cpu"}, "jax_cuda13_plugin", 13000, "JAX_PLATFORMS is 'cpu'"),
        ({}, None, 13000, "no support of GPUs is installed"),
        ({}, "jax_cuda13_plugin", None, "no driver of NVIDIA's is installed"),
        ({}, "jax_cuda13_plugin", 12040, "the driver takes CUDA 12.4, and jax_cuda13_plugin .*needs 13.0"),
        ({}, "jax_cuda12_plugin", 12040, "^CUDA_ERROR$"),
    ],
)
def test_why_there_is_no_gpu_is_said_in_a_line(monkeypatch, environment, plugin, release, reason):
    for name in ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(missing, "plugin", lambda: plugin)
    fake_driver(monkeypatch, release)
    said = missing.why_no_gpu("CUDA_ERROR\nand a long trace")
    assert "\n" not in said
    assert re.search(reason, said)


def test_what_jax_logs_of_a_card_that_cannot_begin_is_heard_and_not_shown(monkeypatch, caplog):
    """A traceback of twenty lines would stand before the reason."""
    log = logging.getLogger("jax._src.xla_bridge")

    def asked(_):
        try:
            raise ValueError("no cuPTI is here")
        except ValueError:
            log.exception("Jax plugin configuration error")
        raise RuntimeError("Unknown backend")

    monkeypatch.setattr(jax, "devices", asked)
    monkeypatch.setattr(devices, "why_no_gpu", lambda said: f"because {said}")
    assert devices._gpus() == ((), "because no cuPTI is here")
    assert not caplog.records
    log.error("later")
    assert len(caplog.records) == 1


def test_a_cards_memory_is_taken_as_it_is_needed_unless_the_user_said_otherwise(monkeypatch):
    for name in neighbour._SAID:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(neighbour, "_OWN_PROCESS", [False])
    before = variables()
    pick_device("cpu")
    assert os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert variables() == before  # what is kept of compilations is the same
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE")
    monkeypatch.setenv("XLA_PYTHON_CLIENT_MEM_FRACTION", ".4")
    neighbour.share_memory()
    assert "XLA_PYTHON_CLIENT_PREALLOCATE" not in os.environ


@pytest.mark.parametrize(
    ("own", "plugin", "started"), [(True, "p", False), (False, "p", True), (True, None, True)]
)
def test_a_command_that_computes_on_the_processor_starts_no_card(monkeypatch, own, plugin, started):
    changed = []
    monkeypatch.setattr(neighbour, "_OWN_PROCESS", [own])
    monkeypatch.setattr(neighbour, "plugin", lambda: plugin)
    monkeypatch.setattr(jax.config, "update", lambda *what: changed.append(what))
    pick_device("cpu")
    assert changed == ([] if started else [("jax_platforms", "cpu")])


def test_auto_goes_on_where_a_cube_that_is_not_portable_was_begun(tmp_path, monkeypatch, seen):
    path = tmp_path / "a.zarr"
    sweep = Sweep("external", {"alpha": [0.2, 0.4]}, outputs=["investment"])
    run(sweep, path, durable=False)
    gpu = SimpleNamespace(platform="gpu", id=0)
    seen(gpu)
    monkeypatch.setattr(run_where, "plugin", lambda: "p")
    assert run_where.where("auto", sweep.space(), path).device.platform == "cpu"
    attributes = {"portable": "no: XLA (primitive qr)", "device": "cuda:0"}
    monkeypatch.setattr(run_where, "open_cube_for_reading", lambda _: SimpleNamespace(attributes=attributes))
    choice = run_where.where("auto", sweep.space(), path)
    assert choice.device is gpu
    assert "not portable" in choice.why
    assert run_where.where("auto", sweep.space(), path, replaced=True).device.platform == "cpu"
    seen()  # what goes on with it says that it was begun elsewhere
    assert run_where.where("auto", sweep.space(), path).device.platform == "cpu"


def test_a_plan_says_where_a_run_computes_where_there_may_be_a_gpu(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.toml").write_text('model = "external"\n[axes]\nalpha = [0.1, 0.5]\n')
    arguments = ["plan", str(tmp_path / "a.toml"), "--no-trial"]
    main(arguments)
    assert "device " not in capsys.readouterr().out
    monkeypatch.setattr("equisweep.sweeps.commands.running.plan.plugin", lambda: "p")
    main(arguments)
    assert f"and a GPU takes {GPU_START:g} s to start\n" in capsys.readouterr().out
