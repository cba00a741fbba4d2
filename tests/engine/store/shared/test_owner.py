"""Whose a lease is, and whether that process has ended."""

import os
import subprocess
import time

import pytest
from equisweep.engine.store.shared.owner import is_running, this_process


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
