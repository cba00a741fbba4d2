"""What lies on the disk: plain Zarr that xarray opens, checked, refused and continued."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.device import pick_device
from equisweep.engine.store import create
from equisweep.engine.store.commit import commit, is_committed, revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.durable import clear_disk_errors
from equisweep.engine.store.journal import logged_runs
from equisweep.engine.store.metadata import read_metadata
from equisweep.engine.store.shared.lease import only_writer
from equisweep.engine.store.storage.held import HeldDisk
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube, run
from helpers.cube_files import contents
from helpers.ended_early import refused_after
from helpers.pictures import not_run
from helpers.products import costs_seconds
from helpers.small_sweeps import small_sweep, tiled_sweep


@costs_seconds
def test_plain_xarray_opens_it_where_equisweep_is_not_installed(tmp_path):
    run(small_sweep(), tmp_path / "cube.zarr")
    code = (
        "import sys; sys.modules['equisweep'] = None\n"
        "import xarray as xr\n"
        f"ds = xr.open_zarr({str(tmp_path / 'cube.zarr')!r})\n"
        "print(float(ds.investment.sel(mechanism='noncooperation', alpha=0.3, beta=0.2, n=3)))\n"
        "print(ds.status.flag_meanings.split()[1], ds.investment.units, ds.alpha.symbol)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    number, words = done.stdout.splitlines()
    assert float(number) == pytest.approx(14.505518791532834, rel=1e-14)
    assert words == "ok money α"


def test_attributes_tell_how_it_was_made(cube):
    attributes = xr.open_zarr(cube).attrs
    assert json.loads(attributes["sweep"])["model"] == "external"
    assert len(attributes["sweep_sha256"]) == 64
    assert {"equisweep", "jax", "zarr", "python"} <= set(json.loads(attributes["versions"]))
    assert attributes["device"] == str(pick_device("auto"))
    assert attributes["dtype"] == "float64"


def test_coordinates_tell_where_the_domain_of_their_parameter_ends(cube):
    def ends(data: xr.Dataset) -> dict:
        return {
            name: [data[name].attrs.get(f"valid_{end}") for end in ("min", "max")] for name in data.coords
        }

    assert ends(xr.open_zarr(cube)) == {"alpha": [0.0, 1.0], "beta": [0.0, 1.0]}
    others = not_run(Sweep(model="external", axes={"n": [3], "L": [1.0], "mechanism": ["sharing"]}))
    assert ends(others) == {"n": [1.0, 1024.0], "L": [0.0, None], "mechanism": [None, None]}


def test_every_shard_has_checksums(cube):
    for name in Cube(cube).names:
        assert "crc32c" in [codec["name"] for codec in read_metadata(cube / name)["codecs"]]


def test_the_status_is_written_when_all_else_is_on_the_disk(tmp_path, monkeypatch):
    synced, real = [], HeldDisk.sync_below

    def watch(disk, path, root):
        name, *tile = Path(path).relative_to(root).parts
        synced.append((name, Path(root).joinpath("status", *tile).exists()))
        real(disk, path, root)

    monkeypatch.setattr(HeldDisk, "sync_below", watch)
    run(small_sweep(axes={"alpha": [0.1, 0.2]}), tmp_path / "cube.zarr")
    assert [name for name, _ in synced][-1] == "status"
    assert [committed for _, committed in synced] == [False] * (len(synced) - 1) + [True]
    assert len(synced) == 5


def test_the_same_sweep_again_computes_nothing(cube):
    before = contents(cube)
    run(tiled_sweep(), cube)
    assert contents(cube) == before


def test_two_runs_give_the_same_bytes(cube, tmp_path):
    run(tiled_sweep(), tmp_path / "again.zarr", tile_points=2000)
    assert contents(tmp_path / "again.zarr") == contents(cube)


def test_missing_and_half_written_tiles_are_computed_again(cube):
    before = contents(cube)
    opened = Cube(cube)
    tiles = list(opened.layout)
    revoke(opened, tiles[2])
    opened.shard("status", tiles[4]).write_bytes(b"torn")
    opened.shard("investment", tiles[6]).unlink()
    revoke(opened, tiles[6])
    (cube / "investment" / "c" / "0" / "0.abc.partial").write_bytes(b"left over")
    run(tiled_sweep(), cube)
    assert contents(cube) == before


def test_another_sweep_is_refused_with_the_difference(cube):
    before = contents(cube)
    changed = tiled_sweep()
    other = type(changed)(**{**vars(changed), "fixed": {"L": 500}})
    with pytest.raises(CubeError, match=r"fixed\.L: 400\.0 in the cube, 500\.0 now"):
        run(other, cube)
    assert contents(cube) == before
    run(other, cube, overwrite=True)
    assert contents(cube) != before


def test_a_folder_that_is_no_cube_is_never_touched(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(CubeError, match="cannot be opened as a cube"):
            run(small_sweep(), folder, overwrite=overwrite)
    (tmp_path / "file.zarr").write_text("a file")
    with pytest.raises(CubeError):
        run(small_sweep(), tmp_path / "file.zarr")
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_a_second_writer_is_refused(cube):
    revoke(Cube(cube), Cube(cube).layout.at((0, 0)))
    with only_writer(cube), pytest.raises(CubeError, match="another run is writing"):
        run(tiled_sweep(), cube)
    run(tiled_sweep(), cube)


def test_a_missing_folder_is_a_clear_error(tmp_path):
    with pytest.raises(CubeError, match="none does not exist; create it first"):
        run(small_sweep(), tmp_path / "none" / "cube.zarr")


def test_a_cube_that_is_moved_while_it_is_written_is_not_begun_anew(cube):
    writing = Cube(cube)
    tile = next(iter(writing.layout))
    values = {name: writing.read(name, tile) for name in writing.names}
    cube.rename(cube.with_name("moved.zarr"))
    with pytest.raises(CubeError, match="was moved or deleted meanwhile"), clear_disk_errors(cube):
        commit(writing, tile, values)
    assert not cube.exists()


@pytest.mark.parametrize(("number", "reason"), [(28, "the disk is full"), (30, "read-only")])
def test_a_disk_that_refuses_leaves_committed_tiles_intact(number, reason, tmp_path):
    root = tmp_path / "cube.zarr"
    with refused_after(3, number, reason) as written:
        run(tiled_sweep(), root, tile_points=2000)
    assert [t for t in Cube(root).layout if is_committed(Cube(root), t)] == sorted(
        written, key=lambda t: t.key
    )
    run(tiled_sweep(), root)
    assert verify(root).sound


def test_a_failed_creation_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "refused")

    monkeypatch.setattr(create, "_create_coordinates", fail)
    with pytest.raises(CubeError, match="the disk is full"):
        run(small_sweep(), tmp_path / "cube.zarr")
    assert list(tmp_path.iterdir()) == []


def test_opening_nothing_is_a_clear_error(tmp_path):
    with pytest.raises(CubeError, match="no such cube"):
        open_cube(tmp_path / "none.zarr")


def test_the_cube_is_read_lazily(cube):
    assert not isinstance(open_cube(cube)["investment"].variable._data, np.ndarray)


def change(sweep: Sweep, **parts) -> Sweep:
    return Sweep(**{**vars(sweep), **parts})


@pytest.mark.parametrize("value", [0.1, 1e-9, 123456789.123456789])
def test_the_last_digit_of_a_fixed_value_makes_another_sweep(value, tmp_path):
    sweep = small_sweep(axes={"alpha": [0.1, 0.2]}, fixed={"E": value}, derivatives={})
    run(sweep, tmp_path / "cube.zarr")
    with pytest.raises(CubeError, match=r"holds another sweep \(fixed\.E: "):
        run(change(sweep, fixed={"E": float(np.nextafter(value, 2 * value))}), tmp_path / "cube.zarr")


def test_overwriting_deletes_nothing_before_the_new_cube_is_ready(cube, monkeypatch):
    before = contents(cube)
    huge = change(
        tiled_sweep(),
        axes={
            "alpha": {"start": 0, "stop": 1, "num": 300_000},
            "beta": {"start": 0.1, "stop": 1, "num": 300_000},
        },
    )
    with pytest.raises(SweepError, match="GB uncompressed"):
        run(huge, cube, overwrite=True)
    with monkeypatch.context() as patch:
        patch.setattr(create, "_create_coordinates", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(small_sweep(), cube, overwrite=True)
    assert contents(cube) == before
    run(small_sweep(), cube, overwrite=True)
    assert [path.name for path in cube.parent.iterdir()] == ["cube.zarr"]


def test_what_killed_runs_left_beside_the_cube_is_removed(cube):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for kind in ("partial", "deleted"):
        (cube.parent / f"cube.zarr.{kind}-{ended.pid}").mkdir()
    running = cube.parent / f"cube.zarr.partial-{os.getpid()}"
    running.mkdir()
    run(tiled_sweep(), cube)
    assert sorted(path.name for path in cube.parent.iterdir()) == ["cube.zarr", running.name]


def test_a_torn_line_of_the_journal_spoils_no_other(cube):
    with (cube / "status" / "runs.jsonl").open("a") as file:
        file.write('\n{"started": 17')
    opened = Cube(cube)
    revoke(opened, opened.layout.at((0, 0)))
    run(tiled_sweep(), cube)
    assert [entry["tiles"] for entry in logged_runs(cube)] == [len(opened.layout), 1]


def test_ranges_and_arrays_are_axes_too(tmp_path):
    axes = {"L": range(100, 400, 100), "alpha": np.array([0.1, 0.2])}
    cube = run(Sweep("external", axes=axes, outputs=("investment",)), tmp_path / "cube.zarr")
    assert cube["L"].values.tolist() == [100, 200, 300]
