"""Contracts as linear programs written out in full and solved by HiGHS, and points to try."""

import jax
import numpy as np
from equisweep.kernels.games.contract import contract
from equisweep.kernels.status import Status
from scipy.optimize import linprog

solve = jax.jit(contract)
EPS = np.finfo(float).eps


def point(theta, rates, minima, total, probability=None, value_rate=2.0, unit_cost=0.5):
    types = len(theta)
    return {
        "theta": np.array(theta, float),
        "probability": np.full(types, 1 / types) if probability is None else np.array(probability, float),
        "reward_rate": np.array(rates, float),
        "T_min": np.array(minima, float),
        "infrastructures": np.ones(types),
        "phi": np.ones(1),
        "criticality_probability": np.ones(1),
        "T_total": np.float64(total),
        "value_rate": np.float64(value_rate),
        "unit_cost": np.float64(unit_cost),
    }


def full_problem(p, constraints="all"):
    """The whole linear program as matrices, written out with plain loops: (minus weights, A, A_eq)."""
    theta, rate = p["theta"], p["reward_rate"]
    types = len(theta)
    rows = []
    for i in range(types):
        worth = p["value_rate"] * theta[i] - p["unit_cost"] * rate
        individual = np.zeros(types)
        individual[i] = -worth[i]
        if constraints == "all" or i == 0:
            rows.append(individual)
        for j in {"all": range(types), "neighbours": (i - 1, i + 1), "downward": (i - 1,)}[constraints]:
            if j != i and 0 <= j < types:
                row = np.zeros(types)
                row[i], row[j] = -worth[i], worth[j]
                rows.append(row)
    weights = p["probability"] * theta * (rate - 1) * (p["criticality_probability"] @ p["phi"])
    return -weights, np.array(rows), p["infrastructures"][None, :]


def highs(p, cost=None, at_least=None, constraints="all"):
    """HiGHS on variables in units of T_total, with tolerances far below those under test.

    With another `cost`, the least of it among points whose utility is `at_least` so much.
    """
    minus_utility, rows, ones = full_problem(p, constraints)
    scale = np.abs(rows).max(axis=1, keepdims=True)
    rows = rows / np.where(scale > 0, scale, 1)
    limits = np.zeros(len(rows))
    if at_least is not None:
        size = np.abs(minus_utility).max()
        rows, limits = np.vstack([rows, minus_utility / size]), np.append(limits, -at_least / size)
    return linprog(
        minus_utility if cost is None else cost,
        A_ub=rows,
        b_ub=limits,
        A_eq=ones,
        b_eq=[1.0],
        bounds=[(low / p["T_total"], None) for low in p["T_min"]],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )


def random_point(rng, types):
    """Rates that grow fast enough to be feasible at times, and minima that fit at times."""
    theta = np.cumsum(rng.uniform(0.2, 1.5, types))
    rates = 1 + np.cumsum(rng.uniform(0.02, 3, types))
    minima = np.sort(rng.uniform(0, 100, types))
    total = minima.sum() * rng.uniform(0.95, 3)
    probability = rng.dirichlet(np.ones(types))
    return point(theta, rates, minima, total, probability, rng.uniform(1, 3), rng.uniform(0.05, 0.9))


def degenerate_point(rng, types):
    """Round numbers: equal weights, zero probabilities, exact ties between constraints, no room."""
    theta = np.arange(1.0, types + 1)
    rates = 1 + np.cumsum(rng.integers(1, 3, types))
    minima = np.sort(rng.choice([0.0, 20.0, 40.0], types))
    total = max(minima.sum(), 20.0) + rng.choice([0.0, 20.0, 100.0, 3000.0])
    kind = rng.integers(3)
    if kind == 0:
        probability = 1 / (theta * (rates - 1))
    elif kind == 1:
        probability = rng.permutation(np.r_[np.ones((types + 1) // 2), np.zeros(types // 2)])
    else:
        probability = np.ones(types)
    return point(theta, rates, minima, total, probability / probability.sum(), 2.0, rng.choice([0.25, 0.5]))


def agrees_with_highs(p):
    """Check one point against HiGHS; returns our status."""
    got = {name: np.asarray(value) for name, value in solve(p).items()}
    best = highs(p)
    status = int(got["status"])
    assert (status == Status.infeasible) == (best.status == 2), (p, best.message)
    if status == Status.infeasible:
        assert np.all(np.isnan(got["resources"]))
        assert np.isnan(got["centre_utility"])
        assert got["binding_count"] == -1
        return status
    assert best.status == 0
    np.testing.assert_allclose(got["centre_utility"], -best.fun * p["T_total"], rtol=1e-8)
    share = got["resources"] / p["T_total"]
    if status == Status.ok:
        np.testing.assert_allclose(share, best.x, rtol=0, atol=1e-8)
    _, rows, _ = full_problem(p)
    assert np.all(share >= p["T_min"] / p["T_total"] - 1e-10)
    assert np.all(rows @ share <= 1e-10 * np.abs(rows).max())
    np.testing.assert_allclose(p["infrastructures"] @ share, 1, rtol=1e-12)
    return status
