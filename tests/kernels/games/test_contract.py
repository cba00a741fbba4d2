"""Optimal contracts against HiGHS on the full problem, the paper's closed form and its laws."""

import jax
import numpy as np
import pytest
from equisweep.kernels.games.contract import CONTRACT, contract
from equisweep.kernels.status import Status
from helpers.oracles.contract import (
    agrees_with_highs,
    degenerate_point,
    full_problem,
    highs,
    point,
    random_point,
    solve,
)
from helpers.products import some

DRAWS = {2: 80, 3: 80, 4: 60, 10: 40, 32: 12}  # by the number of types, each of which is a program


@pytest.mark.parametrize("types", some(DRAWS, [2, 4, 10]))
def test_random_contracts_agree_with_highs(types):
    rng = np.random.default_rng(types)
    seen = [agrees_with_highs(random_point(rng, types)) for _ in range(DRAWS[types])]
    assert seen.count(Status.ok) > DRAWS[types] // 10
    assert seen.count(Status.infeasible) > 0


@pytest.mark.parametrize("types", some([2, 3, 4, 10], [2, 4, 10]))
def test_degenerate_contracts_agree_with_highs(types):
    rng = np.random.default_rng(types + 50)
    seen = [agrees_with_highs(degenerate_point(rng, types)) for _ in range(min(DRAWS[types], 60))]
    assert {Status.ok, Status.infeasible} <= set(seen)
    assert types > 4 or Status.several_equilibria in seen


@pytest.mark.parametrize("types", some([3, 4], [3]))
def test_several_optima_are_told_and_the_one_favouring_high_types_is_chosen(types):
    rng = np.random.default_rng(types + 70)
    several = 0
    for _ in range(80):
        p = degenerate_point(rng, types)
        got = solve(p)
        if got["status"] == Status.infeasible:
            continue
        share = np.asarray(got["resources"]) / p["T_total"]
        enough = -highs(p).fun * (1 - 1e-9)
        widest = 0.0
        for k, unit in enumerate(np.eye(types)):  # how far each share moves among the optima
            most, least = highs(p, -unit, enough), highs(p, unit, enough)
            widest = max(widest, most.x[k] - least.x[k])
            if k == types - 1:
                np.testing.assert_allclose(share[k], most.x[k], atol=1e-6)
        assert (got["status"] == Status.several_equilibria) == (widest > 1e-6), p
        several += widest > 1e-6
    assert several > 3


LEVELS = {"phi": np.array([1.0, 1.1, 1.2]), "criticality_probability": np.array([0.25, 0.25, 0.5])}

