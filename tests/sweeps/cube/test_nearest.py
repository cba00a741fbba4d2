"""Selections of the nearest value: which one it is, that it is said, and where there is none."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError, accessor  # noqa: F401  (dataset.equisweep)
from equisweep.sweeps.commands.analysing import boundary, plot, sensitivity
from equisweep.sweeps.commands.asking import query
from equisweep.sweeps.commands.command import open_part, open_selected
from equisweep.sweeps.commands.main import _parser, main
from equisweep.sweeps.cube.select import select
from helpers.hard_cube import hard_cube, plain
from helpers.messages import refused


def dataset():
    x, n = np.linspace(-1, 1, 21), np.array([2, 3, 10])
    return xr.Dataset(
        {"y": (("x", "n", "kind", "s"), np.zeros((21, 3, 2, 3)))},
        {"x": x, "n": n, "kind": ["a~b", "c=d"], "a": ("s", [1.0, 2.0, 2.0]), "b": ("s", [5.0, 7.0, 6.0])},
    )


@pytest.mark.parametrize("number", [-1.04, -1.0, -0.333, 0.0, 1e-9, 0.12, 0.9499, 1.049])
def test_the_nearest_is_that_of_xarray(number):
    expected = dataset().sel(x=number, method="nearest")
    for actual in (
        select(dataset(), [f"x~{number}"]),
        select(dataset(), {"x": number}, "nearest"),
        dataset().equisweep.sel(x=number, method="nearest"),
        dataset().equisweep.sel({"x": number}, "nearest"),
        dataset().equisweep.select({"x": number}, method="nearest"),
    ):
        xr.testing.assert_identical(actual, expected)


@pytest.mark.parametrize(
    ("selections", "name", "kept"),
    [
        (["x~0.11,0.12,-0.5"], "x", [0.1, -0.5]),  # each once
        (["n~6"], "n", 3),
        (["n~7"], "n", 10),
        (["n~13"], "n", 10),
        ({"n": [2.2, 9]}, "n", [2, 10]),
        ({"x": slice(0.05, 0.25)}, "x", [0.1, 0.2]),
        ({"kind": "a~b"}, "kind", "a~b"),
        (["kind=a~b"], "kind", "a~b"),
        (["kind=c=d"], "kind", "c=d"),
        (["a~1.9"], "b", [7.0, 6.0]),  # both that hold it
        (["b~5.8"], "a", 2.0),
        ([" x ~ 0.31 "], "x", 0.3),
    ],
)
def test_what_is_taken(selections, name, kept):
    values = select(dataset(), selections, "nearest")[name].values.tolist()
    assert values == (kept if isinstance(kept, str) else pytest.approx(kept))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x~1.06", "lies beyond the axis, more than half a step; x runs from -1 to 1"),
        ("x~-1e300", "lies beyond the axis"),
        ("n~14", "lies beyond the axis, more than half a step; n runs from 2 to 10"),
        ("n~1", "lies beyond the axis"),
        ("x~nan", "nothing is near nan"),
        ("x~inf", "nothing is near inf"),
        ("x~0.1,zero", "'zero' is not a number"),
        ("x~0.1:0.5", "a range takes what lies in it; write ="),
        ("kind~a", "kind has names, and none is near another; write ="),
        ("z~1", "no axis 'z'"),
        ("x~", "write NAME=VALUE"),
        ("~0.5", "write NAME=VALUE"),
    ],
)
def test_where_none_is_near(text, message):
    with refused(f"selections='{text}'.*{message}", f"--sel {text}.*{message}"):
        select(dataset(), [text])


def test_an_axis_of_one_value_has_what_is_near_it():
    one = dataset().isel(x=[3])
    assert select(one, ["x~-0.68"])["x"].item() == pytest.approx(-0.7)
    with pytest.raises(SweepError, match="beyond the axis"):
        select(one, ["x~0.7"])


def test_wrong_ways_to_ask_are_refused():
    with pytest.raises(SweepError, match="method='pad': no such method"):
        dataset().equisweep.sel(x=0.1, method="pad")
    with pytest.raises(SweepError, match="x stands in the mapping and among the keywords"):
        dataset().equisweep.sel({"x": 0.1}, x=0.2)
    with refused("nearest is x=0.1, which selections='x~0.12' takes", "which --sel x~0.12 takes"):
        select(dataset(), ["x=0.12"])
    with pytest.raises(SweepError, match="x stands there twice"):
        select(dataset(), ["x~0.1", "x=0.2"])


TAKEN = "equisweep: taken: x = 0.1 (nearest to 0.12); a = 2, 1 (nearest to 1.6,1)\n"


@pytest.mark.parametrize("command", [query, plot, sensitivity, boundary])
def test_every_command_that_selects_says_what_it_took(command, monkeypatch, capsys):
    from equisweep.sweeps import run as _  # noqa: F401  (the module lies behind the function of its name)

    monkeypatch.setattr("equisweep.sweeps.cube.open.open_cube", lambda path: dataset())
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(dataset()))
    extra = {"boundary": ["--var", "y", "--along", "x"], "plot": ["-o", "x.png"]}
    name = command.COMMAND.name
    words = [name, "c.zarr", "--sel", "x~0.12", "--sel", "n~3", "--sel", "a~1.6,1", *extra.get(name, [])]
    options = _parser([command.COMMAND]).parse_args(words)
    if command in (query, plot):
        assert command.open_part is open_part
        parts = [open_part(options, is_plain) for is_plain in (True, False)]
        assert dict(parts[0].sizes) == dict(parts[1].sizes)
    else:
        assert command.open_selected is open_selected
        open_selected(options)
    said = capsys.readouterr()
    assert not said.out
    assert said.err == TAKEN * (2 if command in (query, plot) else 1)


def test_a_count_has_no_row_for_what_never_occurs(monkeypatch, capsys):
    monkeypatch.setattr("equisweep.sweeps.cube.plain.open.open_plain", lambda path: plain(hard_cube()))
    words = ["query", "c.zarr", "--var", "status", "--reduce", "count", "--format", "csv"]
    statuses, counts = np.unique(hard_cube()["status"].values, return_counts=True)
    assert main(words) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]
    assert sorted(int(row[1]) for row in rows) == sorted(counts.tolist())
    assert len(rows) == len(statuses)
    # One that occurs anywhere stays everywhere, so that rows compare.
    assert main([*words[:5], "count:alpha,n", *words[6:]]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(rows) % len(statuses) == 0
    assert main([*words, "--where", "alpha > 99"]) == 0  # none at all: as it was
    assert "no point satisfies" in capsys.readouterr().err
