"""The paper's claims come out as expected, the false ones false, and its figures are drawn."""

import numpy as np
import pytest
from equisweep.sweeps.papers.claims import claims_table
from equisweep.sweeps.papers.supervision import claims as check
from equisweep.sweeps.papers.supervision.figures import draw
from matplotlib.image import imread


@pytest.fixture(scope="module")
def found():
    return check.claims()


def test_every_claim_comes_out_as_expected(found):
    assert [c.text for c in found if c.surprises] == []
    assert all(c.reason for c in found if not c.expected)


def test_the_papers_closed_orbit_under_dynamic_reward_is_refuted(found):
    (claim,) = (c for c in found if c.text == "dynamic reward: closed orbit")
    assert not claim.holds
    assert "boundary_cycle" in claim.by


def test_the_table_marks_what_is_not_as_expected(found):
    assert "!" not in [line[0] for line in claims_table(found).splitlines()]
    wrong = check.Claim("here", "a wrong claim", False, "1")
    assert claims_table([wrong]).splitlines()[-1].startswith("!  a wrong claim")


def test_claims_are_computed_from_the_parameters(monkeypatch):
    monkeypatch.setattr(check, "CASE", dict(check.CASE) | {"c1": 4.0})
    assert not next(check._static()).holds


def test_figures_4_to_11_are_drawn(tmp_path):
    paths = draw(tmp_path / "figures")
    assert [p.name for p in paths] == [f"figure-{n:02d}.png" for n in range(4, 12)]
    for path in paths:
        picture = imread(path)[..., :3]
        assert picture.shape[0] > 300
        coloured = np.ptp(picture, axis=2) > 0.3
        assert 0.002 < coloured.mean() < 0.5  # there are curves, and they do not fill the picture
