"""Measures by derivatives, of samples not stored: as of stored ones, closed forms and Sobol' indices."""

import numpy as np
import pytest
from equisweep.engine.errors import SweepError, SweepInterrupted
from equisweep.sweeps import run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.reduced.reduced import resolved
from helpers.cube_files import contents
from helpers.ended_early import stop_after
from helpers.sampled_models import PI, UNIFORM, ishigami_indices, ishigami_sweep

AXES = {"a": [5.0, 7.0]}
DESIGN = {"kind": "lhs", "samples": 1000, "seed": 3}
STREAMED = DESIGN | {"store": False, "method": "dgsm"}
PAIRS = {name: ["x1", "x2", "x3"] for name in ("y", "terms", "constant")}
KINDS = ("mean_slope", "mean_size", "nu", "total_bound")


def run_of(folder, name, design, tile_points=None, **more):
    given = {"axes": AXES, "outputs": [*PAIRS, "side"], "derivatives": PAIRS, "fixed": {"edge": 2.9}} | more
    return run(
        ishigami_sweep(folder, design, **given), folder / name, durable=False, tile_points=tile_points
    ).load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dgsm")


@pytest.fixture(scope="module")
def streamed(folder):
    return run_of(folder, "streamed.zarr", STREAMED, 300)


def test_measures_and_intervals_are_those_of_the_stored_cube(folder, streamed):
    stored = run_of(folder, "stored.zarr", DESIGN)
    expected, actual = stored.equisweep.sensitivity("dgsm"), streamed.equisweep.sensitivity()
    assert expected["y_left_out"].min() > 0
    for name, array in expected.items():
        ours = actual[name].transpose(*array.dims)
        np.testing.assert_allclose(ours, array, rtol=1e-9, atol=1e-12, err_msg=str(name))
    for key in ("method", "rows", "withheld", "does_not_vary", "status_counts"):
        assert actual.attrs[key] == expected.attrs[key], key
    assert "side_is_high_nu" not in actual


def test_they_hold_the_closed_form_and_bound_the_total_indices(folder):
    design = STREAMED | {"samples": 2**15, "until": {"width": 0.5}}
    cube = run_of(
        folder, "closed.zarr", design, axes={"a": [7.0]}, outputs=["y"], fixed={},
        derivatives={"y": PAIRS["y"]},
    )  # fmt: skip
    closed = ishigami_indices(7.0)
    sobol = run_of(
        folder, "total.zarr", {"kind": "sobol", "samples": 2**12, "store": False}, axes={"a": [7.0]},
        outputs=["y"], derivatives={}, fixed={},
    )  # fmt: skip
    slack = 3 * (cube["y_nu_high"] - cube["y_nu"]).values[0] / 1.96
    assert (np.abs(cube["y_nu"].values[0] - closed["nu"]) < slack).all()
    bound = closed["nu"] * (2 * PI / PI) ** 2 / closed["variance"]
    np.testing.assert_allclose(cube["y_total_bound"].values[0], bound, rtol=0.1)
    assert (cube["y_total_bound"].values > closed["ST"]).all()
    assert (cube["y_total_bound"].values > sobol["y_ST"].values).all()
    assert 1024 <= cube["y_samples"].item() < 2**15


def test_a_stopped_run_ends_in_the_same_bytes(folder, streamed, monkeypatch):
    stop_after(monkeypatch, 4)
    with pytest.raises(SweepInterrupted):
        run_of(folder, "stopped.zarr", STREAMED, 300)
    monkeypatch.undo()
    run_of(folder, "stopped.zarr", STREAMED, 300)
    assert contents(folder / "stopped.zarr") == contents(folder / "streamed.zarr")


def test_choices_and_whole_numbers_are_left_out_and_text_and_picture_know_them(folder, streamed, capsys):
    parameters = UNIFORM | {"x3": {"discrete": [0.0, 1.0]}}
    cube = run_of(folder, "single.zarr", STREAMED | {"parameters": parameters})
    assert cube["parameter"].values.tolist() == ["x1", "x2"]
    assert main(["sensitivity", str(folder / "streamed.zarr"), "--var", "y", "--sel", "a=7"]) == 0
    assert "total_bound" in capsys.readouterr().out
    picture = ["plot", str(folder / "streamed.zarr"), "--kind", "sensitivity", "--var", "y"]
    assert main([*picture, "-o", str(folder / "p.png")]) == 0


@pytest.mark.parametrize(
    ("design", "more", "message"),
    [
        ({"kind": "sobol", "samples": 64}, {}, "'dgsm' is not kept of a sobol design: sobol; dgsm is of lhs"),
        ({"method": "pawn"}, {}, "method: 'pawn' is not kept of a lhs design: prcc or dgsm"),
        ({}, {"derivatives": {"y": ["x1"]}}, "needs derivatives of y in x2, x3; add them"),
        ({}, {"outputs": ["side"]}, "dgsm is of real outputs"),
        ({"parameters": {"x1": {"discrete": [0, 1]}}}, {}, "needs a parameter with derivatives"),
        ({"correlation": {"rank": [["x1", "x2", 0.5]]}}, {}, "dgsm is of independent parameters"),
        ({"store": True}, {}, "design.method: is of indices"),
        ({"method": "prcc"}, {}, 'leave them out, or take method = "dgsm"'),
    ],
)
def test_what_cannot_be_is_refused(folder, design, more, message):
    given = {"outputs": list(PAIRS), "derivatives": PAIRS} | more
    with pytest.raises(SweepError, match=message):
        resolved(ishigami_sweep(folder, STREAMED | design, **given))
