"""Reductions against sums and extremes found point by point."""

import math
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.reduce import parse_reduce, reduce
from helpers.hard_cube import KINDS, hard_cube, points
from helpers.messages import refused

AXES = ("mechanism", "alpha", "n")
SHORT = {"mechanism": 1, "alpha": 2}
CASES = [
    ((), SHORT),
    (("alpha",), None),
    (("n", "mechanism"), SHORT),
    (("beta",), {"alpha": 3, "n": 1}),
]
cases = pytest.mark.parametrize(("over", "chunks"), CASES)


def cells(cube, over, keep=lambda p: True):
    """Points by the values of the axes that remain, in the cube's order."""
    over = {"alpha" if name == "beta" else name for name in over} or set(AXES)
    rest = [axis for axis in AXES if axis not in over]
    kept = sorted(
        (p for p in points(cube) if keep(p)),
        key=lambda p: [cube[a].values.tolist().index(p[a]) for a in rest],
    )
    return [list(group) for _, group in groupby(kept, key=lambda p: [p[a] for a in rest])]


def exact(how, values):
    """One reduction of plain floats in exact fractions."""
    if not values:
        return math.nan
    exactly = [Fraction(v) for v in values]
    mean = sum(exactly) / len(exactly)
    square = sum((v - mean) ** 2 for v in exactly) / len(exactly)
    result = {"mean": mean, "sum": sum(exactly), "min": min(exactly), "max": max(exactly)}
    return math.sqrt(square) if how == "std" else float(result[how])


def good(p, statuses=("ok",)):
    return p["status"] in statuses and not math.isnan(p["loss"])


@cases
def test_numbers_are_those_of_the_points_that_are_ok(over, chunks):
    cube, plain = hard_cube(chunks), hard_cube()
    for how in ("mean", "sum", "min", "max", "std"):
        reduced = reduce(cube, how, over, ["loss"])
        assert (reduced["loss"].chunks is None) == (chunks is None)  # lazy, if it was
        reduced = reduced.load()
        expected = [exact(how, [p["loss"] for p in cell if good(p)]) for cell in cells(plain, over)]
        # 28 terms of size 100: rounding errors add up to less than 28 ulp of the largest partial sum.
        np.testing.assert_allclose(reduced["loss"].values.ravel(), expected, rtol=0, atol=28 * 2800 * 2.3e-16)
        left = [sum(not good(p) for p in cell) for cell in cells(plain, over)]
        assert reduced["left_out"].values.ravel().tolist() == left
        assert reduced["loss"].attrs["units"] == "money"
        assert reduced.attrs["reduce"].startswith(how)


@cases
@pytest.mark.parametrize("how", ["argmin", "argmax"])
def test_extremes_say_where_they_lie(how, over, chunks):
    reduced = reduce(hard_cube(chunks), how, over, ["loss"]).load()
    choose = min if how == "argmin" else max
    gone = {"alpha" if name == "beta" else name for name in over} or set(AXES)
    reported = [*gone, *(["beta"] if "alpha" in gone else [])]
    assert set(reduced.data_vars) == {"loss", "left_out", *reported}
    for i, cell in enumerate(cells(hard_cube(), over)):
        kept = [p for p in cell if good(p)]
        best = choose(kept, key=lambda p: p["loss"]) if kept else None
        for name in ("loss", *reported):
            value = reduced[name].values.ravel()[i]
            nothing = "" if name == "mechanism" else math.nan
            np.testing.assert_equal(value.item(), best[name] if best else nothing)


def test_of_equal_extremes_the_first_is_told_whatever_the_pieces():
    flat = xr.Dataset(
        {"y": (("a", "b"), np.zeros((4, 6))), "status": (("a", "b"), np.ones((4, 6), np.uint8))}
    )
    flat = flat.assign_coords(a=[10, 11, 12, 13], b=np.arange(6.0))
    flat["y"][1, 4] = flat["y"][2, 1] = flat["y"][3, 0] = 5
    for chunks in ({"a": 4, "b": 6}, {"a": 1, "b": 2}, {"a": 3, "b": 1}, {"a": 4, "b": 1}):
        reduced = reduce(flat.chunk(chunks), "argmax").load()
        assert (reduced["y"].item(), reduced["a"].item(), reduced["b"].item()) == (5, 11, 4)
    infinite = flat.assign(y=flat["y"].where(flat["b"] > 2) * 0 - np.inf)  # -inf is a value too
    assert reduce(infinite, "argmax").load()["b"].item() == 3


@cases
def test_counts_of_numbers_and_of_classes(over, chunks):
    cube = hard_cube(chunks)
    reduced = reduce(cube, "count", over, ["loss"]).load()
    expected = [sum(map(good, cell)) for cell in cells(hard_cube(), over)]
    assert reduced["count"].values.ravel().tolist() == expected
    classes = reduce(cube, "count", over, ["kind"]).load()
    assert classes["kind"].values.tolist() == list(KINDS)
    per_cell = [
        [sum(p["status"] == "ok" and p["kind"] == kind for p in cell) for kind in KINDS]
        for cell in cells(hard_cube(), over)
    ]
    assert classes["count"].values.reshape(-1, 3).tolist() == per_cell
    left = [sum(p["status"] != "ok" for p in cell) for cell in cells(hard_cube(), over)]
    assert classes["left_out"].values.ravel().tolist() == left


