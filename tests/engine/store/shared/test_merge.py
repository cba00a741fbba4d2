"""Two cubes of one sweep are joined: what either has is there, what differs or does not fit is refused."""

import shutil
import subprocess

import pytest
from equisweep.engine.store.commit import record, revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.shared.merge import merge
from equisweep.engine.store.storage.disk import Disk
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents

AXES = {"alpha": {"start": 0.1, "stop": 0.9, "num": 9}, "beta": {"start": 0.1, "stop": 0.9, "num": 10}}
SWEEP = Sweep("external", AXES, outputs=["investment"])


def parts(path, *numbers, sweep=SWEEP, points=10):
    for number in numbers:
        run(sweep, path, part=(number, 3), tile_points=points, durable=False)
    return path


@pytest.fixture(scope="module")
def cubes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cubes")
    parts(folder / "a.zarr", 1, 2)
    parts(folder / "b.zarr", 2, 3)
    parts(folder / "whole.zarr", 1, 2, 3)
    parts(folder / "tiles.zarr", 1, points=30)
    parts(folder / "other.zarr", 1, sweep=Sweep("external", AXES, fixed={"L": 9}, outputs=["investment"]))
    return folder


def test_what_either_has_is_there_and_is_what_one_run_makes(cubes, tmp_path, capsys):
    killed = subprocess.Popen(["true"])
    killed.wait()
    (tmp_path / f"c.zarr.partial-{killed.pid}").mkdir()  # of a merge that was killed
    output, before = tmp_path / "c.zarr", [contents(cubes / f"{name}.zarr") for name in "ab"]
    assert main(["merge", str(cubes / "a.zarr"), str(cubes / "b.zarr"), "-o", str(output)]) == 0
    said = capsys.readouterr().out
    assert "9 of 9 tiles: 3 of the first alone, 3 of the other alone, 3 that both have" in said
    assert contents(output) == contents(cubes / "whole.zarr")
    assert [contents(cubes / f"{name}.zarr") for name in "ab"] == before
    assert verify(output).sound
    report = run_report(SWEEP, output, progress=False)
    assert (report.computed, report.tiles) == (0, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["c.zarr"]


def test_what_neither_has_is_left_to_a_run(cubes, tmp_path):
    one = parts(tmp_path / "one.zarr", 1)
    merged = merge(one, parts(tmp_path / "two.zarr", 2), tmp_path / "c.zarr")
    assert (merged.missing, merged.first, merged.second, merged.both) == (3, 3, 3, 0)
    assert run_report(SWEEP, tmp_path / "c.zarr", progress=False).computed == 3
    assert contents(tmp_path / "c.zarr") == contents(cubes / "whole.zarr")


def test_a_damaged_tile_is_taken_from_the_other(cubes, tmp_path):
    one = tmp_path / "one.zarr"
    shutil.copytree(cubes / "whole.zarr", one)
    opened = Cube(one)
    shard = opened.shard("investment", opened.layout.at((2, 0)))
    shard.write_bytes(shard.read_bytes()[:-3] + b"abc")
    opened.shard("status", opened.layout.at((3, 0))).unlink()
    merged = merge(one, cubes / "whole.zarr", tmp_path / "c.zarr")
    assert (merged.second, merged.both) == (2, 7)
    assert contents(tmp_path / "c.zarr") == contents(cubes / "whole.zarr")


def test_other_numbers_in_one_tile_are_refused(cubes, tmp_path):
    one = tmp_path / "one.zarr"
    shutil.copytree(cubes / "whole.zarr", one)
    opened = Cube(one)
    tile = opened.layout.at((4, 0))
    revoke(opened, tile)
    shards = {name: opened.write_shard(name, tile, opened.read(name, tile) + 1) for name in ("investment",)}
    status = opened.write_shard("status", tile, Cube(cubes / "whole.zarr").read("status", tile))
    record(opened, tile, {**shards, "status": status}, True)
    opened.recorder.close()
    with pytest.raises(
        CubeError,
        match=r"its tile \(4, 0\) has other numbers than that of .*one.zarr; diff\('.*', '.*whole.zarr'\)",
    ):
        merge(one, cubes / "whole.zarr", tmp_path / "c.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["one.zarr"]


def test_what_does_not_fit_is_refused(cubes, tmp_path):
    for name, reason in (
        ("other", r"another sweep than .*fixed\.L: 400\.0 in a\.zarr, 9\.0 in other\.zarr"),
        ("tiles", "is cut into other tiles than"),
        ("none", "no such cube"),
    ):
        with pytest.raises(CubeError, match=reason):
            merge(cubes / "a.zarr", cubes / f"{name}.zarr", tmp_path / "c.zarr")
    with pytest.raises(CubeError, match="is there already"):
        merge(cubes / "a.zarr", cubes / "b.zarr", cubes / "whole.zarr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", [0, 1, 7, 15])
def test_a_disk_that_fills_leaves_nothing_behind(cubes, tmp_path, monkeypatch, call):
    real, calls = Disk.put, []

    def full(*given, **named):
        calls.append(1)
        if len(calls) > call:
            raise OSError(28, "full")
        return real(*given, **named)

    monkeypatch.setattr(Disk, "put", staticmethod(full))
    with pytest.raises(CubeError, match="the disk is full"):
        merge(cubes / "a.zarr", cubes / "b.zarr", tmp_path / "c.zarr")
    assert list(tmp_path.iterdir()) == []
