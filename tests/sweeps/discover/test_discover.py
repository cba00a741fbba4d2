"""Scenario discovery beside boxes that are known, and beside what the cube says of each box."""

import json
import re
import shlex

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.lazy import where
from equisweep.sweeps.discover.box import Box
from equisweep.sweeps.discover.discover import discover
from equisweep.sweeps.discover.inputs import Inputs
from equisweep.sweeps.discover.picture import draw
from equisweep.sweeps.discover.prim import by_chance, pasted
from equisweep.sweeps.discover.text import discovery_text
from scipy import stats

SIZE = 4000


@pytest.fixture(scope="module")
def cube():
    """A sample of three numbers and a choice, made by hand: `hit` in one box, 5% of points turned over."""
    rng = np.random.default_rng(4)
    x = {name: rng.random(SIZE) for name in ("a", "v.data", "not used")}
    inside = (x["a"] < 0.4) & (x["v.data"] > 0.3) & (x["v.data"] < 0.7)
    how = ["left", 'the "$right_{$"']  # which no picture takes for a formula
    hit = np.stack([inside, np.zeros(SIZE, bool)]) ^ (rng.random((2, SIZE)) < 0.05)
    status = np.ones((2, SIZE), np.uint8)
    status[1, :7], status[0, :9] = 9, 0  # infeasible; not computed
    hit[1, :7] = hit[0, :9] = False
    return xr.Dataset(
        {"hit": (("how", "sample"), hit.astype(float)), "status": (("how", "sample"), status)},
        coords={"how": how} | {name: ("sample", values) for name, values in x.items()},
    )


@pytest.mark.parametrize("method", ["prim", "tree"])
def test_a_box_that_is_there_is_found_and_can_be_asked_for(cube, method):
    discovery = discover(cube, "hit > 0.5", method, density=0.9)
    assert (discovery.points, discovery.without_result) == (2 * SIZE - 9, 7)
    first, shape = discovery.boxes[0], discovery.shapes[0]
    assert first.density > 0.9
    assert first.coverage > 0.6  # of noise, which lies everywhere, few points are in it
    assert set(shape.names) == {"a", "v.data", "how"}
    np.testing.assert_allclose(shape.limits["a"][1], 0.4, atol=0.03)
    np.testing.assert_allclose(shape.limits["v.data"], [0.3, 0.7], atol=0.03)
    assert max(first.p_values.values()) < 1e-9
    assert not re.search(r"\ba >=", first.where.replace("v.data", "v"))
    # What it says of itself is what the cube says of its condition.
    for one in discovery.boxes:
        here = where(cube, one.where)["status"].notnull() & (cube["status"] > 0)
        hit = (cube["hit"] > 0.5) & (cube["status"] > 0)
        assert one.points == int(here.sum())
        assert one.density == pytest.approx(float((here & hit).sum() / here.sum()))
        assert one.coverage == pytest.approx(float((here & hit).sum() / hit.sum()))


def test_peeling_raises_density_and_the_box_taken_is_the_largest_that_is_dense(cube):
    discovery = discover(cube, "hit > 0.5", density=0.5, boxes=1)
    assert len(discovery.boxes) == 1
    points = [one.points for one in discovery.trade_off]
    assert points[0] == discovery.points
    assert sorted(points, reverse=True) == points
    assert discovery.trade_off[0].where == ""
    assert discovery.boxes[0].density >= 0.5
    dense = [one for one in discovery.trade_off if one.density >= 0.5]
    assert discovery.boxes[0].coverage >= dense[0].coverage


def test_that_no_box_is_as_dense_as_asked_is_said():
    x = np.linspace(-1, 1, 2000)
    half = (x > 0) & (np.arange(2000) % 2 == 0)
    status = ("sample", np.ones(2000, np.uint8))
    cube = xr.Dataset({"hit": ("sample", half * 1.0), "status": status}, {"x": ("sample", x)})
    text = {(how, least): discovery_text(discover(cube, "hit > 0", how, density=least, boxes=1), "table")
            for how, least in (("prim", 0.8), ("prim", 0.4), ("tree", 0.8))}  # fmt: skip
    assert [key for key, one in text.items() if "no box of density 0.8 was found" in one] == [("prim", 0.8)]


def test_why_there_is_no_box_is_said(cube):
    """Where all points are as dense as was asked, a denser box may well be there."""
    text = discovery_text(discover(cube, "hit > 0.5", density=0.05), "table")
    assert "as dense as was asked (0.05): ask for a higher density" in text
    assert "7 of the other points have no result" in text
    assert discover(cube, "hit > 0.5", density=0.9).boxes[0].density > 0.9


def test_limits_are_tested_by_a_binomial_law(cube):
    discovery = discover(cube, "hit > 0.5", boxes=1)
    inputs, box = discovery.inputs, discovery.shapes[0]
    for name, p in discovery.boxes[0].p_values.items():
        here, wider = box.holds(inputs), box.without(name).holds(inputs)
        reference = stats.binom.sf(inputs.inside[here].sum() - 1, here.sum(), inputs.inside[wider].mean())
        assert p == pytest.approx(reference, rel=1e-9, abs=1e-300)


def test_an_input_that_does_nothing_limits_nothing_by_chance():
    rng = np.random.default_rng(0)
    x = {name: ("sample", rng.random(500)) for name in ("a", "b")}
    data = {"y": ("sample", rng.random(500)), "status": ("sample", np.ones(500, np.uint8))}
    discovery = discover(xr.Dataset(data, coords=x), "y > 0.5", density=1.0)
    text = discovery_text(discovery, "table")
    assert "limits as good by chance" in text
    assert min(discovery.boxes[0].p_values.values()) > 1e-6


