"""What a machine has is said in words that name what a sweep would use."""

import os

import pytest
from equisweep.engine.errors import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.machine import describe_machine


def test_every_topic_has_its_figures(tmp_path):
    topics = describe_machine(tmp_path)
    assert f"of {os.cpu_count()} cores" in topics["processor"]
    assert "points side by side" in topics["processor"]
    assert topics["memory"].endswith("free") or "B" in topics["memory"]
    assert "MB/s" in topics["disk"] or "GB/s" in topics["disk"]
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_them_all(tmp_path, capsys):
    assert main(["doctor", str(tmp_path)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(
        describe_machine(tmp_path)
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SweepError, match="is no folder"):
        describe_machine(tmp_path / "missing")
