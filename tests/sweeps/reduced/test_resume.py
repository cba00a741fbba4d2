"""Reduced sweeps that are stopped, killed and damaged, and end in the same bytes."""

import hashlib

import numpy as np
import pytest
from equisweep.engine.errors import CubeError, SweepInterrupted
from equisweep.engine.reduce import loop
from equisweep.engine.reduce.checkpoint import (
    FOLDER,
    NAME,
    Checkpoint,
    drop_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.storage.disk import Disk
from equisweep.sweeps import Sweep
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents
from helpers.ended_early import stop_after

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.1, "stop": 0.9, "num": 5}, "beta": {"start": 0.1, "stop": 0.9, "num": 41}},
    reduce={
        "over": ["beta"],
        "expected_loss": ["mean", "std", "argmax", "quantiles(0.5)", "histogram(0, 99, 9)"],
    },
)
PARTS = 5 * 11  # tiles of four points each, five cells


class Killed(BaseException):
    """What ends a run as a kill does: nothing is tidied up."""


def go_on(path, sweep=SWEEP):
    return run_report(sweep, path, durable=False, tile_points=4, progress=False)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("uninterrupted") / "cube.zarr"
    assert go_on(path).points == 5 * 41
    assert not (path / FOLDER).exists()
    return contents(path)


def test_runs_stopped_anywhere_end_in_the_same_bytes(uninterrupted, tmp_path, monkeypatch):
    for tiles in (0, 11, 30):
        path = tmp_path / f"{tiles}.zarr"
        stop_after(monkeypatch, tiles)
        with pytest.raises(SweepInterrupted):
            go_on(path)
        assert (path / FOLDER / NAME).exists() == (tiles > 0)
        stop_after(monkeypatch, 3)
        if tiles + 3 < PARTS:
            with pytest.raises(SweepInterrupted):
                go_on(path)
        monkeypatch.undo()
        report = go_on(path)
        assert report.points <= max(PARTS - tiles, 3) * 4
        assert contents(path) == uninterrupted
        assert go_on(path).computed == 0


def test_a_killed_run_goes_on_where_it_last_wrote(uninterrupted, tmp_path, monkeypatch):
    path, write, written = tmp_path / "cube.zarr", loop.write_checkpoint, []

    def dying(root, checkpoint, durable, _part):
        if len(written) < 20:  # whatever comes later, the process no longer writes
            write(root, checkpoint, durable)
            written.append(checkpoint.done)

    monkeypatch.setattr(loop, "write_checkpoint", dying)
    monkeypatch.setattr(loop, "_SECONDS", 0.0)
    monkeypatch.setattr(loop, "_SHARE", 1e9)
    stop_after(monkeypatch, 26, Killed())
    with pytest.raises(Killed):
        go_on(path)
    monkeypatch.undo()
    cube = Cube(path)
    assert written[-1] == 20 == read_checkpoint(path, cube.stamp.cube).done
    (path / FOLDER / "tree.1-2.partial").write_bytes(b"half")  # and was writing the next one
    go_on(path)
    assert contents(path) == uninterrupted


def test_a_run_that_ended_after_its_last_tile_leaves_nothing_under_way(uninterrupted, tmp_path):
    path = tmp_path / "cube.zarr"
    go_on(path)
    (path / FOLDER).mkdir()  # as where it was killed before it had cleared this away
    for name in (NAME, "tree.1-2.partial"):
        (path / FOLDER / name).write_bytes(b"half")
    assert go_on(path).computed == 0
    assert contents(path) == uninterrupted


def signed(raw, before, after):
    """The file with other bytes in it, and the digest of these."""
    assert before in raw
    rest = raw[65:].replace(before, after)
    return hashlib.sha256(rest).hexdigest().encode() + b" " + rest


@pytest.mark.parametrize("damage", ["turned", "short", "empty", "another's", "earlier"])
def test_what_is_under_way_and_damaged_is_computed_again(uninterrupted, tmp_path, monkeypatch, damage):
    path = tmp_path / "cube.zarr"
    stop_after(monkeypatch, 30)
    with pytest.raises(SweepInterrupted):
        go_on(path)
    monkeypatch.undo()
    file = path / FOLDER / NAME
    raw = file.read_bytes()
    turned = raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:]
    held = Cube(path).stamp.cube
    other = signed(raw, held.encode(), b"0" * len(held))
    earlier = signed(raw, b'"partial": 3', b'"partial": 2')  # whose sums lie otherwise
    ways = {"turned": turned, "short": raw[:-5], "empty": b"", "another's": other, "earlier": earlier}
    file.write_bytes(ways[damage])
    assert go_on(path).points == 5 * 41
    assert contents(path) == uninterrupted


def test_what_is_under_way_is_written_while_other_parts_drop_theirs(tmp_path, monkeypatch):
    (tmp_path / "status").mkdir()
    real, left = Disk.put, [3]

    def write(path, *given):
        if left[0]:  # the last one that lay there has just gone, and the folder with it
            left[0] -= 1
            drop_checkpoint(tmp_path, "2/3")
            path.parent.rmdir()
        return real(path, *given)

    monkeypatch.setattr(Disk, "put", staticmethod(write))
    one = Checkpoint("cube", (1, 2), 3, {"sums": np.arange(4.0)})
    write_checkpoint(tmp_path, one, durable=True, part="1/3")
    assert left == [0]
    assert read_checkpoint(tmp_path, "cube", "1/3").done == 3
    with pytest.raises(FileNotFoundError):
        write_checkpoint(tmp_path / "moved", one, durable=True, part="1/3")


def test_another_reduction_is_refused_with_the_difference(tmp_path):
    path = tmp_path / "cube.zarr"
    go_on(path)
    other = Sweep(SWEEP.model, SWEEP.axes, reduce=SWEEP.reduce | {"expected_loss": ["mean"]})
    with pytest.raises(
        CubeError, match=r"holds another sweep \(reduce.expected_loss: mean, std, argmax.*mean now"
    ):
        go_on(path, other)
    beta = Sweep(SWEEP.model, SWEEP.axes | {"beta": [0.1, 0.2]}, reduce=SWEEP.reduce)
    with pytest.raises(CubeError, match=r"reduced.beta: 41 values from 0.1 to 0.9.* 0.1, 0.2 now"):
        go_on(path, beta)
    with pytest.raises(CubeError, match="holds another sweep"):
        go_on(path, Sweep(SWEEP.model, SWEEP.axes, outputs=["expected_loss"]))
