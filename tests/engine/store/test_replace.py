"""A cube that is overwritten, that holds links, that is deleted while it is written: nothing is lost."""

import errno
import shutil
import subprocess
import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from equisweep.engine import writer
from equisweep.engine.store import durable
from equisweep.engine.store.commit import commit, revoke
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.shared.lease import only_writer
from equisweep.engine.store.storage.held import hold
from equisweep.sweeps import CubeError, open_cube, run
from helpers.cube_files import contents
from helpers.products import covering
from helpers.small_sweeps import small_sweep, tiled_sweep


@pytest.fixture(params=["names are exchanged", "names are changed one by one"])
def either_way(request, monkeypatch):
    """Systems that can exchange two names, and others."""
    if request.param != "names are exchanged":
        monkeypatch.setattr(durable, "_exchange", lambda *_: False)


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_overwriting_replaces_the_cube_and_leaves_nothing_beside(either_way, cube):
    run(small_sweep(), cube, overwrite=True)
    assert "d_investment_d_alpha" in open_cube(cube)
    assert [path.name for path in cube.parent.iterdir()] == ["cube.zarr"]


def test_there_is_a_cube_at_every_moment(cube, tmp_path, monkeypatch):
    new, seen = tmp_path / "new", []
    shutil.copytree(cube, new)
    (new / "mark").touch()
    for name in ("rename", "replace"):
        real = getattr(Path, name)

        def watched(self, target, real=real):
            seen.append(cube.exists())
            result = real(self, target)
            seen.append(cube.exists())
            return result

        monkeypatch.setattr(Path, name, watched)
    durable.appear(new, cube, replace=True)
    assert all(seen)
    assert (cube / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["cube.zarr"]


def test_where_names_cannot_be_exchanged_a_failure_puts_the_old_cube_back(cube, tmp_path, monkeypatch):
    before = contents(cube)
    monkeypatch.setattr(durable, "_exchange", lambda *_: False)
    real = Path.rename

    def refused(self, target):
        if ".partial-" in self.name:
            raise OSError(28, "refused")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(CubeError, match="the disk is full"):
        run(small_sweep(), cube, overwrite=True)
    assert contents(cube) == before
    assert [path.name for path in cube.parent.iterdir()] == ["cube.zarr"]


def test_the_cube_that_a_killed_overwrite_moved_away_comes_back(cube):
    before = contents(cube)
    cube.rename(cube.with_name(f"cube.zarr.deleted-{gone()}"))
    cube.with_name(f"cube.zarr.partial-{gone()}").mkdir()
    with pytest.raises(
        CubeError, match=r"no such cube; an overwriting run that was killed left the old one as cube"
    ):
        open_cube(cube)
    run(tiled_sweep(), cube)
    assert contents(cube) == before
    assert [path.name for path in cube.parent.iterdir()] == ["cube.zarr"]


def test_a_cube_behind_a_link_is_overwritten_where_it_lies(cube, tmp_path):
    link = tmp_path / "link.zarr"
    link.symlink_to(cube)
    run(small_sweep(), link, overwrite=True)
    assert link.is_symlink()
    assert "d_investment_d_alpha" in open_cube(cube)


@pytest.mark.parametrize(
    "linked",
    ["investment", "investment/c", "investment/c/3", "status/runs.jsonl", "status/manifest", "status"],
)
def test_a_link_inside_a_cube_is_refused_and_nothing_is_written_behind_it(cube, tmp_path, linked):
    opened = Cube(cube)
    revoke(opened, opened.layout.at((3, 0)))
    opened.recorder.close()
    elsewhere = tmp_path / "elsewhere"
    (cube / linked).rename(elsewhere)
    (cube / linked).symlink_to(elsewhere)
    files = {path: path.read_bytes() for path in [elsewhere, *elsewhere.rglob("*")] if path.is_file()}
    with pytest.raises(CubeError, match=f"{linked}: is a link"):
        run(tiled_sweep(), cube)
    now = {path: path.read_bytes() for path in [elsewhere, *elsewhere.rglob("*")] if path.is_file()}
    assert now == files


REMOVED = [".", "investment", "investment/c", "status", "status/c", "investment/c/0"]


@pytest.mark.parametrize(
    ("removed", "after"),
    covering(
        [(removed, after) for removed in REMOVED for after in (2, 11)],
        lambda removed, after: (2, 11)[REMOVED.index(removed) % 2] == after,
    ),
)
def test_what_is_removed_while_a_run_writes_is_an_error(tmp_path, monkeypatch, removed, after):
    root, written, lock = tmp_path / "cube.zarr", [], threading.Lock()

    def removing(cube, tile, values, durable):
        commit(cube, tile, values, durable)
        with lock:  # several threads commit, and not in order
            written.append(tile.key)
            if len(written) >= after and (0, 0) in written:
                written.clear()  # once
                shutil.rmtree(root / removed, ignore_errors=True)

    monkeypatch.setattr(writer, "commit", removing)
    with pytest.raises(CubeError):
        run(tiled_sweep(), root, tile_points=2000)
    assert not (root / removed / "zarr.json").exists()


WAYS = ["hard links", "renames that replace nothing", "neither"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
@pytest.mark.parametrize("has", WAYS)
def test_a_file_takes_a_name_that_is_free_and_no_other_on_every_file_system(
    tmp_path, monkeypatch, has, number
):
    def no_links(*_):
        raise OSError(number, "as FAT answers")

    if has != WAYS[0]:
        monkeypatch.setattr(durable.os, "link", no_links)
    if has == WAYS[2]:
        monkeypatch.setattr(durable, "_renamed", lambda *_: errno.EINVAL)
    free, taken = tmp_path / "free", tmp_path / "taken"
    taken.write_text("mine")
    for final in (free, taken):
        partial = tmp_path / "partial"
        partial.write_text("whole")
        with pytest.raises(FileExistsError) if final is taken else nullcontext():
            durable.name_anew(partial, final)
    assert (free.read_text(), taken.read_text()) == ("whole", "mine")


@pytest.mark.parametrize("call", ["link", "renameat2"])
def test_what_else_a_disk_refuses_is_said(tmp_path, monkeypatch, call):
    def refuse(*_):
        raise OSError(errno.EIO if call == "link" else errno.EPERM, "no")

    monkeypatch.setattr(durable.os, "link", refuse)
    monkeypatch.setattr(durable, "_renamed", lambda *_: errno.ENOSPC)
    (tmp_path / "partial").touch()
    with pytest.raises(OSError, match=r"no|No space") as raised:
        durable.name_anew(tmp_path / "partial", tmp_path / "final")
    assert raised.value.errno == (errno.EIO if call == "link" else errno.ENOSPC)
    assert not (tmp_path / "final").exists()


def test_what_a_stalled_writer_still_writes_does_not_go_into_the_cube_that_took_its_place(cube, tmp_path):
    """Its tile would count there, if the new run were killed before it came to it: nothing else tells."""
    old, aside = Cube(cube), tmp_path / "aside"
    tile = next(iter(old.layout))
    values = {name: old.read(name, tile) for name in old.names}
    with only_writer(cube) as lease:
        hold(old, lease)
        cube.rename(aside)  # as by a run on another host, after a minute without a sign
        new = tmp_path / "new"
        run(replace(tiled_sweep(), fixed={"L": 401.0}), new, tile_points=2000)
        new.rename(cube)
        before = contents(cube)
        for missing in (False, True):
            if missing:
                revoke(Cube(cube), next(iter(Cube(cube).layout)))
                before = contents(cube)
            commit(old, tile, values)
            assert contents(cube) == before
        with pytest.raises(CubeError, match="another goes on in its place"):
            lease.require(anew=True)
        with pytest.raises(CubeError, match="another goes on in its place"):
            hold(Cube(cube), lease)
        shutil.rmtree(aside)
        with pytest.raises(FileNotFoundError):
            commit(old, tile, values)
        assert contents(cube) == before
