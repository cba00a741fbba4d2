"""The supervision paper's sentences in games beyond it: margins, sweeps, and a counterexample."""

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.games.supervision_shares.rest import CLASSES, FIRST_INSIDE, REST_POINTS
from equisweep.sweeps.papers.supervision.audit import STUDIES
from equisweep.sweeps.papers.supervision.beyond import noise, regulator, shapes, shares
from helpers.oracles import supervision_regulator as three
from helpers.oracles import supervision_shapes as oracle
from helpers.oracles import supervision_shares as of_both

POWERS, FINE = ("power", "power"), ("constant", "power")


def point(**variables):
    """A slab of one point; each variable maps pairs of shapes to values, 0 where none is given."""
    rewards, fines = ["constant", "power"], ["constant", "power", "step"]
    data = {
        name: (("reward", "punishment"), [[values.get((r, f), 0.0) for f in fines] for r in rewards])
        for name, values in variables.items()
        if isinstance(values, dict)
    }
    caps = {name: xr.DataArray(value) for name, value in variables.items() if not isinstance(value, dict)}
    return xr.Dataset(data, coords={"reward": rewards, "punishment": fines}).assign(caps)


@pytest.mark.parametrize(
    ("number", "variables", "margin"),
    [
        ("3.1 (none stable, powers)", {"stable_count": {("power", "constant"): 2.0}}, -2),
        ("3.2 (stable, powers)", {"interior_class": {FINE: 3.0}}, 1),
        ("3.2 (stable, powers)", {"interior_class": {FINE: 7.0}}, -1),
        ("3.2 (stable, steps)", {"interior_class": {("constant", "step"): 9.0}}, 1),
        ("3.2 (stable, steps)", {"interior_class": {("constant", "step"): 4.0}}, -1),
        ("3.3 (orbits, powers)", {"attractor": {POWERS: 2.0}}, -1),
        ("Fig. 10 (oscillation, powers)", {"attractor": {POWERS: 3.0}}, 1),
        ("4.2.2 (best, powers)", {"worst_incident": {FINE: 0.05, POWERS: 0.03}}, 0.02),
    ],
)
def test_margins_of_shapes(number, variables, margin):
    (conclusion,) = [one for one in shapes.CONCLUSIONS if one.number == number]
    assert float(conclusion.margin(point(**variables))) == pytest.approx(margin)


@pytest.mark.parametrize(("r", "f", "said"), [(2.0, 5.0, True), (5.0, 2.0, False)])
def test_a_sentence_on_caps_speaks_where_orbits_turn_round(r, f, said):
    (conclusion,) = [one for one in shapes.CONCLUSIONS if one.number == "3.3 (stable, powers)"]
    turning = {"interior_class": {POWERS: 7.0}, "boundary_cycle": {POWERS: 2.0}, "r": r, "f": f}
    assert bool(conclusion.premise(point(**turning))) == said
    assert not bool(conclusion.premise(point(**turning | {"boundary_cycle": {POWERS: 0.0}})))


def test_a_fine_that_hardly_falls_at_first_leaves_orbits_that_go_on_swinging_below_r_equal_f():
    """The counterexample to 3.3, by the oracle alone."""
    p = oracle.CASE | {"r": 8.0, "f": 10.0, "reward_exponent": 1.0, "fine_exponent": 0.5}
    late = oracle.solve(p, POWERS, np.linspace(300, 400, 4001))
    assert np.ptp(late[1][:2000]) == pytest.approx(np.ptp(late[1][2000:]), rel=1e-2)
    assert np.ptp(late[1]) > 0.3


