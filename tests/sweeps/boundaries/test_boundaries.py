"""Boundaries against what is known of the models: the Hopf line, corners and folds found by SciPy."""

import csv
import json
import math
import re

import numpy as np
import pytest
from equisweep.kernels.numerics.stability import RestClass
from equisweep.sweeps import CubeError, Sweep, SweepError, run
from equisweep.sweeps.boundaries.bisect import refine
from equisweep.sweeps.boundaries.boundaries import boundaries
from equisweep.sweeps.boundaries.question import NO_CROSSING
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.papers.external.best_compensation import LEAST, best_compensation
from equisweep.sweeps.papers.external.critical_cities import ENDS, critical_cities
from equisweep.sweeps.run import run_in_memory
from equisweep.sweeps.spec.presets import PRESETS
from helpers.messages import refused
from helpers.oracles import external as oracle
from helpers.project import ROOT
from scipy.optimize import brentq, minimize_scalar


@pytest.fixture(scope="module")
def regimes():
    """Rest points only, over caps that fall on the Hopf line r = f and beside it."""
    return run_in_memory(
        Sweep(
            "supervision",
            {"c1": [2.0, 5.0], "r": {"start": 1, "stop": 20, "num": 20}, "f": [4.0, 9.5, 15.0]},
            fixed={"p1": 0.05},
            outputs=["interior_class", "rest_class", "trace"],
        )
    )


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    sweep = Sweep(
        "external",
        {"alpha": {"start": 0.5, "stop": 1, "num": 11}, "n": [2, 4, 8], "beta": [0.08, 0.1, 0.4]},
        outputs=["investment", "equilibrium_count"],
    )
    path = tmp_path_factory.mktemp("boundary") / "games.zarr"
    return path, run(sweep, path).load()


def test_the_hopf_line_is_r_equal_to_f(regimes):
    boundary = boundaries(regimes, "interior_class", "r", ["c1=5", "f=9.5,15"])
    position = boundary["position"].sel(crossing=0)
    np.testing.assert_allclose(position, boundary["f"], rtol=1e-8)
    # 15 is on the grid, and a centre there: not a boundary of its own.
    assert (boundary["crossings"] == 1).all()
    assert (boundary["class_below"] == RestClass.stable_focus).all()
    assert (boundary["class_above"] == RestClass.unstable_focus).all()
    assert (boundary["width"].sel(crossing=0) <= 1e-8 * position).all()
    assert (boundary["unconfirmed"] == 0).all()


def test_one_line_alone_has_no_other_axes(regimes):
    boundary = regimes.equisweep.boundaries("interior_class", "r", ["c1=5", "f=15"])
    assert boundary["position"].dims == ("crossing",)
    assert boundary["position"].item() == pytest.approx(15, rel=1e-8)


def test_several_crossings_on_a_line_are_in_order_and_padded(regimes):
    boundary = boundaries(regimes, "interior_class", "r", ["c1=2"])
    first = boundary.sel(f=4.0)
    assert first["crossings"] == 3
    positions = first["position"].values
    assert (np.diff(positions) > 0).all()
    np.testing.assert_array_equal(first["class_above"][:-1], first["class_below"][1:])
    assert positions[2] == pytest.approx(4.0, rel=1e-8)
    assert np.isnan(boundary["position"].sel(f=9.5).values[1:]).all()
    assert (boundary["class_below"].sel(f=9.5).values[1:] == NO_CROSSING).all()


def test_the_trace_passes_zero_where_the_class_changes(regimes):
    by_class = boundaries(regimes, "interior_class", "r", ["c1=5", "f=9.5,15"])
    by_trace = boundaries(regimes, "trace", "r", ["c1=5", "f=9.5,15"], level=0.0)
    interior = by_trace["position"].sel(rest_point="interior", crossing=0)
    np.testing.assert_allclose(interior, by_class["position"].sel(crossing=0), rtol=1e-8)


def pays_at_the_corner(s):
    """What is left of the benefit at no investment, less its cost: zero where investing ends at a corner."""
    return float(oracle.log_benefit(s, "noncooperation", math.log(s["beta"] * s["v"])))


def test_the_corner_lies_where_scipy_finds_it(games):
    _, cube = games
    boundary = boundaries(cube, "status", "alpha", ["beta=0.1"])
    rows = boundary["crossings"].values
    assert rows.sum() >= 1
    for k, n in enumerate(cube["n"].values):
        s = oracle.PAPER | {"n": float(n), "beta": 0.1}

        def gone(alpha, s=s):
            return pays_at_the_corner(s | {"alpha": alpha})

        if rows[k] == 0:
            assert gone(1.0) > 0
            continue
        # Investment reaches zero before the two roots meet in this case, so that the corner is the boundary.
        exact = brentq(gone, 0.5, 1.0, xtol=1e-14, rtol=1e-14)
        assert rows[k] == 1
        assert boundary["position"].values[k, 0] == pytest.approx(exact, rel=1e-8)


