"""The external conclusions with both mechanisms, a budget, an entry cost: counterexamples by brute force."""

from math import isnan

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps.papers.external.audit import STUDIES
from equisweep.sweeps.papers.external.limits import BUDGET, ENTRY, restated
from equisweep.sweeps.papers.external.margins import FIVE, FOUR, ONE, THREE, TWO
from equisweep.sweeps.papers.external.together import CONCLUSIONS, TOGETHER
from helpers.oracles import combined as oracle
from helpers.oracles import combined_audit as audit

BY_NUMBER = {c.number: c for c in (*CONCLUSIONS, *restated("budget"), *restated("entry"))}
CASE = oracle.PAPER | {"gamma": 0.1, "delta": 0.0}


def test_a_larger_threat_makes_cities_with_a_small_budget_give_up():
    s = CASE | {"alpha": 1.0, "L": 960.9, "v": 0.8, "n": 6.0, "beta": 0.7, "budget": 31.6}
    assert audit.step(audit.STEPS["3"], s, "city", 1.0) == pytest.approx(-31.6)


def test_a_larger_threat_makes_cities_pay_an_entry_cost_and_lose_less():
    s = CASE | {"alpha": 1.0, "L": 960.9, "v": 0.5, "n": 6.0, "beta": 0.7, "entry_cost": 300.0}
    assert audit.step(audit.STEPS["3 (loss)"], s, "none", 1.0) < -400
    assert audit.e(ONE)(s, "none") == 0 < audit.e(ONE)(s | {"beta": 1.0}, "none")


def test_compensation_makes_cities_pay_an_entry_cost_to_their_loss():
    s = CASE | {
        "alpha": 2 / 3,
        "L": 333.0,
        "v": 0.8,
        "n": 6.0,
        "gamma": 1.0,
        "beta": 0.4,
        "entry_cost": 300.0,
    }
    assert audit.LIMITED["9 (cost)"](s, "none") < -200


def test_under_sharing_there_may_be_no_symmetric_equilibrium():
    s = CASE | {"alpha": 0.0, "L": 115.4, "n": 2.0, "delta": 0.25, "beta": 1.0, "entry_cost": 17.3}
    for mechanism in (FOUR, FIVE):
        assert isnan(audit.e(mechanism)(s, "none"))
        assert audit.e(mechanism)(s | {"entry_cost": 0.0}, "none") > 0


def test_what_a_city_owes_makes_it_invest_more_where_breaches_spread():
    s = CASE | {"alpha": 0.1, "gamma": 1.0, "delta": 0.25, "L": 1000.0, "n": 5.0, "beta": 0.5}
    assert audit.slope(audit.SLOPES["4 (together)"], s, "none") < 0
    assert audit.slope(audit.SLOPES["4 (together)"], s | {"gamma": 0.0, "delta": 0.0}, "none") > 0


def slab(**of_mechanism):
    """A slab of one point; each variable maps mechanisms to values, or has one for all."""
    every = [ONE, TWO, THREE, FOUR, FIVE]
    data = {
        name: ("mechanism", [v.get(m, 0.0) for m in every] if isinstance(v, dict) else [v] * len(every))
        for name, v in of_mechanism.items()
    }
    coords = {"mechanism": every, "n": 3.0, "entry_cost": [2.0]}
    return xr.Dataset(data, coords=coords)


@pytest.mark.parametrize(
    ("number", "variables", "margin"),
    [
        ("1 (exists, together)", {"status": int(Status.no_equilibrium)}, -1),
        ("1 (exists, together)", {"status": int(Status.corner)}, 1),
        ("1 (together)", {"investment": {FIVE: 0.0}}, -1),
        ("1 (budget)", {"investment": {ONE: 3.0}}, 1),
        ("1 (unique, entry)", {"equilibrium_count": {ONE: 2}}, -1),
        ("9 (investment, together)", {"investment": {FIVE: 3.0, FOUR: 2.0}}, 1),
        ("10 (sentence before, together)", {"investment": {TWO: 1.0, FIVE: 3.0, THREE: 2.0}}, -1),
        ("10 (either, together)", {"expected_loss": {THREE: 5.0, FOUR: 4.0, FIVE: 6.0}}, -2),
        ("10 (cost, both, entry)", {"expected_loss": {THREE: 5.0, FOUR: 7.0, FIVE: 4.0}}, 1),
        ("12 (δ = 0, budget)", {"investment": {FOUR: 3.0, ONE: 1.0}}, -0.5),
        # The group pays an entry cost of 2 for each city that invests.
        ("6 (like with like, entry)", {"expected_loss": {ONE: 9.0, TWO: 20.0}, "investment": {ONE: 1.0}}, 5),
        ("12 (limit, entry)", {"expected_loss": {FOUR: 9.0, TWO: 20.0}, "investment": {TWO: 1.0}}, -5),
    ],
)
def test_margins_are_those_of_their_claims(number, variables, margin):
    assert np.ravel(BY_NUMBER[number].margin(slab(**variables))).tolist() == [margin]


def test_the_studies_are_the_papers_and_their_sweeps_sound():
    assert STUDIES[-3:] == (TOGETHER, BUDGET, ENTRY)
    assert [study.sweep.space().points for study in STUDIES[-3:]] == [4 * 96_000, 10 * 75_600, 5 * 75_600]
    assert all(
        "neighbouring" in c.remark for c in restated("entry") if c.number in ("3 (entry)", "12 (entry)")
    )