WORKED = {
    "four types of the paper": (
        point([1, 2, 3, 4], [2, 4, 6, 8], [20, 60, 100, 140], 650),
        [20, 105, 210, 315],
    ),
    "two types": (point([1, 2], [2, 4], [20, 60], 300), [20, 280]),
    "shallow rates": (point([1, 2, 3], [1.2, 1.3, 1.4], [20, 60, 100], 300), [97.094, 100.690, 102.216]),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_contracts(name):
    p, expected = WORKED[name]
    np.testing.assert_allclose(solve(p)["resources"], expected, atol=5e-4)


def test_in_the_papers_four_types_the_upward_neighbours_bind_from_the_top_down():
    got = solve(WORKED["four types of the paper"][0])
    np.testing.assert_array_equal(got["minimum_binds"], [1, 0, 0, 0])
    np.testing.assert_array_equal(got["rationality_binds"], [0, 0, 0, 0])
    np.testing.assert_array_equal(got["incentive_binds"], np.diag([0, 1, 1], k=1))
    assert got["binding_count"] == 3
    assert got["ranking"] == 1


def test_two_types_follow_the_papers_closed_form_where_its_condition_holds():
    rng = np.random.default_rng(4)
    followed = 0
    for _ in range(200):
        p = random_point(rng, 2)
        low, total = p["T_min"][0], p["T_total"]
        rows = -full_problem(p)[1]
        closed = np.array([low, total - low])
        first_gains_more = p["probability"][0] * p["theta"][0] * (p["reward_rate"][0] - 1)
        last_gains_more = p["probability"][1] * p["theta"][1] * (p["reward_rate"][1] - 1)
        if np.all(rows @ closed >= 0) and closed[1] >= p["T_min"][1] and last_gains_more > first_gains_more:
            np.testing.assert_allclose(solve(p)["resources"], closed, rtol=1e-12)
            followed += 1
    assert followed > 30


def test_laws_of_the_paper_hold_on_every_solution():
    """Lemma 1: T grows with type. Lemma 2: so do the utilities. Every own contract is the best."""
    rng = np.random.default_rng(14)
    solved = 0
    for types in (2, 4, 10):
        for _ in range(30):
            p = random_point(rng, types)
            got = {name: np.asarray(value) for name, value in solve(p).items()}
            if got["status"] == Status.infeasible:
                continue
            solved += 1
            scale = np.abs(got["ic_slack"]).max() + np.abs(got["ir_slack"]).max()
            assert got["ic_slack"].min() >= -1e-10 * scale
            assert got["ir_slack"].min() >= -1e-10 * scale
            assert np.all(np.diff(got["resources"]) >= -1e-10 * p["T_total"])
            assert np.all(np.diff(got["type_utility"]) >= -1e-10 * scale)
            np.testing.assert_array_equal(np.diagonal(got["ic_slack"]), 0)
            np.testing.assert_allclose(got["reward"], p["reward_rate"] * got["resources"])
    assert solved > 30


def test_outputs_are_what_their_formulas_say():
    p = point([1, 2, 3], [2, 4, 6], [20, 60, 100], 300) | LEVELS
    got = solve(p)
    t = np.array([20, 280 / 3, 560 / 3])
    criticality = 0.25 * 1.0 + 0.25 * 1.1 + 0.5 * 1.2
    weights = p["theta"] / 3 * (p["reward_rate"] - 1) * criticality
    np.testing.assert_allclose(got["centre_utility"], weights @ t)
    np.testing.assert_allclose(got["equal_split_centre_utility"], weights.sum() * 100)
    np.testing.assert_allclose(got["gain_over_equal_split"], (weights @ t) / (weights.sum() * 100) - 1)
    utility = np.array(
        [[2.0 * th * t[j] - 0.5 * p["reward_rate"][j] * t[j] for j in range(3)] for th in p["theta"]]
    )
    np.testing.assert_allclose(got["type_utility"], np.diag(utility))
    np.testing.assert_allclose(got["ic_slack"], np.diag(utility)[:, None] - utility, atol=1e-11)


INCONSISTENT = {
    "theta falls": {"theta": [2.0, 1.0, 3.0]},
    "theta stands still": {"theta": [1.0, 2.0, 2.0]},
    "rates fall": {"reward_rate": [2.0, 6.0, 4.0]},
    "levels fall": {"phi": [1.0, 1.2, 1.1]},
    "probabilities do not sum to 1": {"probability": [0.3, 0.3, 0.3]},
    "level probabilities do not sum to 1": {"criticality_probability": [0.4, 0.3, 0.2]},
}


@pytest.mark.parametrize("name", INCONSISTENT)
def test_parameters_that_contradict_each_other_are_out_of_domain(name):
    wrong = {key: np.array(value) for key, value in INCONSISTENT[name].items()}
    got = solve(point([1, 2, 3], [2, 4, 6], [20, 60, 100], 300) | LEVELS | wrong)
    assert got["status"] == Status.out_of_domain
    assert np.isnan(got["centre_utility"])
    assert np.all(np.isnan(got["resources"]))
    assert got["ranking"] == -1


def test_minima_that_exceed_the_total_are_infeasible_and_those_that_exhaust_it_are_not():
    fits = point([1, 2, 3], [2, 4, 6], [60, 100, 140], 300)
    np.testing.assert_allclose(solve(fits)["resources"], [60, 100, 140])
    assert solve(fits)["status"] == Status.ok
    assert solve(fits | {"T_total": np.float64(299.999)})["status"] == Status.infeasible


def test_derivatives_are_nan_and_not_zero_where_there_is_no_contract():
    p = point([1, 2, 3], [2, 4, 6], [60, 100, 140], 250)
    slopes = jax.jit(jax.grad(lambda total: contract(p | {"T_total": total})["centre_utility"]))
    assert np.isnan(slopes(250.0))
    assert slopes(650.0) > 0


def test_a_type_whose_own_rate_costs_more_than_it_is_worth_takes_no_contract():
    """Type 1: a theta_1 = 2 is less than c r_1 = 2.5: IR leaves type 1 only T = 0."""
    p = point([1, 2, 3], [5, 6, 7], [0, 10, 10], 100)
    got = solve(p)
    assert got["status"] == Status.ok
    assert agrees_with_highs(p) == Status.ok
    assert got["resources"][0] == 0
    assert got["rationality_binds"][0] == 1
    assert solve(p | {"T_min": np.array([1.0, 10, 10])})["status"] == Status.infeasible


def test_one_type_alone_gets_everything():
    p = point([1], [2], [20], 300)
    got = solve(p)
    assert got["status"] == Status.ok
    np.testing.assert_array_equal(got["resources"], [300])
    slope = jax.jit(jax.grad(lambda total: contract(p | {"T_total": total})["resources"][0]))
    assert slope(300.0) == 1
    assert solve(p | {"T_min": np.array([301.0])})["status"] == Status.infeasible
    assert solve(p | {"reward_rate": np.array([5.0])})["status"] == Status.infeasible  # it would pay too much


def test_ranking_tells_where_criticality_overtakes_vulnerability():
    p = point([1, 1.1, 3], [2, 4, 6], [20, 60, 100], 300) | LEVELS
    assert solve(p)["ranking"] == 0
    assert solve(p | {"theta": np.array([1, 1.3, 3])})["ranking"] == 1


def test_derivatives_agree_with_central_differences():
    types, rng = 3, np.random.default_rng(30)
    names = ("resources", "centre_utility", "type_utility", "ic_slack")

    def some(p):
        outputs = contract(p)
        return {name: outputs[name] for name in names}

    jacobian = jax.jit(jax.jacfwd(some))
    checked = 0
    while checked < 6:
        p = random_point(rng, types)
        if solve(p)["status"] != Status.ok:
            continue
        checked += 1
        exact = jax.tree.map(np.asarray, jacobian(p))
        for name in ("theta", "reward_rate", "T_min", "T_total", "value_rate", "unit_cost"):
            for index in range(types) if p[name].ndim else [()]:
                sides = []
                for sign in (1, -1):
                    value = np.array(p[name])
                    value[index] += sign * 1e-6
                    sides.append(solve(p | {name: value}))
                for output in names:
                    slope = (np.asarray(sides[0][output]) - np.asarray(sides[1][output])) / 2e-6
                    got = exact[output][name] if index == () else exact[output][name][..., index]
                    np.testing.assert_allclose(got, slope, rtol=1e-5, atol=1e-6 * p["T_total"])


def test_vmap_gives_what_single_points_give_with_feasible_and_infeasible_points_together():
    rng = np.random.default_rng(9)
    points = [random_point(rng, 4) for _ in range(20)] + [degenerate_point(rng, 4) for _ in range(20)]
    batch = {name: np.stack([p[name] for p in points]) for name in points[0]}
    together = jax.tree.map(np.asarray, jax.jit(jax.vmap(contract))(batch))
    assert len(set(together["status"].tolist())) == 3
    for i, p in enumerate(points):
        for name, value in solve(p).items():
            np.testing.assert_allclose(together[name][i], value, rtol=1e-9, atol=1e-9)


def test_single_precision_stays_single_and_agrees_to_it():
    p, expected = WORKED["four types of the paper"]
    got = solve({name: value.astype(np.float32) for name, value in p.items()})
    assert got["resources"].dtype == np.float32
    assert got["status"] == Status.ok
    np.testing.assert_allclose(got["resources"], expected, rtol=100 * np.finfo(np.float32).eps)


def test_the_defaults_are_feasible_and_every_declared_output_is_returned_in_its_shape():
    p = {q.name: np.array(list(q.default.values()) if q.dim else q.default) for q in CONTRACT.parameters}
    got = solve(p)
    assert got["status"] == Status.ok
    assert set(got) == {output.name for output in CONTRACT.outputs} | {"status"}
    for output in CONTRACT.outputs:
        assert got[output.name].shape == (3,) * len(output.dims)
        expected = {"real": np.float64, "class": np.int8, "count": np.int16}[output.kind]
        assert got[output.name].dtype == expected


def test_several_infrastructures_of_a_type_share_the_resources_as_highs_says():
    rng, seen = np.random.default_rng(31), []
    for _ in range(40):
        p = random_point(rng, 3)
        p["infrastructures"] = rng.integers(1, 6, 3).astype(float)
        p["T_total"] = np.float64((p["infrastructures"] @ p["T_min"]) * rng.uniform(0.95, 3))
        seen.append(agrees_with_highs(p))
    assert {Status.ok, Status.infeasible} <= set(seen)


RELAXED = jax.jit(contract, static_argnames="constraints")


def test_theorem_1_neighbours_constraints_give_the_contracts_of_all_pairs_and_half_of_them_do_not():
    rng, differ = np.random.default_rng(32), 0
    for k in range(30):
        p = (random_point if k % 3 else degenerate_point)(rng, 4)
        every, near, down = solve(p), *(RELAXED(p, constraints=c) for c in ("neighbours", "downward"))
        assert (every["status"] == Status.infeasible) == (near["status"] == Status.infeasible)
        np.testing.assert_allclose(near["resources"], every["resources"], atol=1e-7 * p["T_total"])
        for name, got in (("neighbours", near), ("downward", down)):
            best = highs(p, constraints=name)
            assert (got["status"] == Status.infeasible) == (best.status == 2)
            if best.status == 0:
                np.testing.assert_allclose(got["centre_utility"], -best.fun * p["T_total"], rtol=1e-8)
        if every["status"] == Status.ok:
            # What is not imposed is not claimed: envy is reported.
            violated = (np.asarray(down["incentive_binds"]) == 2).any()
            same = np.allclose(down["resources"], every["resources"], atol=1e-7 * p["T_total"])
            assert violated != same
            differ += not same
    assert differ > 2


def test_the_relaxed_problem_of_the_worked_case_is_envied():
    p = point((1, 2, 3, 4), (2, 4, 6, 8), (20, 60, 100, 140), 650)
    np.testing.assert_allclose(RELAXED(p, constraints="neighbours")["resources"], (20, 105, 210, 315))
    down = RELAXED(p, constraints="downward")
    np.testing.assert_allclose(down["resources"], (20, 60, 100, 470))
    assert down["ic_slack"][2, 3] == pytest.approx(3 * 100 - 2 * 470)
