"""The arithmetic of the benchmarks: rates at matched error, tables, files, and what becomes of a bad peer."""

import json
import re

import page
import pytest
from helpers.products import costs_seconds
from helpers.project import ROOT
from helpers.tolerance import assert_close
from tools import harness, report
from tools.harness import OURS, Budget, Case, measure, ratios, row

TOYS = """
import os, time

def good(times):
    def check(found):
        return {"error": 1e-7, "steps": float(len(found)), "colour": "red"}
    return lambda: list(range(times)), check

def infinite():
    return lambda: None, lambda _: {"error": float("inf")}

def broken():
    raise RuntimeError("it broke\\nover two lines")

def gone():
    os._exit(3)

def slow():
    time.sleep(60)

def prepared(path):
    def prepare():
        with open(path, "a") as file:
            file.write("x")
    return lambda: print("to standard output"), lambda _: {}, prepare
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    (tmp_path / "toys.py").write_text(TOYS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def law(errors):
    """Points of rate = 1000 (error / 1e-6)^0.2, a straight line on log scales."""
    return [(e, 1000 * (e / 1e-6) ** 0.2) for e in errors]


def test_a_power_law_is_interpolated_exactly():
    for error in (1e-8, 3e-7, 1e-6, 1e-4):
        wanted = 1000 * (error / 1e-6) ** 0.2
        assert_close(report.matched_rate(law([1e-9, 1e-7, 1e-5, 1e-3]), error), wanted, multiplier=100)


def test_points_that_another_beats_do_not_count():
    points = law([1e-8, 1e-4])
    worse = [*points, (1e-5, 1.0), (1e-6, 1.0), (None, 1e9), (float("nan"), 1e9), (1e-9, None)]
    assert report.matched_rate(worse, 1e-6) == report.matched_rate(points, 1e-6)
    assert report.matched_rate([(1e-8, 7.0), (1e-8, 9.0)], 1e-8) == 9.0


def test_an_error_out_of_reach_has_no_rate_and_an_easy_one_the_fastest():
    points = law([1e-8, 1e-5])
    assert report.matched_rate(points, 1e-9) is None
    assert report.matched_rate([], 1e-9) is None
    assert report.matched_rate(points, 1e-3) == points[-1][1]
    assert report.matched_rate([(0.0, 5.0), (1e-6, 50.0)], 1e-6) == 50.0


def rows_of(who, points):
    case = Case(who, "toy", "toys:good", {}, 100)
    rows = []
    for error, rate in points:
        timing = harness._Timing(
            first=1.0, seconds=[100 / rate] * 3, cpu=[50 / rate] * 3, checked={"error": error}
        )
        rows.append(row(case, timing))
    return rows


def test_ratios_compare_at_the_same_error():
    rows = rows_of(OURS, law([1e-8, 1e-4])) + rows_of("peer", [(e, r / 4) for e, r in law([1e-7, 1e-5])])
    result = {(m["who"], m["error"]): m["ratio"] for m in report.matched(rows, (1e-6, 1e-9))}
    assert_close(result["peer", 1e-6], 4.0, multiplier=1000)
    assert_close(result[OURS, 1e-6], 1.0, multiplier=10)
    assert result["peer", 1e-9] is None
    assert [m["cpu_ratio"] for m in report.matched(rows, (1e-6,))] == pytest.approx([1.0, 4.0])
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: report.matched_rate(ours, r["error"]))
    assert_close(rows[-1]["ratio"], 4.0, multiplier=1000)


def test_a_row_tells_median_spread_rate_and_cores():
    timing = harness._Timing(first=9.0, seconds=[2.0, 1.0, 4.0], cpu=[3.0, 2.0, 7.0], checked={"order": 8.0})
    result = row(Case("peer", "toy", "toys:good", {}, 100, note="few"), timing)
    assert (result["median"], result["spread"], result["rate"]) == (2.0, 1.5, 50.0)
    assert_close(result["cores"], 12 / 7)
    assert result["cpu"] == 3.0
    assert result["note"] == "few; order 8.0"


@costs_seconds
def test_every_kind_of_peer_gets_a_row(toys):
    cases = [
        Case(OURS, "good", "toys:good", {"times": 3}, 10),
        Case("peer", "infinite", "toys:infinite", {}, 10),
        Case("absent", "absent", "toys:good", {"times": 3}, 10, needs=("no_such_module",)),
        Case("broken", "broken", "toys:broken", {}, 10),
        Case("gone", "fine until then", "toys:good", {"times": 3}, 10),
        Case("gone", "gone", "toys:gone", {}, 10),
        Case("gone", "fine again", "toys:good", {"times": 2}, 10),
        Case("prepared", "prepared", "toys:prepared", {"path": str(toys / "log")}, 10),
    ]
    rows = measure(cases, Budget(repeats=2), log=lambda _: None)
    assert [r["status"] for r in rows] == [
        "ok",
        "ok",
        "not installed: No module named 'no_such_module'",
        "failed: RuntimeError: it broke over two lines",
        "failed: its process ended in another case",
        "its process ended with code 3",
        "ok",
        "ok",
        "ok",
    ]
    assert rows[-1]["who"] == harness.PROBE
    assert (rows[0]["steps"], rows[0]["error"], rows[0]["note"]) == (3.0, 1e-7, "colour red")
    assert len(rows[0]["seconds"]) == 2
    assert rows[1]["error"] is None
    assert (toys / "log").read_text(encoding="utf-8") == "xxx"
    result = report.result("toy", "A toy.", "toys", rows, quick=True)
    report.check(result)
    assert len(result["rows"]) == len(cases)
    assert result["machine"]["cores_to_be_had"] == rows[-1]["cores"] > 0
    text = page.whole("toys", [result]) + page.summary({"toys": [result]})
    assert "not installed: No module named 'no_such_module'" in text
    assert "## toy (quick run)" in text


@pytest.mark.parametrize(
    ("had", "valid"), [(0.12, False), (0.99, False), (1.0, True), (2.0, True), (None, True)]
)
def test_what_was_measured_on_a_machine_that_others_had_is_not_valid(had, valid):
    goals = [report.goal("faster", 1.0, least=20.0), report.goal("open", None, least=1.0)]
    result = report.result("toy", "A toy.", "toys", rows_of(OURS, law([1e-8])), quick=False, goals=goals)
    result["machine"] |= {"cores": 2, "cores_to_be_had": had}
    row, section = page.summary({"toys": [result]}), page.whole("toys", [result])
    assert ("1 **missed**" in row, "1 **not valid**" in row) == (valid, not valid)
    assert "not measured" in row
    assert ("**Not valid**" in section) is not valid


def test_a_call_that_takes_too_long_is_given_up(toys):
    worker = harness.Worker(str(toys))
    assert worker.ask(0.5, do="make", case=0, maker="toys:slow", options={}, needs=[]) == {
        "gone": "stopped after 0.5 s"
    }
    worker.close()


def test_results_survive_the_file_and_a_full_run_comes_before_a_quick_one(tmp_path):
    rows = rows_of(OURS, law([1e-8]))
    for quick, note in ((False, "full"), (True, "short")):
        report.write(report.result("toy", "A toy.", "toys", rows, quick=quick, note=note), tmp_path)
    report.write(report.result("other", "A toy.", "toys", rows, quick=True), tmp_path)
    result = report.read(tmp_path)
    assert {(f["benchmark"], f["quick"]) for f in result} == {("toy", False), ("other", True)}
    assert next(f for f in result if f["benchmark"] == "toy")["rows"] == rows


@pytest.mark.parametrize("spoil", ["rows", "who", "rate"])
def test_a_spoilt_file_is_refused(spoil, tmp_path):
    result = report.result("toy", "A toy.", "toys", rows_of(OURS, law([1e-8])), quick=False)
    if spoil == "rows":
        del result["rows"]
    else:
        result["rows"][0][spoil] = ["neither text nor number"]
    with pytest.raises(ValueError, match=spoil):
        report.check(result)
    (tmp_path / "toy.json").write_text(json.dumps(result), encoding="utf-8")
    with pytest.raises(ValueError, match=spoil):
        report.read(tmp_path)


def test_goals_hold_fail_or_stay_open():
    assert report.goal("faster", 7.0, least=6.0)["holds"] is True
    assert report.goal("faster", 5.0, least=6.0)["holds"] is False
    assert report.goal("smaller", 5.0, most=4.0)["holds"] is False
    assert report.goal("smaller", None, most=4.0)["holds"] is None


def test_a_cell_cannot_break_the_table():
    assert page.table(["a"], [["x | y"]]).splitlines()[-1] == "| x \\| y |"
    assert [page.number(v) for v in (None, 0, 12345.6, 1.23456, 0.000123)] == [
        "",
        "0",
        "12,346",
        "1.23",
        "0.000123",
    ]


def test_the_page_in_the_repository_is_that_of_its_results():
    for name, text in page.pages().items():
        assert (report.DOCS / name).read_text(encoding="utf-8") == text


def test_every_benchmark_is_run_with_the_others():
    saving = re.compile(r"^from tools\.start import .*\bsave\b", re.MULTILINE)
    files = (ROOT / "benchmarks").glob("*.py")
    assert {file.stem for file in files if saving.search(file.read_text(encoding="utf-8"))} == set(page.ORDER)
