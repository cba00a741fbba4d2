"""Supervision whose rules follow both shares: rest points against scans, the game of y alone, derivatives."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.flow import NOT_ALONG_FACES, Attractor
from equisweep.kernels.games.supervision_shapes.ends import BoundaryCycle
from equisweep.kernels.games.supervision_shapes.model import kernel as of_y_alone
from equisweep.kernels.games.supervision_shapes.rest import CLASSES
from equisweep.kernels.games.supervision_shares.ends import boundary_cycle
from equisweep.kernels.games.supervision_shares.mechanism import Mechanism, Rules
from equisweep.kernels.games.supervision_shares.model import SUPERVISION_SHARES, decide, field, kernel
from equisweep.kernels.games.supervision_shares.rest import REST_POINTS, rest_points
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from helpers.derivatives import slopes_and_differences
from helpers.oracles.supervision_shares import (
    CASE,
    cuts,
    gains,
    inside,
    on_line,
    random_case,
    solve,
    velocity,
)

WORDS = ("reward", "punishment", "reward_in_x", "punishment_in_x")
RULES = [
    ("power", "power", "power", "power_falling"),
    ("constant", "linear", "power_falling", "power"),
    ("power", "constant", "step", "power"),
    ("linear", "power", "step_falling", "step_falling"),
]
every_rule = pytest.mark.parametrize("rules", RULES, ids=" ".join)
NAMES = {number: name for name, number in CLASSES.items()}
SIZE = 50


@cache
def solver(rules):
    return jax.jit(jax.vmap(lambda p: kernel(p, **dict(zip(WORDS, rules, strict=True)))))


def solved(rules, cases):
    """Padded to one number of cases: one compilation for each set of rules."""
    padded = cases + [CASE] * (SIZE - len(cases))
    columns = {name: jnp.asarray([c[name] for c in padded], float) for name in CASE}
    return {name: np.asarray(value)[: len(cases)] for name, value in solver(rules)(columns).items()}


def test_defaults_are_the_papers_case_and_its_own_parameters():
    assert {q.name: q.default for q in SUPERVISION_SHARES.parameters} == CASE


@every_rule
def test_field_is_that_of_the_payoff_table(rules):
    rng = np.random.default_rng(2)
    for _ in range(10):
        p, shares = random_case(rng), rng.uniform(0.01, 0.99, 2)
        logits = jnp.asarray(np.log(shares / (1 - shares)))
        found = field(0.0, logits, p, **dict(zip(WORDS, rules, strict=True)))
        np.testing.assert_allclose(found, gains(p, rules, *shares), atol=1e-10)


@every_rule
def test_rest_points_and_classes_are_those_of_a_scan(rules):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(SIZE // 2)]
    # More points inside: B is zero at a random point of the curve A = 0.
    cases += [crossing(random_case(rng), rules, rng) for _ in range(SIZE // 2)]
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
        stable = [kind in ("ess", "stable_node", "stable_focus", "sliding_node") for *_, kind in expected]
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


def by_scan(p, rules):
    """Every rest point as (x, y, class name), in order of (x, y)."""
    points = [(x, y, corner(p, rules, x, y)) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    points += [(x, y, smooth(p, rules, x, y)) for x, y in inside(p, rules)]
    for x in cuts(p, rules):
        points += [(x, y, kind) for y, kind in on_line(p, rules, x)]
    share = np.linspace(1e-9, 1 - 1e-9, 20_001)
    for k in changes(gains(p, rules, 1.0, share)[1]):
        y = refined(lambda y: gains(p, rules, 1.0, y)[1], share[k], share[k + 1])
        points.append((1.0, y, side(-gains(p, rules, 1.0, y)[0], lambda y: gains(p, rules, 1.0, y)[1], y)))
    for k in changes(gains(p, rules, share, 0.0)[0]):
        x = refined(lambda x: gains(p, rules, x, 0.0)[0], share[k], share[k + 1])
        points.append((x, 0.0, bottom(p, rules, x)))
    return sorted((round(x, 8) + 0.0, round(y, 8) + 0.0, kind) for x, y, kind in points)


def changes(values):
    return np.flatnonzero(values[:-1] * values[1:] < 0)


def refined(function, low, high):
    up = np.sign(function(high))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if up * function(middle) > 0 else (middle, high)
    return (low + high) / 2


def bottom(p, rules, x):
    jump = any(abs(x - cut) < 1e-9 for cut in cuts(p, rules))
    before, after = (gains(p, rules, x + h, 0.0) for h in (-1e-7, 1e-7))
    if not jump or abs(before[0] - after[0]) < 1e-3:
        return side(gains(p, rules, x, 0.0)[1], lambda x: gains(p, rules, x, 0.0)[0], x)
    if before[0] < 0:
        return "escaping"
    part = -after[0] / (before[0] - after[0])
    return "sliding_node" if part * before[1] + (1 - part) * after[1] < 0 else "sliding_saddle"


def side(across, along, share):
    """Class of a rest point within a side, by the gain across and the slope of the one along it."""
    slope = along(share + 1e-7) - along(share - 1e-7)
    return node(across, slope, "stable_node")


def corner(p, rules, x, y):
    a, b = gains(p, rules, x, y)
    return node((1 - 2 * x) * a, (1 - 2 * y) * b, "ess")


def smooth(p, rules, x, y):
    h = min(1e-6, x / 4, y / 4, (1 - x) / 4, (1 - y) / 4)
    here, steps = np.array([x, y]), np.eye(2) * h
    columns = [velocity(p, rules, here + s) - velocity(p, rules, here - s) for s in steps]
    values = np.linalg.eigvals(np.stack(columns, axis=1) / (2 * h))
    if abs(values[0].imag) > 1e-9:
        return "stable_focus" if values[0].real < 0 else "unstable_focus"
    return node(*values.real, "stable_node")


def node(one, two, stable):
    if one * two < 0:
        return "saddle"
    return stable if one < 0 else "unstable_node"


def test_rules_of_y_alone_are_the_game_with_shapes():
    rng = np.random.default_rng(5)
    cases = [random_case(rng) for _ in range(SIZE)]
    mine = solved(("power", "linear", "constant", "constant"), cases)
    names = [name for name in CASE if "_x_" not in name]
    columns = {name: jnp.asarray([c[name] for c in cases]) for name in names}
    columns |= {"reward_threshold": jnp.full(SIZE, 0.5), "fine_threshold": jnp.full(SIZE, 0.5)}
    known = jax.jit(jax.vmap(lambda p: of_y_alone(p, reward="power", punishment="linear")))(columns)
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


def test_steps_at_one_share_are_unresolved_and_contradictions_have_no_result():
    rules = ("linear", "power", "step_falling", "step_falling")
    out = solved(rules, [CASE, CASE | {"fine_x_threshold": 0.6}, CASE | {"p1": 0.2}])
    assert list(out["status"]) == [Status.unresolved, Status.ok, Status.out_of_domain]
    assert np.isnan(out["rest_x"][2]).all()
    assert (out["rest_class"][2] == RestClass.absent).all()


def test_derivatives_of_rest_points_agree_with_differences():
    p = CASE | {"c1": 3.0, "c2": 8.0, "r": 8.0, "f": 20.0, "reward_x_threshold": 0.2}
    rules = ("power", "linear", "step", "power")

    def some(p):
        out = kernel(p, **dict(zip(WORDS, rules, strict=True)))
        return {name: out[name] for name in ("rest_x", "rest_y", "eigenvalue_1_real")}

    among = ("c1", "c2", "r", "f", "p1", "reward_exponent", "fine_x_exponent", "reward_x_threshold")
    for output, (slopes, central) in slopes_and_differences(some, p, among, 1e-6).items():
        slopes, central = np.asarray(slopes), np.asarray(central)
        there = ~np.isnan(central)
        np.testing.assert_allclose(slopes[there], central[there], rtol=1e-5, atol=1e-7, err_msg=output)
        assert there.sum() >= 5 * len(among)


@pytest.mark.parametrize(
    ("in_x", "kind"), [("power", BoundaryCycle.repels), ("power_falling", BoundaryCycle.attracts)]
)
def test_orbits_beside_the_sides_swing_as_the_boundary_cycle_says(in_x, kind):
    """By integration in logits: the furthest that each round goes grows, or shrinks."""
    p, rules = (
        CASE | {"c1": 1.0, "c2": 5.5, "reward_x_exponent": 0.5},
        ("constant", "constant", in_x, "constant"),
    )
    m = Mechanism({name: jnp.asarray(value) for name, value in p.items()}, Rules(*rules))
    assert boundary_cycle(m, rest_points(m)) == kind
    path = solve(p | {"x0": 0.1, "y0": 0.6}, rules, np.linspace(0, 300, 30_001))
    far = -np.log(path[0])
    peaks = far[1:-1][(far[1:-1] > far[:-2]) & (far[1:-1] >= far[2:])]
    assert len(peaks) >= 3
    # One orbit from inside: it winds in where the sides repel, and out where they attract.
    assert peaks[-1] < peaks[0] if kind == BoundaryCycle.repels else peaks[-1] > 2 * peaks[0]
    found = decide(m.p, **dict(zip(WORDS, rules, strict=True)))
    assert found == (NOT_ALONG_FACES if kind == BoundaryCycle.repels else Attractor.undecided)
