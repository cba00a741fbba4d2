"""Parts of a cube become Zarr again, from open_cube with xarray alone, from any Dataset by a query."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from equisweep.engine import tiles
from equisweep.sweeps import Sweep, SweepError, open_cube, run
from equisweep.sweeps.cube.export import check_output
from equisweep.sweeps.cube.query import Query, answer
from helpers.products import covering

PARTS = {
    "one value": lambda d: d.sel(n=3),
    "a label": lambda d: d.sel(mechanism="sharing"),
    "several dimensions": lambda d: d.isel(alpha=1, beta=2, n=0),
    "a point": lambda d: d.isel(alpha=1, beta=2, n=0, mechanism=1),
    "a list": lambda d: d.isel(alpha=[0, 2]),
    "a range": lambda d: d.sel(beta=slice(0.15, 0.35)),
    "a mean": lambda d: d[["investment"]].mean("alpha"),
    "turned": lambda d: d.transpose(),
    "stacked": lambda d: d.isel(mechanism=0).expand_dims(run=2),
    "by the accessor": lambda d: d.equisweep.select(["n=3", "alpha=0.1,0.3"]),
}


def in_turn(parts):
    """Each part from the disk or from memory, which is tried of each in `make test-products`."""
    parts = [*parts]
    cases = [(part, loaded) for part in parts for loaded in (False, True)]
    return covering(cases, lambda part, loaded: parts.index(part) % 2 == loaded)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cube") / "cube.zarr"
    axes = {
        "mechanism": ["noncooperation", "sharing"],
        "alpha": [0.1, 0.2, 0.3],
        "beta": [0.1, 0.2, 0.3, 0.4],
    }
    axes["n"] = [3, 4]
    run(Sweep("external", axes, outputs=["investment", "equilibrium_count"]), path)
    return path


# Parts that lie across tiles of two values of alpha.
ACROSS = {
    "a slice": lambda d: d.isel(alpha=slice(1, None)),
    "turned": lambda d: d.isel(alpha=slice(None, None, -1)),
    "every second": lambda d: d.thin(alpha=2),
    "a box": lambda d: d.isel(alpha=slice(1, 4), beta=slice(1, None), n=1),
    "ends": lambda d: xr.concat([d.isel(alpha=[0]), d.isel(alpha=slice(3, None))], "alpha"),
}


@pytest.fixture(scope="module")
def tiled(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tiled") / "cube.zarr"
    axes = {"n": [3, 4], "alpha": [0.1, 0.2, 0.3, 0.4, 0.5], "beta": [0.1, 0.2, 0.3]}
    run(Sweep("external", axes, outputs=["investment"]), path, tile_points=6)
    return path


@pytest.fixture
def quiet():
    """Text and consolidated metadata in Zarr v3 make xarray and zarr warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("part", "loaded"), in_turn(PARTS))
def test_any_part_of_an_open_cube_writes_back(root, tmp_path, part, loaded):
    chosen = PARTS[part](open_cube(root))
    (chosen.load() if loaded else chosen).to_zarr(tmp_path / "part.zarr")
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "part.zarr").load(), chosen.load())


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("opened", [open_cube, xr.open_zarr])
def test_a_query_writes_any_part(root, tmp_path, opened):
    cube = opened(root)
    asked = Query(["investment"], ["n=3", "mechanism=sharing"])
    assert answer(cube, asked, "zarr", tmp_path / "part.zarr") == 12
    expected = open_cube(root)[["investment", "status"]].sel(n=3, mechanism="sharing").load()
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "part.zarr").load(), expected)
    asked = Query([], ["n=3"], ["alpha < 0.25"])
    assert answer(cube, asked, "zarr", tmp_path / "masked.zarr") == 16
    output = xr.open_zarr(tmp_path / "masked.zarr").load()
    assert np.isnan(output["status"].sel(alpha=0.3)).all()
    assert (output["equilibrium_count"].sel(alpha=0.1) >= 0).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masked.zarr", "part.zarr"]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("part", "loaded"), in_turn(name for name in PARTS if name not in ("turned", "by the accessor"))
)
def test_any_part_writes_back_with_xarray_alone(root, tmp_path, part, loaded):
    chosen = PARTS[part](xr.open_zarr(root))
    (chosen.load() if loaded else chosen).to_zarr(tmp_path / "part.zarr")
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "part.zarr").load(), chosen.load())


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("opened", [open_cube, partial(xr.open_zarr, chunks=None)], ids=["ours", "xarray"])
def test_any_part_of_several_tiles_writes_back(tiled, tmp_path, opened):
    cube = opened(tiled)
    assert cube["investment"].encoding["preferred_chunks"]["alpha"] == 2
    for name, part in ACROSS.items():
        chosen = part(cube)
        chosen.to_zarr(tmp_path / name)
        xr.testing.assert_identical(xr.open_zarr(tmp_path / name, chunks=None).load(), chosen.load())


@pytest.mark.usefixtures("quiet")
def test_of_large_tiles_xarray_alone_needs_one_word(tmp_path, monkeypatch):
    """As the page says; where xarray can do without, it may go."""
    monkeypatch.setattr(tiles, "CHUNK_NUMBERS", 4)
    run(Sweep("external", {"n": [3, 4], "alpha": [0.1, 0.2, 0.3, 0.4]}), tmp_path / "cube.zarr")
    part = xr.open_zarr(tmp_path / "cube.zarr").drop_encoding().sel(n=3)
    part.to_zarr(tmp_path / "part.zarr")
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "part.zarr").load(), part.load())


def test_no_folder_is_replaced(root, tmp_path):
    assert check_output(None, tmp_path / "new.zarr", overwrite=False) == "zarr"
    with pytest.raises(SweepError, match="is there already, and no folder is ever replaced"):
        check_output(None, root, overwrite=True)
    with pytest.raises(SweepError, match="is binary"):
        check_output("zarr", None, overwrite=False)
