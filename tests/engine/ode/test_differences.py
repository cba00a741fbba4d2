"""Fields without derivatives are judged by differences: orbits end as those of the same fields with them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode import differences
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import costs_seconds


def called(function):
    """The function as a callback, of which JAX has no derivative."""

    def call(*x):
        shape = jax.ShapeDtypeStruct(jnp.shape(x[0]), jnp.result_type(x[0]))
        return jax.pure_callback(function, shape, *x, vmap_method="broadcast_all")

    return call


def flow(field, names, start, **more):
    return Flow(
        start=lambda p: jnp.asarray(start),
        field=lambda t, z, p: jnp.stack(field(t, z, p)),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names),
        **more,
    )


def run(flow, method=None, **p):
    p = {name: jnp.atleast_1d(jnp.asarray(value, float)) for name, value in p.items()}
    return {name: np.asarray(value) for name, value in lanes(flow, method or Method())(p).items()}


def epidemic(product):
    """Susceptible, infected and recovered, whose total is kept: a line of rest points."""

    def field(t, z, p):
        new = p["b"] * product(z[0], z[1])
        return [-new, new - z[1], z[1]]

    return flow(field, "sir", [0.99, 0.01, 0.0])


@costs_seconds
def test_an_orbit_of_a_callback_ends_as_that_of_the_same_field():
    p = {"b": [0.8, 2.0], "horizon": [100.0] * 2}
    by_differences, exact = (run(epidemic(product), **p) for product in (called(np.multiply), jnp.multiply))
    assert (exact["attractor"] == Attractor.rest_point).all()
    assert exact.keys() == by_differences.keys()
    for name in ("s_final", "r_final", "settle_time"):
        values = exact[name]
        np.testing.assert_allclose(by_differences[name], values, rtol=1e-4, atol=1e-7, err_msg=name)


# Field, components, start, parameters; statuses, and where the first orbit ends, with what it may be off by.
WEAK = {
    "a saddle": (  # the way out is a thousand times slower than that into it; the second orbit rests there
        lambda t, z, p: [p["r"] * called(np.multiply)(z[0], 1 - z[0]), -z[1]], "xy", [1e-9, 1.0],
        {"r": [1e-3, -1.0], "horizon": [100.0] * 2}, [Status.not_steady, Status.ok],
        {"desired": np.exp(0.1) * 1e-9, "rtol": 1e-6},
    ),
    "a corner": (  # at its rest point, where its slope is neither of its sides'
        lambda t, z, p: [-called(np.abs)(z[0]) - z[0] * p["k"]], "x", [1.0], {"k": 2.0, "horizon": 50.0},
        [Status.not_steady], {"desired": 0.0, "atol": 1e-12},
    ),
}  # fmt: skip


# Programs of callbacks go through XLA, and are compiled in every process.
@costs_seconds
@pytest.mark.parametrize("where", WEAK)
def test_a_slow_way_out_is_seen_and_no_orbit_rests_where_differences_say_nothing(where):
    field, names, start, p, statuses, end = WEAK[where]
    out = run(flow(field, names, start), **p)
    assert list(out["status"]) == statuses
    np.testing.assert_allclose(out["x_final"][0], **end)


# What callbacks return decides: of the time, or of the state.
JUMPS = {
    "x": lambda t, x, p: jnp.where(called(np.sin)(t) > 0.5, 1.0, 0.0),
    "y": lambda t, y, p: jnp.where(called(np.cbrt)(y) > 0.5, -p["k"], -0.25 * p["k"]) * y,
}


@costs_seconds
@pytest.mark.parametrize("names", ["xy", "x"])
def test_a_switch_that_a_callback_decides_ends_a_step(names):
    def jumps(t, z, p):
        return [JUMPS[name](t, value, p) for name, value in zip(names, z, strict=True)]

    jumping = flow(jumps, names, [0.0, 1.0][: len(names)], motion=None)
    out = run(jumping, Method("tsit5", settle=0.0), k=1.0, horizon=4 * np.pi)
    np.testing.assert_allclose(out["x_final"], 2 * 2 * np.pi / 3, rtol=1e-8)
    if "y" in names:
        slow = 4 * np.pi - np.log(8)  # since y came to 1/8
        np.testing.assert_allclose(out["y_final"], np.exp(-slow / 4) / 8, rtol=1e-8)


@pytest.mark.parametrize("state", [[0.3, -2.0, 40.0], [0.0, 1e-9, 3.0]])
def test_differences_are_the_jacobian(state):
    state = jnp.asarray(state)
    rates = lambda z: jnp.stack([jnp.sin(z[0]) * z[2], z[0] * z[1], jnp.exp(-z[2]) + z[1] ** 2])  # noqa: E731
    result, exact = differences.by_differences(rates, state), jax.jacfwd(rates)(state)
    np.testing.assert_allclose(result, exact, atol=1e-9 * np.abs(exact).max())
    assert not differences.has_jacobian(called(np.sin), state)
    np.testing.assert_allclose(
        differences.jacobian_of(called(np.sin), state), np.diag(np.cos(state)), atol=1e-8
    )


@costs_seconds
@pytest.mark.parametrize("solver", ["rodas5p", "kvaerno5"])
def test_an_implicit_solver_does_without_a_slope_in_time(solver):
    driven = flow(lambda t, z, p: [100 * (called(np.sin)(t) - z[0])], "x", [1.0])
    out = run(driven, Method(solver=solver, rtol=1e-8, settle=0.0), horizon=3.0)
    right = 100 * (100 * np.sin(3.0) - np.cos(3.0)) / 10_001
    np.testing.assert_allclose(out["x_final"], right, atol=1e-7)
    assert out["steps"] < 1000
