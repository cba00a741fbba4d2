"""Points folded by the machine code that computes them, beside values that are folded once they are there."""

import math
from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine.codegen import fold_loop
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.cpu.fold_program import CpuFoldProgram
from equisweep.engine.codegen.fold_loop import FoldLoop, values_of
from equisweep.engine.codegen.folds import Fold
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.cores import use_cores
from equisweep.engine.errors import CubeError, SweepInterrupted
from equisweep.engine.reduce import in_kernel, loop
from equisweep.engine.reduce.in_kernel import InKernel, TileFold
from equisweep.engine.reduce.lanes import Lanes
from equisweep.engine.reduce.loop import Fold as Folding
from equisweep.engine.run import begin
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, plan, run
from helpers.cube_files import contents
from helpers.ended_early import stop_after
from helpers.products import some

MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Dim, Domain, Output, Parameter
from equisweep.kernels.status import Status

def number(name, integer=False):
    return Parameter(name, name, "1", 0, Domain(), "a number", integer=integer)

@model(
    parameters=[number("x"), number("z"), number("k", integer=True)],
    dims=[Dim("part", "which", ("one", "two", "three"))],
    outputs=[Output("y", "y", "1", "a number", may_be_nan=True),
             Output("parts", "q", "1", "several", dims=("part",)),
             Output("many", "n", "1", "a count", kind="count"),
             Output("side", "s", "1", "which side", kind="class", classes={"low": 0, "high": 1, "far": 2})],
)
def folded(p, k_max):
    x, z, k = p["x"], p["z"], p["k"]
    y = jnp.where(jnp.abs(x - z) < 0.02, jnp.nan, 1e3 + jnp.sin(40 * x) * jnp.exp(z) - k / 7)
    return {
        "y": y,
        "parts": jnp.stack([x * z, jnp.where(k > 3, 0.25, 1 / (x - 0.5)), z - k]),
        "many": k * k - 3,
        "side": jnp.where(x > 0.9, 2, (z > x).astype(int)),
        "status": jnp.where(x < 0.1, Status.infeasible, jnp.where(z > 0.8, Status.corner, Status.ok)),
    }
