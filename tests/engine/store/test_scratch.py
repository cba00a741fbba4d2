"""A disk that fills while a scratch folder is cleared away: the error is that of the work, in one line."""

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
