"""Samples of a large design: stored tile by tile beside what is computed, and shared by tiles."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.store.commit import revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.metadata import read_metadata
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.spec import design as designs
from helpers.ended_early import refused_after

AXES = {"mechanism": ["noncooperation", "sharing"], "beta": [0.1, 0.2]}
PARAMETERS = {"alpha": {"uniform": [0.1, 0.9]}, "n": {"integers": [2, 5]}}


@pytest.fixture
def by_tile(monkeypatch):
    """Designs of any size are stored tile by tile."""
    monkeypatch.setattr(designs.Design.values, "__defaults__", (None, 0))


def stated(samples: int, **changes) -> Sweep:
    design = {"kind": "sobol", "samples": samples, "seed": 3, "parameters": PARAMETERS} | changes
    return Sweep("external", axes=AXES, outputs=["investment"], design=design)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The same sweep with its samples stored tile by tile, and whole."""
    folder = tmp_path_factory.mktemp("columns")
    run(stated(32), folder / "whole.zarr", tile_points=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designs.Design.values, "__defaults__", (None, 0))
        run(stated(32), folder / "tiles.zarr", tile_points=20)
    return folder


@pytest.fixture
def cube(made, tmp_path):
    shutil.copytree(made / "tiles.zarr", tmp_path / "cube.zarr")
    return tmp_path / "cube.zarr"


def shards(cube, *names):
    return {
        str(p.relative_to(cube)): p.read_bytes()
        for n in names
        for p in sorted((cube / n / "c").rglob("*"))
        if p.is_file()
    }


def test_they_are_what_they_would_be_stored_whole(made):
    tiles, whole = made / "tiles.zarr", made / "whole.zarr"
    assert Cube(tiles).columns == ["alpha", "n"]
    assert Cube(whole).columns == []
    xr.testing.assert_identical(open_cube(tiles).load().drop_attrs(), open_cube(whole).load().drop_attrs())
    plain = xr.open_zarr(tiles).load()  # as any program reads it
    xr.testing.assert_identical(plain.drop_attrs(), xr.open_zarr(whole).load().drop_attrs())
    assert (plain["n"].dtype, plain["alpha"].dtype) == (np.int64, np.float64)
    assert len(shards(tiles, "alpha")) == 8  # of 16 points each, shared by four tiles
    assert verify(tiles).sound


def test_any_part_is_read_and_no_more(cube):
    opened, values = open_cube(cube), xr.open_zarr(cube)["alpha"].values
    (cube / "alpha" / "c" / "0").unlink()
    for part in (slice(16, 128), slice(45, 47), [127, 30, 30, 64], -1):
        np.testing.assert_array_equal(opened["alpha"].isel(sample=part).values, values[part])
    with pytest.raises(CubeError, match=r"alpha/c/0: is missing although its tile is committed"):
        opened["alpha"].isel(sample=slice(0, 20)).load()


@pytest.mark.parametrize("harm", ["missing", "short", "another"])
def test_a_damaged_one_is_found_and_written_again(cube, harm):
    path, before = cube / "n" / "c" / "2", shards(cube, "alpha", "n", "investment", "status")
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] if harm == "short" else (cube / "n" / "c" / "3").read_bytes())
    verdict = verify(cube)
    assert not verdict.sound
    assert set(verdict.damaged) == {path}
    with pytest.raises(CubeError, match=r"n/c/2: "):
        open_cube(cube)["n"].load()
    run(stated(32), cube)
    assert shards(cube, "alpha", "n", "investment", "status") == before
    assert verify(cube).sound


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(made, cube):
    opened = Cube(cube)
    for tile in list(opened.layout)[::2]:
        revoke(opened, tile)
    opened.recorder.end()
    for number in (1, 3):
        (cube / "alpha" / "c" / str(number)).unlink()
    run(stated(32), cube)
    names = ("alpha", "n", "investment", "status")
    assert shards(cube, *names) == shards(made / "tiles.zarr", *names)


def test_what_other_tiles_share_is_not_written_again(cube):
    opened = Cube(cube)
    revoke(opened, next(iter(opened.layout)))
    opened.recorder.end()
    before = {n: (cube / n / "c" / "0").stat().st_mtime_ns for n in ("alpha", "n")}
    run(stated(32), cube)
    assert {n: (cube / n / "c" / "0").stat().st_mtime_ns for n in before} == before


def test_samples_of_which_nothing_was_computed_are_missing(made, tmp_path, by_tile):
    with refused_after(2):
        run(stated(32), tmp_path / "cube.zarr", tile_points=20)
    cube = open_cube(tmp_path / "cube.zarr")
    computed = (cube["status"] != 0).any(["mechanism", "beta"]).values
    assert 0 < computed.sum() < 128
    whole = open_cube(made / "whole.zarr")
    np.testing.assert_array_equal(cube["alpha"].values[computed], whole["alpha"].values[computed])
    assert np.isnan(cube["alpha"].values[~computed]).all()
    assert (cube["n"].values[~computed] == -1).all()


def test_it_grows_and_old_tiles_keep_their_bytes(cube, tmp_path, by_tile):
    before = shards(cube, "alpha", "investment")
    run(stated(128), cube)
    after = shards(cube, "alpha", "investment")
    assert {name: after[name] for name in before} == before
    assert len(after) == 4 * len(before)
    run(stated(128), tmp_path / "large.zarr", tile_points=20)
    xr.testing.assert_identical(
        open_cube(cube).load().drop_attrs(), open_cube(tmp_path / "large.zarr").load().drop_attrs()
    )
    assert verify(cube).sound
    with pytest.raises(CubeError, match=r"holds another sweep \(.*design.seed: 3 in the cube, 4 now"):
        run(stated(128, seed=4), cube)


def test_a_cube_that_holds_its_samples_whole_grows_into_one_of_which_nobody_does(made, tmp_path, by_tile):
    shutil.copytree(made / "whole.zarr", tmp_path / "cube.zarr")
    run(stated(128), tmp_path / "cube.zarr")
    assert Cube(tmp_path / "cube.zarr").columns == []
    run(stated(128), tmp_path / "large.zarr", tile_points=20)
    assert Cube(tmp_path / "large.zarr").columns == ["alpha", "n"]
    xr.testing.assert_identical(
        open_cube(tmp_path / "cube.zarr").load().drop_attrs(),
        open_cube(tmp_path / "large.zarr").load().drop_attrs(),
    )


@pytest.mark.parametrize(("columns", "message"), [
    ("3", "no list of names"), ('["alpha", "n", "status"]', "does not lie along"),
    ('["alpha", "n", "beta"]', "not sharded"), ('["alpha"]', "in another way than coordinates"),
    ('["nothing"]', "'nothing' is missing"),
])  # fmt: skip
def test_columns_that_metadata_make_up_are_refused(cube, columns, message):
    document = read_metadata(cube)
    document["attributes"]["columns"] = columns
    shutil.rmtree(cube / "status" / "manifest")
    (cube / "zarr.json").write_text(json.dumps(document, indent=2))
    with pytest.raises(CubeError, match=message):
        open_cube(cube)
