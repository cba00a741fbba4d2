"""What differs between two cubes, against plain NumPy on the arrays that xarray reads."""

from dataclasses import replace

import numpy as np
import pytest
import xarray
from equisweep.engine.store.commit import record
from equisweep.engine.store.cube import Cube
from equisweep.sweeps import CubeError, Sweep, diff, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.compared.diff import Difference, _apart

AXES = {
    "mechanism": ["noncooperation", "sharing"],
    "alpha": [0.1, 0.3, 0.5, 0.7, 0.9],
    "beta": {"start": 0.1, "stop": 0.9, "num": 9},
}
SWEEP = Sweep("external", AXES, outputs=["investment", "equilibrium_count"])


@pytest.fixture(scope="module")
def cubes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cubes")
    other = {"beta": [0.9, 0.3, 0.11], "mechanism": ["sharing", "noncooperation"], "alpha": [0.3, 0.9, 0.95]}
    made = {
        "one": (SWEEP, 20),
        "tiles": (SWEEP, 1000),
        "lossier": (replace(SWEEP, fixed={"L": 900}), 20),
        "other": (replace(SWEEP, axes=other), 20),
        "fewer": (replace(SWEEP, outputs=["investment"]), 20),
        "apart": (replace(SWEEP, axes={**AXES, "n": [4, 5]}), 20),
        "far": (replace(SWEEP, axes={**AXES, "alpha": [0.2]}), 20),
    }
    for name, (sweep, points) in made.items():
        run(sweep, folder / f"{name}.zarr", tile_points=points, durable=False)
    return folder


def coordinates(dataset, at):
    dims = dataset["status"].dims
    return {dim: dataset[dim].values.tolist()[k] for dim, k in zip(dims, at, strict=True)}


def test_cubes_of_one_sweep_do_not_differ_whatever_their_tiles(cubes, capsys):
    difference = diff(cubes / "one.zarr", cubes / "tiles.zarr")
    assert not difference.any
    assert difference.points == 90
    assert main(["diff", str(cubes / "one.zarr"), str(cubes / "tiles.zarr")]) == 0
    assert "the same in every bit: investment, equilibrium_count, status" in capsys.readouterr().out


def test_the_largest_differences_are_where_numpy_has_them(cubes, capsys):
    one, two = (xarray.open_zarr(cubes / f"{name}.zarr").load() for name in ("one", "lossier"))
    difference = diff(cubes / "one.zarr", cubes / "lossier.zarr")
    assert difference.sweep == ["fixed.L: 400.0, 900.0"]
    a, b = one["investment"].values, two["investment"].values
    absolute = np.abs(a - b)
    with np.errstate(invalid="ignore"):
        relative = np.nan_to_num(absolute / np.maximum(np.abs(a), np.abs(b)))
    investment = difference.variables["investment"]
    assert investment.count == int((a != b).sum())
    for mine, place, right in (
        (investment.largest, investment.largest_at, absolute),
        (investment.relative, investment.relative_at, relative),
    ):
        assert mine == right.max()
        at = np.unravel_index(right.argmax(), right.shape)
        assert place == coordinates(one, at)
    changed = difference.variables["status"].changed if "status" in difference.variables else {}
    assert sum(changed.values()) == int((one["status"].values != two["status"].values).sum())
    assert main(["diff", str(cubes / "one.zarr"), str(cubes / "lossier.zarr")]) == 1
    assert "sweep: fixed.L: 400.0, 900.0 in the other" in capsys.readouterr().out


def test_points_in_common_are_compared_in_any_order_of_axes(cubes):
    difference = diff(cubes / "one.zarr", cubes / "other.zarr")
    assert difference.points == 2 * 2 * 2  # alpha 0.3 and 0.9, beta 0.9 and 0.3
    assert difference.variables == {}
    assert {text.partition(":")[0] for text in difference.sweep} == {
        "dims", "axes.mechanism", "axes.alpha", "axes.beta",
    }  # fmt: skip


