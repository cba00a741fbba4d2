"""Rest points of portraits in whatever units: coordinates and rates of 1e-200, and of 1e12 beside 1e-12."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.numerics.stability import RestClass
from equisweep.sweeps.plots.phase.chart import Chart
from equisweep.sweeps.plots.phase.motion import motion_of
from equisweep.sweeps.plots.phase.portrait import _margins
from equisweep.sweeps.plots.phase.rest_points import rest_points
from helpers.products import some

BOX = np.array([[-1.7, 1.7], [-1.5, 1.6]])


def points(field, box, **p):
    size = len(box)
    chart = Chart("plane" if size == 2 else "axis", ("a", "b")[:size], tuple(range(size)))
    seen = (Observable("a", "a", "1", "seen"),)
    flow = Flow(start=lambda p: jnp.zeros(size), field=field, observe=lambda s, p: {}, observables=seen)
    given = {name: jnp.asarray(value) for name, value in p.items()}
    return rest_points(motion_of(chart, flow, given, {}, np.ptp(box, axis=1)), box)


UNITS = [(1e-12, 1e12, 1.0), (1e9, 1e-6, 1e-180), (1e-9, 1e-9, 1e100)]


@pytest.mark.parametrize("units", some(UNITS, UNITS[1:2]))
def test_a_plane_has_the_same_rest_points_in_any_units(units):
    """A double well with friction: two foci of -0.15 +- 1.4i, and a saddle between them."""
    *size, slow = units

    def field(t, z, p):
        x, y = z / p["size"]
        return slow * p["size"] * jnp.stack([y, x - x**3 - 0.3 * y])

    points_ = points(field, BOX * np.array(size)[:, None], size=np.array(size))
    at = {round(point.at[0] / size[0], 6): point.kind for point in points_}
    assert at == {-1: RestClass.stable_focus, 0: RestClass.saddle, 1: RestClass.stable_focus}
    np.testing.assert_allclose([point.at[1] / size[1] for point in points_], 0, atol=1e-9)


def test_rest_points_that_differ_in_the_smaller_coordinate_are_two():
    def field(t, z, p):
        return jnp.stack([1e-12 * ((z[0] * 1e12) ** 2 - p["to"]), 5e11 - z[1]])

    box = np.array([[-1.1e-12, 1e-12], [0, 1e12]])
    kinds = {round(point.at[0] * 1e12, 6): point.kind for point in points(field, box, to=0.25)}
    assert kinds == {-0.5: RestClass.stable_node, 0.5: RestClass.saddle}
    assert points(field, box, to=-0.25) == []  # where one rate is 0 the other, much smaller one, is not


@pytest.mark.parametrize("rate", [-1e-200, 1e200])
def test_one_component_rests_whatever_its_rate(rate):
    (point,) = points(lambda t, z, p: rate * (z - 0.3), np.array([[0.0, 1.0]]))
    assert point.at == pytest.approx([0.3])
    assert point.kind == (RestClass.stable_node if rate < 0 else RestClass.unstable_node)


def test_a_picture_shows_as_much_around_paths_of_any_size():
    low, high = np.array([1e-12, 3e12, 2e-9, 0.0]), np.array([3e-12, 4e12, 2e-9, 0.0])
    np.testing.assert_allclose(_margins(low, high), [0.3e-12, 0.15e12, 1e-10, 0.15e12])
    np.testing.assert_array_equal(_margins(np.zeros(2), np.zeros(2)), [1, 1])
