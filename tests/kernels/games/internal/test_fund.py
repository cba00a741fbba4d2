"""The fund of least whole loss, against a search in SciPy over funds and splits."""

import jax
import numpy as np
import pytest
from equisweep.kernels.games.internal.model import internal
from scipy.optimize import minimize

solve = jax.jit(lambda p: internal(p, wanted=()))


def scenario(rng, factors):
    return {
        "beta": rng.uniform(0.1, 1, factors), "v": rng.uniform(0.1, 0.9, factors),
        "E": rng.uniform(0.02, 0.2, factors), "L": rng.uniform(5, 800, factors), "M": np.float64(100.0),
        "start_share": np.ones(factors), "horizon": np.float64(1.0),
        "level": np.ones(factors), "level_weight": np.float64(1.0),
    }  # fmt: skip


def whole_loss(p, money):
    """Of so much money at each factor, written out in a loop."""
    loss = sum(money)
    for i, spent in enumerate(money):
        loss += p["beta"][i] * p["L"][i] * p["v"][i] ** (p["E"][i] * spent + 1)
    return loss


@pytest.mark.parametrize("factors", [2, 5])
def test_the_best_fund_is_that_of_a_free_search_over_money_at_each_factor(factors):
    rng = np.random.default_rng(factors)
    idle = 0
    for _ in range(12):
        p = scenario(rng, factors)
        got = solve(p)
        best = minimize(lambda m, p=p: whole_loss(p, m), np.full(factors, 10.0), bounds=[(0, None)] * factors,
                        method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})  # fmt: skip
        assert float(got["least_loss"]) == pytest.approx(best.fun, rel=1e-9)
        assert float(got["best_fund"]) == pytest.approx(best.x.sum(), rel=1e-3, abs=1e-3)
        idle += int((best.x < 1e-9).any())
        # At the best fund its best split costs the same, and one more unit of it saves what it costs.
        at = solve(p | {"M": np.float64(max(float(got["best_fund"]), 1e-9))})
        assert float(at["expected_loss"]) == pytest.approx(float(got["least_loss"]), rel=1e-9)
        if float(got["best_fund"]) > 0:
            assert float(at["loss_slope_in_fund"]) == pytest.approx(0, abs=1e-9)
        assert float(got["expected_loss"]) >= float(got["least_loss"]) - 1e-9
    assert idle > 0


def test_the_slope_of_the_loss_in_the_fund_is_that_of_differences():
    p = scenario(np.random.default_rng(3), 3)
    for fund in (1.0, 40.0, 300.0):
        low, high = (float(solve(p | {"M": np.float64(fund + h)})["expected_loss"]) for h in (-1e-4, 1e-4))
        slope = float(solve(p | {"M": np.float64(fund)})["loss_slope_in_fund"])
        assert slope == pytest.approx((high - low) / 2e-4, abs=1e-6)


def test_where_no_factor_is_worth_its_first_unit_the_best_fund_is_nothing():
    p = scenario(np.random.default_rng(4), 2) | {"L": np.array([0.5, 1.0])}
    got = solve(p)
    assert float(got["best_fund"]) == 0
    assert float(got["least_loss"]) == pytest.approx(whole_loss(p, [0.0, 0.0]))
