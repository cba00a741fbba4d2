"""What a run finds again: damage is computed anew, what is sound is trusted, what it cannot know it reads."""

import json
import os
import shutil
from pathlib import Path

import pytest
from equisweep.engine.store import durable, resume
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.journal import logged_runs
from equisweep.engine.store.manifest import STATUSES, manifest_files
from equisweep.engine.store.resume import missing_tiles, tiles_to_compute
from equisweep.engine.store.storage.disk import Disk
from equisweep.engine.store.verify import verify
from equisweep.kernels.status import Status
from equisweep.sweeps import CubeError, run, run_report
from helpers.cube_files import contents
from helpers.old_cubes import made_old
from helpers.products import covering
from helpers.small_sweeps import tiled_sweep


def flip(path: Path, place: float = 0.3) -> None:
    raw = bytearray(path.read_bytes())
    raw[int(place * (len(raw) - 1))] ^= 1
    path.write_bytes(bytes(raw))


def flip_in_place(path: Path) -> None:
    """The same length, inode and time of change, as far as a program can."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(40)
        byte = file.read(1)[0]
        file.seek(40)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


HARM = {
    "flipped at the start": lambda path: flip(path, 0),
    "flipped": flip,
    "flipped at the end": lambda path: flip(path, 1),
    "flipped in place": flip_in_place,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "empty": lambda path: os.truncate(path, 0),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize(
    ("harm", "name", "old"),
    covering(
        [(harm, name, old) for harm in HARM for name in ("investment", "status") for old in (False, True)],
        lambda harm, name, old: divmod([*HARM].index(harm) % 4, 2) == (name == "status", old),
    ),
)
def test_a_run_computes_a_damaged_tile_again(cube, harm, name, old):
    if old:
        made_old(cube)
    before = contents(cube)
    opened = Cube(cube)
    tile = list(opened.layout)[4]
    HARM[harm](opened.shard(name, tile))
    assert missing_tiles(opened) == [tile]
    assert run_report(tiled_sweep(), cube, progress=False).computed == 1
    after = contents(cube)
    for path in ("zarr.json", "status/manifest/cube-00000001.json") if old else ():
        before.pop(path, None), after.pop(path)
    assert after == before
    assert verify(cube).sound
    assert run_report(tiled_sweep(), cube, progress=False).computed == 0


def swap(one, other):
    one.rename(one.with_name("x"))
    other.rename(one)
    one.with_name("x").rename(other)


def test_a_run_killed_before_it_computes_does_not_make_swapped_shards_sound(cube):
    opened = Cube(cube)
    tiles = list(opened.layout)[2:4]
    swap(*(opened.shard("investment", tile) for tile in tiles))
    assert tiles_to_compute(opened, opened.load_manifest()) == tiles
    opened.recorder.close()
    assert missing_tiles(Cube(cube)) == tiles


def test_swapped_shards_are_computed_again(cube):
    before = contents(cube)
    opened, tiles = Cube(cube), list(Cube(cube).layout)
    one, other = (opened.shard("investment", tile) for tile in tiles[2:4])
    swap(one, other)
    assert set(verify(cube).damaged) == {one, other}
    assert run_report(tiled_sweep(), cube, progress=False).computed == 2
    assert contents(cube) == before


def test_shards_of_another_cube_are_not_taken_for_its_own(cube, tmp_path):
    sweep = type(tiled_sweep())(**{**vars(tiled_sweep()), "fixed": {"L": 300}})
    run(sweep, tmp_path / "other.zarr", tile_points=2000)
    path = Cube(cube).shard("investment", list(Cube(cube).layout)[3])
    shutil.copyfile(tmp_path / "other.zarr" / path.relative_to(cube), path)
    assert verify(cube).damaged == {path: "is another shard than was written here"}
    # Nor is its manifest.
    shutil.rmtree(cube / "status" / "manifest")
    shutil.copytree(tmp_path / "other.zarr" / "status" / "manifest", cube / "status" / "manifest")
    assert not verify(cube).sound
    with pytest.raises(CubeError, match="is not what was written"):
        run(tiled_sweep(), cube)


def test_a_copied_cube_and_one_of_0_1_0_are_read_once_and_then_trusted(cube, tmp_path, monkeypatch):
    shutil.copytree(cube, tmp_path / "copy.zarr")
    shutil.copytree(cube, tmp_path / "old.zarr")
    made_old(tmp_path / "old.zarr")
    for root in (tmp_path / "copy.zarr", tmp_path / "old.zarr"):
        assert run_report(tiled_sweep(), root, progress=False).computed == 0
        with monkeypatch.context() as patch:
            patch.setattr(resume, "digests", lambda *_: pytest.fail("a tile was read"))
            assert run_report(tiled_sweep(), root, progress=False).computed == 0
        assert verify(root).sound


def test_a_lost_or_damaged_manifest_is_seen_by_verify_and_written_anew(cube):
    records = manifest_files(cube)[0]
    seal = cube / "status" / "manifest" / "cube-00000001.json"
    whole = {path: path.read_bytes() for path in (records, seal)}

    def restored():
        for path, raw in whole.items():
            path.write_bytes(raw)

    for path in whole:
        for place in (0.0, 0.2, 0.5, 0.8, 1.0):
            flip(path, place)
            verdict = verify(cube)
            assert not verdict.sound, (path, place)
            assert verdict.damaged == {}
            assert verify(cube, repair=True).sound
            assert verify(cube).sound
            for one in manifest_files(cube):
                one.unlink()
            for one in seal.parent.glob("cube-*"):
                one.unlink()
            restored()
    shutil.rmtree(seal.parent)
    assert not verify(cube).sound
    assert len(verify(cube).unrecorded) == len(Cube(cube).layout)
    assert verify(cube, repair=True).recorded == len(Cube(cube).layout)
    assert verify(cube).sound


def test_a_record_cut_short_by_a_kill_is_no_damage(cube):
    path = manifest_files(cube)[0]
    size = len(Cube(cube).stamp.line())
    for length in (0, size // 2, size, size + 100, path.stat().st_size - 300):
        whole = path.read_bytes()
        os.truncate(path, length)
        assert verify(cube).metadata == {}
        assert missing_tiles(Cube(cube)) == []
        path.write_bytes(whole)


def test_many_runs_leave_few_files(cube):
    opened = Cube(cube)
    tiles = list(opened.layout)
    for count in range(20):
        opened.shard("status", tiles[count % 3]).unlink()
        assert run_report(tiled_sweep(), cube, progress=False).computed == 1
    assert len(manifest_files(cube)) <= 17
    assert verify(cube).sound
    assert len(logged_runs(cube)) == 21


def test_a_run_puts_on_the_disk_what_one_without_sync_left(tmp_path, monkeypatch):
    root, synced = tmp_path / "cube.zarr", []
    monkeypatch.setattr(Disk, "sync_all", staticmethod(synced.append))
    run(tiled_sweep(), root, tile_points=2000, durable=False)
    run(tiled_sweep(), root, durable=False)
    assert synced == []
    run(tiled_sweep(), root)
    run(tiled_sweep(), root)
    assert synced == [root]


def test_a_shard_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    order, rename, fsync = [], os.replace, os.fsync
    monkeypatch.setattr(
        os, "replace", lambda a, b, **how: (order.append(("name", Path(b).name)), rename(a, b, **how))[1]
    )
    monkeypatch.setattr(os, "fsync", lambda file: (order.append(("sync", "")), fsync(file))[1])
    durable.write_file(tmp_path / "0", [b"numbers"], durable=True)
    assert order == [("sync", ""), ("name", "0")]


def test_every_status_has_room_in_a_record():
    assert max(Status) < STATUSES


def test_the_sweep_of_an_old_cube_is_compared_with_its_digest(cube):
    made_old(cube)
    document = json.loads((cube / "zarr.json").read_text())
    document["attributes"]["sweep"] = document["attributes"]["sweep"].replace("0.01", "0.02")
    (cube / "zarr.json").write_text(json.dumps(document))
    assert "the stored sweep" in verify(cube).metadata[cube / "zarr.json"]


@pytest.mark.parametrize(("writes", "looks"), [(False, 1), (True, 2)])
def test_a_complete_cube_that_was_not_synced_is_looked_at_once_unless_another_wrote(
    cube, monkeypatch, writes, looks
):
    shutil.rmtree(cube)
    run(tiled_sweep(), cube, tile_points=200, durable=False)
    surveys = []

    def counted(*arguments, survey=resume.survey):
        surveys.append(arguments)
        state = survey(*arguments)
        if writes and len(surveys) == 1:  # as one does that ended since
            (last,) = manifest_files(cube)
            shutil.copy(last, last.with_name("00000009-00000000.tiles"))
        return state

    monkeypatch.setattr(resume, "survey", counted)
    assert run_report(tiled_sweep(), cube, progress=False, durable=False).computed == 0
    assert len(surveys) == looks
