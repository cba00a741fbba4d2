"""Mechanisms together, budgets and entry costs against brute force: equilibria, which there are, planners."""

from functools import cache, partial

import numpy as np
import pytest
from equisweep.kernels.games.combined.declaration import REGIMES
from equisweep.kernels.games.combined.model import external_combined
from equisweep.kernels.games.external.model import external
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.oracles import combined as oracle
from helpers.oracles import external as plain
from helpers.products import covering, some

MOST = 6
POINTS = oracle.scenarios(120, seed=4, most_cities=MOST)
FEW = ("optimal_investment", "optimal_cost", "cost_ratio")


@cache
def solver(mechanism, kind, branch="highest"):
    choices = {"mechanism": mechanism, "budget_kind": kind, "branch": branch}
    return of_many(partial(external_combined, n_max=MOST, wanted=FEW, **choices))


def solve(points, mechanism, kind="none", branch="highest"):
    padded = points + points[-1:] * (len(POINTS) - len(points))
    return {k: v[: len(points)] for k, v in solver(mechanism, kind, branch)(oracle.columns(padded)).items()}


@pytest.mark.parametrize(
    ("mechanism", "kind", "branch"),
    covering(
        [
            ("together", "none", "highest"),
            ("together", "city", "lowest"),
            ("together", "common", "highest"),
            ("sharing", "city", "highest"),
            ("compensation", "city", "highest"),
            ("noncooperation", "common", "lowest"),
        ],
        lambda mechanism, kind, _: mechanism != "together" or kind == "none",
    ),
)
def test_equilibria_are_those_of_brute_force(mechanism, kind, branch):
    actual, seen = solve(POINTS, mechanism, kind, branch), []
    for i, s in enumerate(POINTS):
        known, fragile = oracle.equilibria(s, mechanism, kind)
        if fragile:
            continue
        got = {name: value[i].item() for name, value in actual.items()}
        assert got["equilibrium_count"] == len(known), s
        if not known:
            assert got["status"] == Status.no_equilibrium
            seen.append("none")
            continue
        best = known[0 if branch == "highest" else -1]
        size = 1e-8 * (1 + s["L"])
        assert got["investment"] == pytest.approx(best.investment, rel=1e-7, abs=1e-6), s
        assert got["expected_loss"] == pytest.approx(best.loss, rel=1e-9), s
        assert got["entry_value"] == pytest.approx(best.value, rel=1e-7, abs=size), s
        assert got["budget_multiplier"] == pytest.approx(best.multiplier, rel=1e-7, abs=1e-9), s
        assert got["regime"] == REGIMES[best.regime], s
        several = len(known) > 1
        corner = Status.ok if best.regime == "interior" else Status.corner
        assert got["status"] == (Status.several_equilibria if several else corner), s
        seen.append("several" if several else best.regime)
    wanted = {"interior", "nothing"} | ({"budget"} if kind != "none" else set())
    wanted |= {"none"} if mechanism in ("sharing", "together") else {"several"}
    assert wanted <= set(seen)
    assert len(seen) > 0.8 * len(POINTS)


@pytest.mark.parametrize("kind", some(["none", "city", "common"], ["city"]))
def test_the_planners_costs_are_the_least_of_a_scan(kind):
    pooled, shared = solve(POINTS[:40], "cooperation", kind), solve(POINTS[:40], "together", kind)
    for i, s in enumerate(POINTS[:40]):
        e, cost = oracle.planner(s, True, s["n"], kind)
        assert pooled["expected_loss"][i] == pytest.approx(cost, rel=1e-9)
        if abs(cost - oracle.planner(s | {"entry_cost": s["entry_cost"] * 1.001}, True, s["n"], kind)[1]) > 0:
            assert pooled["investment"][i] == pytest.approx(e, rel=1e-4, abs=1e-4)
        dilution = 1 + s["delta"] * (s["n"] - 1)
        assert shared["optimal_cost"][i] == pytest.approx(
            oracle.planner(s, False, dilution, kind)[1], rel=1e-9
        )
        if shared["status"][i] != Status.no_equilibrium:
            assert shared["cost_ratio"][i] >= 1 - 1e-12


