"""What a Taylor step leaves for the next one is what that would compute: orbits have the same bits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.series import LoweredField
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow, free_motion
from helpers.flows import seen
from helpers.products import costs_seconds


def flow_of(field, start, **more):
    names = ("x", "y")
    return Flow(
        start=lambda p: jnp.stack([p["x0"], jnp.asarray(start) + 0 * p["x0"]]),
        field=lambda t, z, p: jnp.stack(field(t, z, p)),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names),
        motion=free_motion,
        **more,
    )


def pulsed(t, z, p):
    """By an exponential that jumps at t = 1, and one of time."""
    return [jnp.exp(-z[0] * jnp.where(t < 1.0, 0.5, 2.0)), jnp.sin(3 * t) - jax.nn.sigmoid(z[1])]


def bounded(t, z, p):
    """One that bends where the state reaches 2, beside a logistic function."""
    return [jnp.exp(-jnp.maximum(z[0] - 2.0, 0.0)), jax.nn.sigmoid(z[0] - z[1]) - 0.3]


def hunted(t, z, p):
    """Prey, the harder to find the more of it there is, that falls below 1e-200 and comes back."""
    hunted = jnp.exp(-1e-4 * z[0])
    return [z[0] * (1.0 - z[1] * hunted), z[1] * (z[0] * hunted - 1.0)]


@pytest.mark.parametrize(
    ("field", "begin", "ends"),
    [
        pytest.param(pulsed, 0.95, (0.97, 1.0, 4.0), id="at a time"),
        pytest.param(bounded, 0.0, (1.5, 2.0, 4.0), id="at a state", marks=costs_seconds),
    ],
)
def test_a_step_leaves_what_the_field_has_where_it_ends_beside_switches_too(field, begin, ends):
    own = Integration(
        flow_of(field, 0.2), {"x0": jnp.asarray(0.4), "horizon": jnp.asarray(9.0)}, Method("taylor"), {}
    )
    last = jnp.asarray(9.0)

    def stepped(state, until):
        t, stepper = jnp.asarray(begin), own.stepper
        carried = stepper.solver_state(t, last, state)
        step = stepper.step(t, until, until - t, state, stepper.field(t, state), carried)
        anew = stepper.solver_state(step.t, last, step.state)
        return step.t, step.solver_state[0], anew[0], carried[0]

    states = jnp.asarray([[0.4, 0.2], [1.9, 0.2], [2.0, 0.2]])
    grid = jax.vmap(jax.vmap(stepped, (None, 0)), (0, None))
    t, left, anew, before = jax.jit(grid)(states, jnp.asarray(ends))
    assert len(left) >= 2
    assert np.unique(t).size >= 2
    for a, b, c in zip(left, anew, before, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (np.asarray(a) != np.asarray(c)).any()


def both_ways(monkeypatch, make, method, values, times=(), **static):
    """What orbits are as they are computed, and where every step computes all by itself."""
    made = lanes(make(), method, times, **static)(values)
    monkeypatch.setattr(LoweredField, "costly_at", lambda self, t, state: ())
    return made, lanes(make(), method, times, **static)(values)


def same_bits(made, alone):
    assert made.keys() == alone.keys()
    for name, value in made.items():
        np.testing.assert_array_equal(value, alone[name], err_msg=name)


@costs_seconds
@pytest.mark.parametrize(
    ("field", "y0", "more", "horizon"),
    [(pulsed, 0.2, {}, 9.0), (hunted, 1.0, {"swings": ("x", "y")}, 3000.0)],
    ids=["pulsed", "hunted"],
)
def test_orbits_have_the_same_bits_where_nothing_is_left_for_the_next_step(
    monkeypatch, field, y0, more, horizon
):
    x0 = np.linspace(0.3, 4.0, 9) if field is pulsed else np.linspace(500.0, 1500.0, 9)
    values = {"x0": x0, "horizon": np.full(9, horizon)}
    method = Method("taylor", rtol=1e-8)
    made, alone = both_ways(
        monkeypatch, lambda: flow_of(field, y0, **more), method, values, (1.0, 2.5, 700.0)
    )
    same_bits(made, alone)
    assert np.isfinite(made["x_final"]).all()
    if field is hunted:
        assert (made["x_path"][:, 2] < 1e-200).any()
