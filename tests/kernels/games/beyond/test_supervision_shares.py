"""Supervision whose rules follow both shares: rest points against scans, the game of y alone, derivatives."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.flow import NOT_ALONG_FACES, Attractor
from equisweep.kernels.games.supervision_shapes.ends import BoundaryCycle
from equisweep.kernels.games.supervision_shapes.model import kernel as of_y_alone
from equisweep.kernels.games.supervision_shares.crossings import class_at_crossing
from equisweep.kernels.games.supervision_shares.ends import boundary_cycle
from equisweep.kernels.games.supervision_shares.mechanism import Mechanism, Rules
from equisweep.kernels.games.supervision_shares.model import SUPERVISION_SHARES, decide, field, kernel
from equisweep.kernels.games.supervision_shares.rest import CLASSES, REST_POINTS, rest_points
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.derivatives import slopes_and_differences
from helpers.oracles.supervision_shares import CASE, class_of_quarters, gains, random_case, solve
from helpers.oracles.supervision_shares_points import by_scan
from helpers.products import costs_seconds, covering, some

WORDS = ("reward", "punishment", "reward_in_x", "punishment_in_x")
RULES = [
    ("power", "power", "power", "power_falling"),
    ("step", "linear", "power_falling", "power"),
    ("power", "step", "step", "power"),
    ("linear", "power", "step_falling", "step_falling"),
    ("step", "step", "step", "step"),
]
every_rule = pytest.mark.parametrize(
    "rules", covering(RULES, lambda *rules: rules[:2] != ("power", "step"), as_one=True), ids=" ".join
)
# A program and 50 scans for each set of rules: these two hold steps, lines and powers that rise and fall.
scanned = pytest.mark.parametrize("rules", RULES, ids=" ".join)
NAMES = {number: name for name, number in CLASSES.items()}
STABLE = ("ess", "stable_node", "stable_focus", "sliding_node", "crossing_node")
# Reward and fine step at one share.
ALIKE = dict.fromkeys(("reward_x_threshold", "fine_x_threshold"), 0.4) | dict.fromkeys(
    ("reward_threshold", "fine_threshold"), 0.3
)
SIZE = 50


@cache
def solver(rules):
    return of_many(lambda p: kernel(p, **dict(zip(WORDS, rules, strict=True))))


def solved(rules, cases):
    """Padded to one number of cases: one compilation for each set of rules."""
    padded = cases + [CASE] * (SIZE - len(cases))
    columns = {name: np.array([c[name] for c in padded], float) for name in CASE}
    return {name: np.asarray(value)[: len(cases)] for name, value in solver(rules)(columns).items()}


def test_defaults_are_the_papers_case_and_its_own_parameters():
    assert {q.name: q.default for q in SUPERVISION_SHARES.parameters} == CASE


@every_rule
def test_field_is_that_of_the_payoff_table(rules):
    rng = np.random.default_rng(2)
    for _ in range(10):
        p, shares = random_case(rng), rng.uniform(0.01, 0.99, 2)
        logits = jnp.asarray(np.log(shares / (1 - shares)))
        rates = field(0.0, logits, p, **dict(zip(WORDS, rules, strict=True)))
        np.testing.assert_allclose(rates, gains(p, rules, *shares), atol=1e-10)


@costs_seconds
@scanned
def test_rest_points_and_classes_are_those_of_a_scan(rules):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(SIZE // 2)]
    # More points inside: B is zero at a random point of the curve A = 0.
    cases += [crossing(random_case(rng), rules, rng) for _ in range(SIZE // 2)]
    cases = [p | ALIKE if k % 5 == 0 else p for k, p in enumerate(cases)]
    out, most, seen = solved(rules, cases), 0, set()
    for i, p in enumerate(cases):
        assert out["status"][i] == Status.ok, p
        expected = by_scan(p, rules)
        there = ~np.isnan(out["rest_x"][i])
        listed = sorted(
            (round(x, 8) + 0.0, round(y, 8) + 0.0, NAMES[kind])
            for x, y, kind in zip(
                *(out[n][i][there] for n in ("rest_x", "rest_y", "rest_class")), strict=True
            )
        )
        assert [one[2] for one in listed] == [one[2] for one in expected], (p, listed, expected)
        np.testing.assert_allclose([o[:2] for o in listed], [e[:2] for e in expected], atol=3e-8)
        stable = [kind in STABLE for *_, kind in expected]
        assert out["stable_count"][i] == sum(stable)
        within = sum(0 < x < 1 and 0 < y < 1 for x, y, _ in expected)
        assert out["interior_count"][i] == within
        most, seen = max(most, within), seen | {kind for *_, kind in listed}
    assert most >= (1 if rules[2].startswith("linear") else 2)
    assert len(seen) >= 4


def crossing(p, rules, rng):
    """The same with a cost of managing that makes B zero at a random share on the curve A = 0."""
    x = rng.uniform(0.05, 0.95)
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if gains(p, rules, x, middle)[0] > 0 else (low, middle)
    cost = p["c2"] + gains(p, rules, x, low)[1]
    return p | {"c2": float(cost)} if cost > 0 else p


def test_rules_of_y_alone_are_the_game_with_shapes():
    rng = np.random.default_rng(5)
    cases = [random_case(rng) for _ in range(SIZE)]
    mine = solved(("power", "linear", "constant", "constant"), cases)
    names = [name for name in CASE if "_x_" not in name]
    columns = {name: np.array([c[name] for c in cases]) for name in names}
    columns |= {"reward_threshold": np.full(SIZE, 0.5), "fine_threshold": np.full(SIZE, 0.5)}
    known = of_many(partial(of_y_alone, reward="power", punishment="linear"))(columns)
    at = [REST_POINTS.index(n) for n in (*REST_POINTS[:4], "interior 1", *REST_POINTS[4:7])]
    for name in ("rest_x", "rest_y", "trace", "eigenvalue_1_real", "rest_class"):
        np.testing.assert_allclose(mine[name][:, at], np.asarray(known[name]), atol=1e-9, err_msg=name)
    for name in ("stable_count", "boundary_cycle", "worst_incident"):
        np.testing.assert_allclose(mine[name], np.asarray(known[name]), atol=1e-9, err_msg=name)


def fold():
    """A cost of managing at which two points inside meet: the largest of what B may be along A = 0."""
    p = CASE | {"c1": 1.0, "c2": 0.0, "Le": 0.0, "f": 30.0, "fine_x_exponent": 1.5}
    rules = ("constant", "constant", "constant", "power_falling")
    x = np.linspace(0.3, 0.5, 2_000_001)
    return p, rules, gains(p | {"r": 0.0}, rules, x, 0.5)[1].max()


def test_two_points_that_meet_are_counted_on_both_sides_and_unresolved_between():
    p, rules, top = fold()
    p |= {"r": 0.0}
    out = solved(rules, [p | {"c2": top + d} for d in (-1e-6, 0.0, 1e-6)])
    assert list(out["interior_count"][[0, 2]]) == [2, 0]
    assert list(out["status"]) == [Status.ok, Status.unresolved, Status.ok]


def test_contradictions_have_no_result():
    rules = ("linear", "power", "step_falling", "step_falling")
    out = solved(rules, [CASE, CASE | {"p1": 0.2}])
    assert list(out["status"]) == [Status.ok, Status.out_of_domain]
    assert np.isnan(out["rest_x"][1]).all()
    assert (out["rest_class"][1] == RestClass.absent).all()


@costs_seconds
def test_derivatives_of_rest_points_agree_with_differences():
    """Of points off thresholds, on one of x, on one of y, and where they cross."""
    rules = ("power", "step", "step", "power")
    on_x = {"c1": 1.18, "c2": 13.4, "r": 5.96, "f": 17.0, "Lg": 8.8, "Le": 39.1, "S": 5.67, "p1": 0.298,
            "p2": 0.397, "reward_exponent": 0.614, "fine_x_exponent": 2.38, "reward_x_threshold": 0.614,
            "fine_threshold": 0.258}  # fmt: skip
    on_y = {"c1": 5.6, "c2": 24.9, "r": 10.7, "f": 28.4, "Lg": 4.53, "Le": 64.4, "S": 1.36, "p1": 0.236,
            "p2": 0.413, "reward_exponent": 0.877, "fine_x_exponent": 1.37, "reward_x_threshold": 0.686,
            "fine_threshold": 0.329}  # fmt: skip
    both = {name: np.array([(CASE | p)[name] for p in (on_x, on_y)], float) for name in CASE}

    def some(moved):
        at = {name: values + moved[name] for name, values in both.items()}
        out = jax.vmap(lambda p: kernel(p, **dict(zip(WORDS, rules, strict=True))))(at)
        return {name: out[name] for name in ("rest_x", "rest_y", "eigenvalue_1_real")}

    among = ("c1", "c2", "r", "f", "p1", "reward_exponent", "fine_x_exponent", "reward_x_threshold",
             "fine_threshold")  # fmt: skip
    result = slopes_and_differences(some, dict.fromkeys(CASE, 0.0), among, 1e-6)
    for output, (slopes, central) in result.items():
        there = ~np.isnan(central)
        np.testing.assert_allclose(slopes[there], central[there], rtol=1e-5, atol=1e-7, err_msg=output)
    at = [REST_POINTS.index(name) for name in ("interior 1", "threshold 1", "crossing 1")]
    known = ~np.isnan(result["rest_x"][1])[0][:, at]
    assert known.tolist() == [[True, True, False], [True, True, True]]


def sides(rules, p):
    m = Mechanism(p, Rules(*rules))
    cycle, attractor = boundary_cycle(m, rest_points(m)), decide(p, **dict(zip(WORDS, rules, strict=True)))
    return {"cycle": cycle, "attractor": attractor}


SIDES = [("power", BoundaryCycle.repels), ("power_falling", BoundaryCycle.attracts)]


@pytest.mark.parametrize(("in_x", "kind"), covering(SIDES, lambda in_x, _: in_x == "power", columns=0))
def test_orbits_beside_the_sides_swing_as_the_boundary_cycle_says(in_x, kind):
    """By integration in logits: the furthest that each round goes grows, or shrinks."""
    p, rules = (
        CASE | {"c1": 1.0, "c2": 5.5, "reward_x_exponent": 0.5},
        ("constant", "constant", in_x, "constant"),
    )
    seen = of_many(partial(sides, rules))({name: np.array([value], float) for name, value in p.items()})
    assert seen["cycle"][0] == kind
    path = solve(p | {"x0": 0.1, "y0": 0.6}, rules, np.linspace(0, 300, 30_001))
    far = -np.log(path[0])
    peaks = far[1:-1][(far[1:-1] > far[:-2]) & (far[1:-1] >= far[2:])]
    assert len(peaks) >= 3
    # One orbit from inside: it winds in where the sides repel, and out where they attract.
    assert peaks[-1] < peaks[0] if kind == BoundaryCycle.repels else peaks[-1] > 2 * peaks[0]
    assert seen["attractor"][0] == (NOT_ALONG_FACES if kind == BoundaryCycle.repels else Attractor.undecided)


classify = jax.jit(class_at_crossing)


@pytest.mark.parametrize("seed", some(range(3), [1]))
def test_crossings_have_the_class_that_paths_round_them_show(seed):
    """The four values of a field that is constant in each quarter, at random; a third of them go round."""
    rng, seen = np.random.default_rng(seed), set()
    for _ in range(40):
        values = rng.normal(size=(4, 2))
        if rng.random() < 1 / 3:
            values = abs(values) * [(-1, 1), (-1, -1), (1, -1), (1, 1)] * rng.choice([1, -1])
        turn = values[:, :1] * values[:, 1] - values[:, 1:] * values[:, 0]
        if ((turn > 0).any(1) & (turn < 0).any(1)).all():
            result = NAMES[int(classify(*values.T, 1e-12))]
            assert result == class_of_quarters(values), values.tolist()
            seen.add(result)
    assert len(seen) == 3
