"""Rates that are little more than rounding: what is left of 1 or of a date, where orbits begin there."""

import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.switching.flat_trace import flat_trace
from equisweep.engine.ode.switching.rounded import rounding_of
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow
from equisweep.kernels.status import Status
from helpers.flows import seen
from helpers.products import costs_seconds


def dated(t, _, p):
    """A slow begin, a sawtooth, two windows of each period, one of which its sine alone shows; a table."""
    since, period = t - p["date"], p["period"]
    part = jnp.mod(since, period)
    return jnp.stack(
        [
            1 - jnp.cos(t / period),
            part / period,
            jnp.where(jnp.abs(part - period / 2) < period / 8, 1.0, 0.0),
            jnp.where(jnp.sin(2 * jnp.pi * since / period) > 0, 1.0, 0.0),
            1.0 * jnp.searchsorted(jnp.array([1, 3]), t / period),  # of whole numbers
        ]
    )


DATED = Flow(
    start=lambda p: jnp.zeros(5) + 0 * p["date"],
    field=dated,
    observe=lambda z, p: dict(zip("abcde", z, strict=True)),
    observables=seen(*"abcde"),
    motion=None,
)


def since_the_date(p, t):
    """The integrals of the three in the middle up to a time."""
    whole, part = np.divmod((t - p["date"]) / p["period"], 1)
    sums = [
        whole / 2 + part**2 / 2,
        whole / 4 + np.clip(part - 3 / 8, 0, 1 / 4),
        whole / 2 + np.minimum(part, 1 / 2),
    ]
    return p["period"] * np.array(sums)


@costs_seconds
def test_orbits_begin_at_0_whose_rates_are_what_is_left_of_a_date():
    # Steps were measured by what was there so far, 1e-25 of rounding, and grew ever shorter.
    period = np.array([7, 7, 0.25, 1, 1 / 24, 1e5])
    date = np.array([7, -14, -2020, 738_000, 0.0625, 3e5])
    p = {"period": period, "date": date, "horizon": 3.3 * period}
    out = lanes(DATED, Method("tsit5"))({name: jnp.asarray(value) for name, value in p.items()})
    assert set(np.asarray(out["status"])) == {Status.not_steady}
    right = since_the_date(p, p["horizon"]) - since_the_date(p, 0)
    rounding = 1e-13 + 1e-13 * np.abs(date)  # of the clock, at each of its switches
    right = np.concatenate([right, 2.6 * period[None]])
    wrong = np.abs(np.stack([out[f"{name}_final"] for name in "bcde"]) - right)
    assert np.all(wrong < rounding + 1e-10 * period), wrong / (rounding + 1e-10 * period)
    np.testing.assert_allclose(out["a_final"], (3.3 - np.sin(3.3)) * period, rtol=1e-8)


FALLS = Flow(
    start=lambda p: jnp.zeros(2) + 0 * p["horizon"],
    field=lambda t, z, p: jnp.stack([1 - jnp.cos(t), 2 * jnp.sin(t / 2) ** 2]) * jnp.exp(-t) - z / 2,
    observe=lambda z, p: {"rounds": z[0], "does_not": z[1]},
    observables=seen("rounds", "does_not"),
    motion=None,
)


def test_rounding_of_the_begin_is_none_of_what_has_fallen_since():
    # It was kept for ever: 1.8e-51 came of what is 8e-131.
    horizon = np.array([0.5, 60.0, 300.0, 600.0])
    out = lanes(FALLS, Method("tsit5", rtol=1e-8))({"horizon": jnp.asarray(horizon)})
    assert set(np.asarray(out["status"])) == {Status.not_steady}
    np.testing.assert_allclose(out["rounds_final"], out["does_not_final"], rtol=1e-4)
    np.testing.assert_allclose(out["rounds_final"][1:], 1.6 * np.exp(-horizon[1:] / 2), rtol=1e-4)


def test_rounding_is_followed_through_a_trace():
    def field(t, z, p):
        table = jnp.stack([t + p["big"], z[0]])
        return jnp.stack([(table @ jnp.array([[1.0], [1e3]]))[0] - p["big"], jnp.exp(z[1]) - 1, z[0] + z[1]])

    p = {"big": jnp.asarray(1e6)}
    at = jnp.asarray(0.125), jnp.asarray([1e-9, 3e-12]), *p.values()
    trace = flat_trace(lambda t, z, big: field(t, z, {"big": big}), *at)
    (values,), (errors,) = rounding_of(trace, trace.outputs, at)
    right = np.array([0.125 + 1e-6, np.expm1(3e-12), 1.003e-9])
    assert np.all(np.abs(values - right) <= errors)
    assert np.all(errors < np.array([1e-9, 1e-15, 2e-24]))
    assert np.all(errors[:2] > np.array([1e-10, 1e-16]))