@pytest.mark.parametrize("mechanism", some(plain.MECHANISMS, ["compensation"]))
def test_without_budget_and_entry_cost_the_mechanisms_are_those_of_external(mechanism):
    points = [s | {"entry_cost": 0.0} for s in POINTS]
    mine = solve(points, mechanism)
    theirs = of_many(partial(external, mechanism=mechanism, n_max=MOST, wanted=()))(
        {k: v for k, v in oracle.columns(points).items() if k in plain.PAPER}
    )
    # Of sharing, `external` looks at each city's cost near the solution only; no other one was better.
    kept = mine["status"] != Status.no_equilibrium
    assert kept.all()
    for name in ("investment", "effective_investment", "breach_probability", "expected_loss"):
        np.testing.assert_allclose(mine[name][kept], theirs[name][kept], rtol=1e-14, atol=1e-12)
    if mechanism in ("noncooperation", "compensation"):
        np.testing.assert_array_equal(mine["equilibrium_count"], theirs["equilibrium_count"])


@pytest.mark.parametrize("kind", some(["none", "city"], ["city"]))
def test_together_is_sharing_without_compensation_and_compensation_without_sharing(kind):
    for nothing, other in (("gamma", "sharing"), ("delta", "compensation")):
        points = [s | {nothing: 0.0} for s in POINTS]
        both, one = (solve(points, m, kind) for m in ("together", other))
        for name in ("investment", "expected_loss", "entry_value", "budget_multiplier"):
            np.testing.assert_allclose(both[name], one[name], rtol=1e-13, atol=1e-11, err_msg=name)
        np.testing.assert_array_equal(both["status"], one["status"])


def test_shared_wholly_investments_are_not_moved_by_compensation():
    points = [s | {"delta": 1.0} for s in POINTS]
    one, other = (solve([s | {"gamma": g} for s in points], "together") for g in (0.0, 1.0))
    for name in ("investment", "expected_loss", "status"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("kind", some(["city", "common"], ["city"]))
def test_a_budget_of_nothing_lets_nobody_invest_and_its_multiplier_is_the_first_units_worth(kind):
    points = [oracle.PAPER | {"budget": 0.0, "L": loss} for loss in (400.0, 5.0)]
    rich = solve(points, "compensation", kind)
    assert rich["investment"].tolist() == [0, 0]
    assert rich["status"].tolist() == [Status.corner] * 2
    assert rich["regime"].tolist() == [REGIMES["budget"], REGIMES["nothing"]]
    s = points[0]
    assert rich["budget_multiplier"][0] == pytest.approx(-oracle.slope(s, "compensation", 0.0), rel=1e-12)
    assert rich["budget_multiplier"][1] == 0
    dear = solve([s | {"entry_cost": 1.0}], "compensation", kind)
    assert dear["regime"].tolist() == [REGIMES["nothing"]]


def test_a_budget_just_at_the_investment_changes_nothing_but_who_decides():
    free = float(solve([oracle.PAPER], "together")["investment"][0])
    for factor in (1 - 1e-9, 1 - 1e-16, 1.0, 1 + 2.3e-16, 1 + 1e-9):
        for kind, times in (("city", 1), ("common", 3)):
            got = solve([oracle.PAPER | {"budget": free * factor * times}], "together", kind)
            assert got["investment"][0] == pytest.approx(free, rel=2e-9)
            assert got["equilibrium_count"][0] == 1
            assert 0 <= got["budget_multiplier"][0] < 1e-8


@pytest.mark.parametrize("mechanism", some(["noncooperation", "together"], ["together"]))
def test_an_entry_cost_just_below_what_investing_saves_is_paid_and_one_above_is_not(mechanism):
    worth = float(solve([oracle.PAPER], mechanism)["entry_value"][0])
    below, above = solve([oracle.PAPER | {"entry_cost": worth * f} for f in (1 - 1e-9, 1 + 1e-9)], mechanism)[
        "investment"
    ]
    assert below > 0 == above


def test_in_common_or_not_an_equal_share_of_the_budget_gives_the_same_investment():
    points = [s | {"entry_cost": 0.0} for s in POINTS]
    parts = [s | {"budget": s["budget"] / s["n"]} for s in points]
    one, other = solve(points, "together", "common"), solve(parts, "together", "city")
    same = (one["equilibrium_count"] == 1) & (other["equilibrium_count"] == 1)
    assert same.mean() > 0.6
    for name in ("investment", "expected_loss", "budget_multiplier"):
        np.testing.assert_allclose(one[name][same], other[name][same], rtol=1e-12, atol=1e-12)
