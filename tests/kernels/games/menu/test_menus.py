"""Menus over sub-types against HiGHS and Clarabel on the whole program, and the contracts of `contract`."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.contract import contract
from equisweep.kernels.games.menu.game import menu
from equisweep.kernels.games.menu.offer import offer
from equisweep.kernels.games.menu.subtypes import ranked
from equisweep.kernels.status import Status
from helpers.oracles.menu import FREE, Full, at_rates, certificate, clarabel_menu, forms, point, solve
from helpers.products import costs_seconds, some


@cache
def of_types(terms):
    return jax.jit(lambda p: (offer(p, ranked(p), terms, by_type=True), ranked(p).order))


@pytest.mark.parametrize("terms", some(FREE, ["power"]))
def test_no_menu_with_free_rewards_is_better(terms):
    rng = np.random.default_rng(5)
    seen = {name: set() for name in ("status", "ranking", "shared", "kept")}
    for _ in range(40):
        p = point(3, 2, rng)
        got = solve(p, terms)
        f = Full(p)
        rank = np.argsort(f.worth)  # contracts rise along the chain, and so does what they are at least
        needed = f.number[rank] @ np.maximum.accumulate(f.least[rank])
        seen["status"].add(int(got["status"]))
        assert got["status"] == (Status.infeasible if needed > f.total else Status.ok)
        if needed > f.total:
            assert np.isnan(got["resources"]).all()
            continue
        t, r = got["resources"].ravel(), got["reward"].ravel()
        assert certificate(p, terms, t) == pytest.approx(float(got["centre_utility"]), rel=1e-11)
        # What is reported is a menu: it meets every constraint, written out.
        v = forms(p, terms)[0](t)
        utility = f.worth[:, None] * v[None, :] - f.cost * r[None, :]
        scale = np.abs(utility).max()
        slack = np.diag(utility)[:, None] - utility
        assert slack.min() >= -1e-12 * scale
        assert np.diag(utility).min() >= -1e-12 * scale
        assert (t >= f.least * (1 - 1e-12)).all()
        assert f.number @ t + got["kept_resources"] == pytest.approx(f.total, rel=1e-12)
        np.fill_diagonal(slack, np.inf)
        np.testing.assert_allclose(got["least_ic_slack"].ravel(), slack.min(axis=1), atol=1e-12 * scale)
        np.testing.assert_allclose(got["subtype_utility"].ravel(), np.diag(utility), atol=1e-12 * scale)
        assert f.weight @ (r - t) == pytest.approx(float(got["centre_utility"]), rel=1e-12)
        for name, value in (
            ("ranking", got["ranking"]),
            ("shared", (got["shared"] == 1).sum()),
            ("kept", t @ f.number < f.total * 0.999),
        ):
            seen[name].add(int(value))
    assert seen["status"] == {Status.ok, Status.infeasible}
    assert seen["ranking"] == {0, 1}
    assert len(seen["shared"]) > 1
    assert seen["kept"] == {0, 1} or terms == "linear"


@pytest.mark.parametrize("terms", some(FREE, ["power"]))
def test_no_menu_over_types_is_better(terms):
    rng = np.random.default_rng(6)
    merged = 0
    for _ in range(15):
        p = point(3, 2, rng)
        got = solve(p, terms)
        result, order = of_types(terms)(p)
        if result.status != Status.ok:
            assert np.isnan(got["types_centre_utility"])
            continue
        resources = np.empty(6)
        resources[np.asarray(order)] = result.resources
        of_type = resources.reshape(3, 2)
        np.testing.assert_allclose(of_type[:, 0], of_type[:, 1], rtol=1e-13)
        utility = float(got["types_centre_utility"])
        assert certificate(p, terms, resources, by_type=True) == pytest.approx(utility, rel=1e-11)
        assert got["gain_over_types"] >= -1e-12 * abs(utility)
        assert float(got["gain_over_types"]) == pytest.approx(got["centre_utility"] - utility, abs=1e-9)
        merged += int(got["ranking"] == 0 and (np.diff(of_type[:, 0]) < 1e-9).any())
    assert merged > 0, "types whose levels overlap share a contract"


@pytest.mark.parametrize("terms", some(["power", "log"], ["power"]))
def test_clarabel_finds_the_same_menu(terms):
    rng = np.random.default_rng(7)
    solved = 0
    while solved < 8:
        p = point(3, 2, rng)
        got = solve(p, terms)
        if got["status"] != Status.ok:
            continue
        status, utility, resources, reward = clarabel_menu(p, terms)
        if status != "Solved":  # it stops short of its tolerance at times
            continue
        solved += 1
        assert utility == pytest.approx(float(got["centre_utility"]), rel=1e-8)
        np.testing.assert_allclose(got["resources"].ravel(), resources, rtol=1e-3, atol=1e-3 * p["T_total"])
        np.testing.assert_allclose(got["reward"].ravel(), reward, rtol=1e-3, atol=1e-3 * np.max(reward))


def test_at_rates_the_menu_is_that_of_highs():
    rng = np.random.default_rng(8)
    seen = set()
    for _ in range(60):
        p = point(3, 2, rng)
        got = solve(p, "rates")
        best, resources = at_rates(p)
        seen.add(int(got["status"]))
        assert (got["status"] == Status.infeasible) == (best.status == 2)
        if best.status == 2:
            continue
        assert float(got["centre_utility"]) == pytest.approx(-best.fun * p["T_total"], rel=1e-9)
        if got["status"] == Status.ok:
            np.testing.assert_allclose(got["resources"].ravel(), resources, atol=1e-8 * p["T_total"])
        types, _ = at_rates(p | {"level_rate": np.ones(2)})
        utility = np.nan if types.status == 2 else -types.fun * p["T_total"]
        assert float(got["types_centre_utility"]) == pytest.approx(utility, rel=1e-9, nan_ok=True)
    assert {Status.ok, Status.infeasible} <= seen


def flat(p):
    """The same population for the model `contract`."""
    return {name: p[name] for name in p if name not in ("level_rate", "kappa", "value_scale")}


@costs_seconds
def test_with_one_level_of_criticality_1_it_is_the_contracts_of_the_paper():
    rng = np.random.default_rng(9)
    solved = 0
    for _ in range(40):
        one = {"phi": np.ones(1), "criticality_probability": np.ones(1), "level_rate": np.ones(1)}
        p = point(3, 2, rng) | one
        got, paper = solve(p, "rates"), contracts(flat(p))
        assert got["status"] == paper["status"]
        if got["status"] == Status.ok:
            solved += 1
            np.testing.assert_allclose(got["resources"][:, 0], paper["resources"], rtol=1e-9)
            assert float(got["centre_utility"]) == pytest.approx(float(paper["centre_utility"]), rel=1e-9)
    assert solved > 5


contracts = jax.jit(contract)


@costs_seconds
def test_at_rates_by_type_levels_share_and_the_paper_is_right_where_every_level_accepts_its_contracts():
    """With rates by type alone criticality tells nobody apart; scaling by the mean ignores its claims."""
    rng = np.random.default_rng(10)
    right = wrong = 0
    for _ in range(120):
        p = point(3, 2, rng) | {"level_rate": np.ones(2)}
        p["phi"] = p["phi"] / p["phi"][0]
        got, paper = solve(p, "rates"), contracts(flat(p))
        if paper["status"] != Status.ok:
            continue
        t = np.asarray(paper["resources"])
        worth = (
            np.outer(p["theta"], p["phi"])[:, :, None] * p["value_rate"] - p["unit_cost"] * p["reward_rate"]
        )
        utility = worth * t  # [type, level, contract]
        own = np.array([utility[i, :, i] for i in range(3)])
        accepted = (own[:, :, None] - utility).min() >= -1e-9 * np.abs(utility).max() and own.min() >= 0
        if accepted and got["status"] == Status.ok:
            np.testing.assert_allclose(got["resources"], np.stack([t, t], axis=1), rtol=1e-8)
            right += 1
        elif got["status"] == Status.ok:
            if (own >= 0).all():
                np.testing.assert_allclose(got["resources"][:, 0], got["resources"][:, 1], rtol=1e-8)
            assert float(got["centre_utility"]) < float(paper["centre_utility"]) * (1 - 1e-9)
            wrong += 1
    assert right > 2
    assert wrong > 2


@costs_seconds
@pytest.mark.parametrize("terms", ["rates", *FREE])
def test_derivatives_are_those_of_differences(terms):
    rng = np.random.default_rng(12)
    names = ["resources", "reward", "centre_utility", "kept_resources"]
    if terms in ("power", "log"):
        names.append("gain_over_types")  # of linear programs, one is compiled long enough

    def some(p):
        outputs = menu(p, terms=terms, wanted=names)
        return {name: outputs[name] for name in names}

    jacobian = jax.jit(jax.jacfwd(some))
    compared = 0
    while compared < 4:
        p = point(3, 2, rng)
        if solve(p, terms)["status"] != Status.ok or np.isnan(solve(p, terms)["gain_over_types"]):
            continue
        compared += 1
        exact = {name: {k: np.asarray(x) for k, x in of.items()} for name, of in jacobian(p).items()}
        for name in set(p) - {"probability", "criticality_probability"}:  # those sum to 1
            for place in np.ndindex(p[name].shape):
                step, ends = 1e-6 * float(p[name][place]), []
                for sign in (-1, 1):
                    value = np.array(p[name])
                    value[place] += sign * step
                    ends.append(solve(p | {name: value}, terms))
                for output in names:
                    slope = (ends[1][output] - ends[0][output]) / (2 * step)
                    size = max(np.abs(ends[0][output]).max() / abs(p[name][place]), 1e-3)
                    got = exact[output][name][(..., *place)]
                    np.testing.assert_allclose(got, slope, rtol=1e-4, atol=1e-5 * size, err_msg=name)


@costs_seconds
def test_more_resources_are_worth_their_price_and_none_where_some_are_kept():
    p = point(3, 2)
    arrays = jax.tree.map(jnp.asarray, p)
    worth = jax.value_and_grad(lambda t: menu(arrays | {"T_total": t}, terms="log")["centre_utility"])
    price = jax.jit(jax.vmap(worth))
    total = np.linspace(200, 4000, 60)
    utility, slope = map(np.asarray, price(total))
    assert (np.diff(utility) >= -1e-9).all()
    assert (np.diff(slope) <= 1e-9).all()  # the optimum of a concave program is concave in what there is
    assert slope[0] > 0.5
    assert slope[-1] == 0
    assert solve(p | {"T_total": np.float64(4000)}, "log")["kept_resources"] > 1
