"""SQL over a cube against the same answers found point by point, and what SQL may not do."""

import math
from collections import defaultdict

import dask.array as da
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.sql import sql, sql_batches, tables
from helpers.hard_cube import hard_cube, points


def rows(cube, query):
    return sql(cube, query).to_pylist()


def unreadable(array):
    """The same array, except that reading any of it fails."""

    def fail(block):
        raise RuntimeError(f"{array.name} was read")

    data = da.from_array(array.values, chunks=-1).map_blocks(fail, dtype=array.dtype, meta=array.values[:0])
    return array.copy(data=data)


@pytest.mark.parametrize("chunks", [None, {"mechanism": 1, "alpha": 2}])
def test_every_point_is_a_row_in_order_with_names_for_codes(chunks):
    result = rows(hard_cube(chunks), "select * from cube")
    for row, point in zip(result, points(hard_cube()), strict=True):
        loss = None if math.isnan(point["loss"]) else point["loss"]
        assert row == {k: v for k, v in point.items() if k != "share"} | {"loss": loss}


def test_groups_are_those_of_the_points():
    lowest = defaultdict(list)
    for p in points(hard_cube()):
        if p["status"] == "ok" and not math.isnan(p["loss"]):
            lowest[p["alpha"]].append(p["loss"])
    good = "status = 'ok' and loss is not null"
    query = f"select alpha, min(loss) m, count(*) n from cube where {good} group by alpha"
    result = {row["alpha"]: (row["m"], row["n"]) for row in rows(hard_cube({"alpha": 2}), query)}
    assert result == {alpha: (min(values), len(values)) for alpha, values in lowest.items()}


def test_vectors_have_a_table_with_a_row_per_label():
    cube = hard_cube({"alpha": 3})
    assert list(tables(cube)) == ["cube", "cube_factor"]
    assert rows(cube, "select count(*) n, sum(tally) s from cube") == [
        {"n": 28, "s": sum(p["tally"] for p in points(cube))}
    ]
    result = rows(
        cube, "select factor, max(share) m, count(*) n from cube_factor group by factor order by factor"
    )
    highest = [max(p["share"][i] for p in points(cube)) for i in (0, 1)]
    assert [(r["factor"], r["m"], r["n"]) for r in result] == [
        ("data", highest[0], 28),
        ("systems", highest[1], 28),
    ]


def test_a_table_may_be_scanned_twice():
    query = "select count(*) n from cube a join cube b on a.tally = b.tally and a.kind <= b.kind"
    tally = [(p["tally"], p["kind"]) for p in points(hard_cube())]
    pairs = sum(one[0] == two[0] and one[1] <= two[1] for one in tally for two in tally)
    assert rows(hard_cube({"alpha": 2}), query) == [{"n": pairs}]


@pytest.mark.parametrize(
    ("query", "fails"),
    [
        ("select count(*) from cube", False),
        ("select alpha, sum(tally) from cube where status = 'ok' group by alpha", False),
        ("with t as (select * from cube) select max(tally) from t", False),
        ("select sum(TALLY) from cube", False),
        ("select columns('t.*') from cube", False),
        ("select * from cube", True),
        ("select columns('l.*') from cube", True),
        ("select cube from cube", True),
        ("select tally from cube where loss > 3", True),
        ("select tally from cube order by loss limit 3", True),
    ],
)
def test_only_the_columns_that_are_needed_are_read(query, fails):
    cube = hard_cube()
    cube["loss"] = unreadable(cube["loss"])
    if fails:
        with pytest.raises(RuntimeError, match="loss was read"):  # and no fault of the query
            sql(cube, query)
    else:
        assert sql(cube, query).num_rows > 0


def test_points_that_a_condition_dropped_are_no_rows():
    actual = rows(
        where(hard_cube({"alpha": 2}), 'kind == "rest_point"'), "select alpha, tally, kind from cube"
    )
    expected = [p for p in points(hard_cube()) if p["kind"] == "rest_point"]
    assert [(r["tally"], r["kind"]) for r in actual] == [(p["tally"], "rest_point") for p in expected]


def test_a_reader_may_leave_early():
    with sql_batches(hard_cube({"alpha": 1}), "select * from cube") as batches:
        assert next(iter(batches)).num_rows > 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selct 1", "syntax error"),
        ("select alhpa from cube", r'"alhpa" not found.*columns of cube: mechanism, alpha'),
        ("select share from cube", "share has a value per factor: it is in the table cube_factor"),
        ("select 1 from cub", "does not exist.*Tables: cube, cube_factor"),
        ("select sqrt('a') from cube", "'a'"),
        ("", "write one statement, not 0"),
        ("select 1; select 2", "write one statement, not 2"),
        ("create table t (a int)", "only SELECT is allowed, and this is create"),
        ("delete from cube", "only SELECT"),
        ("copy cube to 'here.csv'", "only SELECT"),
        ("set threads = 1", "only SELECT"),
        ("attach 'here.db'", "only SELECT"),
        ("install httpfs", "only SELECT"),
        ("pragma database_list", "only SELECT"),
        ("select * from read_csv('pyproject.toml')", "disabled by configuration"),
        ("select * from read_text('pyproject.toml')", "disabled by configuration"),
        ("select * from 'pyproject.toml'", "does not exist"),
        ("select * from glob('*')", "disabled by configuration"),
        ("select * from query", "does not exist"),  # no variable of the program is a table
    ],
)
def test_wrong_and_unsafe_queries_are_refused_in_one_line(query, message):
    with pytest.raises(SweepError, match=message) as error:
        sql(hard_cube(), query)
    assert str(error.value).startswith("sql: ")
    assert "\n" not in str(error.value)


def test_a_name_with_a_dot_without_quotes_is_told_how_to_be_written():
    cube = hard_cube().rename(beta="v.data")
    with pytest.raises(SweepError, match=r'Write "v\.data" in double quotes'):
        sql(cube, "select v.data from cube")
