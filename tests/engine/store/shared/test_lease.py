"""Who writes to a cube: nobody beside one who is alone, anybody beside parts, the dead in nobody's way."""

import errno
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, replace

import pytest
from equisweep.engine.store.shared import lease, signs
from equisweep.engine.store.shared.lease import beside_others, only_writer
from equisweep.engine.store.shared.owner import this_process
from equisweep.engine.store.shared.signs import FOLDER, LASTS, writers
from equisweep.engine.store.storage.disk import Disk
from equisweep.sweeps import CubeError
from helpers.aside import Aside

ELSEWHERE = replace(this_process(), host="far", where="00000000", process=1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(signs, "_WATCHED", 0.0)
    (tmp_path / "cube.zarr" / "status").mkdir(parents=True)
    return tmp_path / "cube.zarr"


def left(root, owner, alone=True, what="run", ago=0.0, part=""):
    """The file of another writer, who gave a sign of life so long ago."""
    path = root / FOLDER / f"{owner.process:016x}.writer"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"owner": asdict(owner), "alone": alone, "what": what, "part": part}))
    os.utime(path, (time.time() - ago,) * 2)
    return path


def test_one_who_is_alone_is_alone_and_parts_are_not(root):
    with only_writer(root):
        for other in (only_writer(root), beside_others(root, "1/2")):
            with (
                pytest.raises(CubeError, match=r"another run is writing to it \(process \d+ on .*wait for"),
                other,
            ):
                pass
    with beside_others(root, "1/2"), beside_others(root, "1/2"), beside_others(root, "2/2"):
        assert sorted(writer.part for writer in writers(root)) == ["1/2", "1/2", "2/2"]
        with pytest.raises(CubeError, match=r"part ./2 is writing to it"), only_writer(root):
            pass
    assert writers(root) == []
    assert not (root / FOLDER).exists()


def test_threads_of_one_process_are_never_alone_together(root):
    inside, most = [], []

    def enter():
        for _ in range(5):
            try:
                with only_writer(root):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.003)
                    inside.pop()
            except CubeError:
                pass

    with ExitStack() as threads:
        for _ in range(4):
            threads.enter_context(Aside(enter))
    assert most
    assert set(most) == {1}


def test_who_was_killed_on_this_host_is_in_nobodys_way(root):
    ended = subprocess.Popen(["true"])
    ended.wait()
    path = left(root, replace(this_process(), process=ended.pid))
    with only_writer(root):
        assert not path.exists()


def test_a_later_process_of_the_same_number_is_not_taken_for_the_writer(root):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        path = left(root, replace(this_process(), process=living.pid, since=1))
        with only_writer(root):
            assert not path.exists()
        living.communicate(b"\n")


def test_a_writer_elsewhere_counts_until_it_gave_no_sign_for_long(root):
    path = left(root, ELSEWHERE, ago=LASTS / 2)
    with (
        pytest.raises(
            CubeError, match=r"process 1 on far\); if it was killed, it is gone in \d+ s"
        ) as refused,
        only_writer(root),
    ):
        pass
    assert 0 < int(re.findall(r"gone in (\d+) s", str(refused.value))[0]) <= LASTS / 2 + 1
    for away in (-LASTS - 5, 1e9):  # nobody signs ahead of the storage's clock
        left(root, ELSEWHERE, ago=-away)
        with only_writer(root):
            assert not path.exists()
    path = left(root, ELSEWHERE, alone=False, part="1/2", ago=LASTS + 5)
    with beside_others(root, "2/2"):
        assert path.exists()  # `info` shows it until somebody is alone


def test_others_wait_for_what_is_soon_done(root):
    path = left(root, ELSEWHERE, what="preparing")
    threading.Timer(0.3, path.unlink).start()
    with beside_others(root, "1/2"):
        assert not path.exists()
    left(root, ELSEWHERE, what="ending")
    with pytest.raises(CubeError), only_writer(root, "ending", wait=False):
        pass


def test_what_a_power_cut_left_of_a_file_is_nobodys(root):
    (root / FOLDER).mkdir()
    endless = json.dumps({"owner": {**asdict(ELSEWHERE), "process": float("inf")}}).encode()
    for number, raw in enumerate((b"", b"\0" * 100, b"[]", b'{"owner": 3}', endless)):
        (root / FOLDER / f"{number:016x}.writer").write_bytes(raw)
    (root / FOLDER / "0123456789abcdef.writer.1-2-3.partial").write_bytes(b"")
    with only_writer(root):
        assert [path.suffix for path in (root / FOLDER).iterdir()] == [".writer"]


def test_a_writer_who_slept_looks_before_it_writes_on(root, monkeypatch):
    with beside_others(root, "1/2") as held:
        held.require()
        awake = lease.awake()
        monkeypatch.setattr(lease, "awake", lambda: awake + LASTS)
        held.require()  # nobody minded
        monkeypatch.setattr(lease, "awake", lambda: awake + 3 * LASTS)
        held.path.unlink()
        with pytest.raises(CubeError, match=r"gave no sign of life for 60 s .* another goes on in its place"):
            held.require()


