"""What only accumulates neither keeps an orbit from its rest, nor is frozen by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.quadratures import quadratures_of
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Attractor, Flow
from helpers.flows import seen

NAMES = ("x", "cost", "clock")


def logistic_with(*rates):
    """X' = x (1 - x) with a cost and a clock beside it, whose integrals are known."""

    def field(_t, z, p):
        x = z[0]
        return jnp.stack([p["r"] * x * (1 - x), *[rate(x) * jnp.ones_like(x) for rate in rates]])

    return Flow(
        start=lambda p: jnp.stack([p["x0"], *[0 * p["x0"]] * len(rates)]),
        field=field,
        observe=lambda z, p: dict(zip(NAMES, z, strict=False)),
        observables=seen(*NAMES[: len(rates) + 1]),
    )


COSTLY = logistic_with(lambda x: x, lambda x: 0.1)
X0, T = np.array([0.9, 0.1, 1e-4]), 500.0


def cost(x0, t, r=1.0):
    """The integral of x from 0 to t."""
    return np.log1p(x0 * np.expm1(np.minimum(r * t, 600.0))) / r


def run(flow, **more):
    p = {"x0": jnp.asarray(X0), "r": jnp.ones(3), "horizon": jnp.full(3, T)}
    return lanes(flow, Method(**more.pop("method", {})), **more)(p)


@pytest.mark.parametrize("solver", ["dopri8", "taylor"])
def test_a_cost_goes_on_to_the_horizon_after_the_orbit_has_settled(solver):
    result = run(COSTLY, method={"solver": solver})
    assert (result["attractor"] == Attractor.rest_point).all()
    assert (result["settle_time"] < 40).all()
    np.testing.assert_allclose(result["cost_final"], cost(X0, T), rtol=1e-8)
    np.testing.assert_allclose(result["clock_final"], 0.1 * T, rtol=1e-12)


def test_it_changes_nothing_of_when_and_where_the_others_settle():
    alone, beside = run(logistic_with()), run(COSTLY)
    np.testing.assert_allclose(beside["settle_time"], alone["settle_time"], rtol=1e-4)
    np.testing.assert_allclose(beside["x_final"], alone["x_final"], rtol=1e-6)


def test_saved_times_past_the_rest_have_what_has_accumulated():
    times = np.array([1.0, 30.0, 100.0, 400.0])
    path = run(COSTLY, times=times)["cost_path"]
    np.testing.assert_allclose(path, cost(X0[:, None], times), rtol=1e-8)


def test_derivatives_of_what_accumulates_are_those_of_the_integral():
    def end(r):
        p = {"x0": jnp.asarray(0.1), "r": r, "horizon": jnp.asarray(200.0)}
        return trajectory(COSTLY, p)["cost_final"]

    step = 1e-5
    expected = (cost(0.1, 200.0, 0.5 + step) - cost(0.1, 200.0, 0.5 - step)) / (2 * step)
    assert float(jax.jacfwd(end)(jnp.asarray(0.5))) == pytest.approx(expected, rel=1e-5)


def test_what_all_rates_leave_alone_is_seen_in_the_trace():
    def field(_t, z):
        a, b, c, _ = z
        return jnp.stack([-a, a - b, b, jnp.where(c > 1, 1.0, 0.0)])

    assert quadratures_of(field, jnp.zeros(()), jnp.ones(4)) == (False, False, False, True)
    assert quadratures_of(lambda t, z: 1 + 0 * z, jnp.zeros(()), jnp.ones(2)) == (False, False)
