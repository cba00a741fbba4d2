"""Finitely many participants against every split, and levels that weigh losses against losses written so."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.internal.model import INTERNAL, internal
from equisweep.sweeps import Structure
from equisweep.sweeps.papers.internal.structure import TEN_FACTORS, load_structure
from helpers.products import covering

solve = jax.jit(internal)
by_number = jax.jit(jax.vmap(lambda n, p: internal(p | {"participants": n}), in_axes=(0, None)))
by_weight = jax.jit(
    jax.vmap(lambda w, p: internal(p | {"level_weight": w}, wanted=())["share"], in_axes=(0, None))
)


def scenario(rng, factors, participants):
    return {
        "beta": rng.uniform(0.1, 1, factors), "v": rng.uniform(0.05, 0.95, factors),
        "E": np.exp(rng.uniform(-4, -1, factors)), "L": np.exp(rng.uniform(1, 7, factors)),
        "M": np.float64(np.exp(rng.uniform(1, 4))), "level": np.ones(factors), "level_weight": np.float64(1),
        "participants": np.float64(participants), "start_share": np.ones(factors), "horizon": np.float64(1),
    }  # fmt: skip


def every_split(parts, factors):
    """All ways of placing so many equal parts, as rows of counts: bars among stars."""
    for bars in combinations(range(parts + factors - 1), factors - 1):
        yield np.diff([-1, *bars, parts + factors - 1]) - 1


def loss(p, share):
    """The city's loss, written out in a loop."""
    total = float(p["M"])
    for i, x in enumerate(share):
        total += p["beta"][i] * p["L"][i] * p["v"][i] ** (p["E"][i] * x * p["M"] + 1)
    return total


def pay(p, counts):
    """What a participant at each factor is paid: the marginal benefit there."""
    spent = p["E"] * counts * p["M"] / p["participants"]
    return -p["beta"] * p["L"] * p["E"] * np.log(p["v"]) * p["v"] ** (spent + 1)


def nobody_moves(counts, worth):
    """Whether no participant is better off elsewhere; `worth(counts, k)` is what one at factor k has."""
    for i in np.flatnonzero(counts):
        for k in range(len(counts)):
            moved = counts.copy()
            moved[i] -= 1
            moved[k] += 1
            before = worth(counts, i)
            if worth(moved, k) > before + 1e-13 * abs(before):
                return False
    return True


SPLITS = [(2, 1), (2, 7), (2, 40), (3, 5), (3, 12), (4, 6)]


@pytest.mark.parametrize(
    ("factors", "parts"), covering(SPLITS, lambda factors, parts: factors == 2 or parts == 12, columns=0)
)
def test_the_equilibria_of_both_games_are_those_that_all_splits_show(factors, parts):
    rng = np.random.default_rng(10 * factors + parts)
    differ = 0
    for _ in range(25):
        p = scenario(rng, factors, parts)
        got = {name: np.asarray(value) for name, value in solve(p).items()}
        splits = list(every_split(parts, factors))
        losses = np.array([loss(p, n / parts) for n in splits])
        bear = [n for n in splits if nobody_moves(n, lambda m, _, p=p: -loss(p, m / parts))]
        paid = [n for n in splits if nobody_moves(n, lambda m, k, p=p: pay(p, m)[k])]
        np.testing.assert_array_equal(got["participant_share"] * parts, splits[losses.argmin()])
        # Where every participant bears the city's loss, the equilibria are the best splits: one, here.
        assert [n.tolist() for n in bear] == [splits[losses.argmin()].tolist()]
        assert [n.tolist() for n in paid] == [np.round(got["paid_share"] * parts).tolist()]
        assert got["participant_equilibria"] == 0
        for split, gap in (("participant_share", "participant_loss_gap"), ("paid_share", "paid_loss_gap")):
            assert got[gap] == pytest.approx(loss(p, got[split]) - got["expected_loss"], abs=1e-9)
        differ += int((got["participant_share"] != got["paid_share"]).any())
    assert differ > 0 or parts > 12


def test_splits_that_are_as_good_are_said():
    p = scenario(np.random.default_rng(1), 2, 7)
    p |= {name: np.full(2, p[name][0]) for name in ("beta", "v", "E", "L")}
    got = solve(p)
    assert got["participant_equilibria"] == 1
    np.testing.assert_array_equal(np.sort(got["participant_share"] * 7), [3, 4])
    assert solve(p | {"participants": np.float64(8)})["participant_equilibria"] == 0


