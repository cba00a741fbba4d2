"""The optimum without pooling, its price of anarchy, and the compensation that induces it, against SciPy."""

from functools import partial

import numpy as np
import pytest
from equisweep.kernels.games.external.model import external
from helpers.codegen.grids import of_many
from helpers.oracles import external as oracle
from helpers.products import some
from scipy.optimize import minimize_scalar

solve = {m: of_many(partial(external, mechanism=m, n_max=5)) for m in oracle.MECHANISMS}
PAPER = oracle.PAPER


def point(mechanism, **changed):
    return {k: v.item() for k, v in solve[mechanism](oracle.columns([PAPER | changed])).items()}


def least_common_cost(s, dilution):
    """Investment and cost of a city where all invest the same, by a search over a grid and Brent's method."""

    def cost(e):
        p = oracle.breach(s, dilution * e)
        return float(s["L"] * oracle.arrives(s, p, p) + e)

    grid = np.linspace(0, 150, 3001)
    k = int(np.argmin([cost(e) for e in grid]))
    near = minimize_scalar(cost, bounds=(grid[max(k - 1, 0)], grid[min(k + 1, 3000)]), method="bounded",
                           options={"xatol": 1e-10})  # fmt: skip
    return (0.0, cost(0.0)) if cost(0.0) <= near.fun else (near.x, near.fun)


def test_the_facts_of_the_papers_case():
    alone = point("noncooperation")
    assert alone["cost_ratio"] == pytest.approx(1.0037, abs=5e-5)
    assert alone["price_of_anarchy"] == pytest.approx(1.456, abs=5e-4)
    assert alone["optimal_investment"] == pytest.approx(6.1233, abs=5e-5)
    assert alone["optimal_compensation"] == pytest.approx(0.5317, abs=5e-5)
    induced = point("compensation", gamma=alone["optimal_compensation"])
    assert induced["investment"] == pytest.approx(alone["optimal_investment"], rel=1e-12)
    assert induced["cost_ratio"] == pytest.approx(1, rel=1e-12)
    # The pooled ratio says the opposite: it is higher although every city is better off.
    assert point("compensation")["price_of_anarchy"] > alone["price_of_anarchy"]
    assert point("compensation")["cost_ratio"] < alone["cost_ratio"]


@pytest.mark.parametrize("mechanism", some(oracle.MECHANISMS, ["compensation", "noncooperation"]))
def test_optimum_and_ratio_agree_with_a_search(mechanism):
    rng, checked = np.random.default_rng(6), 0
    for _ in range(12):
        s = PAPER | {"alpha": rng.uniform(0.05, 0.9), "beta": rng.uniform(0.1, 1), "L": rng.uniform(50, 800)}
        s |= {"n": float(rng.integers(2, 6)), "gamma": rng.uniform(0, 1), "delta": rng.uniform(0, 1)}
        solution = oracle.exact(s, mechanism)
        if solution.fragile:
            continue
        got = point(mechanism, **s)
        invested, cost = least_common_cost(s, oracle.dilution(s, mechanism))
        assert got["optimal_investment"] == pytest.approx(invested, abs=1e-4)
        assert got["optimal_cost"] == pytest.approx(cost, rel=1e-10)
        own = s["L"] * oracle.arrives(s, solution.breach, solution.breach) + solution.investment
        assert got["cost_ratio"] == pytest.approx(own / cost, rel=1e-8)
        assert got["cost_ratio"] >= 1 - 1e-12
        checked += 1
    assert checked >= 8


@pytest.mark.parametrize("mechanism", ["noncooperation", "compensation", "sharing"])
def test_the_cross_derivative_is_that_of_the_oracles_cost(mechanism):
    for s in (PAPER, PAPER | {"alpha": 0.8, "n": 4.0, "beta": 0.6}, PAPER | {"n": 2.0, "delta": 0.9}):
        got, h = point(mechanism, **s), 1e-3
        e = got["investment"]
        corners = [[oracle.city_loss(s, mechanism, e + a * h, e + b * h) for b in (-1, 1)] for a in (-1, 1)]
        (low, up), (down, high) = corners
        assert got["cross_derivative"] == pytest.approx((high - up - down + low) / (4 * h * h), rel=2e-4)


def test_investments_are_complements_but_where_much_is_shared():
    for alpha in (0.1, 0.5, 0.9):
        assert point("noncooperation", alpha=alpha)["cross_derivative"] < 0
        assert point("compensation", alpha=alpha)["cross_derivative"] < 0
    assert (
        point("sharing", delta=0.0)["cross_derivative"] < 0 < point("sharing", delta=0.5)["cross_derivative"]
    )


def closed_form(s, e):
    """The compensation that induces the optimum `e`: a breach's harm to others per (n-1) alpha."""
    p, a, n = oracle.breach(s, e), s["alpha"], int(s["n"])
    none = np.prod([1 - a**k * p for k in range(1, n)])
    return none * (1 - p) * sum(a ** (k - 1) / (1 - a**k * p) for k in range(1, n)) / (n - 1)


@pytest.mark.parametrize("alpha", [0.0, 1e-320, 1e-12, 0.3, 1.0])
def test_the_compensation_is_that_of_its_closed_form_wherever_it_propagates_or_not(alpha):
    for changed in ({}, {"n": 2.0}, {"n": 5.0}, {"n": 4.0, "beta": 0.7, "L": 900.0}):
        got = point("noncooperation", alpha=alpha, **changed)
        assert got["optimal_investment"] > 0
        expected = closed_form(PAPER | {"alpha": alpha} | changed, got["optimal_investment"])
        assert got["optimal_compensation"] == pytest.approx(expected, rel=1e-12)


def test_where_nothing_propagates_any_compensation_induces_the_optimum():
    alone = point("noncooperation", alpha=0.0)
    assert alone["cost_ratio"] == pytest.approx(1)
    p = oracle.breach(PAPER, alone["optimal_investment"])
    assert alone["optimal_compensation"] == pytest.approx((1 - p) / 2, rel=1e-12)
    for gamma in (0.0, alone["optimal_compensation"], 7.0):
        induced = point("compensation", alpha=0.0, gamma=gamma)
        assert induced["investment"] == pytest.approx(alone["optimal_investment"], rel=1e-12)


@pytest.mark.parametrize(
    "changed", [{"n": 1.0}, {"n": 1.0, "alpha": 0.0}, {"L": 10.0}, {"L": 10.0, "alpha": 0.0}]
)
def test_of_a_single_city_and_at_a_corner_no_compensation_is_needed(changed):
    alone = point("noncooperation", **changed)
    assert alone["optimal_compensation"] == 0
    assert alone["cost_ratio"] == pytest.approx(1)
    assert (alone["optimal_investment"] == 0) == ("L" in changed)
    induced = point("compensation", gamma=0.0, **changed)
    assert induced["investment"] == pytest.approx(alone["optimal_investment"], rel=1e-12)
