"""Derivatives in the place of a corner do not feel how near before it a step ends: beside closed forms."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow, Observable
from helpers.products import costs_seconds, some

# Steps that tolerances of 1e-6 keep but for the corner.
LONGEST = {"dopri8": 3.0, "tsit5": 1.0, "rodas5p": 0.6}
COUNT = 200
GROWTH, LARGEST = 0.3, 4.0


def field(t, z, p):
    """Logistic growth, and what accumulates with a corner, stated as one and as a choice."""
    n, above = z[0], jnp.where(z[0] < p["hi"], 0.0, z[0] - p["hi"])
    return jnp.stack([GROWTH * n * (1 - n / LARGEST), jnp.clip(n, 0.1, p["hi"]), above])


FLOW = Flow(
    start=lambda p: jnp.stack([1 + 0 * p["hi"], 0 * p["hi"], 0 * p["hi"]]),
    field=field,
    observe=lambda z, p: {"capped": z[1]},
    observables=(Observable("capped", "c", "1", "what accumulates"),),
    motion=None,
)


def odds(n):
    return np.log(n / (LARGEST - n)) / GROWTH


@pytest.mark.parametrize("solver", some(LONGEST, {"tsit5"}))
def test_a_step_is_kept_only_where_its_derivatives_are_those_of_one_side(solver):
    draw = np.random.default_rng(5)
    hi = draw.uniform(0.8, 2.2, COUNT)
    # How near before the corner steps end, as parts of their length.
    size = jnp.asarray(draw.uniform(0.5, 1.0, COUNT) * LONGEST[solver])
    gap = jnp.asarray(10 ** draw.uniform(-9, -1, COUNT))
    began = odds(hi) - size * (1 + gap)
    state = LARGEST / (1 + jnp.exp(-GROWTH * began))

    def taken(hi, state, size):
        own = Integration(FLOW, {"hi": hi, "horizon": jnp.asarray(20.0)}, Method(solver, rtol=1e-6), {})
        own.stepper.inner._again = None  # without the parts that would make up for it
        state = jax.lax.stop_gradient(jnp.stack([state, 1 + 0 * state, 1 + 0 * state]))
        zero = jnp.zeros(())
        carried = own.stepper.solver_state(zero, jnp.asarray(20.0), state)
        step = own.stepper.step(zero, jnp.inf, size, state, own.field(zero, state), carried)
        return step.state[1:], (step.keep, step.next_size)

    def slopes(hi, state, size):
        _, by_hi, (keep, next_size) = jax.jvp(lambda hi: taken(hi, state, size), (hi,), (1.0,), has_aux=True)
        return by_hi, keep, next_size

    by_hi, keep, next_size = jax.jit(jax.vmap(slopes))(jnp.asarray(hi), state, size)
    assert keep.sum() > COUNT / 5
    np.testing.assert_allclose(by_hi[keep], 0, rtol=0, atol=1e-12)
    # Among them were steps whose late stages lie beyond the corner; they are tried again, shorter.
    strayed = np.abs(by_hi).max(axis=1) > 1e-12
    assert strayed.any()
    assert (next_size < size)[strayed].all()


# Derivatives of implicit steps take XLA longest to compile.
@costs_seconds
@pytest.mark.parametrize("solver", ["kvaerno5", "tsit5"])
def test_no_stage_of_a_kept_step_lies_beyond_a_switch_that_is_only_felt_by_derivatives(solver):
    """A stage of kvaerno5 lies beyond the end of its step; what is switched, `u`, may be 0 so far.

    The first component is fed until a time `at`, the third until the second is 0. Both switches come after
    `gap`; where the first one moves, the step that ends there ends later.
    """

    def switching(t, z, p):
        return jnp.stack([jnp.where(t < p["at"], p["u"], 0.0), -1 + 0 * t, jnp.where(z[1] > 0, p["u"], 0.0)])

    flow = Flow(
        start=lambda p: jnp.zeros(3) + 0 * p["at"],
        field=switching,
        observe=lambda z, p: {"z": z[0]},
        observables=(Observable("z", "z", "1", "what is fed"),),
        motion=None,
    )
    t, size = 1.0, 1.0
    gap, u = (a.ravel() for a in np.meshgrid([0.3, 0.82, 0.9, 1.1, 1e-3, 1e-8, 1e-11], [0.0, 1.0]))

    def taken(u, at, gap):
        p = {"u": u, "at": at, "horizon": jnp.asarray(20.0)}
        own, one = Integration(flow, p, Method(solver, rtol=1e-6), {}), jnp.ones_like(u)
        state = jnp.stack([one, gap, one])
        state, now = jax.lax.stop_gradient(state), jnp.asarray(t)
        carried = own.stepper.solver_state(now, jnp.asarray(20.0), state)
        step = own.stepper.step(now, jnp.inf, jnp.asarray(size), state, own.field(now, state), carried)
        return step.state, (step.keep, step.t, step.next_size)

    def slopes(u, at, gap):
        return jax.jacfwd(taken, (0, 1), has_aux=True)(u, at, gap)

    (by_u, by_at), (keep, end, next_size) = jax.jit(jax.vmap(slopes))(u, t + gap, gap)
    taken_time = np.asarray(end - t)
    assert keep.all()
    np.testing.assert_allclose(by_u[:, 0], np.minimum(taken_time, gap), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(by_u[:, 2], np.minimum(taken_time, gap), rtol=1e-5, atol=1e-9)
    arrived = taken_time >= gap
    assert arrived.any()
    np.testing.assert_allclose(by_at[:, 0], np.where(arrived, u, 0.0), rtol=1e-9)
    # Steps that are cut short say nothing against longer ones.
    assert (next_size >= 0.9 * size).any()


@pytest.mark.parametrize("solver", some(["rodas5p", "kvaerno5"], {"rodas5p"}))
def test_what_is_seen_inside_a_step_moves_with_its_begin_also_at_a_switch_and_where_it_begins(solver):
    """Steps may begin where an earlier switch moved to; what is seen is at a fixed time, at a switch or not.

    Beyond the switch nothing more is fed, which a stage of kvaerno5 would feel.
    """
    flow = Flow(
        start=lambda p: jnp.zeros(1),
        field=lambda t, z, p: jnp.where(t < 2.0, 1.0, 0.0) + 0 * z,
        observe=lambda z, p: {"z": z[0]},
        observables=(Observable("z", "z", "1", "what is fed"),),
        motion=None,
    )

    def seen(began, ahead):
        own = Integration(flow, {"horizon": jnp.asarray(20.0)}, Method(solver, rtol=1e-6), {})
        t, state = 2.0 - 1e-8 + began, jnp.ones(1)
        return own.stepper.reach(t, 2.0 - 1e-8 + ahead, state, own.field(t, state))[0][0]

    # Halfway to the switch, at it, where the step begins, and right before that, as a start on a switch is.
    ahead = jnp.asarray([5e-9, 1e-8, 0.0, -4e-16])
    by_began = jax.jit(jax.vmap(lambda ahead: jax.jvp(partial(seen, ahead=ahead), (0.0,), (1.0,))[1]))(ahead)
    np.testing.assert_allclose(by_began, -1, rtol=1e-6)


SMALL = 1e-9  # a jump that steps may cross
LEVEL = Flow(
    start=lambda p: jnp.stack([0 * p["c"], 0 * p["c"]]),
    field=lambda t, z, p: jnp.stack([1 + 0 * z[0], SMALL * jnp.where(z[0] > p["c"], 0.3, 1.7)]),
    observe=lambda z, p: {"level": z[0], "fed": z[1]},
    observables=(Observable("level", "z", "1", "of time"), Observable("fed", "q", "1", "of a pump")),
    motion=None,
)


@costs_seconds
@pytest.mark.parametrize("solver", SOLVERS)
def test_an_orbit_ends_where_it_is_to_although_its_last_step_crosses_a_switch_that_moves(solver):
    count, end = 101, 5.0
    c = jnp.linspace(4.0, 4.999, count)

    def final(c):
        out = lanes(LEVEL, Method(solver, rtol=1e-8))({"c": c, "horizon": jnp.full(count, end)})
        return out["level_final"], out["fed_final"]

    (level, fed), (by_level, by_fed) = jax.jvp(final, (c,), (jnp.ones(count),))
    np.testing.assert_allclose(level, end, rtol=1e-12)
    np.testing.assert_allclose(fed, SMALL * (1.7 * c + 0.3 * (end - c)), rtol=1e-6)
    np.testing.assert_allclose(by_level, 0.0, atol=1e-12)
    np.testing.assert_allclose(by_fed, SMALL * (1.7 - 0.3), rtol=1e-9)
