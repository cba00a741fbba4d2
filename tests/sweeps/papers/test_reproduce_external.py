"""The external paper's sentences about its figures, formula (17) and their pictures."""

import numpy as np
import pytest
from equisweep.sweeps.papers.claims import claims_table
from equisweep.sweeps.papers.external.claims import claims, formula_17
from equisweep.sweeps.papers.external.figures import draw
from equisweep.sweeps.papers.external.studies import studies
from helpers.oracles import external as oracle
from helpers.pictures import LAID_OUT, figures
from matplotlib.image import imread


@pytest.fixture(scope="module")
def solved():
    return studies()


def named(result, text):
    (claim,) = (c for c in result if c.text == text)
    return claim


def test_every_sentence_comes_out_as_known(solved):
    result = claims(solved)
    assert [c.text for c in result if c.surprises] == [], claims_table(result)
    assert all(c.reason for c in result if not c.expected)
    assert "least at gamma = 0.5317" in named(result, "the loss falls in gamma, then rises (U-shape)").by
    assert "2.632 for 2.640, 16.845 for 17.119" in named(result, "(17) is the derivative of e3 in gamma").by
    assert not named(result, "under full cooperation, exact: investment falls in alpha").holds
    assert not named(result, "sharing, exact: the loss rises in delta").holds
    assert sum("the loss rises" in c.text and c.holds for c in result) == 13
    assert sum("investment falls from n = 3 to 4" in c.text and c.holds for c in result) == 4


def test_formula_17_and_the_derivative_are_those_of_the_oracle(solved):
    d = solved.compensation.sel(formulation="exact", gamma=0.5)
    for k, (alpha, n) in enumerate(((0.1, 3), (0.9, 4))):
        s = oracle.PAPER | {"alpha": alpha, "n": n, "beta": 0.1, "gamma": 0.5}

        def invested(gamma, s=s):
            return oracle.exact(s | {"gamma": gamma}, "compensation").investment

        slope = (invested(0.501) - invested(0.499)) / 0.002
        assert float(d["d_investment_d_gamma"][k]) == pytest.approx(slope, rel=1e-5)
        breach = oracle.exact(s, "compensation").breach
        psi = np.exp(oracle.log_none_arrives(s, breach))
        reach = (n - 1) * alpha
        by_hand = -reach / (0.1 * np.log(0.5) * (psi + reach * 0.5))
        assert float(formula_17(solved.compensation).sel(formulation="exact", gamma=0.5)[k]) == pytest.approx(
            by_hand
        )


@pytest.mark.parametrize("laid_out", LAID_OUT)
def test_figures_1_to_8_are_drawn_with_curves_through_the_tables_points(solved, tmp_path, laid_out):
    with figures(laid_out):
        paths = draw(solved, tmp_path / "figures")
    assert [p.name for p in paths] == [f"figure-{n}.png" for n in range(1, 9)]
    for path in paths:
        picture = imread(path)[..., :3]
        assert (np.ptp(picture, axis=2) > 0.3).mean() > 0.001  # there are curves
        assert (picture.max(axis=2) < 0.2).mean() > 0.001  # and points, axes and text
