"""Damage of every kind is found, and what is repaired is whole."""

import dataclasses
import errno
import os
from pathlib import Path

import pytest
from equisweep.engine.store import decode
from equisweep.engine.store.commit import revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.shared import lease, signs
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, open_cube, run
from helpers.cube_files import contents
from helpers.small_sweeps import tiled_sweep


def test_verify_finds_every_kind_of_damage(cube):
    assert verify(cube).sound
    opened, tiles = Cube(cube), list(Cube(cube).layout)
    flipped = opened.shard("investment", tiles[1])
    data = bytearray(flipped.read_bytes())
    data[len(data) // 3] ^= 1
    flipped.write_bytes(bytes(data))
    gone = opened.shard("equilibrium_count", tiles[2])
    gone.unlink()
    revoke(opened, tiles[3])
    cut = [opened.shard("investment", tile) for tile in tiles[4:7]]
    for path, size in zip(cut, (0, 10, 40), strict=True):
        os.truncate(path, size)
    verdict = verify(cube)
    assert set(verdict.damaged) == {flipped, gone, *cut}
    assert verdict.uncommitted == [tiles[3]]
    assert not verdict.sound


def test_a_repaired_cube_equals_the_undamaged_one(cube):
    before = contents(cube)
    path = Cube(cube).shard("investment", Cube(cube).layout.at((1, 0)))
    path.write_bytes(path.read_bytes()[:-20])
    assert verify(cube, repair=True).repaired == 1
    run(tiled_sweep(), cube)
    assert contents(cube) == before


def test_a_lost_shard_of_any_output_is_computed_again(cube):
    before = contents(cube)
    opened, tiles = Cube(cube), list(Cube(cube).layout)
    opened.shard("investment", tiles[0]).unlink()
    os.truncate(opened.shard("equilibrium_count", tiles[1]), 0)
    run(tiled_sweep(), cube)
    assert contents(cube) == before


@pytest.mark.parametrize("harm", ["flip", "delete", "swap"])
def test_a_damaged_coordinate_is_found_and_never_continued(cube, harm):
    shard = cube / "alpha" / "c" / "0"
    data = bytearray(shard.read_bytes())
    if harm == "flip":
        data[9] ^= 1
        shard.write_bytes(bytes(data))
    elif harm == "delete":
        shard.unlink()
    else:
        shard.write_bytes((cube / "beta" / "c" / "0").read_bytes())
    verdict = verify(cube)
    assert "coordinate alpha" in verdict.coordinate
    assert not verdict.sound
    with pytest.raises(CubeError, match="coordinate alpha"):
        run(tiled_sweep(), cube)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"{}", b"not json"])
@pytest.mark.parametrize("file", ["zarr.json", "investment/zarr.json", "status/zarr.json"])
def test_broken_metadata_are_a_clear_error_and_are_written_again(cube, file, text):
    before = contents(cube)
    (cube / file).write_bytes(text)
    for ask in (open_cube, lambda path: run(tiled_sweep(), path)):
        with pytest.raises(CubeError, match=rf"cube\.zarr: its metadata \({file}\) is not what was written"):
            ask(cube)
    assert list(verify(cube).metadata) == [cube / file]
    assert not verify(cube).sound
    assert verify(cube, repair=True).restored == [cube / file]
    assert contents(cube) == before
    assert verify(cube).sound


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EACCES])
def test_where_the_system_refuses_to_read_no_tile_is_taken_for_damaged(cube, monkeypatch, number):
    before = contents(cube)
    for path in (cube / "investment" / "c").rglob("*"):
        os.utime(path)  # so that no record vouches for it

    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(decode, "_Chunks", refused)
        for ask in (verify, lambda path: verify(path, repair=True), lambda path: run(tiled_sweep(), path)):
            with pytest.raises(CubeError, match="committed tiles are intact"):
                ask(cube)
    assert contents(cube) == before
    assert verify(cube).sound


def test_what_the_system_refuses_of_a_coordinate_is_an_error_of_a_line(cube, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("equisweep.sweeps.cube.open.open_dataset", refused)
    with pytest.raises(CubeError, match=r"cannot be read \(OSError: .*Too many open files\)"):
        open_cube(cube)


def test_the_seal_of_another_cube_is_no_pattern_for_this_ones_metadata(cube, tmp_path):
    """Repair wrote the other's sweep over this one's: numbers stood under a sweep that is not theirs."""
    other = tmp_path / "other.zarr"
    changed = dataclasses.replace(tiled_sweep(), fixed={**tiled_sweep().fixed, "L": 123.0})
    run(changed, other, tile_points=2000)
    seal = Path("status/manifest/cube-00000001.json")
    before = contents(cube)
    (cube / seal).write_bytes((other / seal).read_bytes())
    with pytest.raises(CubeError, match="is not what was written"):
        open_cube(cube).load()
    with pytest.raises(CubeError, match="is the seal of another cube"):
        verify(cube, repair=True)
    assert contents(cube) == {**before, str(seal): (other / seal).read_bytes()}
    (cube / seal).unlink()
    verify(cube, repair=True)
    assert "123" not in open_cube(cube).attrs["sweep"]
    assert verify(cube).sound


def test_who_was_taken_for_gone_while_reading_a_cube_back_repairs_nothing(cube, monkeypatch):
    opened = Cube(cube)
    shard = opened.shard("investment", next(iter(opened.layout)))
    shard.write_bytes(b"nothing")
    before = sorted(cube.rglob("*"))
    monkeypatch.setattr(lease, "_LOOKS", -1)

    def overwritten(_tile):
        for file in (cube / signs.FOLDER).glob("*.writer"):
            file.unlink()

    with pytest.raises(CubeError, match="gave no sign of life"):
        verify(cube, repair=True, on_tile=overwritten)
    assert sorted(cube.rglob("*")) == before
