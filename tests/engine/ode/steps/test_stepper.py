"""The contract of steppers, held by every solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import SOLVERS, Method
from helpers.products import some

ALL = pytest.mark.parametrize("solver", some(SOLVERS, {"tsit5", "rodas5p", "taylor"}))


def field(t, state):
    """A rotation that the time pushes."""
    return jnp.stack([state[1], -state[0] + 0.1 * t])


def stepped(solver, until, **options):
    """The stepper of a solver, and its first step from time 0 towards `until`."""
    stepper, zero = Method(solver, **options).stepper(field), jnp.zeros(())
    state = jnp.asarray([1.0, 0.5])

    def first():
        rates, end = stepper.field(zero, state), jnp.asarray(8.0)
        size = stepper.first_size(rates, state, end)
        carried = stepper.solver_state(zero, end, state)
        return stepper.step(zero, until, size, state, rates, carried)._replace(stages=None)

    return stepper, state, jax.jit(first)()


@ALL
def test_a_step_gives_the_field_where_it_ends_and_never_passes_the_wanted_time(solver):
    until = jnp.asarray(1e-7)
    _, state, step = stepped(solver, until, rtol=1e-6, atol=1e-6)
    assert step.keep
    assert step.t == until
    assert step.next_size > 0
    np.testing.assert_array_equal(step.rates, field(step.t, step.state))
    np.testing.assert_allclose(step.state, state + until * field(0.0, state), rtol=0, atol=1e-13)


@ALL
def test_fixed_steps_span_the_horizon_whatever_their_error(solver):
    _, _, step = stepped(solver, jnp.asarray(8.0), fixed_steps=4)
    assert (step.t, step.next_size, step.keep) == (2.0, 2.0, True)


@ALL
def test_a_time_inside_a_step_is_reached_as_accurately_as_its_end(solver):
    stepper, state, step = stepped(solver, jnp.asarray(8.0), rtol=1e-6, atol=1e-6)
    inside = jax.jit(stepper.reach)(jnp.zeros(()), step.t, state, field(0.0, state))
    np.testing.assert_allclose(inside[0], step.state, rtol=1e-9)
    np.testing.assert_allclose(inside[1], step.rates, rtol=1e-9)


def test_no_step_of_a_decay_has_no_error():
    """The estimate that bosh3 is published with is 0 for a step of one time constant, which is 3.5% wrong."""
    stepper = Method("bosh3").stepper(lambda _, state: -5.0 * state)
    state = jnp.asarray([30.0])
    for size in np.append(np.linspace(0.05, 0.45, 9), 0.2):
        new, _, error, *_ = stepper._take(jnp.zeros(()), jnp.asarray(size), state, -5.0 * state, None)
        wrong = np.abs(new - state * np.exp(-5 * size))
        assert np.abs(error) > wrong / 6, size
