"""What is written is read back: values, labels, attributes, and what was masked."""

import csv
import io
import json
import resource
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube import export
from equisweep.sweeps.cube.export import check_output, write_batches, write_netcdf
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.query import Query, answer
from equisweep.sweeps.cube.reduce import reduce
from equisweep.sweeps.plots.drawn import Table, write_table
from equisweep.sweeps.text import format_records
from helpers.hard_cube import hard_cube, points
from helpers.messages import refused

COLUMNS = ["alpha", "beta", "mechanism", "n", "loss", "kind", "tally", "status"]
CONDITION = "alpha < 0.5 and n == 4"


def expected_rows():
    kept = [p for p in points(hard_cube()) if round(p["alpha"], 6) < 0.5 and p["n"] == 4]
    return [{c: None if p[c] != p[c] else p[c] for c in COLUMNS} for p in kept]


def written(style, tmp_path, **parts):
    path = tmp_path / f"answer.{style}"
    question = Query(["loss", "kind", "tally"], conditions=[CONDITION], **parts)
    assert answer(hard_cube({"alpha": 2}), question, style, path) == len(expected_rows()) == 8
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # nothing half made is left
    return path


def test_csv_holds_every_digit(tmp_path):
    with written("csv", tmp_path).open(newline="") as file:
        values = list(csv.DictReader(file))
    texts = [{c: "" if v is None else str(v) for c, v in row.items()} for row in expected_rows()]
    assert [dict(sorted(row.items())) for row in values] == [dict(sorted(row.items())) for row in texts]


def test_json_holds_every_digit_and_null_for_nan(tmp_path):
    assert json.loads(written("json", tmp_path).read_text()) == expected_rows()


def test_parquet_keeps_types_and_names(tmp_path):
    result = pq.read_table(written("parquet", tmp_path))
    assert [dict(sorted(row.items())) for row in result.to_pylist()] == [
        dict(sorted(row.items())) for row in expected_rows()
    ]
    assert [str(result.schema.field(name).type) for name in ("loss", "tally", "n")] == [
        "double",
        "int16",
        "int64",
    ]


@pytest.mark.parametrize("condition", [None, CONDITION])
def test_netcdf_opens_with_the_same_values_labels_and_attributes(tmp_path, condition):
    cube = hard_cube({"alpha": 2})
    cube = where(cube, condition) if condition else cube
    write_netcdf(cube, tmp_path / "cube.nc")
    with xr.open_dataset(tmp_path / "cube.nc") as result:
        result.load()
    xr.testing.assert_equal(result, _plain(cube))
    assert result.attrs == cube.attrs
    for name in cube.data_vars:
        assert {k: np.asarray(v).tolist() for k, v in result[name].attrs.items()} == {
            k: np.asarray(v).tolist() for k, v in cube[name].attrs.items()
        }
    with xr.open_dataset(tmp_path / "cube.nc", mask_and_scale=False) as raw:
        assert (raw["kind"].dtype, raw["status"].dtype, raw["tally"].dtype) == (np.int8, np.uint8, np.int16)


def test_a_netcdf_file_that_the_disk_has_no_room_for_is_refused_before_hdf5_meets_it(tmp_path, monkeypatch):
    real, asked = export._require_disk_space, []

    def require(path, size):
        asked.append(size)
        real(path, size)

    monkeypatch.setattr(export, "_require_disk_space", require)
    few = hard_cube({"alpha": 2})
    many = xr.Dataset({f"a{i}": ("x", np.zeros(5), {"long_name": "n" * 300}) for i in range(30)})
    for number, cube in enumerate((few, many, xr.Dataset({"y": (("a", "b"), np.ones((400, 300)))}))):
        write_netcdf(cube, tmp_path / f"{number}.nc")
        assert asked[-1] >= (tmp_path / f"{number}.nc").stat().st_size
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
    try:
        with pytest.raises(SweepError, match="cannot be written"):
            write_netcdf(cube, tmp_path / "none.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.nc", "1.nc", "2.nc"]


def _plain(cube):
    """Labels as numpy's fixed-width text, the form in which netCDF gives them back."""
    labels = {name: np.array(cube[name].values.tolist()) for name in ("mechanism", "factor")}
    return cube.load().assign_coords(labels)


def test_a_reduction_is_written_too(tmp_path):
    best = reduce(hard_cube({"alpha": 2}), "argmax", ["mechanism"], ["loss"])
    write_netcdf(best, tmp_path / "best.nc")
    with xr.open_dataset(tmp_path / "best.nc") as result:
        for name in best.data_vars:
            np.testing.assert_array_equal(result[name].values, best[name].values)


