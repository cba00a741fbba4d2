"""Derivatives of a step beside closed forms, where its size suits the state and not them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.runge_kutta import compact_step
from equisweep.engine.ode.steps.tableaux import HEUN
from equisweep.engine.ode.steps.tangents import Allowed, Begin, with_accurate_tangents
from equisweep.kernels.flow import Flow, Observable
from helpers.products import costs_seconds

RTOL = 1e-6


def field(p, t, state):
    """A fast decay to a level, which the state has come to; what stays; a bend; and a root of 0."""
    x, _, z, h = state
    return jnp.stack(
        [
            -p["fast"] * (x - p["level"]),
            0 * x,
            p["whole"] + jnp.maximum(z - p["bend"], 0.0),
            p["by"] * jnp.sqrt(h),
        ]
    )


@jax.jit
@partial(jax.vmap, in_axes=(0, 0, 0, None))
def pushed(p, start, size, ahead):
    @jax.jit  # as in a loop, derivatives come when all has been traced: also of an integer
    def in_all(p, whole, start, size):
        p = p | {"whole": whole}
        begin = Begin(0 * size, size, start, field(p, 0.0, start))
        end = compact_step(HEUN, partial(field, p), *begin)
        allowed = Allowed(RTOL * jnp.ones(4), RTOL * jnp.ones(4))
        take = partial(compact_step, HEUN)
        mended = with_accurate_tangents(take, HEUN.order, partial(field, p), begin, end, allowed)
        return mended[0], end[0]

    def taken(p, start, size):
        return in_all(p, size.astype(int), start, size)

    return jax.jvp(taken, (p, start, size), ahead)


def test_derivatives_of_a_step_are_right_whatever_its_size_is_and_values_stay():
    # At 100 an explicit step would be off by 5,000; the root is none where it begins at 0; and of 1e9 there
    # would be as many parts as nobody waits for.
    fast, root = np.array([1e-6, 1.0, 100.0, 100.0, 1e9]), np.array([1.0, 1.0, 1.0, 0.0, 1.0])
    ones = np.ones(5)
    p = {"fast": fast, "level": 2 * ones, "bend": 0.5 * ones, "by": 0 * ones}
    start = np.stack([2 * ones, 3 * ones, 0.2 * ones, root], axis=1)
    ahead = ({"fast": 1.0, "level": 0.0, "bend": 0.0, "by": 0.0}, np.array([1.0, 1.0, 1.0, 0.0]), 0.0)
    (state, plain), (slopes, before) = pushed(p, start, ones, ahead)
    np.testing.assert_array_equal(state, plain)
    np.testing.assert_allclose(slopes[:3, 0], np.exp(-fast[:3]), rtol=0, atol=20 * RTOL)
    assert np.abs(before[2, 0]) > 1000
    np.testing.assert_array_equal(slopes[:3, 1], 1)
    np.testing.assert_allclose(slopes[:3, 2], np.exp(0.7), atol=100 * RTOL)
    # What has no derivative ends soon, and makes no other wrong.
    assert np.isnan(slopes[3, 3])
    assert np.isnan(slopes[4, 0])


@costs_seconds
@pytest.mark.parametrize("solver", ["rodas5p", "kvaerno5"])
def test_an_implicit_step_in_which_stiffness_begins_has_derivatives_although_its_state_rests(solver):
    """The Jacobian where the step begins knows nothing of it, and nothing moves: the state shows no error."""

    def rates(t, z, p):
        return jnp.stack([-jnp.where(z[1] > 1, p["fast"], 0.01) * (z[0] - p["level"]), 1 + 0 * z[1]])

    flow = Flow(
        start=lambda p: jnp.stack([p["level"], 0 * p["level"]]),
        field=rates,
        observe=lambda z, p: {"x": z[0]},
        observables=(Observable("x", "x", "1", "what rests"),),
        motion=None,
    )

    def taken(level, fast):
        p = {"level": level, "fast": fast, "horizon": jnp.asarray(2.0)}
        own = Integration(flow, p, Method(solver, rtol=RTOL), {})
        zero, state = jnp.zeros(()), jnp.asarray([1.0, 0.0])
        step = own.stepper.inner.step(zero, jnp.inf, 2.0, state, own.field(zero, state), None)
        return step.state[0], step.keep

    fast = np.array([3.0, 1e3, 1e8])

    @jax.jit
    @jax.vmap
    def slopes(fast):
        return jax.jvp(lambda level: taken(level, fast), (1.0,), (1.0,), has_aux=True)

    _, slope, keep = slopes(fast)
    assert keep.all()
    np.testing.assert_allclose(slope, 1 - np.exp(-0.01 - fast), rtol=0, atol=100 * RTOL)
