"""What a disk says of a file, also where it does not answer."""

import errno
import os

import pytest
from equisweep.engine.store.commit import revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.storage.disk import Disk
from equisweep.sweeps import CubeError, run
from helpers.small_sweeps import tiled_sweep

REFUSALS = [errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE]


def refusing(monkeypatch, number, end):
    """A disk whose `stat` fails for paths with this end."""
    real = os.stat

    def stat(path, *more, **options):
        if not isinstance(path, int) and os.fspath(path).endswith(end):
            raise OSError(number, os.strerror(number), path)
        return real(path, *more, **options)

    monkeypatch.setattr(os, "stat", stat)


@pytest.mark.parametrize("number", REFUSALS)
def test_a_file_that_cannot_be_asked_about_is_not_said_to_be_missing(tmp_path, monkeypatch, number):
    refusing(monkeypatch, number, "shard")
    with pytest.raises(OSError, match="shard") as raised:
        Disk().exists(tmp_path / "shard")
    assert raised.value.errno == number


def test_a_file_is_missing_where_there_is_none_nor_a_folder_for_it(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    disk = Disk()
    assert disk.exists(tmp_path / "file")
    for name in ("none", "no/folder", "file/inside", "nowhere", "round"):
        assert not disk.exists(f"{tmp_path}/{name}"), name


@pytest.mark.parametrize("number", REFUSALS)
def test_a_mark_is_taken_back_though_the_disk_does_not_say_that_it_is_there(cube, monkeypatch, number):
    opened = Cube(cube)
    tile = opened.layout.at((0,) * len(opened.layout.counts))
    path = opened.path("status", tile.key)
    with monkeypatch.context() as patch:
        refusing(patch, number, path)
        revoke(opened, tile)
    assert not os.path.lexists(path)
    revoke(opened, tile)  # once more, where there is none
    opened.recorder.close()
    assert run(tiled_sweep(), cube) == cube


def test_a_run_ends_with_the_disks_reason_where_a_mark_cannot_be_asked_about(cube, monkeypatch):
    opened = Cube(cube)
    first = opened.path("status", (0,) * len(opened.layout.counts))
    with open(first, "r+b") as file:  # noqa: PTH123
        file.truncate(3)
    with monkeypatch.context() as patch:
        refusing(patch, errno.ESTALE, first)
        with pytest.raises((CubeError, OSError), match=r"[Ss]tale"):
            run(tiled_sweep(), cube)
    assert run(tiled_sweep(), cube) == cube
