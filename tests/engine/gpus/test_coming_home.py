"""What comes home from a GPU is what is stored, beside what is computed and what is written."""

import threading
from dataclasses import replace

import pytest
from equisweep.engine import writer
from equisweep.sweeps import Sweep
from equisweep.sweeps.run import run_report
from helpers.codegen.simulated import brought_home, simulate
from helpers.cube_files import contents

POINTS = Sweep(
    "external", {"alpha": [0.2, 0.4, 0.6, 0.8], "beta": [0.1, 0.3, 0.5, 0.7]}, outputs=["investment"]
)
GIVEN = {"durable": False, "progress": False, "tile_points": 4}


@pytest.mark.parametrize(
    ("sweep", "stored"),
    [
        (POINTS, {"investment": 8, "status": 1}),
        (replace(POINTS, outputs=["investment", "equilibrium_count"], dtype="float32"),
         {"investment": 4, "equilibrium_count": 2, "status": 1}),
    ],
)  # fmt: skip
def test_only_what_is_stored_comes_home(tmp_path, monkeypatch, sweep, stored):
    simulate(monkeypatch)
    home = brought_home(monkeypatch)
    run_report(sweep, tmp_path / "a.zarr", device="gpu", **GIVEN)
    assert home == {name: 16 * size for name, size in stored.items()}


def test_of_a_reduced_sweep_lanes_come_home_and_no_values(tmp_path, monkeypatch):
    """One number, its place and a count for each of 16 lanes of a cell, however many points it has."""
    simulate(monkeypatch)
    axes = {"alpha": [0.2, 0.4], "beta": {"start": 0.1, "stop": 0.9, "num": 500}}
    sweep = replace(POINTS, axes=axes, reduce={"over": ["beta"], "investment": ["argmax"]})
    home = brought_home(monkeypatch)
    run_report(sweep, tmp_path / "a.zarr", device="gpu", **GIVEN | {"tile_points": 1000})
    assert home.keys() == {"lanes", "counters"}
    assert home["lanes"] == 2 * 16 * 2 * 8
    assert home["counters"] < 300


@pytest.mark.parametrize("overlap", [True, False])
def test_tiles_are_computed_and_copied_while_earlier_ones_are_written(tmp_path, monkeypatch, overlap):
    """No tile is written before that after the next is under way; where nothing is to overlap it is not."""
    simulate(monkeypatch)
    begun, said, commit, late = [threading.Event() for _ in range(4)], [], writer.commit, []

    def say(what, array):
        if array.name == "investment":
            said.append(what)
            begun[said.count("begun") - 1].set()

    def slow(cube, tile, *given):
        number = [one.key for one in cube.layout].index(tile.key)
        if number + 2 < len(begun):
            late.append(begun[number + 2].wait(20 if overlap else 0))
        commit(cube, tile, *given)

    brought_home(monkeypatch, say)
    monkeypatch.setattr(writer, "commit", slow)
    report = run_report(POINTS, tmp_path / "a.zarr", device="gpu", overlap=overlap, **GIVEN)
    assert report.computed == 4
    assert late == [overlap] * 2
    # The next tile is on its way home before anybody waits for one, and there are never three.
    right = ["begun", *["begun", "arrived"] * 3, "arrived"] if overlap else ["begun", "arrived"] * 4
    assert said == right
    run_report(POINTS, tmp_path / "b.zarr", device="cpu", **GIVEN)
    one, other = ({n: c for n, c in contents(tmp_path / f"{name}.zarr").items()
                   if "c/" in n and "/runs" not in n} for name in "ab")  # fmt: skip
    assert one == other != {}
