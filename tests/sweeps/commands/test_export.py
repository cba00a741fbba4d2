"""A part of a cube becomes a plain Zarr, which plain xarray opens and any part of which it writes back."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import Sweep, open_cube, run
from equisweep.sweeps.commands.main import main

AXES = {
    "mechanism": ["noncooperation", "sharing"],
    "alpha": {"start": 0.1, "stop": 0.9, "num": 9},
    "n": [3, 10],
}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    root = tmp_path_factory.mktemp("export") / "cube.zarr"
    run(Sweep("external", AXES, outputs=["investment"]), root, tile_points=8)
    return root


@pytest.mark.parametrize(
    ("words", "part", "then"),
    [
        ([], {}, {"n": 0}),
        (["--sel", "n=3"], {"n": 3}, {"alpha": slice(2, 5)}),
        (["--sel", "n=3", "--sel", "alpha=0.1:0.5"], {"n": 3, "alpha": slice(0.05, 0.55)}, {"mechanism": 0}),
        (["--sel", "alpha=0.1,0.9"], {"alpha": [0.1, 0.9]}, {"alpha": 1}),
    ],
)
def test_xarray_opens_what_is_exported_and_writes_parts_of_it_back(cube, tmp_path, capsys, words, part, then):
    out, back = tmp_path / "out.zarr", tmp_path / "back.zarr"
    assert main(["export", str(cube), str(out), *words]) == 0
    assert "point" in capsys.readouterr().out
    plain, expected = xr.open_zarr(out), open_cube(cube).sel(part)
    for name in ("investment", "status"):
        np.testing.assert_array_equal(plain[name].values, expected[name].values)
        assert plain[name].attrs.get("units") == expected[name].attrs.get("units")
    for name, coordinate in expected.coords.items():
        np.testing.assert_array_equal(plain[name].values, coordinate.values.astype(plain[name].dtype))
    smaller = plain.isel(then)
    smaller.to_zarr(back, consolidated=False)  # of which zarr says that it is not in its specification yet
    again = xr.open_zarr(back, consolidated=False)
    np.testing.assert_array_equal(again["investment"].values, smaller["investment"].values)


def test_nothing_is_replaced_and_what_is_not_there_is_refused(cube, tmp_path, capsys):
    (tmp_path / "there.zarr").mkdir()
    for words in (
        [str(cube), str(tmp_path / "there.zarr")],
        [str(cube), str(tmp_path / "none" / "out.zarr")],
        [str(cube), str(tmp_path / "a.zarr"), "--sel", "m=3"],
        [str(cube), str(tmp_path / "a.zarr"), "--var", "nothing"],
        [str(tmp_path / "nocube.zarr"), str(tmp_path / "a.zarr")],
    ):
        assert main(["export", *words]) != 0
        assert capsys.readouterr().err.startswith("equisweep: ")
    assert [path.name for path in tmp_path.iterdir()] == ["there.zarr"]
