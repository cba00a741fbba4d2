"""The short forms of every suite: the same few faults every time; ``make faults`` tries thousands."""

import re
import subprocess
import sys

import pytest
from helpers.products import some
from helpers.project import ROOT


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "faults", *arguments], cwd=ROOT / "tests", capture_output=True, text=True
    )  # fmt: skip


def totals(table):
    """Of each suite its name, how many were tried, and how many survived."""
    return re.findall(r"^\| \*\*(.+)\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|$", table, re.M)


@pytest.mark.parametrize("form", some(["--short", "--shorter"], ["--shorter"]))
def test_nothing_is_lost_and_nothing_is_silent(form):
    result = run(form)
    assert result.returncode == 0, result.stderr
    rows = totals(result.stdout)
    assert len(rows) == 8
    assert all(int(tried) == int(survived) >= 8 for _, tried, survived in rows)
