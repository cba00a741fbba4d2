"""What a page asks of a cube, beside what the cube holds, without a browser."""

from urllib.parse import parse_qs

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.cube.select import select
from equisweep.sweeps.explore.shown import MOST_NUMBERS
from equisweep.sweeps.explore.state import State
from helpers.explorer.questions import ask, numbers, troubled_grid
from helpers.hard_cube import hard_cube


@pytest.fixture(scope="module")
def grid():
    return troubled_grid()


def test_a_map_has_the_numbers_of_the_cube_in_rising_order_with_what_is_missing(grid):
    answer = ask("view", grid, var="loss", x="b", y="a", sel='who="you, me"', log=["x"])
    (view,) = answer["views"]
    shown = numbers(view["layers"][0]["values"]).reshape(3, 4)
    wanted = grid["loss"].values[::-1, :, 0].copy()
    wanted[2, 0] = wanted[1, 2] = np.nan
    np.testing.assert_array_equal(shown, wanted.astype(np.float32))
    assert numbers(view["second"]["positions"]).tolist() == [1, 2, 3]
    assert numbers(view["second"]["at"]).tolist() == [2, 1, 0]
    assert view["layers"][0]["lost"] == {"not_computed": 1, "not_finite": 1, "ok but undefined (NaN)": 1}
    assert "3 of 12 points are left out" in view["note"]
    assert np.flatnonzero(numbers(view["layers"][0]["absent"])).tolist() == [8]
    assert view["x"]["log"]
    assert not view["second"]["log"]


def test_a_cube_of_nothing_is_hatched_and_no_error(grid):
    nothing = grid.assign(status=grid["status"] * 0)
    (view,) = ask("view", nothing, var="loss", x="b", y="a", sel="who=a<b>")["views"]
    assert view["empty"]
    assert view["layers"][0]["lost"] == {"not_computed": 12}
    for kind in ("contour", "lines", "scatter"):
        y = {} if kind == "lines" else {"y": "a"}
        if kind != "scatter":
            assert ask(
                "view",
                nothing,
                var="loss",
                x="b",
                kind=kind,
                sel=["who=a<b>"] + (["a=1"] if not y else []),
                **y,
            )


@pytest.mark.parametrize("place", [(0, 1, 1), (1, 2, 0), (0, 0, 0), (2, 3, 1)])
def test_a_click_gives_the_point_in_words_and_the_selections_of_exactly_it(grid, place):
    i, j, k = place
    who = ["you, me", "a<b>"][k]
    sel = ['who="you, me"', "who=a<b>"][k]
    answer = ask("point", grid, var="loss", x="b", y="a", sel=sel, _at=[f"a:{i}", f"b:{j}"])
    alone = select(grid, answer["sel"])
    assert alone["status"].dims == ()
    assert (float(alone["a"]), float(alone["b"]), str(alone["who"].values)) == (3.0 - i, 10.0 ** (j - 3), who)
    code = int(grid["status"].values[place])
    assert answer["status"]["code"] == code
    assert answer["status"]["name"] == {0: "not computed", 1: "ok", 2: "corner", 8: "not finite"}[code]
    loss, part = answer["outputs"]
    value = grid["loss"].values[place].item()
    assert loss["texts"] == ["not computed" if code == 0 else repr(value)]
    assert (loss["unit"], loss["meaning"], part["labels"]) == ("money", "expected loss", ["p", "q"])
    assert [one["name"] for one in answer["derivatives"]] == ["d_loss_d_a"]
    again = ask("point", grid, var="loss", x="b", y="a", sel=sel, point=answer["sel"])
    assert again["outputs"] == answer["outputs"]


def test_points_of_a_zipped_axis_are_told_apart_and_alike_ones_taken_together():
    n, m = [3, 3, 4], [1, 2, 1]
    cube = xr.Dataset(
        {"u": ("pair", [1.0, 2.0, 3.0]), "status": ("pair", np.ones(3, np.uint8))},
        {"n": ("pair", n), "m": ("pair", m)},
    )
    controls = ask("cube", cube)
    (dim,) = controls["dims"]
    assert [float(select(cube, texts)["u"]) for texts in dim["sels"]] == [1, 2, 3]
    for i in range(3):
        sel = ask("point", cube, var="u", x="n", _at=[f"pair:{i}"])["sel"]
        assert float(select(cube, sel)["u"]) == i + 1


def test_the_first_picture_suits_the_cube(grid):
    state = State.of(ask("cube", grid)["address"])
    assert (state.var, {state.x, state.y}) == (("loss",), {"a", "b"})
    assert select(grid, state.sel)["loss"].ndim == 2
    hard = ask("cube", hard_cube())
    state = State.of(hard["address"])
    assert ask("view", hard_cube(), **parse_qs(hard["address"]))["views"]
    assert state.var == ("loss",)


