"""What needs a GPU: bits, memory that runs out, two sweeps at once, Ctrl-C, memory given back.

``make test-gpu`` runs these on a card; the suite runs the same functions on a processor, so that they are not
found broken on the day that there is a card.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import jax
import numpy as np
import pytest
from equisweep.engine.device import pick_device
from equisweep.sweeps import Sweep, SweepError, open_cube
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents

GRID = """model = "external"
outputs = ["investment", "expected_loss"]
[axes]
mechanism = ["sharing", "noncooperation"]
alpha = {{ start = 0.01, stop = 0.99, num = {side} }}
beta = {{ start = 0.01, stop = 0.99, num = {side} }}
"""
FLOW = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

@flow_model(
    parameters=[Parameter("a", "a", "1", 0.5, Domain(0), "a rate"),
                Parameter("horizon", "T", "time", 3.0, Domain(0), "the end")],
    observables=[Observable("x", "x", "1", "prey"), Observable("y", "y", "1", "predators")],
    start=lambda p: [1.5, 0.5],
)
def predators(t, s, p):
    return [s[0] * (1 - s[1]), p["a"] * s[1] * (s[0] - 1) + 0.1 * jnp.exp(-s[0])]
"""


@dataclass(frozen=True)
class Card:
    """Where it is tried: the device's name, points along an axis and of a tile, and sweeps at once."""

    device: str
    side: int
    tile: int
    at_once: int


@pytest.fixture(scope="module")
def card():
    require_a_card()
    return Card("gpu", 2000, 2**18, 2)


def require_a_card():
    """End here, with the reason in a line, where there is none: these are no checks then."""
    try:
        pick_device("gpu")
    except SweepError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="module")
def file(card, tmp_path_factory):
    path = tmp_path_factory.mktemp("card") / "grid.toml"
    path.write_text(GRID.format(side=card.side), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def expected(card, file):
    """The numbers of a processor."""
    path = file.parent / "cpu.zarr"
    computed(card, file, path, "cpu")
    return numbers(path)


def computed(card, file, path, device=None):
    given = {"device": device or card.device, "tile_points": card.tile, "durable": False, "progress": False}
    return run_report(Sweep.from_file(file), path, **given)


def numbers(path):
    """All bytes but those that say where, and when, it was computed."""
    files = contents(path).items()
    return {name: content for name, content in files if "c/" in name and not name.startswith("status/runs")}


def command(card, file, path, *more, **environment):
    """`equisweep run` as a process of its own."""
    entry = "from equisweep.entry import entry; entry()"
    arguments = ["run", str(file), "-o", str(path), "--device", card.device, "--no-sync", *more]
    return subprocess.Popen(
        [sys.executable, "-c", entry, *arguments, "--tile-points", str(card.tile)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


def ended(process):
    out, err = process.communicate(timeout=100)
    return process.returncode, out + err


def test_grids_have_the_bits_of_a_processor_and_memory_is_given_back(card, file, expected, tmp_path):
    before = len(jax.live_arrays())
    report = computed(card, file, tmp_path / "a.zarr")
    assert report.computed > 1
    assert numbers(tmp_path / "a.zarr") == expected
    assert open_cube(tmp_path / "a.zarr").attrs["portable"] == "yes"
    assert len(jax.live_arrays()) == before
    held = pick_device(card.device).memory_stats() or {}
    assert held.get("bytes_in_use", 0) < 2**26


def test_orbits_of_every_solver_are_those_of_a_processor(card, tmp_path, solvers):
    (tmp_path / "own.py").write_text(FLOW, encoding="utf-8")
    rates = np.linspace(0.1, 2.0, 65).tolist()
    for solver in solvers:
        integrator = {"solver": solver, "rtol": 1e-6, "atol": 1e-6}
        sweep = Sweep(f"{tmp_path}/own.py:predators", {"a": rates}, integrator=integrator)
        given = {"durable": False, "progress": False}
        ends = []
        for device in (card.device, "cpu"):
            run_report(sweep, tmp_path / f"{solver}-{device}.zarr", device=device, overwrite=True, **given)
            ends.append(open_cube(tmp_path / f"{solver}-{device}.zarr").load())
        assert ends[0].attrs["portable"] == "yes"
        for name in ("x_final", "y_final", "steps"):
            np.testing.assert_array_equal(ends[0][name], ends[1][name], err_msg=f"{solver}, {name}")


def test_two_sweeps_at_once_and_little_memory_end_with_the_same_bytes(card, file, expected, tmp_path):
    """The second may take a fiftieth of the card: its tiles are cut smaller where that does not do."""
    little = {"XLA_PYTHON_CLIENT_PREALLOCATE": "true", "XLA_PYTHON_CLIENT_MEM_FRACTION": ".02"}
    paths = [tmp_path / f"{k}.zarr" for k in range(card.at_once)]
    processes = [command(card, file, path, **(little if k else {})) for k, path in enumerate(paths)]
    for process, path in zip(processes, paths, strict=True):
        code, said = ended(process)
        assert code == 0, said
        assert numbers(path) == expected


def test_ctrl_c_ends_a_sweep_soon_and_the_same_command_goes_on(card, file, expected, tmp_path):
    path = tmp_path / "a.zarr"
    process = command(card, file, path)
    while process.poll() is None and not list(path.glob("investment/c/**/*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    code, said = ended(process)
    assert code in (0, 130), said  # a small sweep may be over
    assert time.monotonic() - began < 10
    assert computed(card, file, path).computed < 32
    assert numbers(path) == expected


@pytest.fixture
def solvers():
    from equisweep.engine.ode.method import SOLVERS

    return list(SOLVERS)
