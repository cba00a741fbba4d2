"""Conditions on a dimension of outputs leave those labels, beside conditions on points."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.query import Query, answer

POINTS = ["(0,0)", "(1,1)", "edge x=1", 'a "b"']
R, TIMES = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 1.0])


def cube() -> xr.Dataset:
    return xr.Dataset(
        {
            "x": (("r", "rest_point"), 10 * R[:, None] + np.arange(4.0)),
            "path": (("r", "time"), R[:, None] * TIMES),
            "one": ("r", R),
            "status": ("r", np.ones(3, np.uint8)),
        },
        coords={"r": R, "time": TIMES, "rest_point": np.array(POINTS, np.dtypes.StringDType())},
    )


@pytest.mark.parametrize(
    ("condition", "rows", "places"),
    [
        ('rest_point == "(1,1)"', [0, 1, 2], [1]),
        ("rest_point == 'a \"b\"' and r > 1", [1, 2], [3]),
        ('r > 1 and rest_point != "(1,1)" and rest_point != "(0,0)"', [1, 2], [2, 3]),
        ('(rest_point in ("(0,0)", "edge x=1")) and (one == 1 or r == 3)', [0, 2], [0, 2]),
        ('rest_point == "(0,0)" and x.(1,1) > 15', [1, 2], [0]),
    ],
)
def test_labels_that_satisfy_it_are_left(condition, rows, places):
    selected = where(cube(), condition)
    assert selected["rest_point"].values.tolist() == [POINTS[place] for place in places]
    expected = cube()["x"].isel(rest_point=places).where(cube()["r"].isin(R[rows]))
    np.testing.assert_array_equal(selected["x"], expected)
    assert selected.attrs["where"] == condition


def test_numbers_along_such_a_dimension_are_compared_too():
    selected = where(cube(), "time >= 0.5 and r < 3")
    assert selected["time"].values.tolist() == [0.5, 1.0]
    np.testing.assert_array_equal(selected["path"].sel(r=2.0), [1.0, 2.0])
    assert selected["path"].sel(r=3.0).isnull().all()


def test_a_query_writes_those_rows_alone(tmp_path):
    asked = Query(["x"], [], ['rest_point == "(1,1)"', "r > 2"])
    assert answer(cube(), asked, "csv", tmp_path / "rows.csv") == 1
    assert (tmp_path / "rows.csv").read_text().splitlines()[1] == '3.0,"(1,1)",31.0,ok'


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ('rest_point == "(1,1)" or r > 2', "is about rest_point and r; say what is asked of rest_point"),
        ('rest_point == "(1,1)" and rest_point == "(0,0)"', "no rest_point satisfies"),
        ('rest_point == "(1,2)"', r"rest_point has no such value; did you mean '\(1,1\)'"),
        ("x > 3", r"has several values a point; write x.\(0,0\)"),
    ],
)
def test_what_cannot_be_meant_is_said(condition, message):
    with pytest.raises(SweepError, match=message):
        where(cube(), condition)
