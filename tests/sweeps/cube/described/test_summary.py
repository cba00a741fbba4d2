"""What a cube says of itself in a notebook: all its parts, and no markup that its names hold."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import accessor  # noqa: F401  (dataset.equisweep)
from equisweep.sweeps.cube.described import summary
from helpers.hard_cube import hard_cube
from helpers.pictures import hand_made


class Cells(HTMLParser):
    """Texts of all cells of a table, and names of all tags."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.cells.append(data)


def test_axes_variables_units_and_statuses_are_there():
    status = np.full((2, 9, 4, 2), int(Status.ok), np.uint8)
    status[0, 3:6, 0, 0] = Status.corner
    cube = hand_made(status)
    shown = Cells(cube.equisweep._repr_html_())
    text = repr(cube.equisweep)
    for part in (
        "A game by hand, 144 points",
        "alpha",
        "0.1, 0.2 ... 0.9",
        "alone, sharing",
        "money",
        "investment",
    ):
        assert any(part in cell for cell in shown.cells), part
        assert part in text, part
    assert re.search(r"corner +3 +2.08%", text)
    assert shown.cells[shown.cells.index("corner") + 1] == "3"
    one = cube.sel(n=3).equisweep
    assert re.search(r"\nn +selected +3 ", repr(one))


def test_markup_in_names_is_text():
    evil = "<script>alert(1)</script><img src=x onerror=y>"
    cube = xr.Dataset(
        {
            "y": (("a",), [1.0], {"units": evil, "long_name": "\"'>" + evil}),
            "status": ("a", np.ones(1, np.uint8)),
        },
        {"a": [evil]},
        {"title": evil},
    )
    shown = Cells(cube.equisweep._repr_html_())
    assert shown.tags == {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert sum(evil in cell for cell in shown.cells) == 4


def test_what_steers_a_terminal_or_never_ends_is_shown_as_what_it_is():
    evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\r\nsecond line"
    cube = xr.Dataset(
        {"y": (("a",), [1.0], {"units": evil, "long_name": "x" * 1_000_000}), "status": ("a", [1])},
        {"a": [evil]},
        {"title": evil},
    )
    for text in (repr(cube.equisweep), cube.equisweep._repr_html_()):
        assert not set(text) & set("\x1b\x07\r\u202e")
        assert "\\x1b]0;owned" in text
        assert len(text) < 20_000


@pytest.mark.parametrize(
    "cube", [hard_cube(), hard_cube({"alpha": 2}), hard_cube()[["status"]], xr.Dataset()]
)
def test_every_cube_has_one(cube):
    assert cube.equisweep._repr_html_().startswith("<div>")
    assert repr(cube.equisweep)


def test_statuses_of_large_cubes_are_not_read(monkeypatch):
    monkeypatch.setattr(summary, "MOST_COUNTED", 10)
    assert "Status" not in repr(hand_made().equisweep)
