"""Where orbits of the game with shapes end: mathematics against integration, SciPy and Filippov's orbits."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import NOT_ALONG_FACES, Attractor
from equisweep.kernels.games.supervision_shapes.ends import BoundaryCycle
from equisweep.kernels.games.supervision_shapes.model import FLOW, decide, kernel
from equisweep.kernels.games.supervision_shapes.rest import CLASSES, INTERIOR, OnThreshold
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.oracles.supervision_shapes import CASE, gains, random_case, solve
from helpers.products import costs_seconds, some

UNDECIDED, REST, CLOSED, CYCLE = (int(a) for a in Attractor)
POWERS, STEP_FINE, STEPS = ("power", "power"), ("power", "step"), ("step", "step")
NAMES = {number: name for name, number in CLASSES.items()}


def columns(cases):
    return {k: jnp.asarray([c[k] for c in cases], float) for k in CASE}


@cache
def by_mathematics(shapes):
    static = {"reward": shapes[0], "punishment": shapes[1]}
    both = of_many(lambda p: kernel(p, **static) | {"end": decide(p, **static)})

    def run(cases):
        result = {name: value[: len(cases)] for name, value in both(columns(padded(cases))).items()}
        return result.pop("end"), result

    return run


def padded(cases):
    """As many cases whatever is asked: one compilation for each pair of shapes."""
    return cases + [CASE | {"horizon": 0.0}] * (50 - len(cases))


@cache
def runner(shapes):
    method = Method("tsit5", 1e-8, 1e-8, max_steps=10**6, settle=1e-6, decide="integration")
    return lanes(FLOW, method, reward=shapes[0], punishment=shapes[1])


def integrated(shapes, cases):
    out = runner(shapes)(columns(padded(cases)))
    return {name: np.asarray(value)[: len(cases)] for name, value in out.items()}


def turning(case, rng):
    """The case with all four sides a cycle: orbits turn round."""
    reach = case["p2"] * case["Le"]
    at_once = {"fine_threshold": case["reward_threshold"]}  # of two steps: one jump, of one sign
    turns = {"c2": reach + 0.5, "c1": rng.uniform(0.3, 3), "p1": case["p2"] * 0.98, "horizon": 1500.0}
    return case | at_once | turns


@pytest.mark.parametrize(
    "shapes",
    some([POWERS, STEP_FINE, STEPS], [STEPS]),
    ids="-".join,
)
def test_mathematics_and_a_long_integration_agree(shapes):
    rng = np.random.default_rng(5)
    cases = [random_case(rng) | {"horizon": 1500.0} for _ in range(25)]
    cases += [turning(case, rng) | {"r": rng.uniform(1, 25), "f": rng.uniform(1, 25)} for case in cases]
    known, _ = by_mathematics(shapes)(cases)
    out = integrated(shapes, cases)
    # A slide that the field does not leave ends at the point on the threshold; no step follows it there.
    slides = out["status"] == Status.sliding
    both = (known > UNDECIDED) & (out["attractor"] != UNDECIDED) & ~slides
    np.testing.assert_array_equal(known[both], out["attractor"][both])
    assert both.sum() > 12
    assert len(set(known[both])) >= 1 + (shapes != STEP_FINE)
    assert slides.any() == ("step" in shapes)


@costs_seconds
def test_a_point_and_a_cycle_that_both_repel_leave_a_closed_orbit_to_which_others_tend():
    """Caps r < f let the boundary repel; the reward, steep where the fine is flat, the point inside."""
    p = CASE | LIMIT_CYCLE
    known, rest = by_mathematics(POWERS)([p])
    assert rest["boundary_cycle"][0] == BoundaryCycle.repels
    assert rest["eigenvalue_1_real"][0, INTERIOR] > 0
    assert known[0] == CLOSED
    near = (rest["rest_x"][0, INTERIOR] + 0.01, rest["rest_y"][0, INTERIOR] + 0.01)
    times = np.linspace(0, 800, 16_001)
    late = [solve(p, POWERS, times, start=start)[1, -3000:] for start in (near, (0.02, 0.02))]
    swings = [np.ptp(y) for y in late]
    assert swings[0] == pytest.approx(swings[1], rel=5e-3)
    assert 0.05 < swings[0] < 0.99
    seen = integrated(POWERS, [p | {"horizon": 1500.0, "x0": 0.02, "y0": 0.02}])
    assert seen["attractor"][0] == CLOSED
    assert seen["y_amplitude"][0] == pytest.approx(swings[0], rel=5e-3)


# Found by hand: at y* the reward y^a is steep and the fine (1-y)^b flat.
ROUND = {"p1": 0.098, "c2": 5.2, "c1": 0.5}
LIMIT_CYCLE = ROUND | {"reward_exponent": 3.0, "fine_exponent": 3.0, "r": 7.0, "f": 12.0, "S": 30.0}


@costs_seconds
def test_a_closed_orbit_that_nearly_touches_all_four_sides_is_no_cycle_along_them():
    """It swings ever wider for 2,000 time units, and closes at shares of 1e-36."""
    p = CASE | {"reward_exponent": 3.576, "fine_exponent": 0.5, "r": 9.5, "horizon": 200.0}
    known, rest = by_mathematics(POWERS)([p])
    assert rest["boundary_cycle"][0] == BoundaryCycle.repels
    assert known[0] == NOT_ALONG_FACES
    method = Method("tsit5", 1e-8, 1e-8, max_steps=10**6, horizon="decided", longest=2e4)
    out = lanes(FLOW, method, reward="power", punishment="power")(columns([p]))
    assert out["attractor"][0] == CLOSED
    late = solve(p, POWERS, np.linspace(3800, 4000, 20_001))
    assert out["y_amplitude"][0] == pytest.approx(np.ptp(late[1]), abs=1e-4)


@costs_seconds
def test_the_cycle_and_the_point_may_both_attract_and_the_start_decides():
    p = CASE | ROUND | {"r": 25.0, "f": 20.0, "reward_exponent": 0.15, "fine_exponent": 1.0, "S": 80.0}
    known, rest = by_mathematics(POWERS)([p])
    assert rest["boundary_cycle"][0] == BoundaryCycle.attracts
    assert rest["eigenvalue_1_real"][0, INTERIOR] < 0
    assert known[0] == UNDECIDED
    inner = {"x0": rest["rest_x"][0, INTERIOR] + 0.01, "y0": rest["rest_y"][0, INTERIOR] + 0.01}
    out = integrated(
        POWERS, [p | inner | {"horizon": 3000.0}, p | {"x0": 1e-12, "y0": 1e-12, "horizon": 3000.0}]
    )
    assert list(out["attractor"]) == [REST, CYCLE]


@costs_seconds
def test_an_orbit_slides_to_the_point_on_the_threshold_as_ever_steeper_fines_let_it():
    p = CASE | {"c1": 4.0, "fine_threshold": 0.4, "reward_exponent": 1.0}
    shapes = ("constant", "step")
    known, rest = by_mathematics(shapes)([p])
    assert rest["rest_class"][0, INTERIOR] == OnThreshold.sliding_node
    assert known[0] == REST
    point = rest["rest_x"][0, INTERIOR], rest["rest_y"][0, INTERIOR]
    assert point[1] == 0.4
    ends = [solve(p, shapes, [0, 300], width=width)[:, -1] for width in (1e-2, 1e-3)]
    gaps = [np.abs(end - point).max() for end in ends]
    assert gaps[1] < 0.2 * gaps[0] < 0.01
    out = integrated(shapes, [p | {"horizon": 300.0}])
    assert out["status"][0] == Status.sliding
    assert out["y_final"][0] == pytest.approx(0.4, abs=1e-6)


def test_orbits_across_a_step_are_scipys():
    """A reward that is paid from a threshold on: orbits cross it, and none slides."""
    p = CASE | {"horizon": 12.0, "reward_threshold": 0.6}
    shapes = ("step", "constant")
    out = integrated(shapes, [p])
    soft = solve(p, shapes, [0, 12.0], width=1e-7)[:, -1]
    np.testing.assert_allclose([out["x_final"][0], out["y_final"][0]], soft, atol=1e-4)
    assert out["attractor"][0] != REST


@costs_seconds
def test_between_steps_orbits_close_although_the_fine_only_falls():
    """Beside a stable corner, too: there mathematics must not say that all orbits come to rest."""
    shapes, p = ("constant", "step"), CASE | {"fine_threshold": 0.9, "horizon": 60.0}
    known, rest = by_mathematics(shapes)([p])
    assert NAMES[rest["rest_class"][0, INTERIOR]] == "centre"
    assert known[0] == NOT_ALONG_FACES
    x, y = rest["rest_x"][0, INTERIOR], rest["rest_y"][0, INTERIOR]
    assert integrated(shapes, [p | {"x0": x + 0.02, "y0": y + 0.02}])["attractor"][0] == CLOSED


def test_starts_on_a_face_and_at_rest():
    inside = by_mathematics(POWERS)([CASE])[1]
    x, y = inside["rest_x"][0, INTERIOR], inside["rest_y"][0, INTERIOR]
    assert np.abs(gains(CASE, POWERS, x, y)).max() < 1e-12
    known, _ = by_mathematics(POWERS)([CASE | {"x0": x, "y0": y}, CASE | {"x0": 0.0}, CASE | {"y0": 1.0}])
    assert list(known) == [REST, UNDECIDED, UNDECIDED]
