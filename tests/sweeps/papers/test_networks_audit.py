"""The external conclusions among unequal cities: their margins, and counterexamples by the oracle alone."""

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps.papers.external.audit import STUDIES
from equisweep.sweeps.papers.external.networks import CONCLUSIONS, FOUR, NETWORKS, ONE, PLANNER, THREE
from equisweep.sweeps.papers.failing_map import _is_wide
from equisweep.sweeps.papers.tally import Tally
from helpers.oracles import network as oracle

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


def point(**of_mechanism):
    """A slab of one point and two cities; each variable maps mechanisms to values of the cities."""
    every = [ONE, PLANNER, THREE, FOUR]
    data = {
        name: (
            ("mechanism", *(["city"] if np.ndim(values[ONE]) else [])),
            [values.get(m, values[ONE]) for m in every],
        )
        for name, values in of_mechanism.items()
    }
    return xr.Dataset(data, coords={"mechanism": every})


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
        ("10 (sentence before, networks)", {"investment": {ONE: [3.0, 1.0], FOUR: [1.0, 3.0]}}, -2),
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
    space = NETWORKS.sweep.space()
    assert space.points == 4 * 2 * 25 * 12 * 8
