"""A disk that fills while a scratch folder is cleared away: the error is that of the work, in one line.
And what killed writers left goes for good.
"""

import errno
import os
import re
from pathlib import Path

import pytest
import zarr
from equisweep.engine.store import durable
from equisweep.sweeps import CubeError, run
from helpers.small_sweeps import tiled_sweep


def test_an_error_while_a_scratch_folder_is_cleared_hides_no_other(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def stuck(path):
        if not Path(path).exists():
            raise FileNotFoundError(path)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(zarr, "consolidate_metadata", full)
    monkeypatch.setattr(durable.shutil, "rmtree", stuck)
    with pytest.raises(CubeError, match=r"cube\.zarr: the disk is full"):
        run(tiled_sweep(), tmp_path / "cube.zarr")
    monkeypatch.undo()
    (left,) = tmp_path.iterdir()
    assert re.fullmatch(rf"cube\.zarr\.partial-[0-9a-f]{{8}}-[0-9a-f]{{8}}-{os.getpid()}", left.name)


def test_what_a_killed_writer_left_is_gone_from_the_disk_before_anybody_says_so(tmp_path, monkeypatch):
    """After a record that nothing is left nobody looks again, and a power cut may undo what is not synced."""
    root, seen = tmp_path / "cube.zarr", []
    for name in ("investment/c/3/0.00000000-1-1.partial", "status/0.00000000-1-2.partial", "status/c/0"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    monkeypatch.setattr(durable, "sync", lambda path: seen.append((path, [*Path(path).iterdir()])))
    durable.remove_leftovers(root)
    assert sorted(seen) == [
        (str(root / "investment/c/3"), []),
        (str(root / "status"), [root / "status/c"]),
    ]
    durable.remove_leftovers(root)
    assert len(seen) == 2
