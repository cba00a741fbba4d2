"""Largest steps and breaks that cannot be are refused; steps as short as the clock allows cross a switch."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.kernels.status import Status
from helpers.flows import run
from helpers.products import some


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_step": 0}, "max_step = 0: must be above 0"),
        ({"max_step": float("nan")}, "max_step = nan: must be above 0"),
        ({"max_step": 1, "fixed_steps": 3}, "max_step does not go with fixed_steps = 3"),
        ({"breaks": [1], "fixed_steps": 3}, "breaks does not go with fixed_steps = 3"),
        ({"breaks": 3}, "breaks = 3: must be a list of times"),
        ({"breaks": "at"}, "breaks = 'at': must be a list of times"),
        ({"breaks": [True]}, "breaks: True is neither a time nor"),
        ({"breaks": [-1]}, "breaks: -1 is no time from 0 on"),
        ({"breaks": [float("inf")]}, "breaks: inf is no time from 0 on"),
    ],
)
def test_impossible_limits_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Method(**options)


@pytest.mark.parametrize("solver", some(["kvaerno5", "taylor"], {"kvaerno5"}))
def test_a_cost_that_begins_at_a_switch_hinders_no_step(solver):
    """Next to no error is allowed in what is 0 so far, and an implicit step across may have no solution.

    Infected grow more slowly above a threshold; where they would shrink there they slide along it.
    """
    threshold, slower = 0.01, np.array([0.6, 0.3])
    out = run(
        ("i", "cost"), lambda _: [1e-4, 0.0],
        lambda z, p: [
            (0.5 * jnp.where(z[0] > threshold, p["slower"], 1.0) - 0.2) * z[0],
            jnp.where(z[0] > threshold, 1.0, 0.0),
        ],
        Method(solver, rtol=1e-8), slower=slower, horizon=30.0,
    )  # fmt: skip
    assert out["status"].tolist() == [Status.not_steady, Status.sliding]
    begins = np.log(100) / 0.3
    np.testing.assert_allclose(out["cost_final"], [30 - begins, 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        out["i_final"], [threshold * np.exp(0.1 * (30 - begins)), threshold], rtol=1e-6
    )


@pytest.mark.parametrize("solver", some(["dopri8", "rodas5p"], {"dopri8"}))
def test_an_orbit_slides_though_its_cost_is_0_until_it_does(solver):
    """Steps across are as short as the clock allows then, and stay on the threshold to its rounding.

    Above it so much is harvested that what is harvested shrinks, or less; orbits begin below it or on it.
    """
    threshold, part = np.array([1.0, 1.1, 1.2, 1.0, 1.2]), np.array([0.6, 0.6, 0.6, 0.1, 0.1])
    out = run(
        ("x", "eaters", "cost"), lambda _: [1.0, 0.5, 0.0],
        lambda z, p: [
            z[0] - z[0] * z[1] - 0.05 * z[0] ** 2 - jnp.where(z[0] > p["at"], p["part"], 0.0) * z[0],
            0.8 * z[0] * z[1] - 0.6 * z[1],
            jnp.where(z[0] > p["at"], p["part"], 0.0) * z[0],
        ],
        Method(solver, rtol=1e-7, settle=1e-5), at=threshold, part=part, horizon=0.8,
    )  # fmt: skip
    assert out["status"].tolist() == 3 * [Status.sliding] + 2 * [Status.not_steady]
    np.testing.assert_allclose(out["x_final"][:3], threshold[:3], rtol=1e-10)
    np.testing.assert_allclose(out["cost_final"][:3], 0, atol=1e-11)
    assert (out["x_final"][3:] > threshold[3:]).all()
    assert (out["cost_final"][3:] > 0.01).all()
    assert (out["steps"] < 100).all()


def test_an_orbit_that_begins_on_a_switch_slides_where_it_is_led_back_and_else_leaves():
    """As fast from either side, or as slowly."""
    above, below = np.array([0.3, -0.3, -0.3, 1e-6, -1e-6]), np.array([0.3, 0.3, -0.3, 1e-6, 1e-6])
    out = run(
        ("x", "cost"), lambda _: [1.0, 0.0],
        lambda z, p: [
            jnp.where(z[0] > 1, p["above"], p["below"]) * z[0], jnp.where(z[0] > 1, 1.0, 0.0)
        ],
        Method("tsit5", rtol=1e-8), above=above, below=below, horizon=2.0,
    )  # fmt: skip
    slides = np.array([False, True, False, False, True])
    assert out["status"].tolist() == np.where(slides, Status.sliding, Status.not_steady).tolist()
    np.testing.assert_allclose(out["x_final"], np.where(slides, 1, np.exp(2 * above)), rtol=1e-7)
    np.testing.assert_allclose(out["cost_final"][[0, 2]], [2, 0], rtol=1e-7)
    assert (out["steps"] < 100).all()
