"""Sets of two or more but not all cities that invest: against scans of three, and five held to account."""

from functools import cache
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.combined.game import game_of
from equisweep.kernels.games.combined.patterns import NOT_LOOKED_FOR, equilibrium_of, pattern_count
from helpers.codegen.grids import of_many
from helpers.oracles import combined as oracle
from helpers.products import covering

CASE = oracle.PAPER | {"alpha": 0.9, "beta": 1.0, "n": 3.0, "L": 120.0, "v": 0.8}
# Of the documentation's example: no symmetric equilibrium is left, nor does one city invest alone.
FIVE = oracle.PAPER | {"alpha": 0.9, "beta": 0.8, "n": 5.0, "delta": 0.3, "entry_cost": 60.0}


def counted(mechanism, kind, most):
    count = of_many(lambda p: {"count": pattern_count(game_of(p, mechanism, kind, most))})
    return lambda points: count(points)["count"]


@pytest.mark.parametrize(
    ("mechanism", "kind"),
    covering([("sharing", "none"), ("together", "city")], lambda one, _: one == "sharing", columns=0),
)
def test_two_of_three_invest_where_a_scan_of_their_answers_says_so(mechanism, kind):
    rng, cases = np.random.default_rng(4), []
    for _ in range(6):
        s = CASE | {"alpha": rng.uniform(0.1, 1), "delta": rng.uniform(0.3, 1), "L": rng.uniform(80, 400)}
        s |= {"entry_cost": rng.uniform(5, 30), "gamma": rng.uniform(0, 0.1), "budget": rng.uniform(20, 70)}
        cases.append(s)
    top = [s["budget"] if kind == "city" else np.inf for s in cases]
    margins = [oracle.pairs_of_three(s, mechanism, most) for s, most in zip(cases, top, strict=True)]
    expected = [
        3 if max(gains, default=-1) >= -1e-8 * s["L"] else 0 for gains, s in zip(margins, cases, strict=True)
    ]
    np.testing.assert_array_equal(counted(mechanism, kind, 3)(oracle.columns(cases)), expected)
    assert 1 <= expected.count(3) <= 5


@cache
def of_set():
    def solved_set(cities):
        members = jnp.stack([cities[f"city {k}"] for k in range(5)])
        game = game_of({k: jnp.asarray(v) for k, v in FIVE.items()}, "together", "none", 5)
        return dict(zip(("investments", "there"), equilibrium_of(game, members), strict=True))

    return of_many(solved_set)


def test_of_five_cities_every_set_that_is_counted_has_an_equilibrium_and_each_kind_counts_its_turns():
    sets = [set(s) for size in range(2, 5) for s in combinations(range(5), size)]
    members = np.array([[float(city in one) for city in range(5)] for one in sets])
    outputs = of_set()({f"city {k}": members[:, k] for k in range(5)})
    investments, there = outputs["investments"], outputs["there"]
    assert there.any()
    for one, e, holds in zip(sets, investments, there, strict=True):
        turned = sets.index({(city + 1) % 5 for city in one})
        assert there[turned] == holds
        if holds:
            assert {int(city) for city in np.flatnonzero(e)} == one
    e = list(map(float, investments[np.flatnonzero(there)[0]]))
    assert oracle.no_better_answer(FIVE, "together", e) > -1e-8 * FIVE["L"]
    assert counted("together", "none", 5)(oracle.columns([FIVE])) == there.sum()


def test_none_without_sharing_and_no_number_where_none_is_looked_for():
    p = {name: jnp.asarray(value) for name, value in FIVE.items()}
    assert pattern_count(game_of(p, "compensation", "city", 5)) == 0
    assert pattern_count(game_of(p, "sharing", "common", 5)) == NOT_LOOKED_FOR
    many = p | {"n": jnp.asarray(7.0)}
    assert jax.jit(lambda p: pattern_count(game_of(p, "sharing", "none", 7)))(many) == NOT_LOOKED_FOR


def test_sets_are_counted_in_single_precision_as_in_double():
    """A city that would gain a two thousandth of its loss by investing too counted as content."""
    case = oracle.PAPER | {"n": 3.0, "delta": 0.3, "beta": 0.4}
    cases = [case | {"alpha": a, "entry_cost": c} for a in np.linspace(0.1, 0.9, 9) for c in (0.0, 3.0, 30.0)]
    points = oracle.columns(cases)
    actual, expected = (
        counted("together", "none", 3)({name: np.asarray(v, dtype) for name, v in points.items()})
        for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(actual, expected)
    assert set(np.unique(expected)) == {0, 3}
