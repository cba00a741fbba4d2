"""Selections by coordinate, at the edges: negative numbers, tiny numbers, labels with commas."""

import csv
import json
from io import StringIO

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr
from equisweep.sweeps import SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.query import Query, answer, query_text
from equisweep.sweeps.cube.select import select
from equisweep.sweeps.text import count_of, nearest
from helpers.hard_cube import hard_cube, points
from helpers.small_sweeps import small_sweep, tiled_sweep


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


def test_conditions_on_labels_of_axes_that_vary_together_hold_point_by_point():
    how, level = ["none", "some of it", "none", "all"], [0.5, 0.5, 1.5, 0.5]
    zipped = dataset().rename(x="scenario").drop_vars("scenario")
    zipped = zipped.assign_coords(how=("scenario", how), level=("scenario", level))
    for condition, kept in {
        'how == "none"': [0, 2],
        "how == 'none' and level < 1": [0],
        'how != "none" and tiny > 1.5e-15': [1, 3],
        'how == "some of it" or level > 1': [1, 2],
    }.items():
        there = where(zipped, condition)["y"].notnull()
        np.testing.assert_array_equal(np.flatnonzero(there.any("tiny")), kept, condition)
        assert int(there.sum()) == len(kept) * (1 if "tiny" in condition else 2)
    with pytest.raises(SweepError, match="did you mean 'none'"):
        where(zipped, 'how == "nune"')


def test_csv_quotes_labels_that_hold_commas():
    cube = dataset().rename(x="corner").assign_coords(corner=["(0,0)", "(0,1)", "(1,0)", "(1,1)"])
    rows = list(csv.DictReader(query_text(cube, ["y"], style="csv").splitlines()))
    assert [row["corner"] for row in rows[::2]] == ["(0,0)", "(0,1)", "(1,0)", "(1,1)"]
    assert {row["status"] for row in rows} == {"ok"}


def test_of_many_names_an_error_lists_a_few_that_begin_alike_and_finds_the_nearest_of_all():
    known = [f"city_{k}" for k in range(80)] + ["y_mean", "y_std", "investment"]
    assert nearest("y", known).startswith(" (known: y_mean, y_std, city_0, ")
    assert nearest("y", known).endswith("city_9 and 71 more)")
    assert nearest("investmant", known).startswith("; did you mean 'investment'?")
    assert nearest("b", ["a", "c"]) == " (known: a, c)"


@pytest.mark.parametrize(("unit", "title"), [("", "y"), ("1", "y"), ("money", "y [money]")])
def test_a_grid_has_its_unit_in_brackets_if_there_is_one(unit, title):
    given = dataset()
    given["y"].attrs["units"] = unit
    assert query_text(given, ["y"]).splitlines()[0] == title


def test_classes_are_printed_by_name():
    cube = dataset()
    codes = np.array([[1, 0]] * 4, np.int8)
    about = {"flag_values": [0, 1], "flag_meanings": "undecided rest_point"}
    cube["attractor"] = (("x", "tiny"), codes, about)
    rows = json.loads(query_text(cube, ["attractor"], style="json"))
    assert [row["attractor"] for row in rows[:2]] == ["rest_point", "undecided"]
    assert "rest_point  undecided" in query_text(cube, ["attractor"], [], "table")


def test_rows_are_in_the_order_of_the_grid_whatever_the_pieces():
    for chunks in (None, {"alpha": 2}, {"mechanism": 1, "alpha": 3}, {"n": 1}):
        text = query_text(hard_cube(chunks), ["tally"], style="csv")
        result = [int(row["tally"]) for row in csv.DictReader(text.splitlines())]
        assert result == [p["tally"] for p in points(hard_cube())]


def test_a_table_ends_after_200_rows_and_says_how_many_there_are():
    long = xr.Dataset({"y": ("x", np.arange(300.0)), "status": ("x", np.ones(300, np.uint8))})
    lines = query_text(long.assign_coords(x=np.arange(300))).splitlines()
    assert len(lines) == 2 + 200 + 1
    assert lines[-1] == "... 100 more rows; style='csv' prints all"


def test_what_is_no_text_is_refused():
    with pytest.raises(SweepError, match="'parquet' is no text"):
        query_text(dataset(), style="parquet")


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("ask") / "cube.zarr"
    run(tiled_sweep(), path, tile_points=1000)
    return path


