"""A run is killed while it writes a tile anew that had fewer points before its cube grew."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.manifest import manifest_files
from equisweep.engine.store.recorder import Recorder
from equisweep.engine.store.shared.merge import merge
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run_report
from faults.cubes import vouch

BEFORE, AFTER, TILE = 3, 4, 2


class Killed(BaseException):
    """As by SIGKILL: nothing is put in order."""


def sweep(points):
    return Sweep("external", outputs=["investment"], axes={"beta": np.arange(1.0, points + 1) / 10})


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """The grown cube, where nothing happened."""
    root = tmp_path_factory.mktemp("right") / "cube.zarr"
    run_report(sweep(AFTER), root, tile_points=TILE, progress=False)
    return open_cube(root).load()


@pytest.fixture
def grown(tmp_path, monkeypatch):
    """What grows a cube, in whose last tile there is room, and is killed at a later call of `kind.name`."""
    root = tmp_path / "cube.zarr"
    run_report(sweep(BEFORE), root, tile_points=TILE, progress=False)

    def killed_at(kind, name, first=None, after=0):
        real, calls = getattr(kind, name), []

        def call(self, *arguments, **named):
            calls.extend([name] if first in (None, arguments[0]) else [])
            if len(calls) > after:
                raise Killed
            return real(self, *arguments, **named)

        with monkeypatch.context() as patch, suppress(Killed):
            patch.setattr(kind, name, call)
            run_report(sweep(AFTER), root, progress=False)
        return root

    return killed_at


def test_numbers_whose_status_is_not_written_yet_are_not_read(grown, right):
    root = grown(Cube, "write_shard", "status")
    now = open_cube(root).load()
    assert (now["status"].values != 0).tolist() == [True] * BEFORE + [False] * (AFTER - BEFORE)
    there = Cube(root).read("investment", list(Cube(root).layout)[-1])
    assert np.isfinite(there).all()  # as plain zarr reads them
    known = right["investment"].values[:BEFORE].tolist()
    np.testing.assert_array_equal(now["investment"].values, known + [np.nan] * (AFTER - BEFORE))
    assert run_report(sweep(AFTER), root, progress=False).computed == 1
    assert open_cube(root).load()["investment"].equals(right["investment"])


def test_a_tile_that_was_committed_anew_and_not_recorded_counts(grown, right, tmp_path):
    root = grown(Recorder, "commit", after=1)  # the first one says which files will be replaced
    for path in manifest_files(root)[1:]:  # a power cut takes what the run had not synced of its records
        path.unlink()
    assert open_cube(root).load()["investment"].equals(right["investment"])
    assert verify(root).damaged == {}
    assert len(verify(root).unrecorded) == 1
    joined = tmp_path / "joined.zarr"
    merge(root, root, joined)
    assert open_cube(joined).load()["investment"].equals(right["investment"])
    assert run_report(sweep(AFTER), root, progress=False).computed == 0
    assert verify(root).sound


def test_an_earlier_file_that_a_power_cut_has_left_is_not_read_under_the_later_status(grown, right):
    """As of a run that does not sync: the later status is on the disk, and of an output the earlier shard."""
    root = grown(Cube, "write_shard", "investment")
    shard = Cube(root).shard("investment", list(Cube(root).layout)[-1])
    earlier = shard.read_bytes()
    records = manifest_files(root)[0].read_bytes()
    assert run_report(sweep(AFTER), root, progress=False).computed == 1
    shard.write_bytes(earlier)
    for path in manifest_files(root):
        path.unlink()
    manifest = root / "status" / "manifest" / "00000001-00000000.tiles"
    manifest.write_bytes(records)
    vouch(root)
    with pytest.raises(CubeError, match="of before the cube grew although its tile is committed"):
        open_cube(root).load()
    assert run_report(sweep(AFTER), root, progress=False).computed == 1
    assert open_cube(root).load()["investment"].equals(right["investment"])


@pytest.mark.parametrize("recorded", [True, False])
def test_a_run_that_does_not_sync_says_first_which_files_it_will_replace(grown, right, monkeypatch, recorded):
    """What it records of the new ones may be lost with the power; a tile of before may have no record."""
    root = grown(Cube, "write_shard", "investment")
    shard, kept, real = Cube(root).shard("investment", list(Cube(root).layout)[-1]), {}, Recorder.put_on_disk
    earlier = shard.read_bytes()
    for path in [] if recorded else manifest_files(root):
        path.unlink()

    def put_on_disk(self):
        real(self)
        kept.update({path: path.read_bytes() for path in manifest_files(root)})

    monkeypatch.setattr(Recorder, "put_on_disk", put_on_disk)
    assert run_report(sweep(AFTER), root, durable=False, progress=False).computed == 1
    shard.write_bytes(earlier)
    for path in manifest_files(root):
        path.unlink()
    for path, raw in kept.items():
        path.write_bytes(raw)
    vouch(root)
    with pytest.raises(CubeError, match="of before the cube grew although its tile is committed"):
        open_cube(root).load()
    assert run_report(sweep(AFTER), root, progress=False).computed == 1
    assert open_cube(root).load()["investment"].equals(right["investment"])


@pytest.mark.parametrize("durable", [True, False])
def test_a_whole_shard_of_another_cube_is_gone_before_one_is_written_that_is_not_synced(
    tmp_path, monkeypatch, durable
):
    """It could come back with a power cut, and beside the new status nothing tells that it is another's."""
    root, other, seen = tmp_path / "cube.zarr", tmp_path / "other.zarr", []
    run_report(sweep(AFTER), root, tile_points=TILE, progress=False)
    run_report(replace(sweep(AFTER), fixed={"L": 401.0}), other, tile_points=TILE, progress=False)
    shard = Cube(root).shard("investment", list(Cube(root).layout)[-1])
    shard.write_bytes(other.joinpath(shard.relative_to(root)).read_bytes())
    real = Cube.write_shard

    def write(self, name, *given):
        seen.extend([shard.exists()] if name == "investment" else [])
        return real(self, name, *given)

    monkeypatch.setattr(Cube, "write_shard", write)
    assert run_report(sweep(AFTER), root, durable=durable, progress=False).computed == 1
    assert seen == [durable]
    assert verify(root).sound