def test_statuses_are_counted_over_all_points():
    reduced = reduce(hard_cube(), "count", names=["status"]).load()
    counts = dict(zip(reduced["status"].values.tolist(), reduced["count"].values.tolist(), strict=True))
    assert counts == {s: sum(p["status"] == s for p in points(hard_cube())) for s in counts}
    assert sum(counts.values()) == 28
    assert reduced["left_out"].item() == 0


def test_other_statuses_count_where_asked_for():
    reduced = reduce(hard_cube(), "mean", names=["loss"], statuses=["ok", "corner"]).load()
    kept = [p["loss"] for p in points(hard_cube()) if good(p, ("ok", "corner"))]
    np.testing.assert_allclose(reduced["loss"].item(), exact("mean", kept), rtol=28 * 2.3e-16)
    assert reduced["left_out"].item() == 28 - len(kept)


@cases
def test_what_a_condition_drops_is_neither_counted_nor_left_out(over, chunks):
    condition = "alpha < 0.45 and n == 3"
    reduced = reduce(where(hard_cube(chunks), condition), "max", over, ["loss"]).load()
    cube = hard_cube()

    def chosen(p):
        return round(p["alpha"], 6) < 0.45 and p["n"] == 3

    for i, cell in enumerate(cells(cube, over)):
        kept = [p["loss"] for p in cell if chosen(p) and good(p)]
        np.testing.assert_equal(reduced["loss"].values.ravel()[i], exact("max", kept))
        assert reduced["left_out"].values.ravel()[i] == sum(chosen(p) and not good(p) for p in cell)


def test_vector_outputs_reduce_over_the_grid_or_over_their_own_dimension():
    cube = hard_cube({"alpha": 2})
    share = cube["share"].values
    fine = cube["status"].values == 1
    over_grid = reduce(cube, "mean", AXES, ["share"]).load()
    np.testing.assert_allclose(over_grid["share"], share[fine].mean(axis=0), rtol=28 * 2.3e-16)
    best = reduce(cube, "argmax", ["factor"], ["share"]).load()
    labels = np.where(share.argmax(axis=-1) == 0, "data", "systems")
    np.testing.assert_array_equal(best["factor"], np.where(fine, labels, ""))
    assert best["left_out"].values.sum() == 2 * (~fine).sum()
    both = reduce(cube, "mean", ["n"]).load()  # of all that are numbers
    assert set(both.data_vars) == {n + end for n in ("loss", "share", "tally") for end in ("", "_left_out")}


def test_sums_of_single_precision_are_formed_in_double():
    small = xr.Dataset(
        {"y": ("a", np.full(2**20, 0.1, np.float32)), "status": ("a", np.ones(2**20, np.uint8))}
    )
    reduced = reduce(small.chunk({"a": 2**16}), "sum").load()["y"]
    assert reduced.dtype == np.float64
    # In single precision the error would be near 1e-7 of the sum; in double it is some ulp.
    np.testing.assert_allclose(reduced.item(), float(np.float32(0.1)) * 2**20, rtol=1e-13)


def test_a_deviation_keeps_its_digits_beside_a_large_mean():
    values = 1e9 + np.array([4.0, 7, 13, 16] * 64)
    far = xr.Dataset({"y": ("a", values), "status": ("a", np.ones(256, np.uint8))})
    result = reduce(far.chunk({"a": 7}), "std").load()["y"].item()
    # Means near 1e9 are known to 1e-7 (an ulp); the deviation is then to about 1e-14, times the pieces.
    assert result == pytest.approx(math.sqrt(22.5), rel=1e-9)


COUNT = "count says how many"


@pytest.mark.parametrize(
    ("how", "over", "names", "argument", "option", "message"),
    [
        ("averge", (), (), "how='averge'", "--reduce averge", "no such reduction; known: mean"),
        ("median", (), (), "how='median'", "--reduce median", r".*sql(\(\))? has median"),
        ("mean", ("alhpa",), (), "over='alhpa'", "--reduce mean:alhpa", "no such axis; did you mean 'alpha'"),
        ("mean", (), ("los",), "names='los'", "--var los", "no such variable; did you mean 'loss'"),
        ("sum", ("factor",), ("loss",), "over='factor'", "--reduce sum:factor", "loss has no axis 'factor'"),
        ("mean", (), ("kind",), "how='mean'", "--reduce mean", f"kind is a class .* has no mean; {COUNT}"),
        ("argmax", (), ("status",), "how='argmax'", "--reduce argmax", "status is a class"),
    ],
)
def test_wrong_questions_are_refused(how, over, names, argument, option, message):
    with refused(f"{argument}: {message}", f"{option}: {message}"):
        reduce(hard_cube(), how, over, names)


def test_what_lost_its_status_or_an_axis_is_refused():
    with pytest.raises(SweepError, match="has no variable 'status'"):
        reduce(hard_cube()[["loss"]], "mean")
    with pytest.raises(SweepError, match="already selected away"):
        reduce(hard_cube().isel(alpha=0), "mean", ["beta"])
    with refused("statuses='okay': no such status", "--keep okay: no such status"):
        reduce(hard_cube(), "mean", statuses=["okay"])


def test_the_option_is_read():
    assert parse_reduce("argmax:beta, n") == ("argmax", ["beta", "n"])
    assert parse_reduce("mean") == ("mean", [])