def test_an_axis_of_one_alone_is_compared_at_the_value_that_the_other_holds(cubes, tmp_path, capsys):
    other = replace(SWEEP, axes={"n": [4, 3], "beta": AXES["beta"], "alpha": AXES["alpha"]})
    other = replace(other, fixed={"mechanism": "sharing", "L": 900})
    first = replace(SWEEP, fixed={"n": 3})
    run(other, tmp_path / "other.zarr", durable=False)
    run(first, tmp_path / "first.zarr", durable=False)
    a = xarray.open_zarr(tmp_path / "first.zarr")["investment"].sel(mechanism="sharing")
    b = xarray.open_zarr(tmp_path / "other.zarr")["investment"].sel(n=3).transpose("alpha", "beta")
    for one, two in (("first", "other"), ("other", "first")):
        difference = diff(tmp_path / f"{one}.zarr", tmp_path / f"{two}.zarr")
        assert (difference.points, difference.reason) == (45, "")
        assert difference.variables["investment"].count == int((a.values != b.values).sum()) > 0
        assert difference.variables["investment"].largest == np.abs(a.values - b.values).max()
    place = difference.variables["investment"].largest_at
    assert place["n"] == 3 if "n" in place else place["mechanism"] == "sharing"
    zipped = replace(first, zip=[["alpha", "beta"]], axes={**AXES, "beta": [0.1, 0.2, 0.3, 0.4, 0.5]})
    run(zipped, tmp_path / "zipped.zarr", durable=False)
    assert main(["diff", f"{tmp_path}/zipped.zarr", f"{tmp_path}/first.zarr"]) == 1
    said = "along alpha_beta of the first alpha, beta vary together, and in the other along alpha, beta"
    assert said in capsys.readouterr().out


def test_a_number_that_was_changed_is_named_with_its_place(cubes, tmp_path):
    path = tmp_path / "cube.zarr"
    run(SWEEP, path, tile_points=20, durable=False)
    cube = Cube(path)
    tile = list(cube.layout)[1]
    values = {name: cube.read(name, tile).copy() for name in cube.names}
    values["investment"][-1, -1, -1] = np.nan
    values["investment"][0, 0, 0] += 0.25
    values["status"][0, 0, 0] = 3
    record(cube, tile, {name: cube.write_shard(name, tile, values[name]) for name in cube.names}, True)
    cube.recorder.close()
    difference = diff(cubes / "one.zarr", path)
    investment = difference.variables["investment"]
    assert (investment.count, investment.one_missing) == (2, 1)
    assert investment.largest == pytest.approx(0.25)
    whole = xarray.open_zarr(path)
    assert investment.largest_at == coordinates(whole, tile.start)
    assert sum(difference.variables["status"].changed.values()) == 1


def test_what_only_one_has_and_what_cannot_be_compared_is_said(cubes, tmp_path, capsys):
    difference = diff(cubes / "one.zarr", cubes / "fewer.zarr")
    assert (difference.only_one, difference.only_other, difference.variables) == (
        ["equilibrium_count"],
        [],
        {},
    )
    for name in ("apart", "far"):
        assert main(["diff", str(cubes / "one.zarr"), str(cubes / f"{name}.zarr")]) == 1
        assert "no points in common: no numbers were compared" in capsys.readouterr().out
    with pytest.raises(CubeError, match="no such cube"):
        diff(cubes / "one.zarr", tmp_path / "none.zarr")


def test_classes_are_compared_by_their_names_however_they_are_numbered(tmp_path):
    reduced = {"over": ["mechanism"], "investment": ["argmax"]}
    axes = {"mechanism": ["noncooperation", "sharing"], "alpha": [0.1, 0.5], "beta": [0.3, 0.4]}
    swapped = {**axes, "mechanism": ["sharing", "noncooperation"]}
    for name, varied in (("one", axes), ("other", swapped)):
        sweep = Sweep("external", varied, outputs=["investment"], reduce=reduced)
        run(sweep, tmp_path / f"{name}.zarr", durable=False)
    codes = [
        xarray.open_zarr(tmp_path / f"{name}.zarr")["investment_argmax_mechanism"].values
        for name in ("one", "other")
    ]
    assert (codes[0] != codes[1]).all()  # the same mechanisms, numbered the other way round
    difference = diff(tmp_path / "one.zarr", tmp_path / "other.zarr")
    assert "investment_argmax_mechanism" in difference.same
    assert not difference.variables


def test_a_cube_whose_points_are_not_all_there_yet_differs():
    whole = Difference([], 8, 8, 8, [], [], {}, ["investment"])
    assert not whole.any
    assert replace(whole, points=5).any
    assert replace(whole, points_other=9).any


def test_counts_are_apart_by_whole_numbers_however_large():
    ends = [-(2**63), -(2**53) - 1, -2, 0, 3, 2**53 + 1, 2**60 + 1, 2**63 - 1]
    left, right = np.meshgrid(np.array(ends), np.array([*ends[1:], 2**60]))
    apart = _apart(left, right, np.ones(left.shape, bool))
    exact = [
        [float(abs(int(a) - int(b))) for a, b in zip(*rows, strict=True)]
        for rows in zip(left, right, strict=True)
    ]
    assert apart.tolist() == exact
    assert _apart(np.int16([-1]), np.int64([2**60]), np.array([True])).tolist() == [2.0**60 + 1]
