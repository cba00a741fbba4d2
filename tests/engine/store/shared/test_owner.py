"""Whose a lease is, and whether that process has ended."""

import os
import subprocess
import time

import pytest
from equisweep.engine.store.shared import owner
from equisweep.engine.store.shared.owner import abandoned, is_running, scratch_name, this_process, worked_with


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux tells it")  # noqa: PTH110
def test_a_process_that_ended_is_gone_though_its_parent_never_asked():
    child = subprocess.Popen(["true"])
    deadline = time.monotonic() + 30
    while is_running(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, 0)  # there it still is, a zombie
    assert not is_running(child.pid)
    assert child.wait() == 0
    assert not is_running(child.pid)


def test_this_process_runs():
    assert is_running(os.getpid())
    assert this_process().gone is False


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