def test_the_gap_falls_as_parts_are_halved_and_as_the_square_of_their_number():
    rng = np.random.default_rng(5)
    for _ in range(10):
        p = scenario(rng, 3, 1)
        number = 2 ** np.arange(20)
        many = by_number(number.astype(float), p)
        best, paid = np.asarray(many["participant_loss_gap"]), np.asarray(many["paid_loss_gap"])
        assert (best >= 0).all()
        assert (best <= paid * (1 + 1e-12)).all()
        assert (np.diff(best) <= 1e-12 * best[:-1]).all()  # what N parts can do, 2 N can, too
        # Rounding x N moves no funded factor by more than one part: curvature times 1 / N^2 bounds it.
        rate = -p["E"] * np.log(p["v"]) * p["M"]
        bend = (p["beta"] * p["L"] * p["v"] * rate**2).sum()
        assert (best <= bend / 2 / number**2).all()
        np.testing.assert_allclose(many["participant_share"][-1], solve(p)["share"], atol=3 / number[-1])
        np.testing.assert_array_equal(np.sum(many["participant_share"], axis=1), 1)


def test_many_participants_are_as_exact_as_few_and_in_single_precision_add_up():
    """A million parts: no single one that moves lowers the loss."""
    p = scenario(np.random.default_rng(8), 4, 10**6)
    n = np.asarray(solve(p)["participant_share"]) * 10**6
    np.testing.assert_array_equal(n, np.round(n))
    worth = np.log(p["beta"] * p["L"] * p["v"] * -np.expm1(p["E"] * np.log(p["v"]) * p["M"] / 10**6))
    step = p["E"] * np.log(p["v"]) * p["M"] / 10**6
    assert (worth + n * step).max() <= (worth + (n - 1) * step)[n > 0].min() + 1e-12
    single = solve({name: value.astype(np.float32) for name, value in p.items()})
    assert single["participant_share"].dtype == np.float32
    assert abs(float(np.asarray(single["participant_share"], float).sum()) - 1) < 1e-6


def test_the_gap_has_the_derivatives_of_differences():
    p = scenario(np.random.default_rng(11), 3, 9)
    slopes = jax.jit(jax.grad(lambda p: internal(p)["participant_loss_gap"]))(p)
    for name in ("beta", "v", "E", "L", "M"):
        for place in np.ndindex(p[name].shape):
            ends = []
            for sign in (-1, 1):
                value = np.array(p[name])
                value[place] *= 1 + sign * 1e-5
                ends.append(float(solve(p | {name: value})["participant_loss_gap"]))
            difference = (ends[1] - ends[0]) / (2e-5 * p[name][place])
            assert float(slopes[name][place]) == pytest.approx(difference, rel=1e-4, abs=1e-7), name


def test_levels_weigh_losses_and_by_default_change_no_bit():
    rng = np.random.default_rng(2)
    p = scenario(rng, 4, 10) | {"level": np.array([1.0, 1.0, 2.0, 3.0])}
    names = ("share", "expected_loss", "multiplier", "best_fund", "least_loss", "participant_share")
    plain, unweighted = solve(p), solve(p | {"level": np.ones(4)})
    for name in names:
        np.testing.assert_array_equal(plain[name], unweighted[name])
    heavy = solve(p | {"level_weight": np.float64(1.5)})
    by_hand = solve(p | {"L": p["L"] * [1, 1, 1.5, 2.25]})
    for name in names:
        np.testing.assert_allclose(heavy[name], by_hand[name], rtol=1e-12)
    assert float(heavy["plain_loss"]) == pytest.approx(loss(p, np.asarray(heavy["share"])), rel=1e-12)
    assert float(plain["plain_loss"]) == float(plain["expected_loss"]) <= float(heavy["plain_loss"])


def test_what_counts_for_more_gets_more():
    """The heavier a level beside the one before, the more goes to the deepest and the less to the first."""
    p = scenario(np.random.default_rng(4), 3, 10) | {"level": np.array([1.0, 2.0, 3.0]), "M": np.float64(300)}
    weights = jnp.linspace(0.2, 3, 30)
    shares = np.asarray(by_weight(weights, p))
    assert (np.diff(shares[:, 0]) <= 1e-15).all()
    assert (np.diff(shares[:, 2]) >= -1e-15).all()
    assert shares[0, 0] - shares[-1, 0] > 0.02


def test_derivatives_in_the_weight_of_a_level_are_those_of_differences():
    p = scenario(np.random.default_rng(4), 3, 10) | {"level": np.array([1.0, 2.0, 3.0]), "M": np.float64(300)}
    slopes = jax.jit(jax.jacfwd(lambda w: internal(p | {"level_weight": w}, wanted=())["share"]))(1.3)
    below, above = np.asarray(by_weight(1.3 + 1e-5 * jnp.linspace(-1, 1, 30), p))[[0, -1]]
    np.testing.assert_allclose(slopes, (above - below) / 2e-5, rtol=1e-6, atol=1e-9)
    assert (np.abs(slopes) > 1e-3).any()


def test_a_structure_gives_the_levels_that_a_sweep_takes():
    structure = load_structure(TEN_FACTORS)
    levels = structure.level_of()
    assert levels == {name: k for k, names in enumerate(structure.levels(), 1) for name in names}
    assert list(levels) == list(structure.names)
    assert {levels["data"], levels["management_system"]} == {1, 4}
    assert isinstance(structure, Structure)
    assert INTERNAL.parameter("level").domain.contains(max(levels.values()))
