"""The short form of every suite: the same few faults every time; ``make faults`` tries thousands."""

import re
import subprocess
import sys

from helpers.products import costs_seconds
from helpers.project import ROOT


def totals(table):
    """Of each suite its name, how many were tried, and how many survived."""
    return re.findall(r"^\| \*\*(.+)\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|$", table, re.M)


def test_a_few_kills_and_some_damage_lose_nothing():
    command = [sys.executable, "-m", "faults", "kills", "damage", "--count", "2"]
    result = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    rows = totals(result.stdout)
    assert len(rows) == 2
    assert all(int(tried) == int(survived) >= 2 for _, tried, survived in rows)


@costs_seconds
def test_nothing_is_lost_and_nothing_is_silent():
    command = [sys.executable, "-m", "faults", "--short"]
    result = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    rows = totals(result.stdout)
    assert len(rows) == 8
    assert all(int(tried) == int(survived) >= 8 for _, tried, survived in rows)
