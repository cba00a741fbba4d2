"""The suites can fail: a mistake that is put into the store is noticed by the suite that is to notice it."""

import re

import pytest

from faults.planted import PLANTED
from faults.test_short import run

FEW = {"power_cuts": 14, "failing_calls": 40, "damage": 40, "writers": 6, "signals": 16}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_mistake_is_noticed(mistake):
    suite = PLANTED[mistake][0]
    result = run("--planted", mistake, "--count", str(FEW[suite]), suite)
    assert result.returncode == 1, result.stderr
    ((tried, survived),) = re.findall(r"\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|", result.stdout)
    assert int(survived) < int(tried)