def test_whole_numbers_are_bisected_between_those_of_the_grid(games):
    _, cube = games
    boundary = boundaries(cube, "status", "n", ["beta=0.1"])
    for k, alpha in enumerate(cube["alpha"].values):
        invests = [
            not oracle.exact(oracle.PAPER | {"n": float(n), "alpha": float(alpha)}, "noncooperation").corner
            for n in range(1, 9)
        ]
        last = sum(invests)
        position = boundary["position"].values[k, 0]
        assert np.isnan(position) if last == 8 else position == last
    assert set(boundary["width"].values[~np.isnan(boundary["width"].values)]) == {1.0}


def test_positions_do_not_depend_on_the_order_of_the_axis(games):
    _, cube = games
    one = boundaries(cube, "status", "alpha", ["beta=0.1"])
    two = boundaries(cube.isel(alpha=slice(None, None, -1)), "status", "alpha", ["beta=0.1"])
    np.testing.assert_allclose(one["position"], two["position"], rtol=1e-8)
    for name in ("class_below", "class_above", "crossings"):
        np.testing.assert_array_equal(one[name], two[name])


def test_bisection_finds_every_class_in_a_cell():
    edges = np.array([0.2, 0.5, 0.500001, 0.9])
    result, counts = refine(
        lambda _, x: np.searchsorted(edges, x, side="right"), np.array([0.0]), np.array([1.0]), 1e-9, False
    )
    assert counts.tolist() == [4]
    np.testing.assert_allclose((result.low + result.high) / 2, edges, rtol=1e-8)


def test_a_cube_that_is_not_complete_counts_what_it_leaves_out(games):
    _, cube = games
    cut = cube.copy(deep=True)
    cut["status"][3] = 0
    boundary = boundaries(cut, "status", "alpha")
    assert (boundary["not_computed"] == 2).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("investment", "alpha"),
            "'investment': is a real number; say which value it passes: level=0",
        ),
        (("investmnt", "alpha"), "did you mean 'investment'"),
        (("status", "alfa"), "did you mean 'alpha'"),
        (("status", "alpha", ["alpha=0.5"]), "one value"),
    ],
)
def test_wrong_questions_are_refused(games, arguments, words):
    with pytest.raises(SweepError, match=words):
        boundaries(games[1], *arguments)


@pytest.mark.parametrize("level", [float("nan"), float("inf")])
def test_a_level_that_nothing_passes_is_refused(games, level):
    with pytest.raises(SweepError, match="finite"):
        boundaries(games[1], "investment", "alpha", level=level)


def test_a_level_of_a_class_and_a_choice_as_axis_are_refused(regimes):
    with pytest.raises(SweepError, match="leave it out"):
        boundaries(regimes, "interior_class", "r", level=1.0)
    cube = run_in_memory(Sweep("supervision", {"reward": ["static", "dynamic"]}, outputs=["interior_class"]))
    with pytest.raises(SweepError, match="no order"):
        boundaries(cube, "interior_class", "reward")


def test_a_model_file_is_run_only_when_it_is_named(tmp_path):
    examples = ROOT / "examples"
    for name in ("gordon_loeb.toml", "gordon_loeb.py"):
        (tmp_path / name).write_text((examples / name).read_text(encoding="utf-8"), encoding="utf-8")
    cube = run(Sweep.from_file(tmp_path / "gordon_loeb.toml"), tmp_path / "cube.zarr")
    wanted = ["breach_class=class_1", "b=2,3", "L=39000:130000"]
    with refused("sweep_file='sweep.toml'", "--sweep sweep.toml"):
        boundaries(cube, "status", "v", wanted)
    with pytest.raises(CubeError, match="another sweep"):
        boundaries(cube, "status", "v", wanted, sweep_file=PRESETS / "external.toml")
    boundary = boundaries(cube, "status", "v", wanted, sweep_file=tmp_path / "gordon_loeb.toml")
    # Gordon and Loeb 2002: with breach functions of class I nobody invests below v = 1 / (a b L).
    threshold = 1 / (1e-5 * cube["b"].sel(b=[2, 3]) * boundary["L"])
    exact = threshold.transpose(*boundary["crossings"].dims).values
    position = boundary["position"].sel(crossing=0).values
    inside = (exact > 0.01) & (exact < 0.99)
    np.testing.assert_allclose(position[inside], exact[inside], rtol=1e-8)
    assert np.isnan(position[~inside]).all()


