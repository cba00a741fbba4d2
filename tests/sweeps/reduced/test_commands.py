"""What commands and the Python interface make of reduced sweeps: cubes like others, or errors at once."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep, open_cube, plan
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.reduced.reduced import resolved
from equisweep.sweeps.run import run_report
from helpers.small_sweeps import small_sweep

TEXT = """
model = "external"

[axes]
mechanism = ["noncooperation", "sharing"]
alpha = [0.1, 0.5, 0.9]
beta = { start = 0.1, stop = 0.9, num = 33 }

[reduce]
over = ["beta", "mechanism"]
expected_loss = ["mean", "argmin", "quantiles(0.05, 0.95)"]
equilibrium_count = ["max"]
"""


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    (folder / "sweep.toml").write_text(TEXT)
    assert main(["run", str(folder / "sweep.toml"), "-o", str(folder / "cube.zarr"), "-q"]) == 0
    return folder / "cube.zarr"


def said(capsys, *arguments):
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_a_reduced_cube_answers_every_command(cube, tmp_path, capsys):
    assert "complete already" in said(capsys, "run", cube.parent / "sweep.toml", "-o", cube)
    info = said(capsys, "info", cube)
    assert "expected_loss_argmin_mechanism" in info
    assert "over = [" in info
    rows = json.loads(
        said(capsys, "query", cube, "--var", "expected_loss_argmin_mechanism", "--format", "json")
    )
    assert {row["expected_loss_argmin_mechanism"] for row in rows} <= {"noncooperation", "sharing"}
    assert len(rows) == 3
    table = said(capsys, "sql", cube, "SELECT alpha, expected_loss_mean FROM cube ORDER BY alpha")
    assert "0.5" in table
    assert "0 damaged" in said(capsys, "verify", cube)
    said(capsys, "plot", cube, "--var", "expected_loss_mean", "--x", "alpha", "-o", tmp_path / "plot.svg")
    said(capsys, "query", cube, "--reduce", "mean:alpha", "--var", "expected_loss_mean")
    said(capsys, "query", cube, "-o", tmp_path / "copy.zarr")
    dataset = open_cube(cube)
    plain = xr.open_zarr(cube)
    np.testing.assert_array_equal(plain["expected_loss_quantiles"], dataset["expected_loss_quantiles"])


def test_a_plan_speaks_of_what_is_stored(cube, capsys):
    sweep = Sweep.from_file(cube.parent / "sweep.toml")
    reduced = plan(sweep, trial=False)
    assert reduced.points == 2 * 3 * 33
    assert reduced.over == ("mechanism", "beta")
    # The mean, two coordinates of the place (a class of 2 bytes), two quantiles, two counts, statuses.
    assert reduced.bytes == 3 * (8 + 8 + 2 + 16 + 8 + 8 + 8 + 15 * 8 + 1)
    assert "over mechanism, beta" in said(capsys, "plan", cube.parent / "sweep.toml", "--no-trial")
    assert "folded into 1 of the cube" in said(capsys, "plan", cube.parent / "sweep.toml", "--no-trial")
    folded = replace(sweep, reduce={"over": ["beta"], "expected_loss": ["mean", "std"]})
    assert plan(folded, trial=False).written == ""
    needed = replace(sweep, reduce={"over": ["beta"], "expected_loss": ["quantiles(0.5)"]})
    assert plan(needed, trial=False).written == "by quantiles"


@pytest.mark.parametrize("tile_points", [None, 11])
def test_a_plan_has_the_tiles_that_a_run_counts(tmp_path, cube, tile_points, capsys):
    for sweep in (Sweep.from_file(cube.parent / "sweep.toml"), small_sweep(derivatives={})):
        planned = plan(sweep, trial=False, tile_points=tile_points)
        report = run_report(
            sweep, tmp_path / f"{len(sweep.reduce)}.zarr", tile_points=tile_points, progress=False
        )
        assert report.tiles == (planned.kept_tiles or planned.tiles)
    least = said(capsys, "plan", cube.parent / "sweep.toml", "--no-trial", "--tile-points", 11)
    assert "tiles      18 of " in least


def test_every_axis_reduced_leaves_one_cell(tmp_path, capsys):
    (tmp_path / "sweep.toml").write_text(TEXT.replace('"beta", "mechanism"', '"beta", "mechanism", "alpha"'))
    said(capsys, "run", tmp_path / "sweep.toml", "-o", tmp_path / "cube.zarr", "-q")
    assert open_cube(tmp_path / "cube.zarr").sizes["whole"] == 1
    rows = json.loads(
        said(capsys, "query", tmp_path / "cube.zarr", "--format", "json", "--var", "expected_loss_mean")
    )
    assert rows[0]["whole"] == "all points"
    said(capsys, "verify", tmp_path / "cube.zarr")


AXES = {"alpha": [0.1, 0.5], "beta": {"start": 0.1, "stop": 0.9, "num": 9}}


@pytest.mark.parametrize(
    ("reduce", "message"),
    [
        ({"expected_loss": ["mean"]}, "reduce.over: is missing"),
        ({"over": ["betta"], "expected_loss": ["mean"]}, "'betta' is no axis; did you mean 'beta'"),
        ({"over": ["L"], "expected_loss": ["mean"]}, "reduce.over: 'L' is no axis"),
        ({"over": ["beta", "beta"], "expected_loss": ["mean"]}, "stands there twice"),
        ({"over": [], "expected_loss": ["mean"]}, "should be a list of axes"),
        ({"over": 3, "expected_loss": ["mean"]}, "should be a list of axes"),
        ({"over": ["beta"]}, "keeps nothing"),
        ({"over": ["beta"], "expected_los": ["mean"]}, "reduce: model external has no output 'expected_los'"),
        ({"over": ["beta"], "status": ["counts"]}, "is counted always"),
        ({"over": ["beta"], "expected_loss": ["mode"]}, "reduce.expected_loss: 'mode' is no statistic"),
        ({"over": ["beta"], "expected_loss": ["median"]}, r"give quantiles\(0.5\)"),
        ({"over": ["beta"], "expected_loss": ["mean(3)"]}, "write mean"),
        ({"over": ["beta"], "expected_loss": ["quantiles"]}, "write quantiles"),
        ({"over": ["beta"], "expected_loss": ["quantiles(1.5)"]}, "between 0 and 1"),
        ({"over": ["beta"], "expected_loss": ["quantiles()"]}, "between 0 and 1"),
        ({"over": ["beta"], "expected_loss": ["histogram(0, 1)"]}, "write histogram"),
        ({"over": ["beta"], "expected_loss": ["histogram(1, 0, 5)"]}, "low should lie below"),
        ({"over": ["beta"], "expected_loss": ["histogram(0, 1, 2.5)"]}, "whole number"),
        ({"over": ["beta"], "expected_loss": ["histogram(0, nan, 5)"]}, "should be finite"),
        ({"over": ["beta"], "expected_loss": ["histogram(0, x, 5)"]}, "numbers stand"),
        ({"over": ["beta"], "expected_loss": []}, "should be a list of statistics"),
        ({"over": ["beta"], "expected_loss": [3]}, "is no statistic"),
        ({"over": ["beta"], "expected_loss": ["mean", "mean"]}, "mean stands there twice"),
        ({"over": ["beta"], "expected_loss": ["counts"]}, "counts is of classes"),
        ({"over": ["beta"], "keep": ["fine"], "expected_loss": ["mean"]}, "'fine' is no status"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_computed(reduce, message):
    with pytest.raises(SweepError, match=f"^here: .*{message}|^here: {message}"):
        resolved(Sweep("external", AXES, reduce=reduce, origin="here"))


def test_more_refusals_that_depend_on_the_rest_of_the_sweep():
    orbit = Sweep("supervision", {"r": [2, 6]}, reduce={"over": "r", "attractor": ["mean"]})
    with pytest.raises(SweepError, match=r'attractor is a class and has no mean; give \["counts"\]'):
        resolved(orbit)
    idle = Sweep("external", AXES, outputs=["investment"], reduce={"over": "beta", "expected_loss": ["mean"]})
    with pytest.raises(SweepError, match=r"outputs: investment is not in \[reduce\]"):
        resolved(idle)
    steep = {"expected_loss": ["alpha"]}
    idle = Sweep("external", AXES, derivatives=steep, reduce={"over": "beta", "expected_loss": ["mean"]})
    with pytest.raises(SweepError, match="d_expected_loss_d_alpha is not in"):
        resolved(idle)
    many = {
        "alpha": {"start": 0.1, "stop": 0.9, "num": 10**4},
        "beta": {"start": 0.1, "stop": 0.9, "num": 10**4},
    }
    wanted = {"over": ["alpha", "beta"], "expected_loss": ["quantiles(0.5)"]}
    with pytest.raises(SweepError, match=r"need all 100,000,000 values .* histogram\(low, high, bins\)"):
        resolved(Sweep("external", many, reduce=wanted))
    with pytest.raises(SweepError, match="reduce: 3 should be a table"):
        resolved(Sweep("external", AXES, reduce=3))  # pyright: ignore[reportArgumentType]
