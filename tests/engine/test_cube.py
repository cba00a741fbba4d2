"""What lies on the disk: plain Zarr that xarray opens, checked, refused and continued."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from equisweep.engine import template
from equisweep.engine.durable import only_writer
from equisweep.engine.store import Cube
from equisweep.engine.verify import verify
from equisweep.sweeps import CubeError, open_cube, run
from sweeps_for_tests import small_sweep, tiled_sweep


@pytest.fixture
def cube(tmp_path) -> Path:
    run(tiled_sweep(), tmp_path / "cube.zarr", tile_points=2000)
    return tmp_path / "cube.zarr"


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a cube but the journal, which tells times."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name != "runs.jsonl")
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


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
    assert done.stdout.splitlines() == ["14.505518791532834", "ok money α"]


def test_attributes_tell_how_it_was_made(cube):
    attributes = xr.open_zarr(cube).attrs
    assert json.loads(attributes["sweep"])["model"] == "external"
    assert len(attributes["sweep_sha256"]) == 64
    assert {"equisweep", "jax", "zarr", "python"} <= set(json.loads(attributes["versions"]))
    assert attributes["device"].lower().startswith(("cpu", "tfrt_cpu"))
    assert attributes["dtype"] == "float64"


def test_every_shard_has_checksums_and_ends_before_its_status(cube):
    opened = Cube(cube)
    for name in opened.names:
        codecs = opened.array(name).metadata.to_dict()["codecs"][0]["configuration"]
        assert "crc32c" in [codec["name"] for codec in codecs["codecs"]]
    tile = opened.layout.at((0, 0))
    newest = max(opened.shard(name, tile).stat().st_mtime_ns for name in opened.names)
    assert opened.shard("status", tile).stat().st_mtime_ns == newest


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
    opened.revoke(tiles[2])
    opened.shard("status", tiles[4]).write_bytes(b"torn")
    opened.shard("investment", tiles[6]).unlink()
    opened.revoke(tiles[6])
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
    Cube(cube).revoke(Cube(cube).layout.at((0, 0)))
    with only_writer(cube), pytest.raises(CubeError, match="another run is writing"):
        run(tiled_sweep(), cube)
    run(tiled_sweep(), cube)


def test_a_missing_folder_is_a_clear_error(tmp_path):
    with pytest.raises(CubeError, match="its folder does not exist"):
        run(small_sweep(), tmp_path / "none" / "cube.zarr")


@pytest.mark.parametrize(("number", "reason"), [(28, "the disk is full"), (30, "read-only")])
def test_a_disk_that_refuses_leaves_committed_tiles_intact(number, reason, tmp_path, monkeypatch):
    root, written, real = tmp_path / "cube.zarr", [], Cube.write

    def write(self, tile, values, durable=True):
        if len(written) == 3:
            raise OSError(number, "refused")
        written.append(tile)
        real(self, tile, values, durable)

    with monkeypatch.context() as patch:
        patch.setattr(Cube, "write", write)
        with pytest.raises(CubeError, match=reason):
            run(tiled_sweep(), root, tile_points=2000)
    assert [t for t in Cube(root).layout if Cube(root).is_committed(t)] == sorted(
        written, key=lambda t: t.key
    )
    run(tiled_sweep(), root)
    assert verify(root).sound


def test_a_failed_creation_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "refused")

    monkeypatch.setattr(template, "_create_coordinates", fail)
    with pytest.raises(CubeError, match="the disk is full"):
        run(small_sweep(), tmp_path / "cube.zarr")
    assert list(tmp_path.iterdir()) == []


def test_verify_finds_every_kind_of_damage(cube):
    assert verify(cube).sound
    opened, tiles = Cube(cube), list(Cube(cube).layout)
    flipped = opened.shard("investment", tiles[1])
    data = bytearray(flipped.read_bytes())
    data[len(data) // 3] ^= 1
    flipped.write_bytes(bytes(data))
    gone = opened.shard("equilibrium_count", tiles[2])
    gone.unlink()
    opened.revoke(tiles[3])
    verdict = verify(cube)
    assert set(verdict.damaged) == {flipped, gone}
    assert verdict.uncommitted == [tiles[3]]
    assert not verdict.sound


def test_a_repaired_cube_equals_the_undamaged_one(cube):
    before = contents(cube)
    path = Cube(cube).shard("investment", Cube(cube).layout.at((1, 0)))
    path.write_bytes(path.read_bytes()[:-20])
    assert verify(cube, repair=True).repaired == 1
    run(tiled_sweep(), cube)
    assert contents(cube) == before


def test_opening_nothing_is_a_clear_error(tmp_path):
    with pytest.raises(CubeError, match="no such cube"):
        open_cube(tmp_path / "none.zarr")


def test_the_cube_is_read_lazily(cube):
    assert not isinstance(open_cube(cube)["investment"].variable._data, np.ndarray)
