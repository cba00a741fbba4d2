"""The short form of every suite: the same few faults every time; ``make faults`` tries thousands."""

import re
import subprocess
import sys

import pytest
from helpers.project import ROOT


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "faults", *arguments], cwd=ROOT / "tests", capture_output=True, text=True
    )  # fmt: skip


@pytest.mark.parametrize(
    "suites", [("kills", "failing_calls"), ("power_cuts", "damage", "writers", "signals")]
)
def test_nothing_is_lost_and_nothing_is_silent(suites):
    result = run("--short", *suites)
    assert result.returncode == 0, result.stderr
    rows = re.findall(r"^\| \*\*(.+)\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|$", result.stdout, re.M)
    assert len(rows) == len(suites)
    assert all(int(tried) == int(survived) >= 8 for _, tried, survived in rows)
