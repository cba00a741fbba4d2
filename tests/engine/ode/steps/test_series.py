"""A series that would compile for minutes has a lower order, or is refused, before it is traced."""

import jax
import jax.numpy as jnp
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.steps.series import LoweredField


def attracted(bodies):
    """Bodies in a plane that attract each other: every pair costs some products."""

    def field(_t, z):
        x, y, u, v = z.reshape(4, bodies)
        dx, dy = x[None] - x[:, None], y[None] - y[:, None]
        cubed = (dx**2 + dy**2 + jnp.eye(bodies)) ** 1.5
        return jnp.concatenate([u, v, (dx / cubed).sum(1), (dy / cubed).sum(1)])

    return field


def traced(bodies, order):
    state = jnp.linspace(0.0, 1.0, 4 * bodies)
    return jax.make_jaxpr(
        lambda z: LoweredField(attracted(bodies), 0.0 * z[0], z).series(0.0 * z[0], z, order)
    )(state)


def test_few_bodies_have_a_series():
    assert len(traced(3, 8).out_avals) == 9


def test_more_have_one_of_as_high_an_order_as_compiles_in_time():
    field, state = attracted(7), jnp.linspace(0.0, 1.0, 28)
    order = LoweredField(field, 0.0 * state[0], state).order_within(15)
    assert 8 <= order < 15
    assert LoweredField(field, 0.0 * state[0], state).order_within(order) == order
    assert LoweredField(field, 0.0 * state[0], state).order_within(5) == 5
    assert LoweredField(attracted(3), 0.0 * state[0], state[:12]).order_within(15) == 15


def test_many_are_refused_with_the_reason():
    with pytest.raises(SweepError, match=r"about \d\d,\d{3} operations for a step of order 8 would compile"):
        traced(12, 15)
