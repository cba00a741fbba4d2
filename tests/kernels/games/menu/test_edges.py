"""Menus at the edges: nothing to choose, numbers that contradict each other, many at once."""

import jax
import numpy as np
import pytest
from equisweep.kernels.games.menu.game import menu
from equisweep.kernels.status import Status
from helpers.oracles.menu import FREE, Full, certificate, forms, point, solve
from helpers.products import costs_seconds, some

DOUBTFUL = {
    "sub-types of equal worth": {"theta": [1.0, 2.0, 4.0], "phi": [1.0, 2.0]},
    "theta falls": {"theta": [2.0, 1.0, 3.0]},
    "levels fall": {"phi": [1.2, 1.0]},
    "probabilities": {"probability": [0.3, 0.3, 0.3]},
    "level probabilities": {"criticality_probability": [0.5, 0.4]},
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_parameters_that_contradict_each_other_are_out_of_domain(name):
    got = solve(point(3, 2) | {key: np.array(value) for key, value in DOUBTFUL[name].items()}, "power")
    assert got["status"] == Status.out_of_domain
    assert np.isnan(got["resources"]).all()
    assert (got["shared"] == -1).all()
    assert got["ranking"] == -1


def test_rates_that_fall_matter_only_where_there_are_rates():
    p = point(3, 2) | {"reward_rate": np.array([6.0, 4.0, 2.0])}
    assert solve(p, "rates")["status"] == Status.out_of_domain
    assert solve(p, "power")["status"] == Status.ok


@pytest.mark.parametrize("terms", some(["power", "log"], ["power"]))
def test_at_the_edges_menus_are_still_optimal(terms):
    """No minima, minima that take everything, many infrastructures of one type, values nearly linear."""
    free = point(3, 2) | {"T_min": np.zeros(3)}
    tight = point(3, 2) | {"T_total": np.float64(180.0)}
    uneven = free | {"infrastructures": np.array([1e4, 1.0, 1e-3])}
    straight = free | {"kappa": np.float64(0.99), "value_scale": np.float64(1e5)}
    bent = free | {"kappa": np.float64(0.02), "value_scale": np.float64(1e-2), "value_rate": np.float64(500)}
    for p in (free, tight, uneven, straight, bent):
        got = solve(p, terms)
        assert got["status"] == Status.ok
        t = got["resources"].ravel()
        assert certificate(p, terms, t) == pytest.approx(float(got["centre_utility"]), rel=1e-9)
        assert (Full(p).number @ t + got["kept_resources"]) == pytest.approx(float(p["T_total"]), rel=1e-10)
    np.testing.assert_allclose(solve(tight, terms)["resources"][:, 0], [20, 60, 100], rtol=1e-9)


@costs_seconds
def test_many_points_at_once_and_single_precision():
    rng = np.random.default_rng(13)
    points = [point(3, 2, rng) for _ in range(12)]
    batch = {name: np.stack([p[name] for p in points]) for name in points[0]}
    together = jax.jit(jax.vmap(lambda p: menu(p, terms="power")))(batch)
    for i, p in enumerate(points):
        one = solve(p, "power")
        for name, value in one.items():
            np.testing.assert_allclose(together[name][i], value, rtol=1e-9, atol=1e-9)
        if one["status"] == Status.ok:
            single = solve({k: v.astype(np.float32) for k, v in p.items()}, "power")
            assert single["resources"].dtype == np.float32
            assert float(single["centre_utility"]) == pytest.approx(float(one["centre_utility"]), rel=1e-3)


@pytest.mark.parametrize("terms", some(["rates", *FREE], ["rates", "power"]))
def test_one_sub_type_alone_pays_what_its_resources_are_worth(terms):
    p = point(1, 1)
    got = solve(p, terms)
    assert got["status"] == Status.ok
    assert solve(p | {"T_min": np.array([1e3])}, terms)["status"] == Status.infeasible
    t = got["resources"].ravel()
    worth = 2 * t if terms == "rates" else forms(p, terms)[0](t) / p["unit_cost"]
    np.testing.assert_allclose(got["reward"].ravel(), worth)
    assert float(got["gain_over_types"]) == pytest.approx(0, abs=1e-12)
    assert got["least_ic_slack"] == 0
