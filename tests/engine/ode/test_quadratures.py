"""What only accumulates neither keeps an orbit from its rest, nor is frozen by it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.resting import Resting, resting_of
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import scalar, seen
from helpers.products import costs_seconds

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


TIMES = np.array([1.0, 30.0, 100.0, 400.0])


@pytest.fixture(scope="module")
def costly():
    return run(COSTLY, times=TIMES)


@costs_seconds
@pytest.mark.parametrize("solver", ["dopri8", "taylor"])
def test_a_cost_goes_on_to_the_horizon_after_the_orbit_has_settled(costly, solver):
    result = costly if solver == "dopri8" else run(COSTLY, method={"solver": solver})
    assert (result["attractor"] == Attractor.rest_point).all()
    assert (result["settle_time"] < 40).all()
    np.testing.assert_allclose(result["cost_final"], cost(X0, T), rtol=1e-8)
    np.testing.assert_allclose(result["clock_final"], 0.1 * T, rtol=1e-12)


def test_a_cost_goes_on_to_the_end_of_a_horizon_that_was_extended():
    """And not to where the steps of this or that solver came to rest."""
    method = Method("tsit5", horizon="decided", longest=22.0)
    p = {"x0": jnp.asarray(X0), "r": jnp.ones(3), "horizon": jnp.asarray([40.0, 5.0, 5.0])}
    out = lanes(COSTLY, method)(p)
    # From 1e-4 it takes 25 to come to rest: longer than it may.
    assert list(out["attractor"]) == [Attractor.rest_point] * 2 + [Attractor.undecided]
    until = np.array([40.0, 20.0, 22.0])
    np.testing.assert_allclose(out["clock_final"], 0.1 * until, rtol=1e-9)
    np.testing.assert_allclose(out["cost_final"], cost(X0, until), rtol=1e-7)


def test_it_changes_nothing_of_when_and_where_the_others_settle(costly):
    alone, beside = run(logistic_with()), costly
    np.testing.assert_allclose(beside["settle_time"], alone["settle_time"], rtol=1e-4)
    np.testing.assert_allclose(beside["x_final"], alone["x_final"], rtol=1e-6)


def test_saved_times_past_the_rest_have_what_has_accumulated(costly):
    np.testing.assert_allclose(costly["cost_path"], cost(X0[:, None], TIMES), rtol=1e-8)


@costs_seconds
def test_derivatives_of_what_accumulates_are_those_of_the_integral():
    def end(r):
        p = {"x0": jnp.asarray(0.1), "r": r, "horizon": jnp.asarray(200.0)}
        return trajectory(COSTLY, p, Method("bosh3", rtol=1e-8))["cost_final"]

    step = 1e-5
    expected = (cost(0.1, 200.0, 0.5 + step) - cost(0.1, 200.0, 0.5 - step)) / (2 * step)
    assert float(jax.jit(jax.jacfwd(end))(jnp.asarray(0.5))) == pytest.approx(expected, rel=1e-5)


# --- what the trace shows, and what is declared --------------------------------------------------------

T0, NONE = jnp.zeros(()), (False,) * 4


def test_what_all_rates_leave_alone_is_seen_in_the_trace():
    def field(_t, z):
        a, b, c, _ = z
        return jnp.stack([-a, a - b, b, jnp.where(c > 1, 1.0, 0.0)])

    assert resting_of(field, T0, jnp.ones(4), NONE) == Resting(False, (False, False, False, True))
    assert resting_of(lambda t, z: 1 + 0 * z, T0, jnp.ones(2), NONE[:2]) == Resting(False, ())


def test_a_field_that_time_moves_is_known_by_its_trace():
    def pulse(t, z):
        return jnp.where(jax.lax.stop_gradient(t) > 6, 1.0, 0.0) - z

    def hidden(t, z):
        return jnp.sort(jnp.tile(z, 100))[:4] * jnp.exp(-t)

    assert resting_of(pulse, T0, jnp.ones(4), NONE).driven
    assert resting_of(hidden, T0, jnp.ones(4), NONE).driven
    assert not resting_of(lambda t, z: hidden(0.0, z), T0, jnp.ones(4), NONE).driven


def test_a_pulse_after_an_apparent_rest_is_not_missed_where_nobody_said_that_time_matters():
    flow = scalar(lambda t, z, p: -z + jnp.where(t > 20, 1.0, 0.0))
    out = lanes(flow, Method("tsit5"))({"z0": jnp.ones(1), "horizon": jnp.full(1, 25.0)})
    np.testing.assert_allclose(out["z_final"], -np.expm1(-5.0) + np.exp(-25.0), rtol=1e-8)
    assert out["attractor"][0] == Attractor.undecided
    assert out["status"][0] == Status.not_steady
    with pytest.raises(ValueError, match="depends on t"):
        lanes(flow, Method("tsit5", horizon="decided"))({"z0": jnp.ones(1), "horizon": jnp.ones(1)})


def declared(field, *names):
    """A flow of x and a cost, of which the named are declared to accumulate."""
    return Flow(
        start=lambda p: jnp.stack([p["x0"], 0 * p["x0"]]),
        field=field,
        observe=lambda z, p: {"x": z[0], "cost": 2 * z[1], "both": z[0] + z[1]},
        observables=tuple(
            dataclasses.replace(one, quadrature=one.name in names) for one in seen("x", "cost", "both")
        ),
    )


@costs_seconds
def test_a_declaration_counts_where_the_trace_cannot_be_looked_into():
    def field(_t, z, p):
        x = jnp.fft.ifft(jnp.fft.fft(z))[0].real  # which is z[0], by what machine code lacks
        return jnp.stack([p["r"] * x * (1 - x), x])

    assert resting_of(lambda t, z: field(t, z, {"r": 1.0}), T0, jnp.ones(2), NONE[:2]) == Resting(False, ())
    out = run(declared(field, "cost"), method={"solver": "tsit5", "rtol": 1e-7, "settle": 1e-4})
    assert (out["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(out["cost_final"], 2 * cost(X0, T), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "message"),
    [("x", "component 0 .* rates depend on it"), ("both", "observable 'both' .* no component of the state")],
)
def test_what_is_no_quadrature_is_refused(name, message):
    flow = declared(lambda t, z, p: jnp.stack([p["r"] * z[0] * (1 - z[0]), z[0]]), name)
    with pytest.raises(SweepError, match=message):
        run(flow)
