"""The internal model against a root search, a general optimiser and a closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.internal.allocation import expected_loss, optimal_share, payoff
from equisweep.kernels.games.internal.model import INTERNAL, internal
from equisweep.kernels.status import Status
from helpers.products import some
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize

EPS = np.finfo(float).eps


def continuum(p):
    """The kernel without finitely many participants; where `p` names no levels, all losses count alike."""
    return internal({"level": jnp.ones_like(p["L"]), "level_weight": 1.0} | p, wanted=())


solve = jax.jit(continuum)


def defaults():
    return {q.name: np.array(list(q.default.values()) if q.dim else q.default) for q in INTERNAL.parameters}


def random_point(rng, factors, fund=None):
    """A point whose optimum funds anything between one factor and all of them."""
    return {
        "beta": rng.uniform(0.05, 1, factors),
        "v": rng.uniform(0.02, 0.98, factors),
        "E": np.exp(rng.uniform(-4, 0, factors)),
        "L": np.exp(rng.uniform(0, 7, factors)),
        "M": np.float64(np.exp(rng.uniform(-1, 6)) if fund is None else fund),
    }


def loss_of_money(money, p):
    return np.sum(p["beta"] * p["L"] * p["v"] ** (p["E"] * money + 1)) + p["M"]


def share_by_root_search(p):
    """Money at each factor from its inverse marginal benefit; the multiplier by brentq on its logarithm."""
    rate = -p["E"] * np.log(p["v"])
    first = p["beta"] * p["L"] * p["v"] * rate

    def money(log_multiplier):
        return np.maximum(np.log(first) - log_multiplier, 0) / rate

    high = np.log(first.max())
    low = high - 1
    while money(low).sum() < p["M"]:
        low -= 2 * (high - low)
    root = brentq(lambda m: money(m).sum() - p["M"], low, high, xtol=1e-300, rtol=4 * EPS, maxiter=500)
    return money(root) / p["M"], np.exp(root)


@pytest.mark.parametrize("factors", [2, 3, 7, 64])
def test_shares_and_multiplier_agree_with_a_root_search(factors):
    rng = np.random.default_rng(factors)
    funded = set()
    for _ in range(60):
        p = random_point(rng, factors)
        share, multiplier = share_by_root_search(p)
        got = solve(p)
        np.testing.assert_allclose(got["share"], share, rtol=0, atol=1e4 * EPS)
        np.testing.assert_allclose(got["multiplier"], multiplier, rtol=1e4 * EPS)
        np.testing.assert_allclose(got["expected_loss"], loss_of_money(share * p["M"], p), rtol=1e3 * EPS)
        assert got["status"] == (Status.ok if np.all(share > 0) else Status.corner)
        funded.add(int(np.sum(share > 0)))
    assert {1, factors} <= funded or factors == 64, "the draws must cover corners and interiors"
    assert len(funded) > 1


def test_no_general_optimiser_finds_a_smaller_loss():
    rng = np.random.default_rng(5)
    for factors in (2, 3, 5, 8):
        for _ in range(5):
            p = random_point(rng, factors)
            solution = minimize(
                lambda x, p=p: loss_of_money(x * p["M"], p),
                np.full(factors, 1 / factors),
                bounds=[(0, 1)] * factors,
                constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
                method="SLSQP",
                options={"ftol": 1e-14, "maxiter": 1000},
            )
            ours = float(solve(p)["expected_loss"])
            # SLSQP meets its equality only to about 1e-10, which may buy it that much.
            assert ours <= solution.fun * (1 + 1e-9)
            assert solution.fun <= ours * (1 + 1e-5)


def test_two_factors_follow_the_closed_form_clipped_to_the_unit_interval():
    rng = np.random.default_rng(8)
    for _ in range(200):
        p = random_point(rng, 2)
        g = np.log(-p["beta"] * p["L"] * p["E"] * p["v"] * np.log(p["v"]))
        k = p["E"] * p["M"] * np.log(p["v"])
        first = np.clip((g[1] - g[0] + k[1]) / k.sum(), 0, 1)
        np.testing.assert_allclose(solve(p)["share"], [first, 1 - first], rtol=0, atol=1e4 * EPS)


@pytest.mark.parametrize("factors", [2, 5, 64])
def test_the_kkt_conditions_hold_to_rounding(factors):
    rng = np.random.default_rng(factors + 100)
    for _ in range(30):
        got = solve(random_point(rng, factors))
        share, benefit = np.asarray(got["share"]), np.asarray(got["marginal_benefit"])
        multiplier = float(got["multiplier"])
        assert share.min() >= 0
        np.testing.assert_allclose(share.sum(), 1, rtol=64 * EPS)
        np.testing.assert_allclose(benefit[share > 0], multiplier, rtol=1e5 * EPS)
        assert np.all(benefit[share == 0] <= multiplier * (1 + 1e4 * EPS))


def test_extreme_funds_reach_one_factor_or_all():
    rng = np.random.default_rng(3)
    p = random_point(rng, 6)
    poor, rich = solve(p | {"M": np.float64(1e-12)}), solve(p | {"M": np.float64(1e6)})
    assert np.sum(np.asarray(poor["share"]) > 0) == 1
    assert np.all(np.asarray(rich["share"]) > 0)
    assert poor["status"] == Status.corner
    assert rich["status"] == Status.ok
    assert np.isfinite(rich["multiplier"])


def test_equal_factors_get_equal_shares():
    p = {name: np.full(5, value) for name, value in [("beta", 0.5), ("v", 0.4), ("E", 0.1), ("L", 9.0)]}
    np.testing.assert_allclose(solve(p | {"M": np.float64(3.0)})["share"], 0.2, rtol=8 * EPS)


def central_difference(function, p, name, index):
    def at(step):
        value = np.array(p[name], float)
        if index is None:
            value = value + step
        else:
            value[index] += step
        return {k: np.asarray(v) for k, v in function(p | {name: value}).items()}

    base = np.asarray(p[name], float) if index is None else p[name][index]
    step = 1e-5 * abs(base)
    up, down = at(step), at(-step)
    return {k: (up[k] - down[k]) / (2 * step) for k in up if k != "status"}


@pytest.mark.parametrize("factors", some([2, 4], [2]))
def test_derivatives_agree_with_central_differences_at_interior_points_and_corners(factors):
    rng = np.random.default_rng(factors + 40)
    jacobian = jax.jit(jax.jacfwd(lambda p: {k: v for k, v in continuum(p).items() if k != "status"}))
    seen = set()
    for _ in range(12):
        p = random_point(rng, factors)
        seen.add(int(solve(p)["status"]))
        exact = jacobian({k: jnp.asarray(v) for k, v in p.items()})
        for name in p:
            for index in range(factors) if p[name].ndim else [None]:
                for output, slope in central_difference(solve, p, name, index).items():
                    got = exact[output][name] if index is None else exact[output][name][..., index]
                    scale = np.abs(np.asarray(solve(p)[output])).max() / abs(np.asarray(p[name])).max()
                    np.testing.assert_allclose(got, slope, rtol=1e-5, atol=1e-6 * scale)
    assert seen == {Status.ok, Status.corner}


def test_an_unfunded_factor_passes_no_derivative_on():
    p = defaults() | {"L": np.array([500.0, 1e-3])}
    assert solve(p)["status"] == Status.corner
    slopes = jax.jit(jax.jacfwd(lambda loss: optimal_share(p | {"L": loss})[0]))(jnp.asarray(p["L"]))
    np.testing.assert_allclose(slopes, np.zeros((2, 2)), atol=EPS)


def test_the_derivative_of_the_least_loss_is_the_envelopes():
    p = {k: jnp.asarray(v) for k, v in defaults().items()}
    share = solve(p)["share"]
    total = jax.jit(jax.grad(lambda q: continuum(q)["expected_loss"]))(p)
    partial = jax.jit(jax.grad(lambda q: expected_loss(share, q)))(p)
    for name in ("beta", "v", "E", "L"):
        np.testing.assert_allclose(total[name], partial[name], rtol=1e3 * EPS)
    # One more unit of fund costs itself and saves the multiplier.
    np.testing.assert_allclose(total["M"], 1 - solve(p)["multiplier"], rtol=1e3 * EPS)


def test_vmap_and_jit_give_what_single_points_give():
    rng = np.random.default_rng(21)
    points = [random_point(rng, 5) for _ in range(16)]
    batch = {name: np.stack([p[name] for p in points]) for name in points[0]}
    together = jax.jit(jax.vmap(continuum))(batch)
    for i, p in enumerate(points):
        for name, value in solve(p).items():
            np.testing.assert_allclose(together[name][i], value, rtol=1e4 * EPS, atol=1e3 * EPS)


def test_single_precision_stays_single_and_agrees_to_it():
    p = defaults()
    single = solve({k: v.astype(np.float32) for k, v in p.items()})
    for name in ("share", "multiplier", "marginal_benefit", "expected_loss"):
        assert single[name].dtype == np.float32
        np.testing.assert_allclose(single[name], solve(p)[name], rtol=100 * np.finfo(np.float32).eps)


def test_the_replicator_flow_of_the_payoff_ends_at_the_kkt_shares_and_the_loss_never_rises():
    p = {"beta": np.full(3, 0.5), "v": np.array([0.4, 0.5, 0.6]), "E": np.full(3, 0.05)}
    p |= {"L": np.array([500.0, 400.0, 450.0]), "M": np.float64(100.0)}
    assert solve(p)["status"] == Status.ok
    growth = jax.jit(lambda x: payoff(x, p))

    def field(_, x):
        u = np.asarray(growth(x))
        return x * (u - x @ u)

    path = solve_ivp(field, (0, 5), [0.6, 0.3, 0.1], rtol=1e-10, atol=1e-12)
    losses = np.array([loss_of_money(x * p["M"], p) for x in path.y.T])
    assert np.all(np.diff(losses) <= 1e-9 * losses[:-1])
    assert losses[0] - losses[-1] > 1
    np.testing.assert_allclose(path.y[:, -1], solve(p)["share"], atol=1e-7)


def test_the_payoff_is_the_fund_times_the_marginal_benefit():
    p = defaults()
    share = np.array([0.3, 0.7])
    by_hand = p["beta"] * p["L"] * p["E"] * -np.log(p["v"]) * p["v"] ** (p["E"] * share * p["M"] + 1)
    np.testing.assert_allclose(payoff(share, p), p["M"] * by_hand, rtol=64 * EPS)
