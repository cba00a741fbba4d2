"""Taylor steps: coefficients against repeated Lie derivatives, measured orders, solutions against SciPy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.series import LoweredField
from equisweep.engine.ode.steps.taylor import Taylor
from equisweep.engine.ode.steps.tolerance import Tolerance
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow
from helpers.flows import VAN_DER_POL, scalar, seen
from helpers.products import costs_seconds, some
from jax import lax
from scipy.integrate import solve_ivp

FIELDS = {
    "polynomial": lambda t, z: jnp.stack([z[0] * (1 - z[1]) + t * z[0] ** 3, z[1] * z[1] - z[0] + 2 * t**2]),
    "quotients": lambda t, z: jnp.stack([z[0] / (1 + z[1] ** 2), (t - z[1]) / (3 + z[0]) + 1 / z[0]]),
    "exponentials": lambda t, z: jnp.stack([jnp.exp(-z[1] * t), jnp.log(2 + z[0] * z[0]) * z[1]]),
    "logistic": lambda t, z: jnp.stack([jax.nn.sigmoid(z[0] - z[1]) * z[1], jnp.tanh(z[0] * z[1]) - 0.3 * t]),
    "powers": lambda t, z: jnp.stack(
        [z[0] ** 1.7 + jnp.sqrt(z[0] + z[1] ** 2), z[1] ** -2 + 0.6 ** (t * z[0])]
    ),
    "pieces": lambda t, z: jnp.stack(
        [jnp.where(z[0] > 0, z[1] * z[0], 7.0), jnp.maximum(z[1] * z[1], -z[0]) + jnp.abs(-z[1])]
    ),
    "whole numbers": lambda t, z: jnp.stack(
        [(3.7 * z[0]).astype(jnp.int32) * z[1], ((9 * t).astype(jnp.int64) % 5) * z[0] + 0.1 * t]
    ),
    "waves": lambda t, z: jnp.stack([jnp.sin(z[0] * z[1] - t), jnp.cos(t * z[1]) * z[0]]),
    "constants": lambda t, z: jnp.stack([jnp.arctan(jnp.asarray(2.0)) * z[1], jnp.zeros(()) * t]),
}


def lie_coefficients(field, t, z, order):
    """Derivatives of the solution, each the directional derivative of the one before, over factorials."""

    def extended(w):
        return jnp.concatenate([jnp.ones(1), field(w[0], w[1:])])

    w = jnp.concatenate([jnp.stack([t]), z])
    rows, function, factorial = [z], lambda w: w[1:], 1.0
    for k in range(1, order + 1):
        function = (lambda g: lambda w: jax.jvp(g, (w,), (extended(w),))[1])(function)
        factorial *= k
        rows.append(function(w) / factorial)
    return rows


@pytest.mark.parametrize("name", FIELDS)
def test_coefficients_are_repeated_lie_derivatives(name):
    t, z, field = jnp.asarray(0.4), jnp.asarray([0.7, 1.3]), FIELDS[name]
    actual, expected = jax.jit(
        lambda t, z: (LoweredField(field, t, z).series(t, z, 5), lie_coefficients(field, t, z, 5))
    )(t, z)
    for k, (a, b) in enumerate(zip(actual, expected, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12, err_msg=f"order {k}")


@pytest.mark.parametrize(("tolerance", "order"), [(1e-3, 6), (1e-5, 9)])
def test_the_order_is_the_one_promised(tolerance, order):
    def field(t, z):
        return jnp.stack([z[1], (1 - z[0] ** 2) * z[1] - z[0]])

    stepper = Taylor(field, Method(solver="taylor", rtol=tolerance, atol=0).tolerance())
    assert stepper.order == order
    exact = solve_ivp(lambda t, z: [z[1], (1 - z[0] ** 2) * z[1] - z[0]], (0, 2), [2.0, 0.1],
                      method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]  # fmt: skip
    errors = []
    for steps in (10, 20):
        size = 2 / steps
        step = jax.jit(lambda t, z, size=size: stepper.reach(t, t + size, z, field(t, z))[0])
        z = jnp.asarray([2.0, 0.1])
        for k in range(steps):
            z = step(jnp.asarray(k * size), z)
        errors.append(np.abs(z - exact).max())
    assert order - 0.6 < np.log2(errors[0] / errors[1]) < order + 1.2


@pytest.mark.parametrize("tolerance", some([1e-6, 1e-9, 1e-12], {1e-9}))
def test_solutions_are_those_of_scipy(tolerance):
    mu = np.array([0.2, 3.0])
    p = {"mu": mu, "x0": np.full(2, 2.0), "v0": np.full(2, 0.1), "horizon": np.full(2, 12.0)}
    method = Method(solver="taylor", rtol=tolerance, atol=tolerance, settle=0)
    outputs = lanes(replace(VAN_DER_POL, swings=()), method)({name: jnp.asarray(v) for name, v in p.items()})
    for i, m in enumerate(mu):
        exact = solve_ivp(lambda t, z, m=m: [z[1], m * (1 - z[0] ** 2) * z[1] - z[0]], (0, 12), [2.0, 0.1],
                          method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]  # fmt: skip
        for name, value in zip("xv", exact, strict=True):
            assert abs(outputs[f"{name}_final"][i] - value) < 300 * tolerance


def end_of(field, horizon, tolerance):
    p = {"z0": jnp.array([0.5]), "horizon": jnp.array([horizon])}
    method = Method(solver="taylor", rtol=tolerance, atol=tolerance, settle=0)
    return float(lanes(scalar(field), method)(p)["z_final"][0])


def test_a_kink_inside_a_step_is_seen():
    """Without a check of the step's end the series would run across the point where |z| turns."""
    result = end_of(lambda t, z, p: jnp.abs(z) - 2 + t, 6.0, 1e-9)
    exact = solve_ivp(lambda t, z: np.abs(z) - 2 + t, (0, 6), [0.5], rtol=1e-12, atol=1e-12, max_step=1e-2).y[
        0, -1
    ]
    assert abs(result / exact - 1) < 1e-6