def test_a_limit_that_ends_up_at_the_whole_range_is_none():
    a, b = (one.ravel() for one in np.meshgrid(np.linspace(0, 1, 20), np.linspace(0, 1, 20)))
    inputs = Inputs({"a": a, "b": b}, {}, (a < 0.4) & ((b > 0) | (a > 0)), 0)
    left = np.ones(400, bool)
    box = pasted(inputs, left, Box({"a": (0.0, 0.39), "b": (0.05, 1.0)}, {}), 0.9)
    assert list(box.limits) == ["a"]
    # Nothing is told apart by a limit that leaves no point out, of however many.
    assert by_chance(inputs, left, box, box.limited("b", 0.0, 1.0)) == 1.0


def test_a_limit_selects_the_same_points_however_near_values_are():
    rng = np.random.default_rng(1)
    for _ in range(500):
        one = other = float(rng.random() * 10.0 ** rng.integers(-12, 12))
        for _ in range(int(rng.integers(1, 40))):
            other = float(np.nextafter(other, np.inf))
        inputs = Inputs({"x": np.array([one, other])}, {}, np.array([True, False]), 0)
        for inside in (one, other):
            (number,) = re.findall(r"[<>]= (.*)", Box({"x": (inside, inside)}, {}).where(inputs))
            limit = float(number)
            assert one <= limit < other if inside == one else one < limit <= other


def test_a_condition_can_be_pasted_into_a_shell_whatever_names_hold():
    how, numbers = np.repeat(["it's", 'a "b"', "c, d"], 40), np.tile(np.arange(40.0), 3)
    data = xr.Dataset(
        {"hit": ("sample", (how != "c, d") * 1.0), "status": ("sample", np.ones(120, np.uint8))},
        coords={"how": ("sample", how), "or": ("sample", numbers)},
    )
    discovery = discover(data, "hit > 0", density=0.9, boxes=1)
    lines = discovery_text(discovery, "table", "--where ").splitlines()
    (words,) = [shlex.split(line) for line in lines if line.startswith("1: ")]
    assert words[:2] == ["1:", "--where"]
    hits = where(data, words[2])["hit"].notnull()
    assert hits.to_numpy().tolist() == (how != "c, d").tolist()


@pytest.mark.parametrize(
    "values", [np.geomspace(1e-3, 1e300, 300), 2.0**53 + 2 * np.arange(300), 1.5 + np.arange(300) * 2.0**-51]
)
def test_a_tree_tells_values_apart_that_single_precision_does_not(values):
    pytest.importorskip("sklearn")
    place = np.random.default_rng(2).permutation(300)
    data = {"hit": ("sample", (place > 200).astype(float)), "status": ("sample", np.ones(300, np.uint8))}
    discovery = discover(xr.Dataset(data, coords={"x": ("sample", values[place])}), "hit > 0.5", "tree")
    assert [(one.points, one.density, one.coverage) for one in discovery.boxes] == [(99, 1.0, 1.0)]


def test_what_cannot_be_discovered_is_said(cube):
    for condition, message in (
        ("hit > 2", "holds at none of 7,991 points"),
        ("hit < 2", "holds at every one of 7,991 points"),
        ("hut > 2", "hut"),
    ):
        with pytest.raises(SweepError, match=message):
            discover(cube, condition)
    with pytest.raises(SweepError, match="is no method"):
        discover(cube, "hit > 0.5", "tre")
    with pytest.raises(SweepError, match="above 0 and at most 1"):
        discover(cube, "hit > 0.5", density=0)
    with pytest.raises(SweepError, match="leave nothing that varies"):
        discover(cube.isel(sample=[0], how=[0]), "hit > 0.5")


def test_a_tree_without_its_library_is_refused(cube, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.tree", None)
    with pytest.raises(SweepError, match=r"pip install 'equisweep\[sensitivity\]'"):
        discover(cube, "hit > 0.5", "tree")


def test_the_command_prints_and_draws(tmp_path, capsys):
    sweep = tmp_path / "sweep.toml"
    sweep.write_text(
        'model = "external"\noutputs = ["expected_loss"]\n[axes]\nmechanism = ["noncooperation", "sharing"]\n'
        "alpha = [0.1, 0.3, 0.5, 0.7, 0.9]\n"
        "L = { start = 100, stop = 1000, num = 40 }\n"
    )
    root, picture = tmp_path / "cube.zarr", tmp_path / "boxes.png"
    assert main(["run", str(sweep), "-o", str(root), "-q"]) == 0
    question = ["discover", str(root), "--where", "expected_loss > 40"]
    assert main([*question, "-o", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "1: --where '" in printed
    assert "L >= " in printed
    chosen = [*question[:-1], 'mechanism == "sharing" and expected_loss > 10']
    assert main(chosen) == 0
    assert 'mechanism == "sharing"' in capsys.readouterr().out
    assert main([*question, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["box"] == "1"
    assert any(row["box"].startswith("step") for row in rows)
    assert main([*question, "--density", "2"]) == 2
    assert "--density 2" in capsys.readouterr().err


def test_a_picture_shows_boxes_over_choices_too(cube):
    figure = draw(discover(cube, """hit > 0.5 and how in ('left', 'the "$right_{$"')""", boxes=2))
    assert figure.axes[1].get_title().endswith(r"""\$right_{\$"')""")
    curve, plane = figure.axes[:2]
    assert curve.get_xlabel() == "coverage"
    assert {plane.get_xlabel(), plane.get_ylabel()} <= {"a", "v.data", "how"}
    assert len(plane.patches) == 1  # what is left is noise, in which no second box is dense