def following(kind, nobody=5.0, stable=0.0, worst=0.1):
    """A slab of one point with one rest point inside, of a kind under every rule of x."""
    rewards, fines = ["constant", "linear"], ["linear", "linear_falling"]
    points = ["(0,0)", *REST_POINTS[FIRST_INSIDE:]]
    pairs, kinds = ("reward_in_x", "punishment_in_x"), [nobody, kind] + [0.0] * (len(points) - 2)
    data = {
        "rest_class": ((*pairs, "rest_point"), [[kinds] * 2] * 2),
        "interior_count": (pairs, np.ones((2, 2))),
        "stable_count": (pairs, np.full((2, 2), stable)),
        "worst_incident": (pairs, [[worst, 0.03]] * 2),
    }
    return xr.Dataset(data, {"reward_in_x": rewards, "punishment_in_x": fines, "rest_point": points})


@pytest.mark.parametrize(
    ("number", "slab", "margin"),
    [
        ("2.3 (none stable, f x)", following(3.0, stable=2.0), -2),
        ("3.2 (stable, f x)", following(7.0), -1),
        ("3.2 (stable, f (1-x))", following(3.0), 1),
        ("own (trap)", following(7.0, nobody=1.0), 1),
        ("own (safer)", following(3.0), 0.07),
    ],
)
def test_margins_where_rules_follow_who_supervises(number, slab, margin):
    (conclusion,) = [one for one in shares.CONCLUSIONS if one.number == number]
    assert float(conclusion.margin(slab)) == pytest.approx(margin)
    assert conclusion.premise is None or bool(conclusion.premise(slab))


@pytest.mark.parametrize(
    ("kind", "margin"), [("crossing_node", 1), ("sliding_node", 1), ("centre", -1), ("escaping", -1)]
)
def test_margins_where_rewards_and_fines_are_steps_of_both_shares(kind, margin):
    (conclusion,) = [one for one in shares.STEPS.conclusions if one.number == "3.2 (stable, steps of both)"]
    points = list(REST_POINTS[FIRST_INSIDE:])
    kinds = [0.0, float(CLASSES[kind])] + [0.0] * (len(points) - 2)
    slab = xr.Dataset(
        {"rest_class": ("rest_point", kinds), "interior_count": 1.0, "stable_count": 1.0},
        {"rest_point": points},
    )
    assert float(conclusion.margin(slab)) == margin
    assert bool(conclusion.premise(slab))
    saddle = slab["rest_class"].where(slab["rest_class"] == 0, CLASSES["crossing_saddle"])
    assert not bool(conclusion.premise(slab.assign(rest_class=saddle)))


def test_a_sentence_on_one_point_inside_is_silent_of_saddles():
    (conclusion,) = [one for one in shares.CONCLUSIONS if one.number == "3.2 (stable, f x)"]
    assert not bool(conclusion.premise(following(5.0)))


def test_a_fine_that_rises_with_supervision_is_given_up_and_one_that_falls_is_kept():
    """The counterexample to 2.3, and to 3.2, by the oracle alone."""
    p = of_both.CASE | {"c1": 1.0}
    given_up = of_both.solve(p, ("constant", "constant", "constant", "linear"), np.linspace(0, 200, 11))
    kept = of_both.solve(p, ("constant", "constant", "constant", "linear_falling"), np.linspace(0, 200, 11))
    assert given_up[:, -1].max() < 1e-6
    np.testing.assert_allclose(kept[:, -1], (0.1, 0.735915), atol=1e-5)


def regulated(kind, d, seen=1.0):
    """A slab of one point whose first point inside is of a kind under every mechanism."""
    words, names = ["static", "dynamic"], ["face z=0", "interior 1", "interior 2"]
    full = {
        "rest_class": [5.0, kind, 0.0],
        "rest_x": [0.2, 0.8, np.nan],
        "rest_y": [0.5, 0.9, np.nan],
    }
    both = {"interior_count": seen, "attractor": 1.0}
    data = {name: (("reward", "punishment", "rest_point"), [[v] * 2] * 2) for name, v in full.items()}
    data |= {name: (("reward", "punishment"), [[v] * 2] * 2) for name, v in both.items()}
    coords = {"reward": words, "punishment": words, "rest_point": names}
    return xr.Dataset(data, coords).assign(r=2.0, f=5.0, D=d)