@pytest.mark.parametrize("exponent", some([2.0, 3.0, 1.0], {3.0}))
def test_whole_powers_have_series_from_a_base_of_zero(exponent):
    result = end_of(lambda t, z, p: 0.5 + (z - 0.5) ** exponent, 1.0, 1e-10)
    exact = solve_ivp(lambda t, z: 0.5 + (z - 0.5) ** exponent, (0, 1), [0.5], rtol=1e-12, atol=1e-12).y[
        0, -1
    ]
    assert abs(result - exact) < 1e-8


@costs_seconds
def test_functions_of_libraries_and_moving_powers_within_a_flow():
    def field(t, z, p):
        quarter = z / 4
        inverse = jnp.arcsin(quarter) + jnp.arccos(quarter / 2) + jnp.arctanh(quarter) + jnp.arctan2(z, 1 + t)
        growing = (
            jnp.sinh(quarter) - jnp.cosh(z) + jnp.exp2(quarter) + jnp.cbrt(1 + z) + (1 + z) ** jnp.sin(t)
        )
        slow = (
            jnp.arctan(z) + jnp.arcsinh(z) + jnp.arccosh(2 + z) + lax.erf(z) - lax.erfc(z) + jnp.tan(quarter)
        )
        return -z + 0.2 * (inverse + growing + slow)

    rate = jax.jit(lambda t, z: field(t, z, None))
    exact = solve_ivp(lambda t, z: rate(t, z[0])[None], (0, 2), [0.5], "DOP853", rtol=1e-12, atol=1e-12)
    assert abs(end_of(field, 2.0, 1e-11) - exact.y[0, -1]) < 1e-9


def test_what_has_no_rule_is_named():
    message = r"solver = 'taylor' does not suit this flow \(no rule for lgamma\); use dopri8"
    with pytest.raises(SweepError, match=message):
        end_of(lambda t, z, p: lax.lgamma(z), 1.0, 1e-6)


def test_amounts_of_any_size_beside_one_that_is_nothing_yet():
    """Of a component that is 0 next to no error is allowed, and the ratio to it overflowed above 1e13."""
    spring = Flow(
        start=lambda p: jnp.stack([p["x0"], 0 * p["x0"]]),
        field=lambda t, z, p: jnp.stack([z[1], -z[0]]),
        observe=lambda z, p: {"x": z[0]},
        observables=seen("x"),
    )
    x0 = np.array([1e-250, 1.0, 1e13, 1e150, 1e300])
    out = lanes(spring, Method("taylor"))({"x0": jnp.asarray(x0), "horizon": jnp.full(5, 20.0)})
    np.testing.assert_allclose(out["x_final"] / x0, np.cos(20.0), rtol=1e-8)


def test_what_is_next_to_nothing_late_on_is_filled_in_steps_that_the_clock_resolves():
    """They were as short as what is left of last year's dose is small, or as long as rounding made them."""
    t, size, until = jnp.asarray(350.0), jnp.asarray(10.0), jnp.asarray(400.0)
    stepper = Taylor(lambda t, z: 5.0 - 2.0 * z, Tolerance(1e-4, None, scale=jnp.ones(1)))
    left = jnp.asarray([[0.0], [1e-190], [-1e-30]])
    step = jax.jit(jax.vmap(lambda z: stepper.step(t, until, size, z, 5.0 - 2.0 * z, None)))(left)
    taken = step.t - t
    assert ((taken > 1e-3) & (taken < 0.5)).all()
    assert step.keep.all()
    np.testing.assert_allclose(step.state[:, 0], 2.5 * (1 - np.exp(-2 * taken)), rtol=1e-4)


def test_amounts_of_any_size_in_products():
    """Their squares may be no numbers, and the products of the parameters neither; what both make is one."""
    growth = Flow(
        start=lambda p: jnp.stack([0.1 * p["most"]]),
        field=lambda t, z, p: (
            z * (1 - z / p["most"])
            + 0.25 * z * (1 - z * p["per_amount"])
            + (z * p["per_amount"] * p["most"]) * (0.25 - 0.25 * z * p["per_amount"])
        ),
        observe=lambda z, p: {"x": z[0]},
        observables=seen("x"),
    )
    most = np.array([1e-250, 1e-200, 1e-140, 1.0, 1e140, 1e200, 1e250])
    p = {"most": jnp.asarray(most), "per_amount": jnp.asarray(1 / most), "horizon": jnp.full(len(most), 3.0)}
    out = lanes(growth, Method("taylor", settle=0, max_steps=100))(p)
    np.testing.assert_allclose(out["x_final"] / most, 1 / (1 + 9 * np.exp(-1.5 * 3.0)), rtol=1e-8)
