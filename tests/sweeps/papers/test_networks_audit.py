"""The external conclusions among unequal cities: their margins, and counterexamples by the oracle alone."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps.papers.external.audit import STUDIES
from equisweep.sweeps.papers.external.networks import (
    CONCLUSIONS,
    FOUR,
    JOINED,
    JOINING,
    NETWORKS,
    ONE,
    PLANNER,
    THREE,
    TWO,
)
from equisweep.sweeps.papers.failing_map import _is_wide
from equisweep.sweeps.papers.tally import Tally
from helpers.oracles import network as oracle
from helpers.products import some

BY_NUMBER = {conclusion.number: conclusion for conclusion in CONCLUSIONS}
STAR = np.array([[0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], float)
PATH = np.eye(4, k=1) + np.eye(4, k=-1)


def star(alpha, loss, beta):
    """A point of the study: four cities, of which the first, in the middle, is unlike the others."""
    s = {"L": np.array([loss, 400, 400, 400]), "beta": np.array([beta, 0.5, 0.5, 0.5]), "alpha": alpha}
    s |= {"v": np.full(4, 0.5), "E": np.full(4, 0.1), "gamma": 0.5, "delta": 0.5}
    ones = 1 - np.eye(4)
    return s | {"T": ones, "D": ones, "W": STAR}


def solved(s, mechanism):
    arrival = oracle.strongest(s["alpha"] * s["W"], 63)
    e = oracle.equilibrium(s, mechanism, arrival, 0.0)
    return e, oracle.city_costs(s, e, mechanism, arrival)


def test_a_city_that_invests_nothing_and_is_tried_more_often_makes_others_invest_less():
    before, after = (solved(star(0.98, 40.0, beta), ONE)[0] for beta in (0.80, 0.84))
    assert before[0] == after[0] == 0
    assert (after[1:] < before[1:] - 0.1).all()


def test_compensation_makes_a_city_of_little_loss_worse_or_better_off_but_not_all_alike():
    s = star(0.9, 40.0, 0.5)
    gain = solved(s, ONE)[1] - solved(s, THREE)[1]
    assert gain.min() < -1 < 1 < gain.max()


def test_half_of_the_loss_is_too_much_compensation_where_little_propagates():
    s = star(0.145, 40.0, 0.15)
    assert solved(s, THREE)[1].sum() > solved(s, ONE)[1].sum() + 0.1


def test_under_sharing_a_city_of_great_loss_invests_more_and_bears_more():
    s = star(0.6, 1000.0, 0.05)
    (alone, costs), (sharing, shared_costs) = (solved(s, mechanism) for mechanism in (ONE, FOUR))
    assert sharing[0] > alone[0] + 10
    assert shared_costs[0] > costs[0] + 10


def pool(s):
    """The sum of money that a planner pools, the best of 20,000, and what all bear then."""
    arrival = oracle.strongest(s["alpha"] * s["W"], 63)
    sums = np.linspace(0, 300, 20_001)
    p = s["beta"] * 0.5 ** (0.1 * sums[:, None] + 1)
    none = np.stack([np.prod(1 - arrival[:, i] * p, axis=1) for i in range(4)], axis=1)
    losses = s["L"] * (1 - (1 - p) * none)
    best = np.argmin(losses.mean(axis=1) + sums)
    return sums[best], losses[best].sum() + sums[best]


def test_a_pool_grows_with_alpha_and_who_has_little_to_lose_invests_less_alone_than_its_share():
    pools = [pool(star(alpha, 40.0, 0.5))[0] for alpha in (0.2, 0.5, 0.8)]
    assert pools[0] + 1 < pools[1] < pools[2] - 1
    alone, costs = solved(star(0.8, 40.0, 0.5), ONE)
    assert costs.sum() > pool(star(0.8, 40.0, 0.5))[1] + 1
    assert alone[0] == 0 < pools[2] / 4 < alone[1]


@pytest.mark.parametrize("rises", some(["alpha", "delta"], ["alpha"]))
def test_under_sharing_others_invest_less_as_alpha_rises_and_the_first_more_as_the_rate_does(rises):
    alphas = [star(alpha, 3308.0, 0.05) for alpha in (0.02, 0.05)]
    rates = [star(0.7021, 565.7, 0.05) | {"delta": delta} for delta in (0.47, 0.49)]
    before, after = (solved(s, FOUR)[0] for s in (alphas if rises == "alpha" else rates))
    assert (after[1:] < before[1:] - 1).all() if rises == "alpha" else after[0] > before[0] + 1


def point(**of_mechanism):
    """A slab of one point and two cities; each variable maps mechanisms to values of the cities."""
    every = [ONE, PLANNER, TWO, THREE, FOUR]
    data = {
        name: (
            ("mechanism", *(["city"] if np.ndim(values[ONE]) else [])),
            [values.get(m, values[ONE]) for m in every],
        )
        for name, values in of_mechanism.items()
    }
    return xr.Dataset(data, coords={"mechanism": every})


COSTS = {"expected_loss": {ONE: [3.0, 9.0], TWO: [6.0, 10.0]}}


@pytest.mark.parametrize(
    ("number", "variables", "margin"),
    [
        ("3 (networks)", {"d_investment_d_beta_1": {ONE: [3.0, -2.0]}}, -2),
        ("4 (networks)", {"d_investment_d_alpha": {ONE: [-3.0, 1.0]}}, -1),
        ("4 (loss, networks)", {"d_expected_loss_d_alpha": {ONE: [3.0, 1.0]}}, 1),
        ("4 (too little, networks)", {"investment": {ONE: [3.0, 1.0], PLANNER: [5.0, 2.0]}}, 1),
        ("9 (investment, networks)", {"investment": {ONE: [3.0, 1.0], THREE: [2.5, 2.0]}}, -0.5),
        ("9 (cost, networks)", {"expected_loss": {ONE: [3.0, 1.0], THREE: [2.0, 2.0]}}, -1),
        ("9 (sum, networks)", {"group_cost": {ONE: 4.0, THREE: 3.0}}, 1),
        ("10 (cost, networks)", {"expected_loss": {ONE: [3.0, 1.0], FOUR: [2.0, 0.5]}}, 0.5),
        ("6 (investment, networks)", {"investment": {ONE: [3.0, 1.0], TWO: [2.0, 2.0]}}, -1),
        ("6 (like with like, networks)", {"group_cost": {ONE: 4.0, TWO: 3.0}}, -1),
        ("8 (networks)", {"d_investment_d_alpha": {ONE: [1.0, 1.0], TWO: [-2.0, -2.0]}}, 2),
        ("8 (loss, networks)", {"d_group_cost_d_alpha": {ONE: -1.0, TWO: 2.0}}, 2),
        ("11 (networks)", {"d_investment_d_alpha": {ONE: [1.0, 1.0], FOUR: [2.0, -3.0]}}, -3),
        ("12 (networks)", {"d_investment_d_delta": {ONE: [9.0, 9.0], FOUR: [-2.0, -3.0]}}, 2),
        ("10 (sentence before, networks)", {"investment": {ONE: [3.0, 1.0], FOUR: [1.0, 3.0]}}, -2),
        ("1 (networks)", {"investment": {ONE: [3.0, 0.0]}}, -1),
        # The planner who pools counts a loss of 6 on average, and 4 of money.
        ("6 (cost, networks)", {**COSTS, "investment": {ONE: [1.0, 1.0], TWO: [2.0, 2.0]}}, 1),
        ("8 (loss, β, networks)", {"d_group_cost_d_beta_1": {ONE: -1.0, TWO: 2.0}}, 2),
        ("9 (17, networks)", {"d_investment_d_gamma": {ONE: [0.0, 0.0], THREE: [1.0, -2.0]}}, -2),
        ("10 (investment, networks)", {"investment": {ONE: [1, 1], FOUR: [2, 3], TWO: [4, 2]}}, -1),
        ("12 (Table 8, networks)", {"d_expected_loss_d_delta": {ONE: [0.0, 0.0], FOUR: [1.0, -2.0]}}, -2),
        ("12 (limit, networks)", {"expected_loss": {ONE: [0, 0], FOUR: [3.0, 1.0], TWO: [2, 2]}}, -1),
        ("1 (unique, networks)", {"uniqueness": {ONE: 1}}, -1),
        ("1 (unique, networks)", {"uniqueness": {ONE: 0}}, 1),
    ],
)
def test_a_margin_is_the_city_of_which_the_claim_holds_least(number, variables, margin):
    assert float(BY_NUMBER[number].margin(point(**variables))) == margin


def test_a_picture_has_even_steps_even_and_names_on_no_axis():
    assert not _is_wide(np.linspace(0.02, 0.98, 25))
    assert _is_wide(np.geomspace(40, 8000, 12))
    tally = Tally()
    coords = {"network": ["star", "path"], "alpha": [0.1, 0.5], "L.1": [40.0, 400.0]}
    margin = xr.DataArray([[[1.0, 1.0], [1.0, 1.0]], [[-1.0, -1.0], [-1.0, 1.0]]], coords, list(coords))
    tally.add(margin, None, 0.0, True, {})
    assert tally.widest_pair() == ("alpha", "L.1")


def test_the_study_is_one_of_the_paper_and_its_sweep_is_sound():
    assert NETWORKS in STUDIES
    assert JOINING in STUDIES
    assert NETWORKS.sweep.space().points == 5 * 2 * 25 * 12 * 8
    assert JOINING.sweep.space().points == 2 * 25 * 12 * 8 * 2


def test_of_pairs_the_one_that_rides_free_most_counts_and_a_city_is_no_pair():
    cities = ["1", "2"]
    coords = {"mechanism": [ONE], "city": cities, "other_city": cities}
    cross = xr.DataArray([[[9.0, 2.0], [-1.0, 9.0]]], coords)
    assert (
        float(BY_NUMBER["4 (free-riding, networks)"].margin(cross.to_dataset(name="cross_derivative"))) == 2
    )


def test_a_city_joins_where_it_is_tried_and_the_others_are_looked_at():
    coords = {"beta.4": [1e-300, 0.5], "city": ["1", "2", "3", "4"]}
    moved = xr.DataArray([[5.0, 5.0, 5.0, 0.0], [4.0, 3.0, 5.5, 9.0]], coords).to_dataset(name="investment")
    (margin,) = (c.margin for c in JOINED if c.number == "2 (networks)")
    assert margin(moved).values.tolist() == [-0.5]


def test_a_city_at_the_end_that_is_never_tried_is_as_if_it_were_not_there():
    four = star(0.6, 900.0, 0.4) | {"W": PATH, "beta": np.array([0.4, 0.5, 0.5, 1e-300])}
    three = {k: v[:3] if np.ndim(v) == 1 else v[:3, :3] if np.ndim(v) else v for k, v in four.items()}
    np.testing.assert_allclose(solved(four, ONE)[0], [*solved(three, ONE)[0], 0], atol=1e-6)


def test_without_cooperation_a_city_bears_more_than_the_planner_who_pools_counts():
    s = star(0.98, 8000.0, 0.95)
    money, all_bear = pool(s)
    counted = (all_bear - money) / 4 + money
    assert solved(s, ONE)[1].max() > counted + 800


def test_under_sharing_every_city_bears_less_as_the_rate_rises_and_one_less_than_where_money_is_pooled():
    rates = [star(0.5, 2000.0, 0.3) | {"delta": delta} for delta in (0.4, 0.5)]
    before, after = (solved(s, FOUR)[1] for s in rates)
    assert (after - before).min() < -1
    s = star(0.98, 8000.0, 0.95)
    money, _ = pool(s)
    arrival = oracle.strongest(s["alpha"] * s["W"], 63)
    p = s["beta"] * 0.5 ** (0.1 * money + 1)
    none = np.array([np.prod([1 - arrival[j, i] * p[j] for j in range(4) if j != i]) for i in range(4)])
    pooled = s["L"] * (1 - (1 - p) * none) + money / 4
    assert (solved(s, FOUR)[1] - pooled).min() == pytest.approx(-20.0158, abs=0.01)
