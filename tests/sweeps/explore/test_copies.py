"""What a page shows, to be had elsewhere: as an address, a condition, a command, a file."""

import subprocess
import sys
from urllib.parse import urlencode

import equisweep.sweeps.accessor  # noqa: F401
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.expression import parse_expression
from equisweep.sweeps.cube.lazy import _scope, where
from equisweep.sweeps.explore.state import State
from helpers.explorer.questions import ask, troubled_grid
from helpers.products import costs_seconds


@pytest.fixture(scope="module")
def grid():
    return troubled_grid()


def test_a_box_is_a_condition_that_takes_what_lies_in_it(grid):
    answer = ask(
        "box", grid, var="loss", x="b", y="a", sel="who=a<b>", _x0="0.005", _x1="0.5", _y0="2.5", _y1="0.9"
    )
    inside = where(grid, answer["where"])["loss"].notnull().values.any(axis=-1)
    assert inside.tolist() == [[False] * 4, [False, True, True, False], [False, True, True, False]]
    named = ask("box", grid, var="loss", x="who", y="b", sel="a=1", _x0="0.6", _x1="1.4", _y0="0", _y1="2")
    assert named["where"] == 'who in ("a<b>",) and b >= 0.001 and b <= 1.0'
    parse_expression(named["where"], _scope(grid))
    with pytest.raises(SweepError, match="no value of b lies in the box"):
        ask("box", grid, var="loss", x="b", y="a", sel="who=a<b>", _x0="0.002", _x1="0.003", _y0="0", _y1="9")
    odd = grid.rename({"a": "odd name"})
    answer = ask(
        "box", odd, var="loss", x="b", y="odd name", sel="who=a<b>", _x0="0", _x1="2", _y0="0", _y1="1.5"
    )
    assert where(odd, answer["where"])["loss"].notnull().sum() == 8 - 1


@costs_seconds
def test_what_is_shown_is_copied_as_a_command_as_python_and_as_files(grid, tmp_path):
    asked = {
        "var": "loss",
        "x": "b",
        "y": "a",
        "sel": "who=a<b>",
        "log": ["x"],
        "range": "-1:20",
        "cmap": "magma",
        "keep": ["corner"],
    }
    copies = ask("copy", grid, **asked)
    assert copies["command"] == (
        "equisweep plot a.zarr --var loss --x b --y a --sel 'who=a<b>' --log x --keep corner --cmap magma "
        "--range=-1:20 -o picture.png"
    )
    script = f"{copies['python'].replace('picture.png', str(tmp_path / 'made.png'))}"
    names = {"cube": grid}
    exec(script, names)
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    table = ask("drawn.csv", grid, **asked).decode().splitlines()
    assert table[0] == "a,b,loss [money],status"
    assert len(table) == 1 + 12
    assert table[1].split(",") == ["1.0", "0.001", "17.0", "ok"]
    assert ask("picture.svg", grid, **asked).lstrip().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"var": "lose", "x": "a"}, "no such variable; did you mean 'loss'"),
        ({"var": "loss", "x": "a", "zoom": "3"}, "'zoom': no such key"),
        ({"var": "loss", "x": ["a", "b"]}, "x: stands there 2 times"),
        ({"var": "loss", "x": "a", "compare": "<script>"}, "should be beside or difference"),
        ({"var": "loss", "x": "a", "levels": "many", "y": "b", "sel": "who=a<b>"}, "number of bands"),
        ({"var": "loss", "x": "a", "range": "1", "y": "b", "sel": "who=a<b>"}, "LOW:HIGH"),
        ({"var": "loss", "x": "a"}, "still varies over"),
        ({"var": "loss", "x": "a", "log": ["z"]}, "no such scale"),
    ],
)
def test_an_address_that_cannot_be_met_is_answered_in_a_line(grid, values, message):
    with pytest.raises(SweepError) as raised:
        ask("view", grid, **values)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_state_is_its_address():
    state = State(
        ("a b", "d&e=f"),
        "x#1",
        "",
        "ü",
        ("p",),
        "heat",
        ('m="a,b"', "n=3"),
        ("x", "color"),
        ("corner",),
        "magma",
        "1,2",
        ":3",
        "beside",
        ("n=3",),
    )
    assert State.of(state.address) == state
    assert State.of(urlencode({"x": "a"})) == State(x="a")
    with pytest.raises(SweepError, match="20,000 are the most"):
        State.of("x=" + "y" * 30_000)


def test_opening_a_page_loads_neither_jax_nor_bokeh():
    code = (
        "import sys, equisweep.sweeps.explore.explorer, equisweep.sweeps.explore.source\n"
        "print([name for name in ('jax', 'bokeh', 'dask', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
