"""The contract paper's sentences about criticality, held against contracts for sub-types."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.sweeps.papers.conclusions import evaluate
from equisweep.sweeps.papers.contract.subtypes import STUDY
from equisweep.sweeps.run import run_in_memory
from helpers.oracles.menu import at_rates, certificate, point, solve
from helpers.products import costs_seconds


@pytest.fixture(scope="module")
def findings():
    axes = dict(STUDY.sweep.axes) | {"terms": ["rates", "log"]}
    study = replace(STUDY, sweep=replace(STUDY.sweep, axes=axes)).sized(60)
    values = evaluate(study, run_in_memory(study.sweep)).findings
    return {(f.formulation, f.conclusion.number): f.tally for f in values}


def scenario(at):
    """The point of the study at these coordinates, its fixed numbers written anew."""
    p = point(3, 2) | {"theta": np.array([1.0, at["theta.2"], at["theta.3"]])}
    p |= {"phi": np.array([1.0, at["phi.2"]]), "level_rate": np.ones(2)}
    return p | {name: np.float64(at[name]) for name in ("T_total", "unit_cost")}


@costs_seconds
def test_at_the_papers_rates_criticality_tells_nobody_apart(findings):
    tally = findings["rates", "II (criticality)"]
    assert tally.equal > 10
    assert tally.holds == tally.fails == 0
    resources = at_rates(scenario(tally.at))[1].reshape(3, 2)
    np.testing.assert_allclose(resources[:, 0], resources[:, 1], rtol=1e-7)
    assert findings["rates", "II (vulnerability first)"].fails == 0


@costs_seconds
def test_with_free_rewards_large_contracts_are_paid_less_a_unit(findings):
    """At the worst point, of the menu that HiGHS' bound proves to be the best."""
    tally = findings["log", "II (rates)"]
    assert tally.holds > 0
    assert tally.fails > 0
    p = scenario(tally.at)
    got = solve(p, "log")
    best = certificate(p, "log", got["resources"].ravel())
    assert best == pytest.approx(float(got["centre_utility"]), rel=1e-10)
    assert np.diff(got["reward"] / got["resources"], axis=0).min() == pytest.approx(tally.least, rel=1e-6)


@costs_seconds
def test_contracts_for_types_are_never_better(findings):
    tally = findings["log", "II (types)"]
    assert tally.holds == 0
    assert tally.fails > 10
