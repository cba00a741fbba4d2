"""Orbits that start exactly on a switch, beside closed forms: it counts where they go next."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import some

# x'' = a, and `above` more where x is above a threshold.
THROWN = Flow(
    start=lambda p: jnp.stack([p["c"], p["v0"]]),
    field=lambda t, z, p: jnp.stack([z[1], p["a"] + jnp.where(z[0] > p["c"], p["above"], 0.0)]),
    observe=lambda z, p: {"x": z[0], "v": z[1]},
    observables=seen("x", "v"),
)


@pytest.mark.parametrize("solver", some(["tsit5", "taylor"], {"taylor"}))
def test_an_orbit_that_starts_on_a_switch_takes_the_side_to_which_it_goes(solver):
    # threshold, speed, acceleration below, more above, acceleration that is right
    cases = [
        (0, 0, 1, 1, 2),
        (0, 0, -1, 0.5, -1),
        (0, 0, -1, 2, -1),
        (0, 1, -1, 0.9, -0.1),
        (0, -1, -1, 3, -1),
        (2, 1, -1, 0.9, -0.1),
        (2, 0, -1, 0.5, -1),
        (2, 0, 1, 1, 2),
        (1e6, 1e5, -1, 0.5, -0.5),
        (1e-9, 1, -1, 0.9, -0.1),
    ]
    c, v0, a, above, right = np.array(cases, float).T
    values = {"c": c, "v0": v0, "a": a, "above": above, "horizon": np.full(len(c), 3.0)}
    out = lanes(THROWN, Method(solver))({name: jnp.asarray(value) for name, value in values.items()})
    assert set(np.asarray(out["status"])) == {Status.not_steady}
    np.testing.assert_allclose(out["v_final"], v0 + 3 * right, rtol=1e-8)
    np.testing.assert_allclose(out["x_final"], c + 3 * v0 + 4.5 * right, rtol=1e-8)
    values |= {"a": np.zeros(len(c)), "v0": np.zeros(len(c))}
    still = lanes(THROWN, Method(solver))({name: jnp.asarray(value) for name, value in values.items()})
    assert set(np.asarray(still["attractor"])) == {Attractor.rest_point}
    np.testing.assert_array_equal(still["x_final"], c)


@pytest.mark.parametrize("solver", some(["tsit5", "taylor"], {"tsit5"}))
def test_an_orbit_may_end_on_a_switch_or_hardly_behind_it(solver):
    # A step that is to end short of the switch was stretched to the horizon, and tried for ever.
    later = np.array([0, 1e-15, -1e-15, 1e-12, 1e-10, 1e-9, 1e-6, 1e-4, 1e-3, 3e-3])
    one = np.ones(len(later))
    values = {"c": 0 * one, "v0": -one, "a": one, "above": one, "horizon": 2 + later}
    out = lanes(THROWN, Method(solver))({name: jnp.asarray(value) for name, value in values.items()})
    assert set(np.asarray(out["status"])) == {Status.not_steady}
    assert np.max(out["steps"]) < 100
    np.testing.assert_allclose(out["v_final"], 1 + 2 * later, rtol=1e-8)
    np.testing.assert_allclose(out["x_final"], later + later**2, rtol=1e-8, atol=1e-9)
