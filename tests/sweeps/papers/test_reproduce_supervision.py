"""The paper's claims come out as expected, the false ones false, and its figures are drawn."""

import numpy as np
import pytest
from equisweep.sweeps.papers.claims import claims_table
from equisweep.sweeps.papers.supervision import claims as check
from equisweep.sweeps.papers.supervision.cases import Cases
from equisweep.sweeps.papers.supervision.figures import draw
from helpers.pictures import figures
from helpers.products import costs_seconds
from matplotlib.image import imread

LOST = {"c1": np.array([2.0, 3.0, 11.0]), "p1": np.array([0.05, 0.09]), "p2": np.array([0.09, 0.11])}


@pytest.fixture(scope="module")
def all_claims():
    return check.claims(lost=LOST)


def named(all_claims, text):
    (claim,) = (c for c in all_claims if c.text == text)
    return claim


@costs_seconds
def test_every_claim_comes_out_as_expected(all_claims):
    assert [c.text for c in all_claims if c.surprises] == []
    assert all(c.reason for c in all_claims if not c.expected)


@costs_seconds
def test_the_papers_closed_orbit_under_dynamic_reward_is_refuted(all_claims):
    claim = named(all_claims, "dynamic reward: closed orbit")
    assert not claim.holds
    assert "boundary_cycle" in claim.by


@costs_seconds
def test_the_table_marks_what_is_not_as_expected(all_claims):
    assert "!" not in [line[0] for line in claims_table(all_claims).splitlines()]
    wrong = check.Claim("here", "a wrong claim", False, "1")
    assert claims_table([wrong]).splitlines()[-1].startswith("!  a wrong claim")


@costs_seconds
def test_ranges_of_the_lost_numbers_are_those_of_the_equations(all_claims):
    """Within a tenth of a cell: an interior point needs c1 < 10.36; a sixth appears below (c2 - r) / Le."""
    falls = named(all_claims, "static: the period falls with y0")
    assert falls.holds
    assert falls.stays == "c1 <= 2.55, any p1, any p2"
    five = named(all_claims, "both dynamic: five equilibrium points")
    assert five.holds
    assert five.stays == "c1 <= 10.2, p1 >= 0.08, any p2"
    assert (
        named(all_claims, "dynamic reward: trace 0 at the interior point").stays == "any c1, any p1, any p2"
    )
    assert named(all_claims, "static: a quantity is conserved").stays == ""


def test_a_sentence_is_judged_by_the_equations():
    """With another reconstruction, c1 = 5, the sentence on periods fails, and is a surprise."""
    c = Cases([{"c1": 5.0, "p1": 0.05}])
    by_text = {s.text: s for s in check.SENTENCES}
    holds, by = by_text["static: the period falls with y0"].judge(c)
    assert holds.tolist() == [True, False]
    assert by == "6.8087 -> 5.2548 -> 5.2251"
    holds, by = by_text["static: x0 changes the size of swings less than y0 does"].judge(c)
    assert holds.tolist() == [True, False]
    assert "0.162 over x0, by 0.188 over y0" in by


@costs_seconds
@pytest.mark.parametrize("laid_out", [False, True])
def test_figures_2_to_11_are_drawn(tmp_path, laid_out):
    with figures(laid_out):
        paths = draw(tmp_path / "figures")
    assert [p.name for p in paths] == [f"figure-{n:02d}.png" for n in range(2, 12)]
    for path in paths:
        picture = imread(path)[..., :3]
        assert picture.shape[0] > 300
        coloured = np.ptp(picture, axis=2) > 0.3
        assert 0.002 < coloured.mean() < 0.5  # there are curves, and they do not fill the picture
