"""A component that is far smaller than the others settles in its own scale, down to what rounding hides."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import run, seen
from helpers.products import some


def at_rest(*args, **p):
    out = run(*args, **p)
    assert (out["status"] == Status.ok).all()
    assert (out["attractor"] == Attractor.rest_point).all()
    return out


I0 = np.array([1e-9, 1e-12, 1e-20, 1e-40, 1e-90])
SETTLED = np.log(1e7)


METHODS = [Method(), Method("taylor"), Method("dopri5", rtol=1e-8, atol=1e-100)]


@pytest.mark.parametrize("method", some(METHODS, METHODS[-1:]))
def test_an_epidemic_that_dies_out_from_almost_nothing_has_its_whole_cost(method):
    """While S is 1 but for rounding, I falls at the rate 0.4, from I0, and its integral tends to I0 / 0.4."""
    out = at_rest(
        ("s", "i", "cost"),
        lambda p: [1.0, p["i0"], 0.0],
        lambda z, p: [-0.2 * z[0] * z[1], 0.2 * z[0] * z[1] - 0.6 * z[1], 1e3 * z[1]],
        method,
        i0=I0,
        horizon=100.0,
    )
    np.testing.assert_allclose(out["settle_time"], SETTLED / 0.4, rtol=1e-5)
    np.testing.assert_allclose(out["cost_final"], 2.5e3 * I0, rtol=2e-7)
    assert (np.abs(out["i_final"]) <= 1e-7 * I0).all()


def test_before_its_horizon_it_is_where_its_formula_says():
    out = lanes(
        Flow(
            start=lambda p: jnp.stack([1 - p["i0"], p["i0"]]),
            field=lambda t, z, p: jnp.stack([-0.2 * z[0] * z[1], 0.2 * z[0] * z[1] - 0.6 * z[1]]),
            observe=lambda z, p: {"i": z[1]},
            observables=seen("i"),
        )
    )({"i0": jnp.asarray(I0), "horizon": jnp.full(5, 30.0)})
    np.testing.assert_allclose(out["i_final"], I0 * np.exp(-12.0), rtol=1e-7)
    assert (out["status"] == Status.not_steady).all()


def test_a_large_cost_does_not_end_the_decay_that_it_adds_up():
    """The cost is larger than all else by 1e9 and more: (1e9 y0 / 0.1) (1 - exp(-0.1 T)) + 1e6 T."""
    y0 = np.array([1e-2, 1e-9, 1e-3])
    out = at_rest(
        ("x", "y", "cost"),
        lambda p: [1.0, p["y0"], 0.0],
        lambda z, p: [1 - z[0], -0.1 * z[1], 1e9 * z[1] + 1e2 * z[0]],
        y0=y0,
        horizon=2e3,
    )
    np.testing.assert_allclose(out["settle_time"], SETTLED / 0.1, rtol=1e-6)
    np.testing.assert_allclose(out["cost_final"], 1e10 * y0 + 2e5, rtol=2e-7)


def test_what_a_large_component_drives_a_little_settles_beside_it():
    """Y' = k x - y / 2 with x' = -x: y = 2 k (exp(-t/2) - exp(-t)), at most k / 2, at t = 2 ln 2.

    It is within 1e-7 of that when 2 k exp(-t/2) is 5e-8 k.
    """
    k = np.array([1.0, 1e-12, 1e-30])
    out = at_rest(
        ("x", "y"),
        lambda p: [1.0, 0.0],
        lambda z, p: [-z[0], p["k"] * z[0] - z[1] / 2],
        k=k,
        horizon=1e3,
    )
    # The largest size is known to 1% from a step.
    np.testing.assert_allclose(out["settle_time"], 2 * np.log(2 / 5e-8), rtol=1e-3)


def test_what_rounding_leaves_of_large_terms_is_at_rest_though_it_is_never_0():
    """The terms of y cancel along each orbit, but for rounding; those of v but for 7e-12 (1 - x)."""
    out = at_rest(
        ("x", "w", "y", "v"),
        lambda p: [p["x0"], p["x0"], 0.0, 1e-14],
        lambda z, p: [
            z[0] * (1 - z[0]),
            z[1] * (1.0 - z[1]),
            z[0] / 3 - z[1] * 7 / 21 - z[2],
            (z[0] + 1e-12 * (1 - z[0])) * 7 - 7 * z[0] - z[3],
        ],
        x0=np.array([7.0, 1e-3]),
        horizon=2e3,
    )
    assert (np.abs(out["v_final"]) < 1e-14).all()
    np.testing.assert_allclose(out["x_final"], 1.0, atol=1e-5)


def test_a_small_balance_beside_large_components_is_reached():
    """Y' = 1e-13 x - y: its rest point, 1e-13, is not taken for rounding of x, which is exact."""
    out = at_rest(
        ("x", "y"),
        lambda p: [p["x0"], 0.0],
        lambda z, p: [1 - z[0], 1e-13 * z[0] - z[1]],
        x0=np.array([1.0, 1 - 1e-12, 0.5]),
        horizon=1e3,
    )
    np.testing.assert_allclose(out["y_final"], 1e-13, rtol=2e-7)


def test_a_derivative_that_numbers_do_not_hold_allows_no_error():
    """From 1e-162 on that of a share divides by a square that is 0. Amounts grew from there to 1e41."""

    def field(z, _):
        infections = 0.002 * z[0] * z[1] / (z[0] + z[1])
        return [-z[0] - infections, infections - z[1]]

    ends = np.array([300.0, 500.0, 600.0])
    method = Method("dopri8", rtol=1e-9, settle=0.0)
    out = run(("s", "i"), lambda _: [1.0, 0.5], field, method, horizon=ends)
    np.testing.assert_allclose(np.log(out["s_final"] + out["i_final"]), np.log(1.5) - ends, atol=1e-3)
    assert (np.minimum(out["s_final"], out["i_final"]) > 0).all()
