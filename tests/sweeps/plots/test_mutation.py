"""Rest points of flows whose faces mutation has moved, beside scipy's roots in the shares themselves."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.replicator import from_log_ratios
from equisweep.sweeps.plots.phase.chart import Chart
from equisweep.sweeps.plots.phase.motion import motion_of
from equisweep.sweeps.plots.phase.rest_points import rest_points
from helpers.products import costs_seconds, some
from scipy.optimize import fsolve

SQUARE = np.array([[0.0, 1.0], [0.0, 1.0]])
SHARE = Observable("share", "x", "1", "share", dims=("way",))
GAMES = {
    "circle": [[0, -1.4, 1], [1, 0, -1.4], [-1.4, 1, 0]],
    "coordination": [[3, 0, 0], [0, 2, 0], [0, 0, 1]],
    "mixed": [[0.3, 1.2, -0.5], [0.7, -0.2, 0.9], [1.1, 0.4, 0.1]],
}


def log_ratios(t, state, p):
    x = from_log_ratios(state)
    growth = p["A"] @ x + p["u"] * (1 / x - 3)
    return growth[:2] - growth[2]


def logits(t, state, p):
    """Two populations of two strategies; mutation in the first one alone."""
    x, y = 1 / (1 + jnp.exp(-state))
    a, b, c, d = p["a"]
    return jnp.stack([a * y - b + p["u"] * (1 - 2 * x) / (x * (1 - x)), c * x - d])


def one_logit(t, state, p):
    x = 1 / (1 + jnp.exp(-state))
    return p["gain"] * (x - 0.4) + p["u"] * (1 - 2 * x) / (x * (1 - x))


def motion(form, field, p, size):
    chart = Chart(form, ("share",), tuple(range(size)), ("a", "b", "c")[: size + 1])
    flow = Flow(start=lambda p: jnp.zeros(size), field=field, observe=lambda s, p: {}, observables=(SHARE,))
    return motion_of(chart, flow, {name: jnp.asarray(value) for name, value in p.items()}, {}, np.ones(size))


def rounded(points):
    return sorted(tuple((np.asarray(point).round(6) + 0.0).tolist()) for point in points)


def roots(velocity, starts, inside):
    result = []
    for start in starts:
        root, _, fine, _ = fsolve(velocity, start, full_output=True, xtol=1e-13)
        if fine == 1 and np.abs(velocity(root)).max() < 1e-11 and inside(root):
            result.append(tuple((root.round(6) + 0.0).tolist()))
    return sorted(set(result))


@pytest.fixture(scope="module")
def triangle():
    return motion("simplex", log_ratios, {"A": np.eye(3), "u": 0.1}, 2)


@costs_seconds
@pytest.mark.parametrize("name", GAMES)
def test_in_the_triangle_rest_points_are_those_of_the_shares(triangle, name):
    a = np.array(GAMES[name])
    random = np.random.default_rng(0)
    starts = np.concatenate([random.dirichlet([1, 1, 1], 150), random.dirichlet([0.1, 0.1, 0.1], 150)])[:, :2]
    for u in (0.0, 1e-3, 0.005, 0.03):

        def velocity(q, u=u):
            x = np.array([*q, 1 - q.sum()])
            return (x * (a @ x - x @ a @ x) + u * (1 - 3 * x))[:2]

        expected = roots(velocity, starts, lambda q: min(*q, 1 - q.sum()) > -1e-9)
        points_ = rest_points(triangle.at({"A": jnp.asarray(a, float), "u": jnp.asarray(u)}), SQUARE)
        assert rounded(point.at for point in points_) == expected, u


def test_in_the_square_only_faces_that_mutation_left_hold_rest_points():
    numbers = np.array([2.0, 1.0, -3.0, -1.2])
    random = np.random.default_rng(1)
    square = motion("square", logits, {"a": numbers, "u": 0.1}, 2)
    for u in (0.0, 1e-3, 0.05):

        def velocity(q, u=u):
            x, y = q
            a, b, c, d = numbers
            return np.array([x * (1 - x) * (a * y - b) + u * (1 - 2 * x), y * (1 - y) * (c * x - d)])

        expected = roots(velocity, random.random((200, 2)), lambda q: q.min() > -1e-9 and q.max() < 1 + 1e-9)
        points_ = rest_points(square.at({"a": jnp.asarray(numbers), "u": jnp.asarray(u)}), SQUARE)
        assert rounded(point.at for point in points_) == expected, u
        # On the face itself the rates of this field are 0/0, and x' = x (1 - x)(2 y - 1) has known signs.
        if u == 0:
            corners = [point.kind for point in points_ if set(point.at) <= {0, 1}]
            assert corners == [RestClass.saddle] * 4


@pytest.mark.parametrize(("u", "count"), [(0.0, 3), (1e-5, 3), (1e-3, 3), (0.5, 1)])
def test_one_share_has_its_rest_points_however_near_an_end(u, count):
    line = motion("line", one_logit, {"gain": 1.0, "u": u}, 1)
    values = sorted(point.at.item() for point in rest_points(line, SQUARE[:1]))
    # x (1 - x) (x - 0.4) + u (1 - 2 x) as a polynomial
    real = np.roots([-1, 1.4, -0.4 - 2 * u, u])
    expected = sorted(r.real for r in real if abs(r.imag) < 1e-12 and -1e-12 <= r.real <= 1 + 1e-12)
    assert len(values) == count
    np.testing.assert_allclose(values, expected, atol=1e-9)


@pytest.mark.parametrize("u", some([1e-9, 1e-8, 1e-6], [1e-9]))
def test_mutation_however_rare_moves_corners(u):
    """Coordination: two corners attract and are moved inwards, two are saddles and leave the square."""
    slope = 0.2

    def field(t, state, p):
        x = 1 / (1 + jnp.exp(-state))
        return slope * (x[::-1] - 0.4) + p["u"] * (1 - 2 * x) / (x * (1 - x))

    points = rest_points(motion("square", field, {"u": u}, 2), SQUARE)
    positions = np.array([point.at for point in points])
    low, below_high = u / (0.4 * slope), u / (0.6 * slope)
    assert [point.kind for point in points].count(RestClass.stable_node) == 2
    np.testing.assert_allclose(positions[positions.sum(axis=1).argmin()], low, rtol=1e-4)
    np.testing.assert_allclose(1 - positions[positions.sum(axis=1).argmax()], below_high, rtol=1e-4)
    assert not any(np.isin(place, (0, 1)).any() for place in positions)


@pytest.mark.parametrize(
    "field",
    [lambda z: jnp.where(z > 0.3, -1.0, 1.0), lambda z: 1 / (z - 0.37), lambda z: 1 / (0.37 - z) ** 3],
)
def test_a_jump_or_a_pole_is_no_rest_point(field):
    axis = motion("axis", lambda t, z, p: field(z), {"u": 1.0}, 1)
    assert not rest_points(axis, SQUARE[:1])
    edge = motion("line", lambda t, z, p: field(1 / (1 + jnp.exp(-z))), {"u": 1.0}, 1)
    assert sorted(point.at.item() for point in rest_points(edge, SQUARE[:1])) == [0, 1]


def test_rates_that_are_huge_beside_a_face_make_no_rest_points_elsewhere():
    def field(t, z, p):
        return jnp.stack([0.1 + (z[0] - 0.5) ** 2, 1 / z[1] ** 8 - 256])

    assert not rest_points(motion("plane", field, {"u": 1.0}, 2), SQUARE)