def test_a_writer_whose_file_was_taken_stops_at_its_next_tile(root, monkeypatch):
    monkeypatch.setattr(lease, "_LOOKS", -1)
    with only_writer(root) as held:
        held.require()
        held.path.unlink()
        with pytest.raises(CubeError, match="gave no sign of life"):
            held.require()
    monkeypatch.setattr(signs, "LASTS", 0.06)
    monkeypatch.setattr(lease, "_LOOKS", 1e9)
    with only_writer(root) as held:  # the thread that renews it has seen it first
        held.path.unlink()
        until = time.monotonic() + 20
        while not held._lost and time.monotonic() < until:
            time.sleep(0.005)
        with pytest.raises(CubeError, match="gave no sign of life"):
            held.require()


@pytest.mark.parametrize("enter", [only_writer, lambda root: beside_others(root, "1/2")])
@pytest.mark.parametrize("stalled", ["names", "read"])
def test_who_signs_while_the_storage_stalls_another_is_left_its_file(root, monkeypatch, stalled, enter):
    path, real, calls = left(root, ELSEWHERE), getattr(signs, stalled), []
    monkeypatch.setattr(signs, "LASTS", 1.0)
    monkeypatch.setattr(lease, "_FRESH", 0.0)  # else one who is alone would wait for it

    def slow(where):
        result = None if stalled == "names" else real(where)
        if not calls:
            calls.append(where)
            time.sleep(1.2)
            os.utime(path)
        return real(where) if result is None else result

    monkeypatch.setattr(signs, stalled, slow)
    with pytest.raises(CubeError, match="process 1 on far"), enter(root):
        pass
    assert calls
    assert path.exists()
    assert len(writers(root)) == 1


@pytest.mark.parametrize("enter", [only_writer, lambda root: beside_others(root, "1/2")])
def test_a_writer_whose_clock_is_another_is_watched_before_it_is_taken_for_gone(root, monkeypatch, enter):
    """Where each host writes the time of its own clock, what shows that it lives is that this changes."""
    path, over = left(root, ELSEWHERE, ago=3000), threading.Event()
    monkeypatch.setattr(signs, "_WATCHED", 1.5)
    monkeypatch.setattr(signs, "LASTS", 3.0)

    def live():
        while not over.wait(signs.between()):
            os.utime(path, (time.time() - 3000,) * 2)

    with Aside(live):
        try:
            with pytest.raises(CubeError, match="process 1 on far"), enter(root):
                pass
        finally:
            over.set()
    began = time.monotonic()
    with enter(root):
        assert time.monotonic() - began >= 1.5 * signs.between()
    with only_writer(root):
        assert not path.exists()
    left(root, ELSEWHERE, ago=30 * 86_400)  # no clock is as wrong as that
    monkeypatch.setattr(signs, "_WATCHED", 1e9)
    with enter(root):
        pass


def test_who_signs_at_the_last_moment_keeps_its_file(root, monkeypatch):
    path, real = left(root, ELSEWHERE, ago=LASTS + 5), type(root).rename

    def signed(old, new):
        if old == path:
            os.utime(path)
        real(old, new)

    monkeypatch.setattr(type(root), "rename", signed)
    with pytest.raises(CubeError, match="process 1 on far"), only_writer(root):
        pass
    assert [writer.path for writer in writers(root)] == [path]
    monkeypatch.undo()
    (root / FOLDER / "0123456789abcdef.writer.gone").touch()  # of one who was killed amid that
    path.unlink()
    with only_writer(root) as held:
        assert list((root / FOLDER).iterdir()) == [held.path]


def test_a_stale_handle_says_that_the_file_has_gone_and_no_answer_says_nothing(root, monkeypatch):
    with only_writer(root) as held:
        for number, lost in ((errno.EIO, False), (errno.ESTALE, True)):

            def touch(_self, path, number=number):
                raise OSError(number, "", str(path))

            monkeypatch.setattr(Disk, "touch", touch)
            with pytest.raises(CubeError, match="gave no sign") if lost else nullcontext():
                held.require(anew=True)


def test_signs_are_given_by_the_clock_of_the_storage(root, monkeypatch):
    """A file that is written has its time from the file system; `os.utime` may take it from this host."""
    with only_writer(root) as held:
        before, said = held.path.stat().st_mtime_ns, held.path.read_bytes()
        time.sleep(0.02)
        monkeypatch.setattr(os, "utime", lambda *_, **__: pytest.fail("by the clock of this host"))
        assert held.now() * 1e9 > before
        assert held.path.read_bytes() == said


def test_who_is_taken_for_gone_before_it_began_comes_anew(root, monkeypatch):
    taken, real = [], signs.names

    def names(where):
        result = real(where)
        if not taken:
            taken.extend(where / FOLDER / name for name in result)
            taken[0].unlink()
        return result

    monkeypatch.setattr(signs, "names", names)
    with only_writer(root) as held:
        assert held.path.exists()
        assert held.path not in taken


def test_a_lease_is_renewed_while_its_writer_works(root, monkeypatch):
    monkeypatch.setattr(signs, "LASTS", 0.6)
    with beside_others(root, "1/2") as held:
        before = held.path.stat().st_mtime_ns
        until = time.monotonic() + 20
        while held.path.stat().st_mtime_ns == before and time.monotonic() < until:
            time.sleep(0.02)
        assert held.path.stat().st_mtime_ns > before
