"""With an entry cost: cities that mix, one that invests alone, and no other pattern where nobody shares."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from equisweep.kernels.games.combined.game import game_of
from equisweep.kernels.games.combined.model import external_combined
from equisweep.kernels.games.combined.volunteer import volunteer
from helpers.codegen.grids import of_many
from helpers.oracles import combined as oracle
from helpers.products import covering, some

MOST = 4
NAMES = ("mixing_probability", "mixing_investment", "volunteer_count")
CASE = oracle.PAPER | {"alpha": 0.9, "beta": 1.0, "n": 4.0, "L": 120.0, "v": 0.8, "budget": 15.0}


@cache
def solver(mechanism, kind):
    choices = {"mechanism": mechanism, "budget_kind": kind}

    def both(p):
        outputs = external_combined(p, n_max=MOST, wanted=NAMES, **choices)
        return dict(outputs) | {"invested": volunteer(game_of(p, n_max=MOST, **choices))}

    return of_many(both)


def point(s, mechanism, kind="none"):
    return {k: v.item() for k, v in solver(mechanism, kind)(oracle.columns([s])).items()}


def mixed_cost(s, mechanism, own, share, invested):
    """What a city expects to bear where each other one invests with a probability, by all their profiles."""
    n, total = int(s["n"]), 0.0
    for others in product((0, 1), repeat=n - 1):
        weight = np.prod([share if one else 1 - share for one in others])
        total += weight * oracle.chain_cost(s, mechanism, 0, [own, *(invested * one for one in others)])
    return total


@pytest.mark.parametrize(
    ("mechanism", "kind", "entry"),
    covering(
        [("noncooperation", "none", 1.0), ("compensation", "none", 6.0), ("noncooperation", "city", 2.0)],
        lambda mechanism, kind, _: (mechanism, kind) == ("noncooperation", "none"),
        columns=0,
    ),
)
def test_who_mixes_is_indifferent_and_has_no_better_answer(mechanism, kind, entry):
    s = (
        CASE
        | {"entry_cost": entry, "alpha": 1.0, "gamma": 0.05}
        | ({"budget": 5.0} if kind == "city" else {})
    )
    hits = 0
    for loss in np.geomspace(40, 30_000, 25):
        s = s | {"L": float(loss)}
        got = point(s, mechanism, kind)
        share, invested = got["mixing_probability"], got["mixing_investment"]
        if share == 0:
            continue
        hits += 1
        assert 0 < share < 1
        nothing, there = (mixed_cost(s, mechanism, own, share, invested) for own in (0.0, invested))
        assert nothing == pytest.approx(there, rel=1e-11)
        top = s["budget"] if kind == "city" else 3 * invested + 20
        tried = [mixed_cost(s, mechanism, own, share, invested) for own in np.linspace(0, top, 200)[1:]]
        assert min(tried) >= there - 1e-10 * s["L"]
        # It stands between two pure ones.
        assert got["equilibrium_count"] >= 2
    assert hits >= 2


def test_no_share_is_named_where_investing_always_or_never_pays():
    for loss, entry in ((5.0, 1.0), (4000.0, 1.0), (120.0, 0.0)):
        got = point(CASE | {"L": loss, "entry_cost": entry}, "noncooperation")
        assert got["mixing_probability"] == got["mixing_investment"] == 0


@pytest.mark.parametrize(
    ("mechanism", "kind"),
    covering(
        [("sharing", "none"), ("together", "city"), ("noncooperation", "common")],
        lambda mechanism, _: mechanism == "sharing",
        columns=0,
    ),
)
def test_one_city_invests_alone_where_brute_force_says_so(mechanism, kind):
    rng, answers = np.random.default_rng(3), []
    for _ in range(14):
        s = CASE | {
            "n": float(rng.integers(2, 5)),
            "alpha": rng.uniform(0.1, 1),
            "delta": rng.uniform(0.3, 1),
        }
        s |= {"L": rng.uniform(80, 400), "entry_cost": rng.uniform(0, 15), "gamma": rng.uniform(0, 0.1)}
        s |= {"budget": rng.uniform(10, 60)}
        n, top = int(s["n"]), s["budget"] if kind != "none" else np.inf
        alone, cost = oracle.best_on_chain(s, mechanism, 0, [0.0] * n, top)
        profile, left = [alone] + [0.0] * (n - 1), top - (alone if kind == "common" else 0)
        margins = [oracle.chain_cost(s, mechanism, 0, [0.0] * n) - cost]
        for city in range(1, n):
            _, other = oracle.best_on_chain(s, mechanism, city, profile, left)
            margins.append(other - oracle.chain_cost(s, mechanism, city, profile))
        got = point(s, mechanism, kind)
        answers.append(alone > 0 and min(margins) > -1e-9)
        assert got["volunteer_count"] == (n if answers[-1] else 0)
        assert got["invested"] == pytest.approx(alone if answers[-1] else 0.0, rel=1e-4, abs=1e-4), (
            s,
            margins,
        )
    assert 2 <= sum(answers) <= 12


def test_a_budget_in_common_that_one_has_spent_keeps_the_others_out():
    s = CASE | {"entry_cost": 1.0, "n": 2.0, "L": 300.0, "budget": 4.0}
    assert point(s, "sharing", "common")["invested"] == pytest.approx(4.0)
    assert point(s, "sharing", "city")["volunteer_count"] == 0


@pytest.mark.parametrize("dtype", some([np.float32, np.float64], [np.float64]))
def test_an_entry_cost_beyond_rounding_decides_who_invests(dtype):
    """A hundred roundings of the loss below and above what investing saves where all do, and one alone."""
    s = CASE | {"entry_cost": 0.0, "L": 1000.0}
    aside = 100 * float(np.finfo(np.float32).eps) * s["L"]
    nobody = [0.0] * 4
    alone = oracle.chain_cost(s, "sharing", 0, nobody) - oracle.best_on_chain(s, "sharing", 0, nobody)[1]
    together = point(s, "sharing")["entry_value"]
    costs = [saved + side * aside for saved in (together, alone) for side in (-1, 1)]
    points = oracle.columns([s | {"entry_cost": cost} for cost in costs])
    found = solver("sharing", "none")({name: np.asarray(v, dtype) for name, v in points.items()})
    assert found["equilibrium_count"].tolist() == [1, 0, 0, 1]  # all invest; and none, where it pays nobody
    assert found["volunteer_count"].tolist() == [4, 4, 4, 0]


def test_without_sharing_answers_to_unequal_investments_end_in_equal_ones():
    """The claim of the page: every equilibrium in pure strategies is symmetric."""
    rng = np.random.default_rng(1)
    for entry, loss in ((0.0, 120.0), (2.0, 150.0), (6.0, 250.0)):
        s = CASE | {"entry_cost": entry, "L": loss}
        for _ in range(2):
            e = rng.uniform(0, 20, 4) * rng.integers(0, 2, 4)
            for _ in range(40):
                before = e.copy()
                for city in range(4):
                    e[city] = oracle.best_on_chain(s, "noncooperation", city, e)[0]
                if np.abs(e - before).max() < 1e-6:
                    break
            assert np.ptp(e) < 1e-4
            assert point(s, "noncooperation")["volunteer_count"] == 0
