"""What is written out while a run goes on: a number stands at every point that is said to be computed."""

import threading
import time

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
import xarray as xr
from equisweep.engine import writer
from equisweep.sweeps import Sweep, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.explore.source import source_of_path
from helpers.aside import Aside
from helpers.products import costs_seconds

POINTS = (12, 20)
NAMES = ["investment", "equilibrium_count", "status"]
SWEEP = Sweep(
    "external",
    {
        "alpha": {"start": 0.0, "stop": 1.0, "num": POINTS[0]},
        "beta": {"start": 0.01, "stop": 1.0, "num": POINTS[1]},
    },
    outputs=NAMES[:2],
)


def columns(table):
    return {name: np.asarray(table[name].to_pylist()) for name in NAMES}


def arrays(dataset):
    with dataset:
        loaded = dataset.load()
    words = np.array(loaded["status"].attrs["flag_meanings"].split())
    known = dict(zip(np.atleast_1d(loaded["status"].attrs["flag_values"]).tolist(), words, strict=True))
    status = np.array([known[code] for code in loaded["status"].values.ravel().tolist()])
    return {**{name: loaded[name].values.ravel() for name in NAMES[:2]}, "status": status}


READ = {
    "csv": lambda path: columns(pyarrow.csv.read_csv(path)),
    "parquet": lambda path: columns(pyarrow.parquet.read_table(path)),
    "nc": lambda path: arrays(xr.open_dataset(path, engine="h5netcdf")),
    "zarr": lambda path: arrays(xr.open_zarr(path)),
    "sql.csv": lambda path: columns(pyarrow.csv.read_csv(path)),
    "png": lambda path: path.stat(),
}


def command(kind, cube, path):
    if kind == "sql.csv":
        return ["sql", cube, "select * from cube order by alpha, beta", "-o", path]
    if kind == "png":
        return ["plot", cube, "--var", "investment", "--x", "alpha", "--y", "beta", "-o", path]
    return ["query", cube, *[f"--var={name}" for name in NAMES[:2]], "-o", path]


def explored(cube):
    """What a page reads: it asks for a slice of each variable, the status last, while tiles are written."""
    dataset = source_of_path(cube).dataset
    slices = [{"alpha": i} for i in range(POINTS[0])]
    rows = {name: np.concatenate([dataset[name].isel(one).values for one in slices]) for name in NAMES}
    return {**rows, "status": np.where(rows["status"] == 0, "not_computed", "computed")}


@pytest.fixture
def gate(monkeypatch):
    """Lets so many more tiles be written, while others read."""
    real, gate = writer.commit, threading.Semaphore(0)
    monkeypatch.setattr(writer, "commit", lambda *given: (gate.acquire(timeout=60), real(*given))[1])
    return gate


@pytest.mark.parametrize("kinds", [["csv"], pytest.param([*READ], marks=costs_seconds)], ids=["csv", "all"])
def test_what_is_exported_during_a_run_is_whole_or_said_not_to_be_there(tmp_path, gate, kinds):
    cube, seen = tmp_path / "cube.zarr", []
    with Aside(run, SWEEP, cube, tile_points=6, durable=False) as running:
        while not (cube / "zarr.json").exists():
            assert running.goes_on()
            time.sleep(0.01)
        for number, kind in enumerate(kinds):
            gate.release(6)  # of 48
            seen.append(("explore", explored(cube)))
            path = tmp_path / f"{number}.{kind}"
            assert main(list(map(str, command(kind, cube, path)))) == 0
            seen.append((kind, READ[kind](path)))
        gate.release(60)  # all that are left
    right = open_cube(cube).load()
    counts = []
    for kind, exported in [one for one in seen if one[0] != "png"]:
        there = exported["status"] != "not_computed"
        counts.append(there.sum())
        for name in NAMES[:2]:
            expected = right[name].values.ravel()
            assert len(exported[name]) == len(expected), kind
            np.testing.assert_array_equal(exported[name][there].astype(float), expected[there], err_msg=kind)
    assert counts == sorted(counts)
    assert 0 < counts[-1] < right["status"].size
