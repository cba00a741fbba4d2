"""Pictures of sensitivities show what the analysis says, and write it."""

import csv
import json

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.picture import draw_sensitivity

LAWS = {name: {"uniform": [0.1, 0.9]} for name in ("alpha", "beta", "v")}


@pytest.fixture(scope="module")
def cube():
    """A Sobol' design of the external model with an output made by hand, over a dimension and alone."""
    design = {"kind": "sobol", "samples": 256, "second_order": True, "parameters": LAWS}
    space = Sweep("external", fixed={"n": 4}, outputs=["investment"], design=design).space()
    (axis,) = [axis for axis in space.axes if axis.group]
    x = {name: values[:] for name, values in axis.values.items()}
    y = x["alpha"] + 2 * x["beta"] * x["v"]
    time = np.array([0.0, 1.0, 2.0])
    return xr.Dataset(
        {
            "y": ("sample", y),
            "path": (("time", "sample"), x["alpha"] + time[:, None] * x["beta"]),
            "status": ("sample", np.ones(len(y), np.uint8)),
        },
        coords={"time": time} | {name: ("sample", values) for name, values in x.items()},
        attrs={"identity": json.dumps(space.identity())},
    )


def test_bars_are_the_indices_with_their_intervals(cube):
    figure, rows = draw_sensitivity(cube, ["y"])
    indices = sensitivity(cube, names=["y"])
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    np.testing.assert_allclose(heights[:3], indices["y_ST"])
    np.testing.assert_allclose(heights[3:], indices["y_S1"])
    assert [row["value"] for row in rows] == pytest.approx(heights)
    assert rows[0]["low"] == pytest.approx(float(indices["y_ST_low"][0]))
    assert rows[0]["high"] == pytest.approx(float(indices["y_ST_high"][0]))


def test_pairs_are_a_map(cube):
    figure, rows = draw_sensitivity(cube, ["y"], x="parameter", y="parameter")
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(np.ma.filled(shown, np.nan), sensitivity(cube, names=["y"])["y_S2"])
    assert [(row["parameter"], row["parameter_2"]) for row in rows] == [
        ("alpha", "beta"), ("alpha", "v"), ("beta", "v"),
    ]  # fmt: skip


def test_what_stands_beside_a_map_stands_in_the_picture(cube):
    long = cube.rename({"alpha": "a.component_of_it"})
    identity = cube.attrs["identity"].replace("parameters.alpha", "parameters.a.component_of_it")
    figure, _ = draw_sensitivity(long.assign_attrs(identity=identity), ["y"], x="parameter", y="parameter")
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        for text in (axis.label, *axis.get_ticklabels()):
            box = text.get_window_extent()
            assert min(box.x0, box.y0) >= 0, text.get_text()
            assert box.x1 <= figure.bbox.x1, text.get_text()


def test_over_a_dimension_and_over_the_samples_there_are_lines(cube):
    figure, rows = draw_sensitivity(cube, ["path"], x="time")
    indices = sensitivity(cube, names=["path"])["path_ST"]
    for line, name in zip(figure.axes[0].lines, LAWS, strict=True):
        np.testing.assert_allclose(line.get_ydata(), indices.sel(parameter=name))
    assert len(rows) == 9
    figure, rows = draw_sensitivity(cube, ["y"], x="samples")
    line = figure.axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [64, 128, 256])
    assert [one.get_text() for one in figure.axes[0].get_xticklabels()] == ["64", "128", "256"]
    assert line.get_ydata()[-1] == pytest.approx(float(sensitivity(cube, names=["y"])["y_ST"][0]))
    assert {row["samples"] for row in rows} == {64, 128, 256}


def test_what_cannot_be_drawn_is_said(cube):
    for more, message in (
        ({"x": "times"}, "y has no such dimension"),
        ({"y": "alpha"}, "is of a map of pairs alone"),
        ({"method": "elasticity"}, "elasticity"),
        ({"method": "prcc", "x": "parameter", "y": "parameter"}, "has no second-order indices"),
    ):
        with pytest.raises(SweepError, match=message):
            draw_sensitivity(cube, ["y"], **more)
    with pytest.raises(SweepError, match="make 0 panels"):
        draw_sensitivity(cube.assign(y=cube["y"] * 0 + 1), ["y"], "pawn")


def test_the_command_draws_and_writes(tmp_path, capsys):
    sweep = tmp_path / "sweep.toml"
    sweep.write_text(
        'model = "external"\noutputs = ["expected_loss"]\n[axes]\nmechanism = ["noncooperation", "sharing"]\n'
        "alpha = [0.1, 0.3, 0.5, 0.7, 0.9]\n"
        "L = { start = 100, stop = 1000, num = 40 }\n"
    )
    root, picture, table = (tmp_path / name for name in ("cube.zarr", "bars.png", "bars.csv"))
    assert main(["run", str(sweep), "-o", str(root), "-q"]) == 0
    ask = ["plot", str(root), "--kind", "sensitivity", "--method", "kucherenko", "-o", str(picture)]
    assert main([*ask, "--data", str(table)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["measure"] for row in rows} == {"ST", "S1"}
    assert {row["mechanism"] for row in rows} == {"noncooperation", "sharing"}
    assert main([*ask, "--hue", "alpha"]) == 2
    assert "--hue has no meaning for --kind sensitivity" in capsys.readouterr().err
    assert (
        main(
            ["plot", str(root), "--method", "pawn", "--var", "expected_loss", "--x", "L", "-o", str(picture)]
        )
        == 2
    )
    assert "--method pawn is of --kind sensitivity" in capsys.readouterr().err
