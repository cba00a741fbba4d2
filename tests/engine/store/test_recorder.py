"""The manifest's writer: what it begins is whole, and what it has not recorded is looked at."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from equisweep.engine import writer
from equisweep.engine.store import recorder
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.manifest import manifest_files
from equisweep.engine.store.storage.disk import Disk
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, open_cube, run, run_report
from faults.cubes import vouch
from helpers.cube_files import contents
from helpers.small_sweeps import tiled_sweep


def shard(cube, name="investment", place=3):
    opened = Cube(cube)
    return opened.shard(name, list(opened.layout)[place])


def test_what_a_run_left_that_recorded_nothing_is_removed(cube, monkeypatch):
    before, half = contents(cube), shard(cube).with_name("7.12345-1.partial")
    shard(cube, "status").unlink()

    def stopped(*_):
        half.write_bytes(b"half")
        raise OSError(28, "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "commit", stopped)
        with pytest.raises(CubeError, match="the disk is full"):
            run(tiled_sweep(), cube)
    assert half.exists()
    assert run_report(tiled_sweep(), cube, progress=False).computed == 1
    assert contents(cube) == before


@pytest.mark.parametrize("first", ["half of it is written", "the disk refuses it"])
def test_records_follow_a_whole_first_line(cube, monkeypatch, first):
    write, calls = os.write, []

    def faulty(descriptor, raw):
        calls.append(raw)
        if len(calls) > 1:
            return write(descriptor, raw)
        if first == "the disk refuses it":
            raise OSError(28, "refused")
        return write(descriptor, raw[: len(raw) // 2])

    writing = Cube(cube).recorder
    with monkeypatch.context() as patch:
        patch.setattr(recorder.os, "write", faulty)
        if first == "the disk refuses it":
            with pytest.raises(OSError, match="refused"):
                writing.begin()
            assert len(manifest_files(cube)) == 1
        writing.begin()
    writing.end()
    assert len(manifest_files(cube)) == 2
    assert verify(cube).sound


def test_half_a_record_that_stays_spoils_no_other(cube, monkeypatch):
    write, opened = os.write, Cube(cube)
    tiles = list(opened.layout)
    opened.recorder.begin()
    raised = iter([True])

    def faulty(descriptor, raw):
        if next(raised, False):
            write(descriptor, raw[:7])
            raise OSError(5, "lost")
        return write(descriptor, raw)

    def refused(*_):
        raise OSError(5, "lost")

    with monkeypatch.context() as patch:
        patch.setattr(recorder.os, "write", faulty)
        patch.setattr(recorder.os, "ftruncate", refused)
        with pytest.raises(OSError, match="lost"):
            opened.recorder.revoke(tiles[0])
        opened.recorder.revoke(tiles[1])
    opened.recorder.close()
    manifest = opened.load_manifest()
    assert not manifest.damaged
    assert manifest.find(tiles[0].key) is not None
    assert manifest.find(tiles[1].key) is None


def test_what_was_recorded_before_it_was_synced_is_read_before_it_is_vouched_for(tmp_path):
    """A power cut may leave a file its length, inode and times, and take its bytes."""
    cube = tmp_path / "cube.zarr"
    run(tiled_sweep(), cube, tile_points=2000, durable=False)
    before = contents(cube)
    shard(cube).write_bytes(bytes(shard(cube).stat().st_size))
    vouch(cube)
    with pytest.raises(CubeError, match="investment/c/"):
        run(tiled_sweep(), cube, durable=False)["investment"].load()
    assert run_report(tiled_sweep(), cube, progress=False).computed == 1
    assert contents(cube) == before
    assert run_report(tiled_sweep(), cube, progress=False).computed == 0


def test_metadata_that_contradict_themselves_are_not_sealed(cube):
    """The seal is lost, and a file that xarray does not read is damaged."""
    shutil.rmtree(cube / "status" / "manifest")
    coordinate, own = cube / "alpha" / "zarr.json", cube / "investment" / "zarr.json"
    before = coordinate.read_text()
    coordinate.write_text("1234 is no JSON")
    for ask in (verify, lambda path: run(tiled_sweep(), path)):
        with pytest.raises(CubeError, match="cannot be opened as a cube"):
            ask(cube)
    coordinate.write_text(before)
    own.write_text(own.read_text().replace("money", "honey"))
    with pytest.raises(
        CubeError, match=r"investment/zarr.json: differs from the copy.*; choose another output"
    ):
        run(tiled_sweep(), cube)
    assert not verify(cube, repair=True).sound


@pytest.mark.parametrize("number", [errno.EIO, errno.EINTR, errno.EACCES, errno.EMFILE])
def test_a_seal_that_cannot_be_read_is_not_taken_for_lost(cube, monkeypatch, number):
    """Sealing anew would vouch for what nobody has looked at, and give a grown cube another name."""
    real, before = Disk.read, contents(cube)

    def refused(self, path, *given, **named):
        if Path(path).name.startswith("cube-"):
            raise OSError(number, os.strerror(number), str(path))
        return real(self, path, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Disk, "read", refused)
        for ask in (open_cube, lambda path: run_report(tiled_sweep(), path, progress=False)):
            with pytest.raises(
                CubeError,
                match=r"1.json: cannot be read .*verify\('.*', repair=True\) writes",
            ):
                ask(cube)
        verdict = verify(cube)
        assert [path.name for path in verdict.metadata] == ["cube-00000001.json", "manifest"]
        assert verdict.damaged == {}
    assert contents(cube) == before
    assert verify(cube).sound
