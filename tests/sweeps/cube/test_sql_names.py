"""Names that SQL folds or reserves: each column is found under its own, and no other one is."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.sql import sql
from equisweep.sweeps.cube.sql_names import tokenize

r, R = np.array([1.0, 2.0]), np.array([100.0, 200.0, 300.0])


def pool() -> xr.Dataset:
    """A pool whose names differ by case alone, or are words of SQL."""
    dims, zero = ("r", "R"), np.zeros((2, 3))
    small, large = 10 * r[:, None] + zero, 10 * R + zero
    return xr.Dataset(
        {
            "e": (dims, small),
            "E": (dims, large),
            "order": (dims, 2 * small),
            "true": (dims, 7 + zero),
            "Status": (dims, 9 + zero),
            "status": (dims, np.ones((2, 3), np.uint8)),
        },
        coords={"r": r, "R": R},
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select sum(E) as s from cube", [{"s": 12000}]),
        ("select sum(e) s from cube E", [{"s": 90}]),
        ("select R, avg(E) as m from cube group by R order by R", [{"R": x, "m": 10 * x} for x in R]),
        ('select E, e from cube where "R" = 300 and r=2', [{"E": 3000, "e": 20}]),
        ("select max(c.E - cube.e) d from cube c, cube", [{"d": 2990}]),
        ("with E as (select sum(E) s from cube) select E.s from E", [{"s": 12000}]),
        ("select 'E' as x, E'e' as y from cube limit 1 -- E", [{"x": "E", "y": "e"}]),
        ("select sum(E) /* e */ filter (E > 2000) as s from cube", [{"s": 6000}]),
        ("select count(*) n from cube where Status = 9 and status = 'ok'", [{"n": 6}]),
        ('select sum("order") as s from cube', [{"s": 180}]),
        ('select sum("true") as s from cube where e is not null', [{"s": 42}]),
    ],
)
def test_a_name_is_the_column_that_is_spelt_so(query, expected):
    assert sql(pool(), query).to_pylist() == expected


def test_reserved_words_that_differ_by_case_are_columns_in_quotes_alone():
    cube = pool().rename(order="select", true="Select", Status="Order", e="order")
    query = 'select sum("select") s, sum("Select") t, sum("Order") o from cube where "order" > 5 order by "s"'
    assert sql(cube, query).to_pylist() == [{"s": 180, "t": 42, "o": 54}]
    assert sql(cube, "select E from cube group by E order by E limit 1")["E"].to_pylist() == [1000]
    with pytest.raises(
        SweepError, match='order, Order are words of SQL, too: as a column write "order", "Order"'
    ):
        sql(cube, "select sum(Order) from cube")
    with pytest.raises(SweepError, match='default is a word of SQL, too: as a column write "default"'):
        sql(pool().rename(order="default"), "select sum(default) from cube")


def test_results_bear_the_names_that_were_written():
    assert sql(pool(), "select sum(E), r from cube group by r").column_names == ["sum(E)", "r"]
    assert sql(pool(), "select * from cube").column_names == [
        "r", "R", "e", "E", "order", "true", "Status", "status",
    ]  # fmt: skip
    described = sql(pool(), "describe cube")["column_name"].to_pylist()
    assert described[:4] == ["r", "R", "e", "E"]


@pytest.mark.parametrize("chunks", [None, {"R": 1}])
def test_only_the_columns_that_are_named_are_read(chunks):
    cube = pool().chunk(chunks) if chunks else pool()
    assert sql(cube, "select sum(E) s, min(R) m from cube").to_pylist() == [{"s": 12000, "m": 100}]


def test_tables_whose_names_differ_by_case_alone_are_two():
    cube = xr.Dataset(
        {
            "low": (("n", "l"), [[1.0, 2.0]]),
            "high": (("n", "L"), [[10.0, 20.0, 30.0]]),
            "status": ("n", np.ones(1, np.uint8)),
        },
        coords={"n": [5], "l": [0, 1], "L": [0, 1, 2]},
    )
    assert sql(cube, "select sum(low) s, max(l) m from cube_l").to_pylist() == [{"s": 3, "m": 1}]
    assert sql(cube, "select sum(high) s, max(L) m from cube_L").to_pylist() == [{"s": 60, "m": 2}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select STATUS from cube", 'differ by case alone: "Status" and "status"'),
        (
            "select order from cube",
            'order is a word of SQL, too: as a column write "order", in double quotes',
        ),
        ("select r, true from cube", 'true is a word of SQL.*write "true" for the column'),
        ("select sum(e) from cube where true", r"\(1 = 1\) for what SQL means by it"),
        ("selct E from cube", "syntax error"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused_with_the_way_to_write_it(query, message):
    with pytest.raises(SweepError, match=message) as error:
        sql(pool(), query)
    assert "#" not in str(error.value)


def test_tokens_put_together_are_the_query():
    query = " select é, 'a''b' /* x */ from \"T\"\"x\" -- end\n where $$E$$ = 1e3;"
    assert "".join(text + space for text, space, _ in tokenize(query)) == query
