"""Fields that jump where a loop in them takes another number of steps, beside closed forms."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.status import Status
from helpers.products import costs_seconds, some
from jax import lax


def flow(start, field):
    return Flow(
        start=lambda p: jnp.asarray(start) + 0 * p["horizon"], field=field,
        observe=lambda z, p: {"x": z[0], "n": z[-1]}, motion=None,
        observables=tuple(Observable(name, name, "1", name) for name in ("x", "n")),
    )  # fmt: skip


def outputs_of(flow, names, options, **p):
    values = {name: jnp.atleast_1d(jnp.asarray(value, float)) for name, value in p.items()}
    result = lanes(flow, Method(**options), ())(values)
    return [np.asarray(result[name]) for name in names]


def whole_parts(x, part):
    """How often a part, counted in a loop, can be taken from x until that is left or less."""
    return lax.while_loop(lambda c: c[0] > part, lambda c: (c[0] - part, c[1] + 1.0), (x, 0.0))[1]


def counted_by_hand(part, until):
    """The integral of the number of parts of x, where x' = -x / 5 - parts / 10 from 1."""
    x, t, sum_ = 1.0, 0.0, 0.0
    for parts in range(math.ceil(1 / part) - 1, 0, -1):
        time = min(5 * math.log((x + parts / 2) / (parts * part + parts / 2)), until - t)
        x, t, sum_ = (x + parts / 2) * math.exp(-time / 5) - parts / 2, t + time, sum_ + parts * time
    return sum_


@pytest.mark.parametrize("solver", some(["dopri8", "rodas5p"], {"dopri8"}))
def test_steps_end_where_a_loop_in_the_field_takes_another_step(solver):
    def field(t, z, p):
        parts = whole_parts(z[0], p["part"])
        return jnp.stack([-z[0] / 5 - parts / 10, parts])

    parts = [0.5, 0.3, 0.07]
    n, status = outputs_of(flow([1.0, 0.0], field), ("n_final", "status"), {"solver": solver, "rtol": 1e-10},
                      part=parts, horizon=[10.0] * 3)  # fmt: skip
    assert (status == Status.not_steady).all()
    np.testing.assert_allclose(n, [counted_by_hand(part, 10.0) for part in parts], rtol=2e-9)


def test_a_loop_that_converges_costs_few_steps_and_no_accuracy():
    def root(x):
        """By Newton's method, as many steps as it takes."""
        return lax.while_loop(lambda r: jnp.abs(r * r - x) > 1e-13 * x, lambda r: (r + x / r) / 2, x)

    def field(t, z, p):
        return jnp.stack([-root(z[0]), 1.0 + 0 * z[1]])

    x, steps = outputs_of(flow([100.0, 0.0], field), ("x_final", "steps"), {"rtol": 1e-10}, horizon=[19.0])
    np.testing.assert_allclose(x, [0.25], rtol=1e-8)
    assert steps < 200


def test_what_was_0_until_a_wave_switches_it_on_goes_by_taylor_steps():
    def field(t, z, p):
        return jnp.stack([-z[0] / 10 + jnp.where(jnp.sin(t) > 0.3, 1.0, 0.0), 0 * z[1]])

    x, status = outputs_of(
        flow([0.0, 0.0], field), ("x_final", "status"), {"solver": "taylor"}, horizon=[0.5, 1.0]
    )
    assert (status == Status.not_steady).all()
    begins = math.asin(0.3)
    right = [10 * (1 - math.exp(-(until - begins) / 10)) for until in (0.5, 1.0)]
    np.testing.assert_allclose(x, right, rtol=1e-9)


def bisected(a):
    """What is a, by bisection to a width."""

    def halved(ends):
        low, high = ends
        middle = (low + high) / 2
        return jnp.where(middle < a, middle, low), jnp.where(middle < a, high, middle)

    low, high = lax.while_loop(lambda ends: ends[1] - ends[0] > 1e-12, halved, (0.0 * a, 4.0 + 0.0 * a))
    return (low + high) / 2


@costs_seconds
def test_a_bisection_over_time_alone_is_followed_also_to_a_horizon_on_a_halving():
    horizon = np.array([0.25, 0.3, 1.0, 2.0])
    x, status = outputs_of(
        flow([1.0, 0.0], lambda t, z, p: jnp.stack([bisected(t), 0 * z[1]])), ("x_final", "status"), {},
        horizon=horizon,
    )  # fmt: skip
    assert (status == Status.not_steady).all()
    np.testing.assert_allclose(x, 1 + horizon**2 / 2, rtol=1e-9)


@costs_seconds
def test_a_start_at_0_takes_an_absolute_tolerance():
    """The first steps would follow each stair of the bisection, of which there are 10^12."""
    x, status = outputs_of(
        flow([0.0, 0.0], lambda t, z, p: jnp.stack([bisected(t), 0 * z[1]])), ("x_final", "status"),
        {"atol": 1e-10}, horizon=[0.25, 1.0],
    )  # fmt: skip
    assert (status == Status.not_steady).all()
    np.testing.assert_allclose(x, [1 / 32, 0.5], atol=1e-9)
