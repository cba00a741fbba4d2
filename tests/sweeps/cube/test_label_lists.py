"""Labels that hold what separates labels: each can be selected, alone and among others."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.expression import Meaning, parse_expression
from equisweep.sweeps.cube.label_lists import split_labels
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.query import query_text
from equisweep.sweeps.cube.select import select
from equisweep.sweeps.cube.sql import sql
from equisweep.sweeps.plots.plot import plot

POINTS = ["(0,0)", "(1,1)", "inner 'x'", 'a "b"', "r:s=t", "a,b", "a", "b"]
POINTS += ["Überwachung (β = ½)", "日本, 東京", "(é,1)"]
KINDS = ("(0,0)", "halb_(é)", "zu,_viel", "it's_so")


def cube() -> xr.Dataset:
    labels = np.array(POINTS, np.dtypes.StringDType())
    return xr.Dataset(
        {
            "x": ("rest point".replace(" ", "_"), np.arange(len(POINTS) * 1.0)),
            "status": ("rest_point", np.ones(len(POINTS), np.uint8)),
        },
        coords={"rest_point": labels},
    )


@pytest.mark.parametrize("place", range(len(POINTS)))
def test_every_label_selects_its_own_value(place):
    for text in (POINTS[place], f' "{POINTS[place]}"'):
        assert select(cube(), [f"rest_point={text}"])["x"].values.tolist() == place
    assert select(cube(), {"rest_point": POINTS[place]})["x"].item() == place
    label = POINTS[place].replace("'", "\\'")
    condition = f"rest_point == '{label}'"
    assert np.flatnonzero(where(cube(), condition)["x"].notnull()).tolist() == [place]
    label = POINTS[place].replace("'", "''")
    assert sql(cube(), f"select x from cube where rest_point = '{label}'")["x"].to_pylist() == [place]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("(1,1),(0,0)", [1, 0]),
        ("(1, 1), (0, 0)", [1, 0]),
        ("(0,0),a,b", [0, 5]),
        ('"a","b"', [6, 7]),
        ("b,a", [7, 6]),
        ("a,b,a", [5, 6]),
        ('r:s=t,a "b",a', [4, 3, 6]),
    ],
)
def test_several_labels_are_those_between_the_commas(text, places):
    assert select(cube(), [f"rest_point={text}"])["x"].values.tolist() == places


def test_a_list_of_labels_says_itself_where_each_ends():
    assert select(cube(), {"rest_point": ["a", "b"]})["x"].values.tolist() == [6, 7]
    assert select(cube(), {"rest_point": ["a,b", "(1,1)"]})["x"].values.tolist() == [5, 1]


def test_a_label_that_is_misspelt_is_named():
    with pytest.raises(SweepError, match=r"no value '\(1'|no value '\(1,2\)'"):
        select(cube(), ["rest_point=(1,2)"])
    assert split_labels("sharng,b", ["sharing", "b"]) == ["sharng", "b"]


def test_a_query_prints_what_was_selected():
    assert "1" in query_text(cube(), ["x"], ["rest_point=(1,1)"], "csv").splitlines()[1]


def test_a_hundred_thousand_labels_are_split_in_one_pass():
    assert split_labels("a,b," * 20_000 + "a", ["a", "b"]) == ["a", "b"] * 20_000 + ["a"]
    assert split_labels("a," * 50_000 + "c", ["a", "b"])[-1] == "c"
    assert split_labels("a,a,a,a", ["a", "a,a"]) == ["a,a", "a,a"]


def test_labels_of_classes_are_found_as_their_model_wrote_them_though_blanks_are_stored_as_underscores():
    known = {"kind": Meaning({0: "at_rest", 1: "it's_off"})}
    for text, code in (('kind == "at rest"', 0), ('kind == "at_rest"', 0), ('kind == "it\'s off"', 1)):
        values = parse_expression(text, known).evaluate({"kind": np.array([0, 1])})
        np.testing.assert_array_equal(values, np.array([0, 1]) == code)


def with_classes() -> xr.Dataset:
    """Classes along labels, as a run stores them: blanks in their names are underscores."""
    numbers = np.arange(len(POINTS) * 2).reshape(-1, 2) % 4
    flags = {"flag_values": [0, 1, 2, 3], "flag_meanings": " ".join(KINDS)}
    dims = ("rest_point", "a")
    status = dims, np.ones(numbers.shape, np.uint8)
    return cube().assign(kind=(dims, numbers.astype(np.int8), flags), status=status, a=[0.0, 1.0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spelt", ["as stored", "with blanks"])
def test_classes_are_found_in_conditions_and_in_sql_however_their_blanks_are_written(kind, spelt):
    data, number = with_classes(), KINDS.index(kind)
    name = kind.replace("_", " ") if spelt == "with blanks" else kind
    quoted = name.replace("'", "\\'")
    selected = where(data, f"kind == '{quoted}'")["kind"]
    np.testing.assert_array_equal(selected.notnull(), data["kind"] == number)
    quoted = name.replace("'", "''")
    rows = sql(data, f"select rest_point, a from cube where kind = '{quoted}'").to_pylist()
    positions = np.argwhere((data["kind"] == number).values).tolist()
    assert [(row["rest_point"], row["a"]) for row in rows] == [(POINTS[i], float(k)) for i, k in positions]


def test_a_text_that_is_a_label_too_stays_as_it_is_in_sql():
    data = with_classes().assign_coords(a=np.array(["halb (é)", "b"], np.dtypes.StringDType()))
    result = sql(data, "select count(*) as n from cube where a = 'halb (é)'")
    assert result["n"].to_pylist() == [len(POINTS)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("kind = 'halb (é)'", lambda kind, a: kind),
        ("kind = 'halb_(é)'", lambda kind, a: kind),
        ("a = 'halb (é)'", lambda kind, a: a | (kind & False)),
        ("a = 'halb (é)' and KIND <> 'halb (é)'", lambda kind, a: a & ~kind),
        ("a in ('b', 'halb (é)') and kind in ('x', 'halb (é)')", lambda kind, a: kind),
        ("'halb (é)' = kind or cube.a = 'halb (é)'", lambda kind, a: kind | a),
        ("case kind when 'halb (é)' then a = 'b' else false end", lambda kind, a: kind & ~a),
    ],
)
def test_of_a_class_and_a_label_that_are_called_alike_sql_takes_that_of_the_column(condition, expected):
    data = with_classes().assign_coords(a=np.array(["halb (é)", "b"], np.dtypes.StringDType()))
    is_kind = data["kind"].values == KINDS.index("halb_(é)")
    result = sql(data, f"select count(*) as n from cube where {condition}")
    assert result["n"].to_pylist() == [expected(is_kind, np.array([True, False])).sum()]


def test_classes_along_a_dimension_are_named_with_blanks_too():
    kinds = np.array([*KINDS, "plain_(x,_y)"], np.dtypes.StringDType())
    data = xr.Dataset(
        {
            "points": (("a", "kind"), np.arange(2 * len(kinds)).reshape(2, -1)),
            "status": ("a", np.uint8([1, 1])),
        },
        {"a": [0.0, 1.0], "kind": kinds},
    )
    last = [len(KINDS), 2 * len(KINDS) + 1]
    assert select(data, ["kind=plain (x, y)"])["points"].values.tolist() == last
    assert select(data, {"kind": ["plain (x, y)", KINDS[0]]})["points"].shape == (2, 2)
    rows = sql(data, "select points from cube_kind where kind = 'plain (x, y)'")
    assert rows["points"].to_pylist() == last
    chosen = where(data, f"`points.plain (x, y)` > {last[0]}")
    assert chosen["status"].notnull().values.tolist() == [False, True]


def test_a_picture_of_classes_bears_all_labels():
    figure = plot(
        with_classes(), "kind", "a", "rest_point", kind="classes", selections=["rest_point=(1,1),a,b"]
    )
    panel = figure.axes[0]
    assert [text.get_text() for text in panel.get_yticklabels()] == ["(1,1)", "a,b"]
    some = plot(
        with_classes(), "kind", "a", "rest_point",
        kind="classes", selections=["rest_point=Überwachung (β = ½),(é,1)"],
    )  # fmt: skip
    assert [text.get_text() for text in some.axes[0].get_yticklabels()] == ["Überwachung (β = ½)", "(é,1)"]
    texts = [text.get_text() for legend in some.legends for text in legend.get_texts()]
    assert [text for text in texts if text] == ["(0,0)", "halb (é)"]