"""
AXES = {
    "x": {"start": 0.0, "stop": 1.0, "num": 53},
    "z": {"start": 0.0, "stop": 1.0, "num": 11},
    "k": list(range(7)),
}
NUMBERS = ["count", "sum", "mean", "std", "min", "max", "argmin", "argmax"]
ASKED = {
    "y": [*NUMBERS, "histogram(998, 1001, 13)"],
    "parts": ["mean", "std", "argmax"],
    "many": ["max", "sum"],
    "side": ["counts"],
}
KEEP = ["ok", "corner", "not_finite"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folded")
    (folder / "folded.py").write_text(MODEL)
    return folder


def sweep(folder, over, asked=ASKED, **more):
    reduce = {"over": over, **asked, "keep": KEEP}
    return Sweep(f"{folder / 'folded.py'}:folded", more.pop("axes", AXES), reduce=reduce, **more)


def bytes_of(tmp_path, name, what, tile_points, **more):
    path = tmp_path / f"{name}.zarr"
    run(what, path, durable=False, tile_points=tile_points, **more)
    return contents(path)


CUTS = {
    "all in parts": (["x", "z", "k"], 700),
    "rows of one axis": (["x"], 5000),
    "cells side by side": (["k"], 5000),
    "cells in parts": (["z", "k"], 30),
    "the first axis": (["x", "k"], 900),
    "runs of lanes": (["x"], 4000),
}
LONG = {"z": [0.3, 0.7], "x": {"start": 0.0, "stop": 1.0, "num": 4999}}


@pytest.mark.parametrize("over", [["x", "z", "k"], ["k"]])
def test_counts_alone_are_counted_without_sums(folder, tmp_path, monkeypatch, over):
    what = sweep(folder, over, {"side": ["counts"], "y": ["count", "histogram(998, 1001, 3)"]})
    result = bytes_of(tmp_path, "counts", what, 900)
    monkeypatch.setattr(InKernel, "work", lambda *_: None)
    assert bytes_of(tmp_path, "values", what, 900) == result


def test_very_many_statistics_are_taken_of_values(folder, tmp_path, monkeypatch):
    asked = {"parts": ["mean", "max"]}
    what = sweep(folder, ["x"], asked)
    assert plan(what, trial=False).written == ""
    result = bytes_of(tmp_path, "folded", what, 900)
    for module in (fold_loop, in_kernel):
        monkeypatch.setattr(
            module, "MOST_FOLDS", 23
        )  # a count, a sum and a maximum of each of three parts, and 15 statuses, are 24
    assert "statistics" in plan(what, trial=False).written
    monkeypatch.setattr(TileFold, "gather", lambda *_: 1 / 0)
    assert bytes_of(tmp_path, "values", what, 900) == result


@pytest.mark.parametrize("cut", some(CUTS, {"all in parts", "runs of lanes"}))
def test_the_bits_are_those_of_values_whatever_the_width(folder, tmp_path, monkeypatch, cut):
    over, tile_points = CUTS[cut]
    what = sweep(folder, over, axes=LONG if cut == "runs of lanes" else AXES)
    with monkeypatch.context() as m:
        m.setattr(InKernel, "work", lambda *_: None)
        wanted = bytes_of(tmp_path, "values", what, tile_points)

    def needed(*_):
        raise AssertionError("values were asked for")

    monkeypatch.setattr(Folding, "parts_of", needed)
    for width in (16, 8, 1):
        monkeypatch.setattr(Cpu, "folded", lambda _, folding, width=width: CpuFoldProgram(folding, width))
        assert bytes_of(tmp_path, f"{width}", what, tile_points) == wanted


@pytest.fixture(scope="module")
def long(folder):
    """A cell of several runs of lanes, and the values of all points."""
    whole = Sweep(f"{folder / 'folded.py'}:folded", LONG, outputs=["y", "parts"])
    return sweep(folder, ["x"], axes=LONG), run(whole, folder / "whole.zarr", durable=False).load()


def test_sums_are_exact_to_a_few_last_bits(tmp_path, long):
    what, whole = long
    counted = np.isin(whole["status"].values, [int(Status[one]) for one in KEEP])
    for tile_points in (None, 3000):
        cube = run(what, tmp_path / f"{tile_points}.zarr", durable=False, tile_points=tile_points).load()
        for name, part in [("y", None), ("parts", 0), ("parts", 2)]:
            values = whole[name].values if part is None else whole[name].values[..., part]
            for cell, (row, kept) in enumerate(zip(values, counted, strict=True)):
                here = row[kept & np.isfinite(row)]
                at = (cell,) if part is None else (cell, part)
                mean = math.fsum(here) / len(here)
                deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in here) / len(here))
                assert cube[f"{name}_left_out"].values[at] == row.size - here.size
                size = math.fsum(abs(here)) / len(here)
                assert abs(cube[f"{name}_mean"].values[at] - mean) < 1e-15 * size
                assert cube[f"{name}_std"].values[at] == pytest.approx(deviation, rel=1e-14)
                if name == "y":
                    assert cube["y_count"].values[cell] == len(here)
                    assert (cube["y_min"].values[cell], cube["y_max"].values[cell]) == (min(here), max(here))
                    bins = np.histogram(here, 13, (998, 1001))[0]
                    assert cube["y_histogram"].values[cell].tolist() == bins.tolist()


def test_a_large_mean_costs_a_deviation_no_digits(folder, tmp_path):
    """The mean is 10^9 times the deviation; values about the first of each lane keep their digits."""
    text = MODEL.replace("1e3 + jnp.sin(40 * x)", "1e9 + jnp.sin(40 * x)")
    (folder / "far.py").write_text(text)
    asked = {"y": ["std"]}
    what = Sweep(f"{folder / 'far.py'}:folded", LONG, reduce={"over": ["x"], **asked})
    whole = run(
        Sweep(f"{folder / 'far.py'}:folded", LONG, outputs=["y"]), tmp_path / "all.zarr", durable=False
    )
    for row, actual in zip(whole["y"].values, run(what, tmp_path / "std.zarr")["y_std"].values, strict=True):
        here = [
            one for one, x in zip(row.tolist(), whole["x"].values, strict=True) if x >= 0.1 and one == one
        ]
        mean = math.fsum(here) / len(here)
        wanted = math.sqrt(math.fsum((one - mean) ** 2 for one in here) / len(here))
        assert actual == pytest.approx(wanted, rel=1e-12)


def test_any_number_of_threads_gives_the_same_bytes(tmp_path, long):
    what, result = long[0], []
    for threads in (1, 2, 3):
        use_cores(threads)
        try:
            result.append(bytes_of(tmp_path, str(threads), what, 700))
        finally:
            use_cores(0)
    assert result[0] == result[1] == result[2]


class Killed(BaseException):
    """What ends a run as a kill does."""


def test_a_stopped_and_a_killed_run_end_in_the_same_bytes(tmp_path, long, monkeypatch):
    what, result = long[0], [bytes_of(tmp_path, "whole", long[0], 700)]
    for name, end in (("stopped", None), ("killed", Killed())):
        with monkeypatch.context() as m:
            stop_after(m, 5, *([end] if end else []))
            with pytest.raises((SweepInterrupted, Killed)):
                run(what, tmp_path / f"{name}.zarr", durable=False, tile_points=700)
        result.append(bytes_of(tmp_path, name, what, 700))
    assert result[0] == result[1] == result[2]


def test_what_a_status_can_be_follows_from_the_choices_it_is_made_by():
    graph = Graph()
    x = graph.inputs((1,), "f64", 0)[0]
    one, two, five = (graph.constant(n, "i64") for n in (1, 2, 5))
    less = graph.apply("lt", x, graph.constant(0.5, "f64"))
    chosen = graph.apply("max", graph.apply("select", less, one, five), two)
    assert values_of(graph.apply("convert", chosen, dtype="u8")) == {1, 2, 5}
    assert values_of(graph.apply("add", chosen, one)) is None
    wide = graph.apply("select", less, graph.constant(300, "i64"), one)
    assert values_of(graph.apply("convert", wide, dtype="u8")) is None


def test_rows_that_do_not_fit_are_refused(tmp_path):
    """Machine code would write anywhere."""
    at = [{"x": np.linspace(0.0, 1.0, 40)}]
    loop = GridLoop(lambda a: {"y": a["x"] * 2}, at)
    folded = FoldLoop(loop, lambda graph, n: [Fold("sum", graph.constant(1, "i1"), n["y"][0])], 0, True)
    rows = Lanes((40,), 0).rows((40,))
    lanes, counters = folded(at, rows)
    assert lanes.view(float).sum() == pytest.approx(2 * at[0]["x"].sum())
    assert counters.size == 0
    for wrong in (replace(rows, blocks=0), replace(rows, cells=0), replace(rows, table=rows.table - 1)):
        with pytest.raises(ValueError, match="do not fit"):
            folded(at, wrong)
    with pytest.raises(ValueError, match="do not fit"):
        folded([{"x": np.zeros(1000)}], rows)
    with pytest.raises(ValueError, match="dtypes"):
        folded([{"x": np.zeros(40, np.float32)}], rows)


def test_a_cube_begun_with_another_order_of_summation_is_not_gone_on_with(tmp_path, long, monkeypatch):
    """It would hold sums of both; a finished one opens as ever."""
    whole, begun = tmp_path / "whole.zarr", tmp_path / "begun.zarr"
    with monkeypatch.context() as m:
        for module in (begin, loop):
            m.setattr(module, "ORDER", "rows")  # as an earlier version has it
        run(long[0], whole, durable=False)
        stop_after(m, 3)
        with pytest.raises(SweepInterrupted):
            run(long[0], begun, durable=False, tile_points=700)
    assert run(long[0], whole, durable=False)["y_mean"].size == 2
    with pytest.raises(CubeError, match=r"adds up in another order.*overwrite"):
        run(long[0], begun, durable=False)
