"""Conclusions on made-up fields whose answer is known: what is counted, what is described."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep
from equisweep.sweeps.papers.conclusions import Conclusion, Study, evaluate
from equisweep.sweeps.papers.external.audit import STUDIES
from equisweep.sweeps.papers.wording import sentence, share_text, verdict

A, B = np.linspace(0, 1, 11), np.array([1.0, 10.0, 100.0])


def field(d):
    return d["value"]


def made_up(value, status=None):
    """A cube of one variable over a and b, and a study of it."""
    status = np.full((11, 3), int(Status.ok)) if status is None else status
    cube = xr.Dataset({"value": (("a", "b"), value), "status": (("a", "b"), status)}, {"a": A, "b": B})
    sweep = Sweep("external", {"a": {"start": 0, "stop": 1, "num": 11}, "b": [1, 10, 100]})
    return cube, Study("made up", sweep, (Conclusion("1", "it is positive", field),), "a")


def judged(value, status=None, **changes):
    cube, study = made_up(value, status)
    study = replace(study, conclusions=(replace(study.conclusions[0], **changes),))
    (finding,) = evaluate(study, cube).findings
    return finding


def test_what_is_true_everywhere_holds_at_every_point():
    finding = judged(np.ones((11, 3)))
    assert verdict(finding) == "holds"
    assert (finding.tally.holds, finding.tally.share, finding.tally.least) == (33, 1.0, 1.0)
    assert "Holds at all 33 points." in sentence(finding)


@pytest.mark.parametrize("slab", [1, 3, 100])
def test_a_failure_is_found_counted_and_placed_whatever_the_slabs(slab, monkeypatch):
    monkeypatch.setattr("equisweep.sweeps.papers.conclusions._SLAB_POINTS", 3 * slab)
    value = np.ones((11, 3))
    value[7, 1], value[8, 2], value[2, 0] = -2.0, -5.0, 0.0
    tally = judged(value).tally
    assert (tally.holds, tally.equal, tally.fails) == (30, 1, 2)
    assert tally.least == -5
    assert tally.at == {"a": A[8], "b": 100.0}
    assert tally.span == {"a": (A[7], A[8]), "b": (10.0, 100.0)}
    fails, decided = tally.maps["a", "b"]
    assert np.argwhere(fails).tolist() == [[7, 1], [8, 2]]
    assert (decided == 1).all()


def test_points_without_a_result_or_outside_the_premise_are_counted_apart():
    status = np.full((11, 3), int(Status.ok))
    status[0], status[1] = int(Status.no_equilibrium), int(Status.negative_investment)
    finding = judged(np.full((11, 3), -1.0), status, premise=lambda d: d["a"] > 0.45, condition="a > 0.45")
    tally = finding.tally
    assert (tally.left_out, tally.silent, tally.fails, tally.holds) == (6, 9, 18, 0)
    assert verdict(finding) == "fails everywhere"
    assert "Left out, having no result: 6 points." in sentence(finding)
    assert "does not hold at 9 points" in sentence(finding)


def test_failing_points_are_described_against_those_that_were_decided():
    value = np.ones((11, 3))
    value[4:, 1] = -1
    text = sentence(judged(value, premise=lambda d: d["a"] > 0.35, condition="a > 0.35"))
    assert "every failure has b = 10." in text
    assert "every failure has a ≥ 0.4 and b = 10." in sentence(judged(value))


def test_a_condition_of_a_claim_about_steps_is_asked_where_a_step_begins():
    value = np.arange(33.0).reshape(11, 3) ** 2
    finding = judged(
        value,
        margin=lambda d: d["value"].diff("b", label="lower"),
        premise=lambda d: d["b"] * (d["a"] > 0.45) > 5,
        condition="b > 5 and a > 0.45",
    )
    assert (finding.tally.holds, finding.tally.silent, finding.tally.decided) == (6, 16, 6)
    assert finding.tally.least == 17**2 - 16**2


def test_nothing_decided_is_said_and_not_called_true():
    finding = judged(np.full((11, 3), np.nan))
    assert verdict(finding) == "never decided"
    assert np.isnan(finding.tally.share)
    assert share_text(0, 0) == "-"


def test_equality_counts_for_weak_claims_only():
    zero = np.zeros((11, 3))
    assert judged(zero).tally.equal == 33
    assert judged(zero, weak=True).tally.holds == 33
    assert judged(zero - 1e-8, weak=True).tally.fails == 33


def test_a_strict_claim_whose_sides_are_equal_everywhere_holds_nowhere():
    finding = judged(np.zeros((11, 3)))
    assert verdict(finding) == "holds nowhere"
    assert "Holds nowhere: both sides are equal at all 33 points." in sentence(finding)
    assert verdict(judged(np.zeros((11, 3)), weak=True)) == "holds"


def test_shares_are_never_rounded_to_all_or_none():
    assert share_text(0, 10**6) == "0%"
    assert share_text(1, 10**6) == "< 0.01%"
    assert share_text(10**6 - 1, 10**6) == "> 99.99%"
    assert share_text(10**6, 10**6) == "100%"
    assert [share_text(part, 900) for part in (1, 4, 5, 899)] == ["< 1%", "< 1%", "1%", "> 99%"]


def test_shares_have_the_digits_that_their_points_support():
    assert [share_text(7, whole) for whole in (27, 270, 2_700, 27_000)] == ["26%", "3%", "0.3%", "0.03%"]


def test_the_pair_of_axes_that_tells_most_is_drawn():
    value = np.ones((11, 3))
    value[6:, 2] = -1
    cube, study = made_up(value)
    wide = cube.expand_dims(c=[1.0, 2.0, 3.0]).transpose("a", "b", "c")
    (finding,) = evaluate(study, wide).findings
    assert finding.tally.widest_pair() == ("a", "b")


def test_a_grid_is_sized_by_its_points():
    for points in (100, 5_000, 10**6):
        sized = STUDIES[0].sized(points)
        assert sized.size >= points
    assert STUDIES[0].sized(5_000).size < 10_000
    assert all(study.sized(study.points).size >= study.points for study in STUDIES)
    assert [study.points for study in STUDIES] == [10**6, 10**6, 10**6, 4800, 4800, 96_000, 75_000, 75_000]
