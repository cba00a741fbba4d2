"""The suites can fail: a mistake put into the store is noticed by one of them. A part of `make faults`."""

import re

import pytest

from faults.planted import PLANTED
from faults.test_short import run

FEW = {"power_cuts": 14, "failing_calls": 120, "damage": 40, "writers": 24, "signals": 16}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_mistake_is_noticed(mistake):
    suite = PLANTED[mistake][0]
    result = run("--planted", mistake, "--count", str(FEW[suite]), suite)
    assert result.returncode == 1, result.stderr
    ((tried, survived),) = re.findall(r"\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|", result.stdout)
    assert int(survived) < int(tried)
