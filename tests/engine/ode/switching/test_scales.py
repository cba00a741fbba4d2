"""Fields that switch on the state, in states of any size: guards, troughs, dry friction."""

import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import costs_seconds
from scipy.integrate import solve_ivp


def run(flow, method=None, **p):
    out = lanes(flow, method or Method("tsit5"))({name: jnp.asarray(value) for name, value in p.items()})
    return {name: np.asarray(value) for name, value in out.items()}


def test_a_guard_against_negative_amounts_does_not_coarsen_small_ones():
    def field(t, s, p):
        a, b = jnp.maximum(s, 0.0)
        return jnp.stack([-0.7 * a, 0.7 * a - 0.2 * b])

    chain = Flow(
        start=lambda p: jnp.stack([p["a0"], 0 * p["a0"]]),
        field=field,
        observe=lambda s, p: {"a": s[0], "b": s[1]},
        observables=seen("a", "b"),
    )
    a0 = np.array([1e12, 1.0, 1e-7, 2e-9, 1e-15])
    out = run(chain, a0=a0, horizon=np.full(5, 6.0))
    np.testing.assert_allclose(out["a_final"] / a0, np.exp(-4.2), rtol=1e-7)
    np.testing.assert_allclose(out["b_final"] / a0, 1.4 * (np.exp(-1.2) - np.exp(-4.2)), rtol=1e-7)


def test_a_guarded_epidemic_comes_back_from_a_deep_trough_at_the_right_time():
    def field(t, z, p):
        s, i = jnp.where(z > 0, z, 0.0)
        return jnp.stack([p["m"] * (1 - s) - 10 * s * i, 10 * s * i - (1 + p["m"]) * i])

    epidemic = Flow(
        start=lambda p: jnp.stack([0.99 + 0 * p["m"], 0.01 + 0 * p["m"]]),
        field=field,
        observe=lambda z, p: {"s": z[0], "i": z[1]},
        observables=seen("s", "i"),
    )
    m, horizon = np.array([1e-3, 8e-4]), 300.0
    out = run(epidemic, m=m, horizon=np.full(2, horizon))
    for k in range(2):
        right = solve_ivp(
            lambda t, z, m=m[k]: [m * (1 - z[0]) - 10 * z[0] * np.exp(z[1]), 10 * z[0] - 1 - m],
            (0, horizon), [0.99, np.log(0.01)], "LSODA", rtol=1e-11, atol=1e-12,
        ).y  # fmt: skip
        assert np.exp(right[1].min()) < 1e-9
        np.testing.assert_allclose(out["i_final"][k], np.exp(right[1, -1]), rtol=1e-4)


@costs_seconds
def test_guarded_prey_and_predators_pass_the_point_where_both_are_gone_and_come_back():
    def field(t, z, p):
        x, y = z
        return jnp.stack([jnp.where(x > 0, x * (1 - y), 0.0), jnp.where(y > 0, y * (x - 1), 0.0)])

    hunt = Flow(
        start=lambda p: jnp.stack([p["x0"], 1 + 0 * p["x0"]]),
        field=field,
        observe=lambda z, p: {"x": z[0], "y": z[1]},
        observables=seen("x", "y"),
        swings=("x",),
    )
    x0 = np.array([3.0, 30.0, 60.0])  # the troughs are 0.06, 1e-12 and 1e-25
    out = run(hunt, Method("dopri8"), x0=x0, horizon=np.full(3, 60.0))
    x, y = out["x_final"], out["y_final"]
    np.testing.assert_allclose(x - np.log(x) + y - np.log(y), x0 - np.log(x0) + 1, rtol=1e-7)
    assert list(out["attractor"]) == [Attractor.closed_orbit, Attractor.undecided, Attractor.undecided]


def test_dry_friction_holds_a_body_of_any_speed_where_it_stops():
    friction = Flow(
        start=lambda p: jnp.stack([0 * p["v0"], p["v0"]]),
        field=lambda t, s, p: jnp.stack([s[1], -jnp.sign(s[1]) * jnp.abs(p["v0"]) / 2]),
        observe=lambda s, p: {"x": s[0], "v": s[1]},
        observables=seen("x", "v"),
    )
    v0 = np.array([1.0, -1e-9, 1e6])
    out = run(friction, v0=v0, horizon=np.full(3, 10.0))
    np.testing.assert_allclose(out["x_final"], v0, rtol=1e-8)
    np.testing.assert_allclose(out["v_final"] / v0, 0, atol=1e-9)
    assert (out["status"] == Status.sliding).all()
