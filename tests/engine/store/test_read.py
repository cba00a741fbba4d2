"""Where a point was computed its number is read or an error is raised: no fill value, no number of others."""

import os
import pickle
import shutil
from dataclasses import replace
from types import SimpleNamespace

import google_crc32c
import numpy as np
import pytest
import xarray as xr
import zarr
from equisweep.engine.store.commit import commit, revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.manifest import manifest_files
from equisweep.engine.store.read import Reader
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.commands.main import main
from helpers.old_cubes import made_old
from helpers.products import costs_seconds, covering
from helpers.runs_to_kill import start_run, wait_until
from helpers.small_sweeps import tiled_sweep

NAME = "equilibrium_count"


@pytest.fixture(params=["with a manifest", "of 0.1.0"])
def either(cube, request):
    """A cube with a manifest, and one without."""
    return cube if request.param == "with a manifest" else made_old(cube)


def shard(cube, name=NAME, place=3):
    opened = Cube(cube)
    return opened.shard(name, list(opened.layout)[place])


HARM = {
    "missing": lambda path: path.unlink(),
    "its folder missing": lambda path: shutil.rmtree(path.parent),
    "empty": lambda path: os.truncate(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 3),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize(
    ("harm", "name"),
    covering(
        [(harm, name) for harm in HARM for name in (NAME, "investment")],
        lambda harm, name: [*HARM].index(harm) % 2 == (name == NAME),
    ),
)
def test_every_reader_refuses_a_shard_that_is_not_there(either, harm, name, capsys):
    before = open_cube(either).load()
    HARM[harm](shard(either, name))
    for read in (
        lambda: open_cube(either).load(),
        lambda: open_cube(either)[name].values,
        lambda: open_cube(either).equisweep.reduce("mean", names=[name], statuses=["ok", "corner"]).load(),
        lambda: open_cube(either).equisweep.where("alpha >= 0").load(),
        lambda: open_cube(either).chunk({"alpha": 5}).compute(),
    ):
        with pytest.raises(CubeError, match=rf"{name}/c/.*verify"):
            read()
    for command in (
        ["query", str(either), "--var", name, "--reduce", "mean", "--keep", "ok,corner"],
        ["sql", str(either), f"select avg({name}) from cube"],
        ["plot", str(either), "--var", name, "--x", "alpha", "--y", "beta", "-o", f"{either}.png"],
    ):
        assert main(command) == 2, command
        assert f"{name}/c/" in capsys.readouterr().err
    # What does not touch the shard is read as ever.
    here = {"alpha": slice(30, None)}
    xr.testing.assert_identical(open_cube(either).isel(here).load(), before.isel(here))


def test_a_missing_status_is_an_error_where_the_manifest_knows_the_tile(cube):
    shard(cube, "status").unlink()
    with pytest.raises(CubeError, match=r"status/c/.* is missing although its tile is committed"):
        open_cube(cube).load()
    with pytest.raises(CubeError, match="status/c/"):
        Reader(cube).status_counts()
    assert not verify(cube).sound


def test_a_missing_chunk_is_an_error_and_an_uncomputed_tile_is_none(either):
    """A shard that zarr itself has written without its chunks of fill values."""
    opened = Cube(either)
    tile = list(opened.layout)[3]
    array = zarr.open_array(str(either / "investment"), mode="r+").with_config({"write_empty_chunks": False})
    array[tile.region] = np.full(tile.shape, 1.0)
    path = opened.shard("investment", tile)
    raw = bytearray(path.read_bytes())
    raw[-20:-4] = b"\xff" * 16
    raw[-4:] = google_crc32c.value(bytes(raw[-20:-4])).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    with pytest.raises(CubeError, match="investment/c/"):
        open_cube(either).load()
    revoke(opened, tile)
    loaded = open_cube(either).load()
    assert (loaded["status"].values[tile.region] == 0).all()
    assert np.isnan(loaded["investment"].values[tile.region]).all()
    assert (loaded["status"].values != 0).sum() == loaded["status"].size - tile.points


def test_a_swapped_shard_is_an_error(cube):
    one, other = shard(cube, "investment", 1), shard(cube, "investment", 5)
    other_bytes = other.read_bytes()
    other.write_bytes(one.read_bytes())
    one.write_bytes(other_bytes)
    for path in (one, other):
        assert "another shard" in verify(cube).damaged[path]
    with pytest.raises(CubeError, match="is another shard than was written here"):
        open_cube(cube)["investment"].load()


def test_a_copied_cube_is_read_as_the_first(cube, tmp_path):
    """Inodes and times differ, digests do not."""
    shutil.copytree(cube, tmp_path / "copy.zarr")
    xr.testing.assert_identical(open_cube(tmp_path / "copy.zarr").load(), open_cube(cube).load())


def test_it_reads_what_zarr_reads(cube):
    ours, theirs = open_cube(cube), xr.open_zarr(cube)
    assert ours.attrs == theirs.attrs
    for index in (
        {"alpha": slice(3, 40, 7), "beta": slice(None, None, -3)},
        {"alpha": 5, "beta": [0, 499, 3, 3, 77]},
        {"alpha": [-1, 0], "beta": 7},
        {"alpha": xr.DataArray([1, 2], dims="p"), "beta": xr.DataArray([3, 499], dims="p")},
        {"alpha": slice(0, 0)},
    ):
        xr.testing.assert_identical(ours.isel(index).load(), theirs.isel(index).load())
    assert not isinstance(ours["investment"].variable._data, np.ndarray)
    again = pickle.loads(pickle.dumps(open_cube(cube)))  # noqa: S301
    xr.testing.assert_identical(again.load(), theirs.load())


def test_dimensions_of_an_output_are_read_too(tmp_path):
    run(Sweep("internal", axes={"M": [50.0, 100.0, 200.0]}), tmp_path / "cube.zarr", tile_points=2)
    ours, theirs = open_cube(tmp_path / "cube.zarr"), xr.open_zarr(tmp_path / "cube.zarr")
    assert any(array.ndim > 1 for array in ours.data_vars.values())
    xr.testing.assert_identical(ours.load(), theirs.load())


def test_what_was_read_once_stays_as_it_was_while_a_run_goes_on(cube):
    """Outputs are read before, and the status after, a tile is committed."""
    writing = Cube(cube)
    tile = list(writing.layout)[2]
    values = {name: writing.read(name, tile) for name in writing.names}
    revoke(writing, tile)
    for name in writing.names:
        writing.shard(name, tile).unlink(missing_ok=True)
    seen = open_cube(cube)
    assert np.isnan(seen["investment"].values[tile.region]).all()
    commit(writing, tile, values)
    assert (seen["status"].values[tile.region] == 0).all()
    assert (open_cube(cube)["status"].values[tile.region] != 0).all()


def test_a_cube_that_was_replaced_is_not_read_as_the_one_that_was_opened(cube):
    """It has the same shape, and whole shards with records of their own."""
    other = Sweep(**{**vars(tiled_sweep()), "fixed": {"L": 300}})
    for loaded in ((), ("status",)):
        seen, before = open_cube(cube), open_cube(cube).load()
        for name in loaded:
            xr.testing.assert_identical(seen[name].load(), before[name])
        run(other, cube, tile_points=2000, overwrite=True)
        for name in ("status", "investment"):
            if name not in loaded:
                with pytest.raises(CubeError, match="was replaced or moved since it was opened"):
                    seen[name].load()
        assert not np.array_equal(open_cube(cube)["investment"], before["investment"])
        run(tiled_sweep(), cube, tile_points=2000, overwrite=True)


def test_what_was_pickled_opens_no_other_cube_than_was_opened(cube):
    pickled = pickle.dumps(open_cube(cube))
    run(Sweep(**{**vars(tiled_sweep()), "fixed": {"L": 300}}), cube, tile_points=2000, overwrite=True)
    with pytest.raises(CubeError, match="is another cube than was opened, or has grown"):
        pickle.loads(pickled)  # noqa: S301
    run(tiled_sweep(), cube, tile_points=2000, overwrite=True)
    xr.testing.assert_identical(pickle.loads(pickled).load(), open_cube(cube).load())  # noqa: S301


def test_what_was_pickled_opens_no_cube_that_has_grown_since(tmp_path):
    root, pickled = tmp_path / "cube.zarr", b""
    for most in (3, 5):
        run(Sweep("external", axes={"alpha": np.arange(1.0, most) / 10}), root, tile_points=2)
        pickled = pickled or pickle.dumps(open_cube(root))
    with pytest.raises(CubeError, match="or has grown since"):
        pickle.loads(pickled)  # noqa: S301


def test_a_cube_that_grows_while_it_is_opened_is_opened_anew(cube, monkeypatch):
    shape, before = (41, 501), open_cube(cube).load()
    real, calls = Reader.__init__, []

    def behind(self, root):
        real(self, root)
        if not calls:
            calls.append(root)
            half = SimpleNamespace(shape=(20, 501), dtype=np.dtype("f8"), dims=("alpha", "beta"))
            monkeypatch.setattr(self.cube, "array", lambda _: half)

    assert before["status"].shape == shape
    monkeypatch.setattr(Reader, "__init__", behind)
    xr.testing.assert_identical(open_cube(cube).load(), before)
    assert calls == [cube]


@costs_seconds
def test_no_read_during_a_run_is_torn(tmp_path):
    sweep, root = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    sweep.write_text(
        'model = "external"\noutputs = ["investment", "equilibrium_count"]\n[axes]\n'
        "alpha = { start = 0.0, stop = 1.0, num = 41 }\nbeta = { start = 0.01, stop = 1, num = 101 }\n"
    )
    process = start_run(sweep, root, "--tile-points", "100", "-q")
    wait_until(lambda: root.exists(), process)
    counts = []
    while process.poll() is None:
        seen = open_cube(root).load()
        computed = seen["status"].values != 0
        assert (np.isnan(seen["investment"].values) <= ~computed).all()
        assert ((seen["equilibrium_count"].values == -1) <= ~computed).all()
        counts.append(int(computed.sum()))
    assert process.returncode == 0
    assert len(set(counts)) > 3
    assert counts == sorted(counts)


def test_shards_and_records_of_another_cube_are_refused(cube, tmp_path):
    """Each shard is as its record says: only the name of the cube in the manifest tells."""
    other = tmp_path / "other.zarr"
    run(replace(tiled_sweep(), fixed={**tiled_sweep().fixed, "L": 123.0}), other, tile_points=2000)
    for name in Cube(cube).names:
        shutil.rmtree(cube / name / "c")
        shutil.copytree(other / name / "c", cube / name / "c")
    for path in manifest_files(cube):
        path.unlink()
    shutil.copy(manifest_files(other)[0], cube / "status" / "manifest")
    for ask in (open_cube, lambda path: run(tiled_sweep(), path)):
        with pytest.raises(CubeError, match="tiles: belongs to another cube; where its shards are right"):
            ask(cube)
    assert not verify(cube).sound
    assert verify(cube, repair=True).recorded == len(Cube(cube).layout)
    open_cube(cube).load()