@pytest.fixture(scope="module")
def truth(cube):
    loaded = open_cube(cube).load()
    shape = loaded["status"].shape
    alpha, beta = (
        np.broadcast_to(loaded[n].values.reshape(s), shape) for n, s in (("alpha", (-1, 1)), ("beta", -1))
    )
    return {"alpha": alpha, "beta": beta} | {name: loaded[name].values for name in loaded.data_vars}


def printed(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr()


def test_query_filters_and_reduces_a_cube_of_many_tiles(capsys, cube, truth):
    condition = "investment > 5 and alpha + beta < 0.9"
    chosen = (truth["investment"] > 5) & (truth["alpha"] + truth["beta"] < 0.9)
    out = printed(capsys, "query", cube, "--where", condition, "--var", "investment", "--format", "csv").out
    rows = list(csv.DictReader(out.splitlines()))
    assert [float(row["investment"]) for row in rows] == truth["investment"][chosen].tolist()
    out = printed(
        capsys, "query", cube, "--where", condition, "--where", "alpha <= 0.5", "--var", "investment",
        "--reduce", "argmax:beta,alpha", "--format", "json",
    ).out  # fmt: skip
    (result,) = json.loads(out)
    fine = chosen & (truth["alpha"] <= 0.5) & (truth["status"] == 1)
    best = np.argmax(np.where(fine, truth["investment"], -np.inf))
    for name in ("investment", "alpha", "beta"):
        assert result[name] == truth[name].ravel()[best]
    assert result["left_out"] == (chosen & (truth["alpha"] <= 0.5) & (truth["status"] != 1)).sum()


def test_sql_says_what_it_has_not_left_out(capsys, cube, truth):
    output = printed(capsys, "sql", cube, "select max(investment) m from cube", "--format", "json")
    assert json.loads(output.out) == [{"m": truth["investment"].max()}]
    corners = (truth["status"] == 2).sum()
    assert f"corner {corners:,}" in output.err
    assert corners > 0
    output = printed(
        capsys, "sql", cube, "select count(*) n from cube where status = 'ok'", "--format", "csv"
    )
    assert output.out.split() == ["n", str((truth["status"] == 1).sum())]
    assert output.err == ""


def test_an_answer_goes_to_a_file_once(capsys, cube, tmp_path):
    path = tmp_path / "corners.parquet"
    query = ("sql", cube, "select * from cube where status = 'corner'", "-o", path)
    assert "corners.parquet: " in printed(capsys, *query).out
    assert main([str(word) for word in query]) == 2
    assert "--overwrite replaces it" in capsys.readouterr().err
    printed(capsys, *query, "--overwrite")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query", "--where", "alhpa > 2"), "did you mean 'alpha'"),
        (("query", "--reduce", "mean:gamma"), "--reduce mean:gamma: no such axis"),
        (("query", "--keep", "okay", "--reduce", "mean"), "--keep okay: no such status"),
        (("query", "--keep", "corner"), "--keep corner: is for --reduce"),
        (("query", "--keep", ",", "--reduce", "mean"), "--keep ,: names no status"),
        (("query", "--format", "netcdf"), "--format netcdf: is binary"),
        (("sql", "select alpha, alpha from cube", "--format", "json"), "two columns are called 'alpha'"),
        (("sql", "select x from cube"), "columns of cube: alpha, beta, investment"),
    ],
)
def test_wrong_questions_are_one_line(capsys, cube, arguments, message):
    command, *rest = arguments
    assert main([command, str(cube), *rest]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("--where", "investment > 1e9", "--var", "investment"), "alpha  beta  investment  status\n"),
        (("--where", "investment > 1e9", "--format", "csv"), "alpha,beta,investment,"),
        (("--where", "investment > 1e9", "--format", "json"), "[]"),
        (("--where", "alpha > 2", "--reduce", "mean", "--var", "investment"), "nan"),
    ],
)
def test_that_no_point_satisfies_a_condition_is_an_answer(capsys, cube, arguments, answer):
    streams = printed(capsys, "query", cube, *arguments)
    assert answer in streams.out
    assert streams.err == f"equisweep: no point satisfies {arguments[1]}\n"


