"""A process computes with the cores that it may use, and XLA with as many threads as it is told."""

import os
import subprocess
import sys

import pytest
from equisweep.engine import cores as of
from equisweep.engine.cores import cores, threads_of_xla, usable_cores, use_cores, xla_begins_with

BOUND = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from equisweep.engine.cores import cores, threads_of_xla, usable_cores
print(usable_cores(), cores(), threads_of_xla())
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="LEFT OUT: this system binds no process")
def test_a_process_that_is_bound_to_one_core_computes_on_one():
    # as SLURM leaves a job some of a host's cores
    environment = {name: value for name, value in os.environ.items() if name != "NPROC"}
    asked = subprocess.run(
        [sys.executable, "-c", BOUND], capture_output=True, text=True, check=True, env=environment
    )
    assert asked.stdout.split() == ["1", "1", "1"]


def test_others_have_the_other_cores(monkeypatch):
    monkeypatch.setattr(of, "_MOST", [0])
    assert cores() == usable_cores()
    use_cores(3)
    assert cores() == 3


def test_xla_begins_with_as_many_threads_and_the_environment_is_as_before(monkeypatch):
    monkeypatch.delenv("NPROC", raising=False)
    monkeypatch.setattr(of, "_OF_XLA", [0])
    for has_begun, after in ((False, usable_cores()), (True, 5)):
        monkeypatch.setattr(of, "xla_has_begun", lambda: False)
        with xla_begins_with(5):
            assert os.environ["NPROC"] == "5"
            monkeypatch.setattr(of, "xla_has_begun", lambda begun=has_begun: begun)
        assert "NPROC" not in os.environ
        assert threads_of_xla() == after


def test_what_the_user_says_and_what_has_begun_stays(monkeypatch):
    monkeypatch.setattr(of, "_OF_XLA", [0])
    monkeypatch.setattr(of, "xla_has_begun", lambda: False)
    monkeypatch.setenv("NPROC", "7")
    with xla_begins_with(5):
        assert os.environ["NPROC"] == "7"
    assert threads_of_xla() == 7
    monkeypatch.delenv("NPROC")
    monkeypatch.setattr(of, "xla_has_begun", lambda: True)
    with xla_begins_with(5):
        assert "NPROC" not in os.environ
    assert threads_of_xla() == usable_cores()
