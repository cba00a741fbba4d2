"""The papers' studies of the internal and contract models: claims that hold, and where others fail."""

import numpy as np
import pytest
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.papers.claims import check, claims_table, verdict
from equisweep.sweeps.papers.contract import claims as contract
from equisweep.sweeps.papers.contract import figures as contract_figures
from equisweep.sweeps.papers.contract import paper as contract_paper
from equisweep.sweeps.papers.internal import claims as internal
from equisweep.sweeps.papers.internal import figures as internal_figures
from equisweep.sweeps.papers.internal import paper as internal_paper
from helpers.pictures import LAID_OUT, figures
from helpers.products import covering, some


def test_a_claim_counts_its_failures_and_a_nan_is_one():
    assert check("s", "c", np.array([0.5, 0.0]), "m").holds
    broken = check("s", "c", np.array([1.0, -2.0, np.nan]), "m", worst="here")
    assert (broken.holds, broken.surprises) == (False, True)
    assert broken.by == "fails at 2 of 3 points, least m nan at here"
    equal = check("s", "c", -1.137e-13, "m", tolerance=1e-12)
    assert (equal.holds, equal.by) == (True, "least m 0")
    strict = check("s", "c", np.array([3.0, 1e-13]), "m", tolerance=1e-12, strict=True)
    assert (strict.holds, strict.by) == (False, "fails at 1 of 2 points, least m 0")
    assert (
        check("s", "c", np.array([3.0, 1e-13]), "m", tolerance=1e-12).by
        == "least m 0, equal at 1 of 2 points"
    )
    with pytest.raises(ValueError, match="no point"):
        check("s", "c", np.array([]), "m")


def test_the_verdict_tells_known_failures_from_surprises():
    good, bad = np.array([1.0]), np.array([-1.0])
    known = check("s", "known", bad, "m", expected=False, reason="because")
    assert verdict([check("s", "a", good, "m"), known]) == "1 of 2 claims hold, 1 fail as is known."
    assert "known:\n    because" in claims_table([known])
    for claim in (check("s", "a", bad, "m"), check("s", "a", good, "m", expected=False)):
        assert claim.surprises
        assert "OTHERWISE THAN KNOWN: a" in verdict([claim])
        assert claims_table([claim]).splitlines()[-1].startswith("!  a")


@pytest.fixture(scope="module")
def studies():
    return contract.studies()


@pytest.mark.parametrize("laid_out", LAID_OUT)
def test_the_contract_papers_claims_hold_but_for_three_and_its_figures_are_drawn(tmp_path, studies, laid_out):
    s = studies
    claims = contract.claims(s)
    assert not any(claim.surprises for claim in claims), claims_table(claims)
    failing = {claim.source: claim for claim in claims if not claim.holds}
    assert set(failing) == {"Fig. 2", "Fig. 3", "III-A"}
    assert len(claims) == 17
    assert "type 1 (1 times what it needs), type 2 (1.75 times what it needs)" in failing["Fig. 2"].by
    assert "III-B" in failing["Fig. 2"].reason
    assert "2 types are indifferent" in failing["Fig. 3"].reason
    assert failing["Fig. 3"].by == "fails at 2 of 6 points, least relative fall 0 at 2 ties"
    assert "T = (20, 60, 100, 470)" in failing["III-A"].reason
    assert sum("cannot but hold" in claim.by for claim in claims) == 5
    np.testing.assert_allclose(s.resources, [20, 105, 210, 315])
    with figures(laid_out):
        for path in contract_figures.draw(s, tmp_path):
            assert path.stat().st_size > 10_000


def test_the_contract_claims_notice_a_wrong_contract(studies):
    s = studies
    worse = s.any_contract.copy()
    worse[0, 3] = worse[0, 0] + 1
    broken = [c for c in contract.claims(type(s)(**(vars(s) | {"any_contract": worse}))) if c.surprises]
    assert [c.text for c in broken] == [
        "every type does best under its own contract",
        "contracts above a type's own never raise its utility",
    ]


FAILING = {
    "v": ["the share of data rises in its own v", "the share of application_systems rises in its own v"],
    "L": [],
    "E": [
        "the share of data falls in its own E",
        "the share of application_systems falls in its own E",
        "application_systems get more than data whatever E is (v_data < v_application_systems)",
    ],
}


@pytest.mark.parametrize("parameter", some(FAILING, ["L", "E"]))
def test_the_loss_claims_hold_everywhere_and_some_claims_on_shares_do_not(parameter, tmp_path):
    s = internal.study(parameter, points=41)
    claims = internal.claims(s)
    assert [claim.text for claim in claims if not claim.holds] == FAILING[parameter]
    assert not any(claim.surprises for claim in claims)
    assert all(claim.reason for claim in claims if not claim.expected)
    assert sum(claim.text.startswith("C ") for claim in claims) == 2
    with figures(False):
        internal_figures.draw(s, tmp_path / "surface.png")
    assert (tmp_path / "surface.png").stat().st_size > 10_000


def test_a_studys_slopes_are_those_of_its_own_grid():
    s = internal.study("L", points=201)
    along = np.gradient(s.loss, s.values, axis=0, edge_order=2)
    np.testing.assert_allclose(along[1:-1], s.loss_slope[1:-1, :, 0], rtol=2e-2)
    share = np.gradient(s.share[..., 1], s.values, axis=1)
    middle = slice(60, -1)
    np.testing.assert_allclose(share[middle, middle], s.own_slope[middle, middle, 1], rtol=2e-2, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "laid_out"),
    covering(
        [(m, w) for m in ("internal", "contract") for w in (False, True)],
        lambda m, w: (m, w) == ("contract", False),
        columns=0,
    ),
)
def test_reproducing_prints_its_claims_and_exits_1_on_a_surprise_only(
    model, laid_out, tmp_path, capsys, monkeypatch, studies
):
    monkeypatch.setattr(contract_paper, "studies", lambda: studies)
    with figures(laid_out):
        reproduces(model, tmp_path, capsys, monkeypatch)


def reproduces(model, tmp_path, capsys, monkeypatch):
    assert main(["reproduce", model, "-o", str(tmp_path / "figures")]) == 0
    output = capsys.readouterr().out
    assert output.count(".png") == 3
    assert (
        "6 fail as is known." if model == "internal" else "16 of 20 claims hold, 4 fail as is known."
    ) in output
    module = internal_paper if model == "internal" else contract_paper
    monkeypatch.setattr(module, "claims", lambda s: [check("s", "wrong", np.array([-1.0]), "m")])
    assert main(["reproduce", model, "-o", str(tmp_path / "figures")]) == 1
    assert "OTHERWISE THAN KNOWN: wrong" in capsys.readouterr().out