def test_rows_of_sql_have_one_dimension_in_netcdf(tmp_path):
    import pyarrow as pa

    batch = pa.RecordBatch.from_pydict({"a": [1.5, None], "b": ["x", "y"], "n": [3, 4]})
    assert write_batches(batch.schema, [batch], "netcdf", tmp_path / "rows.nc", io.StringIO()) == 2
    with xr.open_dataset(tmp_path / "rows.nc") as result:
        np.testing.assert_array_equal(result["a"], [1.5, np.nan])
        assert result["b"].values.tolist() == ["x", "y"]
        assert result["n"].values.tolist() == [3, 4]


def test_what_netcdf_cannot_hold_is_refused(tmp_path):
    import pyarrow as pa

    batch = pa.RecordBatch.from_pydict({"a": [[1, 2], [3]]})
    with pytest.raises(SweepError, match="'a' holds list"):
        write_batches(batch.schema, [batch], "netcdf", tmp_path / "rows.nc", io.StringIO())
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "answer.csv"
    path.write_text("old")

    def batches():
        yield hard_batch
        raise RuntimeError("the disk is gone")

    import pyarrow as pa

    hard_batch = pa.RecordBatch.from_pydict({"a": [1.0]})
    for style in ("csv", "json", "parquet"):
        with pytest.raises(RuntimeError):
            write_batches(hard_batch.schema, batches(), style, path, io.StringIO())
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


def test_the_format_follows_the_ending(tmp_path):
    assert check_output(None, None, False) == "table"
    for ending, style in {"csv": "csv", "json": "json", "parquet": "parquet", "nc": "netcdf"}.items():
        assert check_output(None, tmp_path / f"x.{ending}", False) == style
    assert check_output("csv", tmp_path / "x.dat", False) == "csv"


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path):
    there = tmp_path / "x.csv"
    there.touch()
    with refused("is there already; overwrite=True replaces it", "is there already; --overwrite replaces it"):
        check_output(None, there, False)
    assert check_output(None, there, True) == "csv"
    with refused(
        "style='parquet': is binary; name a file with output", "parquet: is binary; name a file with -o"
    ):
        check_output("parquet", None, False)
    with pytest.raises(SweepError, match=r"unknown ending '\.xls'"):
        check_output(None, tmp_path / "x.xls", False)
    with pytest.raises(SweepError, match="does not exist; create it first"):
        check_output(None, tmp_path / "none" / "x.csv", False)
    with pytest.raises(SweepError, match="is a folder"):
        check_output("csv", tmp_path, True)


FORMULAS = [
    "=HYPERLINK(1)",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\xa0=1",
    "\uff1d1",
]
HARMLESS = ["-0.5", "a=b", "(1,1)", "sharing", "x;=1"]


def by_batches(columns, path):
    batch = pa.record_batch({name: pa.array(values) for name, values in columns.items()})
    write_batches(batch.schema, [batch], "csv", path, io.StringIO())


def by_records(columns, path):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path.write_text(format_records(rows, "csv") + "\n", newline="")


def by_pictures(columns, path):
    write_table(Table(list(columns), zip(*columns.values(), strict=True)), path)


@pytest.mark.parametrize("write", [by_batches, by_records, by_pictures])
def test_no_text_of_a_csv_is_a_formula_and_numbers_stay_numbers(tmp_path, write):
    texts = FORMULAS + HARMLESS
    numbers = [-1.5, float("-inf"), 0.1 + 0.2] * 5
    columns = {"=1+1": numbers, "-a": list(range(-7, 8)), "texts": texts, "@b": texts[::-1]}
    write(columns, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["'=1+1", "'-a", "texts", "'@b"]
    assert [float(row[0]) for row in rows] == numbers
    assert [row[1] for row in rows] == [str(n) for n in range(-7, 8)]
    for row, text in zip(rows, texts, strict=True):
        assert row[2].startswith("'") == (text in FORMULAS), text
    assert [row[3] for row in rows[::-1]] == [row[2] for row in rows]
    assert [row[2] for row in rows[len(FORMULAS) :]] == HARMLESS


def test_what_is_neither_number_nor_text_is_no_formula_either():
    columns = {
        "wait": pa.array([timedelta(days=-1), None]),
        "exact": pa.array([Decimal("-1.50"), None]),
        "list": pa.array([["=1"], None]),
        "bytes": pa.array([b"=1", b"\x1b[31m"]),
        "first": pa.array([None, "=1"]),
    }
    batch, text = pa.record_batch(columns), io.StringIO()
    write_batches(batch.schema, [batch], "csv", None, text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert rows[0] == {
        "wait": "'-1 day, 0:00:00",
        "exact": "-1.50",
        "list": "['=1']",
        "bytes": "b'=1'",
        "first": "",
    }
    assert rows[1] == {"wait": "", "exact": "", "list": "", "bytes": "b'\\x1b[31m'", "first": "'=1"}
