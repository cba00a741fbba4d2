"""A number beside an axis means the value that a table prints so, and no other."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.printed import as_printed
from equisweep.sweeps.cube.select import select

THIRDS = np.array([0, 1 / 6, 1 / 3, 0.5, 2 / 3, 1.0])


def cube(dim: str = "a") -> xr.Dataset:
    values = {"y": (dim, np.arange(6.0)), "status": (dim, np.ones(6, np.uint8))}
    return xr.Dataset(values, {"a": (dim, THIRDS)})


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("0.333333", 2), ("0.3333333333", 2), ("0.166667,0.666667", [1, 4]), ("0.166667:0.5", [1, 2, 3]),
        ("0:0.333333", [0, 1, 2]), ("0.16666:0.4", [1, 2]), ("0.33334:0.7", [3, 4]), ("0.333334:", [3, 4, 5]),
    ],
)  # fmt: skip
def test_a_selection_takes_what_prints_so(text, positions):
    assert select(cube(), [f"a={text}"])["y"].values.tolist() == positions


@pytest.mark.parametrize(
    ("condition", "positions"),
    [
        ("a == 0.333333", [2]), ("a >= 0.166667 and a <= 0.333333", [1, 2]), ("a > 0.333333", [3, 4, 5]),
        ("0.666667 > a", [0, 1, 2, 3]), ("a in (0.333333, 0.5)", [2, 3]), ("a > 0.33333", [2, 3, 4, 5]),
        ("a - 0.333333 > 0", [2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_a_condition_means_what_prints_so(condition, positions):
    assert np.flatnonzero(where(cube(), condition)["y"].notnull()).tolist() == positions


def test_a_condition_on_samples_means_the_number_itself():
    assert where(cube("sample"), "a > 0.333333")["y"].count() == 4


def test_a_number_is_another_value_only_where_it_is_written_as_that_prints():
    assert as_printed(0.333333, THIRDS) == 1 / 3
    assert as_printed(0.333333, THIRDS, six_digits=False) is None
    assert as_printed(0.33333, THIRDS) is None
    for number, value in (
        (333333, 1e6 / 3),
        (-3.33333e6, -1e7 / 3),
        (1.66667e-7, 1e-6 / 6),
        (0.3, 0.3000001),
    ):
        assert as_printed(number, np.array([value, 1.0])) == value
    assert as_printed(333333, np.array([333334])) is None
    assert as_printed(3.33333e6, np.array([3333333])) is None
    for number, values in (
        (1e6, [1000001.0, 2e6]),
        (3.0, [3.0000001, 5]),
        (0.333333, [0.3333331, 0.3333332]),
    ):
        assert as_printed(number, np.array(values)) is None
    for number in (np.inf, -np.inf, np.nan):
        assert as_printed(number, THIRDS) is None
    with pytest.raises(SweepError, match="no such value"):
        select(cube(), ["a=0.33333"])
