"""Who writes to a cube: nobody beside one who is alone, anybody beside parts, the dead in nobody's way."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace

import pytest
from equisweep.engine.store.shared import lease, owner
from equisweep.engine.store.shared.lease import FOLDER, LASTS, beside_others, only_writer, writers
from equisweep.engine.store.shared.owner import abandoned, scratch_name, this_process, worked_with
from equisweep.sweeps import CubeError

ELSEWHERE = replace(this_process(), host="far", where="00000000", process=1)


@pytest.fixture
def root(tmp_path):
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

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
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
        awake = lease._awake()
        monkeypatch.setattr(lease, "_awake", lambda: awake + LASTS)
        held.require()  # nobody minded
        monkeypatch.setattr(lease, "_awake", lambda: awake + 3 * LASTS)
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
    monkeypatch.setattr(lease, "LASTS", 0.06)
    monkeypatch.setattr(lease, "_LOOKS", 1e9)
    with only_writer(root) as held:  # the thread that renews it has seen it first
        held.path.unlink()
        until = time.monotonic() + 20
        while not held._lost and time.monotonic() < until:
            time.sleep(0.005)
        with pytest.raises(CubeError, match="gave no sign of life"):
            held.require()


@pytest.mark.parametrize("enter", [only_writer, lambda root: beside_others(root, "1/2")])
@pytest.mark.parametrize("stalled", ["names", "_read"])
def test_who_signs_while_the_storage_stalls_another_is_left_its_file(root, monkeypatch, stalled, enter):
    path, real, calls = left(root, ELSEWHERE), getattr(lease, stalled), []
    monkeypatch.setattr(lease, "LASTS", 1.0)
    monkeypatch.setattr(lease, "_FRESH", 0.0)  # else one who is alone would wait for it

    def slow(where):
        found = None if stalled == "names" else real(where)
        if not calls:
            calls.append(where)
            time.sleep(1.2)
            os.utime(path)
        return real(where) if found is None else found

    monkeypatch.setattr(lease, stalled, slow)
    with pytest.raises(CubeError, match="process 1 on far"), enter(root):
        pass
    assert calls
    assert path.exists()
    assert len(writers(root)) == 1


def test_who_is_taken_for_gone_before_it_began_comes_anew(root, monkeypatch):
    taken, real = [], lease.names

    def names(where):
        found = real(where)
        if not taken:
            taken.extend(where / FOLDER / name for name in found)
            taken[0].unlink()
        return found

    monkeypatch.setattr(lease, "names", names)
    with only_writer(root) as held:
        assert held.path.exists()
        assert held.path not in taken


def test_a_lease_is_renewed_while_its_writer_works(root, monkeypatch):
    monkeypatch.setattr(lease, "LASTS", 0.6)
    with beside_others(root, "1/2") as held:
        before = held.path.stat().st_mtime_ns
        until = time.monotonic() + 20
        while held.path.stat().st_mtime_ns == before and time.monotonic() < until:
            time.sleep(0.02)
        assert held.path.stat().st_mtime_ns > before


def test_what_lies_beside_a_cube_is_abandoned_once_its_process_or_its_hour_is_over(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    mine = scratch_name()
    elsewhere = f"00000000-12345678-{os.getpid()}"
    names = {
        mine: False,
        mine.rpartition("-")[0] + f"-{ended.pid}": True,
        elsewhere: False,
        f"{ended.pid}": True,
    }
    for name, over in names.items():
        path = tmp_path / f"my-cube.zarr.partial-{name}"
        path.mkdir()
        assert abandoned(path) is over, name
    assert not abandoned(tmp_path / "my-cube.zarr.partial-mine")


def _comes_to_be(wanted, path):
    """Whether a path is abandoned, or is not, at some moment of the next 20 seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if abandoned(path) is wanted:
            return True
        time.sleep(0.05)
    return False


def test_what_another_host_works_with_is_told_by_the_clock_of_the_storage_however_long_it_takes(
    tmp_path, monkeypatch
):
    path = tmp_path / f"my-cube.zarr.partial-00000000-12345678-{os.getpid()}"
    path.mkdir()
    monkeypatch.setattr(owner, "ABANDONED", 0.3)
    monkeypatch.setattr(time, "time", lambda: 1e12)  # of a host whose clock is wrong
    with worked_with(path):
        time.sleep(0.5)
        assert _comes_to_be(False, path)
    assert _comes_to_be(True, path)
    assert list(tmp_path.iterdir()) == [path]
