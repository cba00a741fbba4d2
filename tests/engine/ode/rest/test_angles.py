"""Angles are what the field feels the sines of alone; their errors are measured by the round."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.rest.resting import resting_of
from equisweep.engine.ode.scale import within_round
from equisweep.engine.ode.steps.tolerance import Tolerance

PI, INF = np.pi, np.inf
# Of the second component of a state, which the first follows, and half of the round of both.
FIELDS = {
    "sin": (lambda a, b, t: jnp.sin(b), PI),
    "tan": (lambda a, b, t: jnp.tan(b), PI / 2),
    "mod": (lambda a, b, t: jnp.mod(b, 3.0), 1.5),
    "factor": (lambda a, b, t: jnp.cos(-b * 4 / 2 + t), PI / 2),
    "longest": (lambda a, b, t: jnp.sin(b) ** 2 + jnp.cos(0.5 * b - 1), 2 * PI),
    "sum": (lambda a, b, t: jnp.sin(b - jnp.sin(b)), PI),
    "size": (lambda a, b, t: jnp.sin(b) + b, INF),
    "square": (lambda a, b, t: jnp.sin(b * b), INF),
    "product": (lambda a, b, t: jnp.sin(a * b), INF),
    "time": (lambda a, b, t: jnp.sin(t * b), INF),
    "root": (lambda a, b, t: jnp.cos(jnp.sqrt(b)), INF),
    "divisor": (lambda a, b, t: jnp.mod(2.0, b), INF),
    "switch": (lambda a, b, t: jnp.sin(b) * jnp.where(b > 9, 0.5, 1.0), INF),
    "brake": (lambda a, b, t: jnp.sin(b) - jax.nn.sigmoid(b - 9), INF),
}


@pytest.mark.parametrize("name", FIELDS)
def test_an_angle_is_what_comes_back_after_a_round(name):
    rate, half = FIELDS[name]

    def field(t, state):
        return jnp.stack([rate(state[0], state[1], t) - state[0], 1 + state[0] ** 2])

    halves = resting_of(field, jnp.zeros(()), jnp.ones(2), [False] * 2).halves
    np.testing.assert_allclose(halves or (INF, INF), (INF, half), rtol=1e-12)


def test_of_two_angles_that_pull_at_each_other_both_are():
    def field(t, state):
        return jnp.stack([jnp.sin(state[1] - state[0]), 1 + jnp.sin(state[0] - state[1])])

    np.testing.assert_allclose(resting_of(field, jnp.zeros(()), jnp.ones(2), [False] * 2).halves, [PI, PI])


def test_the_error_allowed_in_an_angle_does_not_grow_with_its_rounds():
    halves, sizes = (PI, PI, PI, INF), np.array([2.0, 1e3, 1e6, 1e3])

    @jax.jit
    def allowed(state, rtol):
        scale = within_round(state, halves)
        return scale, Tolerance(rtol, None, scale=scale, halves=halves).allowed(state, state, 1.0)

    for dtype, rtol in (("float64", 1e-4), ("float32", 1e-3)):
        scale, error = allowed(jnp.asarray(sizes, dtype), jnp.asarray(rtol, dtype))
        np.testing.assert_allclose(scale, np.minimum(sizes, halves), rtol=1e-6)
        within = np.maximum(rtol * np.minimum(sizes, halves), 4 * np.finfo(dtype).eps * sizes)
        np.testing.assert_allclose(error, rtol + within, rtol=1e-5)