def test_the_command_prints_and_writes(games, capsys, tmp_path):
    path, _ = games
    options = ["boundary", str(path), "--var", "status", "--along", "n", "--sel", "beta=0.1"]
    assert main([*options, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["below"] == "ok"
    assert rows[0]["above"] == "corner"
    assert main(options) == 0
    assert len(rows) == 1
    assert "1 boundary on 1 of 11 lines" in capsys.readouterr().out
    assert main([*options, "-o", str(tmp_path / "out.csv")]) == 0
    assert len(list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))) == len(rows)
    assert main([*options, "-o", str(tmp_path / "out.xls")]) == 2


def test_the_documentation_shows_what_is_printed(tmp_path, capsys):
    text = (ROOT / "docs/howto/boundaries.md").read_text(encoding="utf-8")
    (sweep,) = (code for code in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "# caps.toml" in code)
    (tmp_path / "caps.toml").write_text(sweep)
    cube = str(tmp_path / "caps.zarr")
    assert main(["run", str(tmp_path / "caps.toml"), "-o", cube, "-q"]) == 0
    assert main(["boundary", cube, "--var", "interior_class", "--along", "r", "--sel", "f=4:6"]) == 0
    assert f"```text\n{capsys.readouterr().out}```" in text


def invests(s):
    return not oracle.exact(s, "noncooperation").corner


def test_critical_cities_are_those_of_a_count_one_by_one():
    critical = critical_cities({"alpha": [0.5, 0.9, 0.95, 1.0], "beta": [0.03, 0.1, 0.2]}, {"L": 400})
    for alpha in critical["alpha"].values:
        for beta in critical["beta"].values:
            s = oracle.PAPER | {"alpha": float(alpha), "beta": float(beta)}
            one = critical.sel(alpha=alpha, beta=beta)
            last = next((n - 1 for n in range(1, 40) if not invests(s | {"n": float(n)})), None)
            if last is None:
                assert np.isnan(one["cities"])
                assert one["end"] == ENDS["beyond_1024"]
                continue
            assert one["cities"] == last
            if last:
                solution = oracle.exact(s | {"n": float(last)}, "noncooperation")
                assert one["investment"].item() == pytest.approx(solution.investment, rel=1e-8)
                beyond = oracle.published(s | {"n": last + 1.0}, "noncooperation")
                assert one["end"] == ENDS["fold" if beyond is None else "corner"]


def best_by_scipy(s):
    """The coefficient under which cities do what is best for each if all do the same."""
    rate, end = oracle.rate(s), s["beta"] * s["v"]

    def loss(log_p):
        p = math.exp(log_p)
        return float(s["L"] * oracle.arrives(s, p, p)) + (math.log(end) - log_p) / rate

    optimum = minimize_scalar(loss, bounds=(math.log(end) - 8, math.log(end)), method="bounded",
                            options={"xatol": 1e-13})  # fmt: skip
    p = math.exp(optimum.x)
    reach = float((oracle.hops(s) / (1 - oracle.hops(s) * p)).sum())
    none = math.exp(float(oracle.log_none_arrives(s, p)))
    return none * (1 - p) * reach / ((s["n"] - 1) * s["alpha"]), optimum.fun


def test_the_best_compensation_of_the_paper_and_elsewhere():
    critical = best_compensation({"alpha": [0.0, 0.1, 0.6], "n": [3, 8]}, {"beta": 0.1})
    assert critical["gamma"].sel(alpha=0.1, n=3).item() == pytest.approx(0.5317, abs=5e-5)
    assert (critical["least"].sel(alpha=0.0) == LEAST["no_effect"]).all()
    for alpha in (0.1, 0.6):
        for n in (3, 8):
            gamma, loss = best_by_scipy(oracle.PAPER | {"alpha": alpha, "n": float(n)})
            one = critical.sel(alpha=alpha, n=n)
            # A minimum found by values of the loss alone is known to the square root of their rounding.
            assert one["gamma"].item() == pytest.approx(gamma, rel=1e-6)
            assert one["loss"].item() == pytest.approx(loss, rel=1e-12)
            assert abs(one["slope"].item()) < 1e-10
            assert one["loss"] < one["loss_without"]


def test_the_commands_of_critical_values(capsys):
    assert main(["best-compensation", "--axis", "n=3", "--set", "beta=0.1", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["least"] == "interior"
    assert row["gamma"] == pytest.approx(0.5317, abs=5e-5)
    for wrong in (["--axis", "alpha"], ["--axis", "alpha=1:2"], ["--set", "L=much"], ["--set", "n=4"]):
        assert main(["critical-cities", *wrong]) == 2