def test_an_empty_answer_goes_to_a_file_with_its_columns(capsys, cube, tmp_path):
    path = tmp_path / "none.parquet"
    printed(capsys, "query", cube, "--where", "investment > 1e9", "-o", path)
    assert pq.read_table(path).num_rows == 0
    assert "investment" in pq.read_table(path).column_names


def test_the_same_in_python(cube, truth):
    asked = open_cube(cube).equisweep
    kept = asked.where("alpha < 0.5").equisweep.ok()
    fine = (truth["alpha"] < 0.5) & (truth["status"] == 1)
    assert int(kept["status"].notnull().sum()) == fine.sum()
    best = asked.reduce("max", over=["alpha", "beta"], names=["investment"])
    assert float(best["investment"]) == truth["investment"][truth["status"] == 1].max()
    assert asked.sql("select count(*) n from cube").to_pylist() == [{"n": fine.size}]
    assert asked.select({"alpha": "0.5"})["alpha"].item() == 0.5


def test_one_thing_is_no_several():
    said = [count_of(number, "boundary", "boundaries") for number in (0, 1, 2_000)]
    assert said == ["0 boundaries", "1 boundary", "2,000 boundaries"]
    assert [count_of(number, "point") for number in (1, 2)] == ["1 point", "2 points"]


def test_help_shows_examples(capsys):
    for command in ("query", "sql"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert f"equisweep {command} cube.zarr" in capsys.readouterr().out.split("examples:")[1]


@pytest.mark.parametrize("how", ["", "mean", "std", "argmax", "count"])
def test_one_point_that_is_left_by_a_selection_is_told(how, tmp_path, capsys):
    run(small_sweep(derivatives={}), tmp_path / "cube.zarr")
    truth = xr.open_zarr(tmp_path / "cube.zarr").load()
    first = np.argwhere(truth["status"].values == 1)[0]
    truth = truth.isel(dict(zip(truth["status"].dims, first, strict=True)))
    words = [w for name in truth.coords for w in ("--sel", f"{name}={truth[name].item()}")]
    words += ["--var", "investment", "--format", "json", *(["--reduce", how] if how else [])]
    assert main(["query", str(tmp_path / "cube.zarr"), *words]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["mechanism"] == truth["mechanism"].item()
    assert int(truth["status"]) == 1
    wanted = {"std": 0.0, "count": 1}.get(how, truth["investment"].item())
    assert row["count" if how == "count" else "investment"] == wanted
    # A number, and not a truth: JSON tells them apart, Python does not.
    assert not how or str(row["left_out"]) == "0"


@pytest.mark.parametrize("pieces", [False, True])
def test_counts_that_a_float_does_not_hold_are_whole_under_a_condition(tmp_path, pieces):
    counts = 2**53 + 1 + 2 * np.arange(4)
    cube = xr.Dataset(
        {"c": ("k", counts), "n": ("k", np.arange(4)), "status": ("k", np.ones(4, np.uint8))},
        coords={"k": np.arange(4.0)},
    )
    cube, question = cube.chunk(k=3) if pieces else cube, Query(conditions=["n > 0", "n != 2"])
    text = StringIO()
    assert answer(cube, question, "csv", file=text) == 2
    assert [row["c"] for row in csv.DictReader(StringIO(text.getvalue()))] == [str(counts[1]), str(counts[3])]
    answer(cube, question, "parquet", tmp_path / "c.parquet")
    assert pq.read_table(tmp_path / "c.parquet")["c"].to_pylist() == counts[[1, 3]].tolist()
    answer(cube, question, "netcdf", tmp_path / "c.nc")
    with xr.open_dataset(tmp_path / "c.nc", mask_and_scale=False) as stored:
        assert stored["c"].values.tolist() == [-1, counts[1], -1, counts[3]]
    answer(cube, question, "zarr", tmp_path / "c.zarr")
    for stored in (xr.open_dataset(tmp_path / "c.nc"), xr.open_zarr(tmp_path / "c.zarr")):
        assert stored["c"].isnull().values.tolist() == [True, False, True, False]
        stored.close()
    assert where(cube, "n > 0")["c"].dtype == float  # as xarray has what is missing
