"""One loss, differentiated: first- and second-order conditions are the oracle's, formula by formula."""

from functools import partial

import jax
import numpy as np
import pytest
from equisweep.kernels.games.external.game import any_breach, net_benefit, reach_of, second_derivative
from helpers.oracles import external as oracle
from helpers.tolerance import assert_close

POINTS = oracle.scenarios(200, seed=21)
P = np.exp(np.random.default_rng(4).uniform(-12, -0.05, len(POINTS)))


@pytest.mark.parametrize("mechanism", oracle.MECHANISMS)
def test_marginal_benefit_by_autodiff_is_the_stated_first_order_condition(mechanism):
    def benefit(s, p):
        return 1 + net_benefit(s, reach_of(mechanism, s), 64)(p)

    got = jax.jit(jax.vmap(benefit))(oracle.columns(POINTS), P)
    stated = np.array(
        [np.exp(oracle.log_benefit(s, mechanism, np.log(p))) for s, p in zip(POINTS, P, strict=True)]
    )
    assert_close(got, stated, multiplier=1e5, floor=1e-2, what=mechanism)  # 1 + (x - 1) keeps 14 digits of 1


@pytest.mark.parametrize("mechanism", oracle.MECHANISMS)
def test_the_oracle_states_the_same_condition_as_its_own_loss(mechanism):
    """The slope of the stated loss at symmetry is one less the stated benefit, transfers included."""
    for s in oracle.scenarios(40, seed=9, most_cities=8):
        x, h = 0.7 / oracle.rate(s), 1e-4 / oracle.rate(s)
        if mechanism == "cooperation":
            loss, e, h, unit = partial(oracle.planner_cost, s), x / s["n"], h / s["n"], s["n"]
        else:
            e, unit = x / oracle.dilution(s, mechanism), 1.0
            loss = partial(lambda own, e, s: oracle.city_loss(s, mechanism, own, e), e=e, s=s)
        slope = (loss(e + h) - loss(e - h)) / (2 * h)
        benefit = np.exp(float(oracle.log_benefit(s, mechanism, np.log(oracle.breach(s, x)))))
        rounding = 1e-15 * abs(loss(e)) / h
        assert slope == pytest.approx(unit * (1 - benefit), abs=unit * 1e-6 * max(1, benefit) + 10 * rounding)


@pytest.mark.parametrize("mechanism", oracle.MECHANISMS)
def test_second_derivative_is_that_of_the_stated_loss(mechanism):
    got = jax.jit(jax.vmap(lambda s, p: second_derivative(s, mechanism, p, 64)))(oracle.columns(POINTS), P)
    hand = np.array([oracle.second_derivative(s, mechanism, p) for s, p in zip(POINTS, P, strict=True)])
    unit = [s["n"] if mechanism == "cooperation" else 1.0 for s in POINTS]
    size = [s["L"] * p * (oracle.rate(s) * u) ** 2 for s, p, u in zip(POINTS, P, unit, strict=True)]
    assert_close(got, hand, multiplier=1e5, floor=1e-2 * np.array(size), what=mechanism)


@pytest.mark.parametrize("mechanism", oracle.MECHANISMS)
def test_second_derivative_by_hand_is_a_difference_of_the_loss(mechanism):
    for s in oracle.scenarios(40, seed=10, most_cities=8):
        own = 0.5 / oracle.rate(s)
        if mechanism == "cooperation":
            e, p = own / s["n"], oracle.breach(s, own)
            loss, h = partial(oracle.planner_cost, s), 1e-3 * own / s["n"]
        else:
            e, p = own, oracle.breach(s, own * oracle.dilution(s, mechanism))
            loss = partial(lambda x, e, s: oracle.city_loss(s, mechanism, x, e), e=e, s=s)
            h = 1e-3 * own
        central = (loss(e + h) - 2 * loss(e) + loss(e - h)) / h**2
        bend = oracle.second_derivative(s, mechanism, p)
        size = s["L"] * p * (oracle.rate(s) * own / e) ** 2
        assert bend == pytest.approx(central, rel=1e-4, abs=1e-4 * size + 1e-14 * abs(loss(e)) / h**2)


def test_the_loss_is_the_product_formula_without_cancellation():
    own, linked = P, P[::-1].copy()
    got = jax.jit(jax.vmap(lambda s, a, b: any_breach(a, b, s["alpha"], s["n"], 64)))
    stated = np.array([oracle.arrives(s, a, b) for s, a, b in zip(POINTS, own, linked, strict=True)])
    assert_close(got(oracle.columns(POINTS), own, linked), stated, multiplier=100)
    assert_close(got(oracle.columns(POINTS), own * 1e-20, linked * 0), own * 1e-20, multiplier=2)


@pytest.mark.parametrize("n_max", [7, 16, 17, 18, 40])
def test_the_bound_on_the_number_of_cities_changes_nothing(n_max):
    points = oracle.columns([s | {"n": min(s["n"], 7.0)} for s in POINTS])
    loss = jax.vmap(lambda s, p, n_max: any_breach(p, p, s["alpha"], s["n"], n_max), in_axes=(0, 0, None))
    assert_close(loss(points, P, n_max), loss(points, P, 7), multiplier=8)