@pytest.mark.parametrize(
    ("number", "kind", "margin"),
    [
        ("2.3 (none stable, regulator)", 5.0, 1),
        ("3.1 (none stable, regulator)", 3.0, -1),
        ("3.3 (stable, regulator)", 3.0, 1),
        ("3.3 (stable, no blame)", 7.0, -1),
        ("own (x)", 3.0, 0.6),
        ("own (y)", 3.0, 0.4),
    ],
)
def test_margins_under_a_regulator(number, kind, margin):
    (conclusion,) = [one for one in regulator.CONCLUSIONS if one.number == number]
    assert float(conclusion.margin(regulated(kind, 0.0))) == pytest.approx(margin)


def test_sentences_on_a_regulator_speak_where_their_conditions_hold():
    by_number = {one.number: one for one in regulator.CONCLUSIONS}
    slab = regulated(3.0, 10.0)
    assert bool(by_number["3.3 (stable, regulator)"].premise(slab))
    assert not bool(by_number["3.3 (stable, no blame)"].premise(slab))
    assert not bool(by_number["3.3 (stable, regulator)"].premise(regulated(3.0, 10.0, seen=0.0)))
    assert bool(by_number["own (x)"].premise(slab))


def test_blame_that_is_large_makes_the_point_inside_unstable():
    """The counterexample to 3.3, by the oracle alone: all but the blame is the same."""
    both, largest = ("dynamic", "dynamic"), []
    for blame in (10.0, 200.0):
        p = three.CASE | {"P": 5.0, "c3": 4.0, "D": blame}
        inside = None
        for begin in np.random.default_rng(1).uniform(0, 1, (200, 3)):
            root = three.rest_from(p, both, begin)
            if root is not None and ((root > 1e-6) & (root < 1 - 1e-6)).all():
                inside = root
                break
        assert inside is not None
        largest.append(np.linalg.eigvals(three.jacobian(p, both, inside)).real.max())
    assert largest[0] < 0 < largest[1]


@pytest.mark.parametrize(
    ("number", "margin"),
    [
        ("2.3 (orbits, noise)", -0.3),
        ("3.3 (orbits, noise)", -0.3),
        ("3.2 (swings, noise)", 0.0),
        ("4.2.2 (x, noise)", 0.25),
        ("4.2.2 (y, noise)", 0.1),
    ],
)
def test_margins_under_noise(number, margin):
    words = ["static", "dynamic"]
    pairs = ("reward", "punishment")
    data = {
        "at_corner_mean": ((*pairs, "corner"), np.full((2, 2, 2), 0.15)),
        "y_spread_mean": (pairs, np.full((2, 2), 0.1)),
        "x_mean_mean": (pairs, [[0.0, 0.25], [0.0, 0.5]]),
        "y_mean_mean": (pairs, [[0.0, 0.4], [0.0, 0.5]]),
    }
    slab = xr.Dataset(data, {"reward": words, "punishment": words}).assign(r=1.0, f=2.0)
    (conclusion,) = [one for one in noise.CONCLUSIONS if one.number == number]
    assert float(conclusion.margin(slab)) == pytest.approx(margin)
    assert conclusion.premise is None or bool(conclusion.premise(slab))


def test_the_studies_are_the_papers_and_their_sweeps_are_sound():
    assert noise.NOISE in STUDIES
    assert noise.NOISE.sweep.space().points == 4 * noise.NOISE.size
    assert regulator.REGULATOR in STUDIES
    assert regulator.REGULATOR.sweep.space().points == 4 * regulator.REGULATOR.size
    assert regulator.REGULATED_ORBITS in STUDIES
    assert regulator.REGULATED_ORBITS.sweep.space().points == 3**5
    assert shapes.SHAPES in STUDIES
    assert shapes.SHAPES.sweep.space().points == 2 * 3 * shapes.SHAPES.size
    assert shares.SHARES in STUDIES
    assert shares.SHARES.sweep.space().points == 4 * shares.SHARES.size
    assert shares.STEPS in STUDIES
    assert shares.STEPS.sweep.space().points == shares.STEPS.size
