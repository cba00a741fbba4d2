"""Largest steps and breaks that cannot be are refused."""

import pytest
from equisweep.engine.ode.method import Method


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_step": 0}, "max_step = 0: must be above 0"),
        ({"max_step": float("nan")}, "max_step = nan: must be above 0"),
        ({"max_step": 1, "fixed_steps": 3}, "max_step does not go with fixed_steps = 3"),
        ({"breaks": [1], "fixed_steps": 3}, "breaks does not go with fixed_steps = 3"),
        ({"breaks": 3}, "breaks = 3: must be a list of times"),
        ({"breaks": "at"}, "breaks = 'at': must be a list of times"),
        ({"breaks": [True]}, "breaks: True is neither a time nor"),
        ({"breaks": [-1]}, "breaks: -1 is no time from 0 on"),
        ({"breaks": [float("inf")]}, "breaks: inf is no time from 0 on"),
    ],
)
def test_impossible_limits_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Method(**options)
