"""Selections by coordinate, at the edges: negative numbers, tiny numbers, labels with commas."""

import csv

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.query import format_records, query_text, records, select


def dataset() -> xr.Dataset:
    x, tiny = np.array([-2.0, -1.0, 0.0, 1.0]), np.array([1e-15, 2e-15])
    values = np.arange(8.0).reshape(4, 2)
    return xr.Dataset(
        {"y": (("x", "tiny"), values), "status": (("x", "tiny"), np.ones((4, 2), np.uint8))},
        coords={"x": x, "tiny": tiny},
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("-1:1", [-1, 0, 1]),
        ("-2:-1", [-2, -1]),
        (":-1", [-2, -1]),
        ("0:", [0, 1]),
        ("-1,1", [-1, 1]),
        ("1:1", [1]),
    ],
)
def test_ranges_are_closed_at_both_ends_whatever_the_sign(text, kept):
    assert select(dataset(), {"x": text})["x"].values.tolist() == kept


def test_tiny_coordinates_are_told_apart():
    assert select(dataset(), {"tiny": "2e-15"})["tiny"].item() == 2e-15
    with pytest.raises(SweepError, match="the nearest is tiny=1e-15"):
        select(dataset(), {"tiny": "1.4e-15"})


def test_csv_quotes_labels_that_hold_commas():
    cube = dataset().rename(x="corner").assign_coords(corner=["(0,0)", "(0,1)", "(1,0)", "(1,1)"])
    lines = format_records(records(cube, ["y"]), "csv").splitlines()
    rows = list(csv.DictReader(lines))
    assert [row["corner"] for row in rows[::2]] == ["(0,0)", "(0,1)", "(1,0)", "(1,1)"]
    assert {row["status"] for row in rows} == {"ok"}


def test_classes_are_printed_by_name():
    cube = dataset()
    codes = np.array([[1, 0]] * 4, np.int8)
    about = {"flag_values": [0, 1], "flag_meanings": "undecided rest_point"}
    cube["attractor"] = (("x", "tiny"), codes, about)
    rows = records(cube, ["attractor"])
    assert [row["attractor"] for row in rows[:2]] == ["rest_point", "undecided"]
    assert "rest_point  undecided" in query_text(cube, ["attractor"], [], "table")