def test_every_variable_of_a_cube_has_a_picture_and_every_kind_its_own():
    cube = hard_cube()
    for name in cube.data_vars:
        sel = ["n=3", "factor=data"] if name == "share" else ["n=3"]
        (view,) = ask("view", cube, var=name, x="alpha", y="mechanism", sel=sel)["views"]
        assert view["kind"] == ("classes" if name in ("kind", "status") else "heat")
    (view,) = ask("view", cube, var="status", x="alpha", y="mechanism", sel="n=3")["views"]
    counts = {one["name"]: one["count"] for one in view["classes"]}
    codes, many = np.unique(cube["status"].values[:, :, 0], return_counts=True)
    assert counts == {
        {1: "ok", 2: "corner", 11: "not steady"}[int(c)]: int(n) for c, n in zip(codes, many, strict=True)
    }
    (view,) = ask("view", cube, var=["loss", "tally"], x="alpha", hue="n", sel="mechanism=alone")["views"]
    assert [(line["layer"], line["line"]) for line in view["lines"]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    (view,) = ask(
        "view",
        cube,
        var="tally",
        x="alpha",
        y="loss",
        kind="scatter",
        facet=["mechanism"],
        sel="n=3",
        keep=["corner", "not_steady"],
    )["views"]
    assert np.nanmax(numbers(view["up"])) == np.nanmax(cube["loss"].values[:, :, 0].astype(float))


def test_contours_hold_the_area_that_lies_between_their_levels():
    x, y = np.linspace(0, 1, 41), np.linspace(0, 1, 31)
    values = x[None, :] + 0 * y[:, None]
    cube = xr.Dataset(
        {"u": (("y", "x"), values), "status": (("y", "x"), np.ones(values.shape, np.uint8))}, {"x": x, "y": y}
    )
    (view,) = ask("view", cube, var="u", x="x", y="y", kind="contour", levels="0,0.25,1")["views"]
    areas = []
    for polygons in view["contours"][0]["bands"]:
        ((xs, ys),) = [ring for rings in polygons for ring in rings]
        areas.append(abs(np.sum(np.array(xs[:-1]) * ys[1:] - np.array(xs[1:]) * ys[:-1])) / 2)
    np.testing.assert_allclose(areas, [0.25, 0.75], rtol=1e-12)


def test_two_cubes_stand_side_by_side_or_as_what_differs(grid):
    other = grid.assign(
        loss=grid["loss"] * 0.5, status=grid["status"].where(grid["b"] < 1, 8).astype(np.uint8)
    )
    asked = {"var": "loss", "x": "b", "y": "a", "sel": "who=a<b>"}
    beside = ask("view", grid, other, **asked, compare="beside")["views"]
    assert [view["name"] for view in beside] == ["a.zarr", "b.zarr"]
    (view,) = ask("view", grid, other, **asked, compare="difference")["views"]
    wanted = 0.5 * grid["loss"].values[::-1, :, 1]
    wanted[:, 3] = np.nan
    np.testing.assert_array_equal(
        numbers(view["layers"][0]["values"]).reshape(3, 4), wanted.astype(np.float32)
    )
    assert sum(view["layers"][0]["lost"].values()) == 3
    with pytest.raises(SweepError, match=r"other values along b"):
        ask("view", grid, other.assign_coords(b=[1, 2, 3, 4.0]), **asked, compare="difference")
    with pytest.raises(SweepError, match="one cube only"):
        ask("view", grid, **asked, compare="difference")
    classes = hard_cube()
    turned = classes.assign(
        kind=(classes["kind"].dims, (classes["kind"].values + 1) % 3, classes["kind"].attrs)
    )
    (view,) = ask(
        "view", classes, turned, var="kind", x="alpha", y="n", sel="mechanism=alone", compare="difference"
    )["views"]
    assert [one["name"] for one in view["classes"]] == ["different"]


def test_a_page_never_gets_more_than_it_shows_and_reads_no_more():
    side = 900
    values = np.arange(side * side, dtype=float).reshape(side, side)
    cube = xr.Dataset(
        {"u": (("a", "b"), values), "status": (("a", "b"), np.ones(values.shape, np.uint8))},
        {"a": np.arange(side), "b": np.arange(side)},
    )
    (view,) = ask("view", cube, var="u", x="a", y="b")["views"]
    shown = numbers(view["layers"][0]["values"])
    assert shown.size <= MOST_NUMBERS
    at = numbers(view["x"]["at"])
    answer = ask("point", cube, var="u", x="a", y="b", _at=[f"a:{at[-1]}", "b:2"])
    assert answer["outputs"][0]["texts"] == [repr(values[at[-1], 2].item())]
    assert "every 2nd of 900 values" in view["note"]


def test_points_at_which_a_condition_fails_are_hatched_and_counted(grid):
    part = where(grid.load(), "loss > 9")
    asked = {"var": "loss", "x": "b", "y": "a", "sel": "who=a<b>", "keep": ["corner"]}
    (view,) = ask("view", part, **asked)["views"]
    shown = numbers(view["layers"][0]["values"]).reshape(3, 4)
    wanted = np.where(grid["loss"].values > 9, grid["loss"].values, np.nan)[::-1, :, 1]
    np.testing.assert_array_equal(shown, wanted.astype(np.float32))
    assert view["layers"][0]["lost"] == {"outside the condition": int(np.isnan(wanted).sum())}
    assert ask("point", part, **asked, _at=["a:0", "b:0"])["status"]["name"] == "left out"
    assert b"outside the condition" in ask("drawn.csv", part, **asked)
