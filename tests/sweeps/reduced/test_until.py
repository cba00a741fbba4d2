"""Designs that end where their intervals are narrow: beside designs of as many samples, killed, and drawn."""

import csv

import numpy as np
import pytest
from equisweep.engine.errors import SweepError, SweepInterrupted
from equisweep.sweeps import run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.reduced.reduced import resolved
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents
from helpers.ended_early import stop_after
from helpers.products import some
from helpers.sampled_models import ishigami_sweep

AXES = {"a": [0.5, 7.0, 5.0]}
MANY = 2**15
DESIGN = {"kind": "sobol", "samples": MANY, "seed": 3, "store": False, "until": {"width": 0.1}}


def sweep(folder, design=DESIGN, **more):
    return ishigami_sweep(folder, design, **{"axes": AXES, "outputs": ["y"]} | more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("until")


@pytest.fixture(scope="module")
def cube(folder):
    return run(sweep(folder), folder / "whole.zarr", durable=False, tile_points=6000).load()


def test_each_cell_ends_once_it_is_narrow_and_is_a_design_of_as_many_samples(folder, cube):
    used = cube["y_samples"].values
    assert 1024 <= used.min() <= used.max() < MANY
    assert len(set(used.tolist())) > 1  # what is harder takes more
    for kind in ("S1", "ST"):
        assert (cube[f"y_{kind}_high"] - cube[f"y_{kind}_low"]).max() <= 0.1
    for i, samples in enumerate(used.tolist()):
        one = DESIGN | {"samples": samples}
        del one["until"]
        alone = sweep(folder, one, axes={"a": [AXES["a"][i]]})
        alone = run(alone, folder / f"alone{i}.zarr", durable=False, tile_points=6000).load()
        for name in alone.data_vars:
            np.testing.assert_allclose(cube[name].values[i], alone[name].values[0], rtol=1e-12, atol=1e-15)
        half = cube["samples_so_far"].values == samples // 2
        wide = (cube["y_ST_high_history"] - cube["y_ST_low_history"]).values[i][:, half]
        wide = np.append(wide, (cube["y_S1_high_history"] - cube["y_S1_low_history"]).values[i][:, half])
        assert samples == 1024 or wide.max() > 0.1
    assert cube["status_counts"].sum("of_status").values.tolist() == (5 * used).tolist()


def test_the_history_ends_in_the_result_and_is_drawn(folder, cube):
    counts = cube["samples_so_far"].values
    assert counts.tolist() == [2**k for k in range(10, 16)]
    for i, used in enumerate(cube["y_samples"].values):
        history = cube["y_ST_history"].values[i]
        np.testing.assert_array_equal(history[:, counts == used][:, 0], cube["y_ST"].values[i])
        np.testing.assert_array_equal(np.isnan(history), [counts > used] * 3)
    picture = ["plot", str(folder / "whole.zarr"), "--kind", "sensitivity", "--x", "samples", "--sel", "a=7"]
    assert main([*picture, "-o", str(folder / "p.png"), "--data", str(folder / "p.csv")]) == 0
    rows = list(csv.DictReader((folder / "p.csv").read_text().splitlines()))
    used = int(cube["y_samples"].sel(a=7.0))
    last = [float(row["value"]) for row in rows if int(row["samples"]) == used]
    np.testing.assert_allclose(last, cube["y_ST"].sel(a=7.0).values, rtol=1e-6)


def test_the_answer_says_how_many_samples_there_were(folder, cube, capsys):
    assert main(["sensitivity", str(folder / "whole.zarr")]) == 0
    text = capsys.readouterr().out
    used = cube["y_samples"].values
    assert f"samples: {used.min():,} to {used.max():,}, until intervals are at most 0.1 wide" in text
    assert "took all" not in text


def test_the_answer_says_where_samples_ran_out_before_intervals_were_narrow(folder, capsys):
    short = sweep(folder, DESIGN | {"samples": 2048, "until": {"width": 1e-9}})
    run(short, folder / "short.zarr", durable=False)
    assert main(["sensitivity", str(folder / "short.zarr")]) == 0
    cells = len(AXES["a"])
    assert f"wide; {cells} of {cells} took all samples, and may be wider" in capsys.readouterr().out


@pytest.mark.parametrize("after", some([2, 5, 9], [5]))
def test_a_killed_run_goes_on_to_the_same_bytes(folder, cube, monkeypatch, after):
    name = f"stopped{after}.zarr"
    stop_after(monkeypatch, after)
    with pytest.raises(SweepInterrupted):
        run(sweep(folder), folder / name, durable=False, tile_points=6000)
    monkeypatch.undo()
    run(sweep(folder), folder / name, durable=False, tile_points=6000)
    assert contents(folder / name) == contents(folder / "whole.zarr")


def test_what_is_not_needed_is_not_computed(folder):
    easy = sweep(folder, DESIGN | {"until": {"width": 0.5}})
    report = run_report(easy, folder / "few.zarr", durable=False, tile_points=6000, progress=False)
    assert report.points < 3 * 5 * MANY / 4


@pytest.mark.parametrize(("kind", "width"), [("morris", 0.1), ("lhs", 0.05)])
def test_effects_and_rank_correlations_end_too(folder, kind, width):
    design = {"kind": kind, "samples": MANY, "seed": 1, "store": False, "until": {"width": width}}
    result = run(sweep(folder, design), folder / f"{kind}.zarr", durable=False, tile_points=6000).load()
    used, name = result["y_samples"], "mu_star" if kind == "morris" else "prcc"
    widths = result[f"y_{name}_high"] - result[f"y_{name}_low"]
    unit = result["y_mu_star"].max("parameter") if kind == "morris" else 1.0
    assert (widths / unit).max() <= width
    assert 1024 <= used.min() <= used.max() < MANY


def test_what_does_not_vary_asks_for_no_more(folder):
    result = run(
        sweep(folder, outputs=["constant"]), folder / "constant.zarr", durable=False, tile_points=6000
    ).load()
    assert result["constant_samples"].max() == 1024
    assert result.equisweep.sensitivity().attrs["does_not_vary"] == {
        "constant": "does not vary in 3 of 3 places"
    }


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"until": 0.01}, "until: 0.01 should say how wide intervals may be"),
        ({"until": {"width": 0}}, "until.width: 0 should be a number above 0"),
        ({"until": {"width": True}}, "until.width: True should be a number above 0"),
        ({"samples": 1024}, "until: is asked each time that samples are doubled, from 1,024 on"),
        ({"kind": "lhs", "samples": 3000}, "let samples be a larger power of two, such as 65,536"),
        ({"kind": "lhs", "batch": 1024}, "until: is of one hypercube"),
        ({"store": True}, "design.until: is of indices .* add store = false"),
    ],
)
def test_what_cannot_be_is_refused(folder, design, message):
    with pytest.raises(SweepError, match=message):
        resolved(sweep(folder, DESIGN | design))
