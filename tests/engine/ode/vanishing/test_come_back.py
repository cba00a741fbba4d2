"""Orbits whose components fall far below all numbers and come back, beside the same orbits in logarithms."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from helpers.flows import orbits, same_logarithms
from helpers.products import costs_seconds, some
from scipy.integrate import solve_ivp

OPEN, BAD, OK = Status.not_steady, Status.not_finite, Status.ok


def epidemic(end, season):
    def field(t, u):
        beta = 60 * (1 + np.sin(2 * np.pi * t / season))
        exposed, infected = u[1:]
        return [
            0.02 * (1 - u[0]) - beta * u[0] * np.exp(infected),
            beta * u[0] * np.exp(infected - exposed) - 20.02,
            20 * np.exp(exposed - infected) - 30.02,
        ]

    start = [0.9, np.log(1e-3), np.log(1e-3)]
    return solve_ivp(field, (0, end), start, method="LSODA", rtol=1e-11, atol=1e-12).y[:, -1]


def seasonal(t, z, p):
    s, e, i = z
    infections = 60 * (1 + jnp.sin(2 * jnp.pi * t / p["season"])) * s * i
    return [0.02 * (1 - s) - infections, infections - 20.02 * e, 20 * e - 30.02 * i + p["arrivals"]]


def test_exposed_and_infected_vanish_together_and_come_back():
    """Neither stays at 0 alone: each is fed by the other. Where infected arrive nothing vanishes."""
    ends, season = np.array([110.0, 290, 190, 290, 450, 290]), np.array([100.0, 100, 200, 200, 100, 200])
    arrivals = np.array([0, 0, 0, 0, 0, 1e-12])
    out = orbits(
        "sei", [0.9, 1e-3, 1e-3], seasonal, Method("dopri8", rtol=1e-9), horizon=ends, season=season,
        arrivals=arrivals,
    )  # fmt: skip
    right = np.array([epidemic(*at) for at in zip(ends[:5], season[:5], strict=True)]).T
    assert out["status"].tolist() == [OPEN] * 6
    np.testing.assert_allclose(out["s_final"][:5], right[0], rtol=1e-4)
    same_logarithms(out["e_final"][:5], right[1], 1e-3)
    same_logarithms(out["i_final"][:5], right[2], 1e-3)
    assert out["i_final"][5] > 1e-14


RATES, PERIOD = np.array([1.0, 3.0, 9.0]), 1000.0


def strains(t, z, p):
    fast = jnp.cos(2 * jnp.pi * t / PERIOD)
    return [-rate * fast * value for rate, value in zip(RATES, z, strict=True)]


def falls(times):
    return -RATES[:, None] * PERIOD / (2 * np.pi) * np.sin(2 * np.pi * np.asarray(times) / PERIOD)


THROUGH_XLA = {"native": False, "solver": "tsit5", "max_steps": 40_000}


@pytest.mark.parametrize("how", some([{}, {"fixed_steps": 6000}, THROUGH_XLA], [{}]))
def test_paths_of_components_that_vanish_each_by_itself_are_right(how):
    """One that is negative, too: times before, in and after the trough, and an end at which all is back."""
    times = np.array([0.0, 80, 249.5, 250, 400, 430, 500])
    out = orbits(
        "abc", [1.0, -1.0, 1.0], strains, Method(**{"rtol": 1e-9, "settle": 0.0, **how}), times, horizon=500.0
    )
    assert out["status"] == OPEN
    for name, right in zip("abc", falls(times), strict=True):
        path = out[f"{name}_path"][0]
        assert (path * path[0] >= 0).all()
        same_logarithms(np.abs(path), right, 3e-2)


@pytest.mark.parametrize("how", some([{}, {"fixed_steps": 6000}], [{"fixed_steps": 6000}]))
def test_what_another_feeds_from_nothing_vanishes_with_it_and_comes_back(how):
    """One that begins at 0 has no scale until later. Of b' = a - c b, a' = -c a it is t times a."""

    def fed(t, z, p):
        rate = 9.0 * jnp.cos(2 * jnp.pi * t / PERIOD)
        return [-rate * z[0], z[0] - rate * z[1]]

    ends = np.array([50.0, 240.0, 330.0, 480.0, 500.0])
    out = orbits("ab", [1.0, 0.0], fed, Method(**{"rtol": 1e-9, "settle": 0.0, **how}), horizon=ends)
    right = -9.0 * PERIOD / (2 * np.pi) * np.sin(2 * np.pi * ends / PERIOD)
    assert out["status"].tolist() == [OPEN] * len(ends)
    same_logarithms(out["a_final"], right, 3e-2)
    same_logarithms(out["b_final"], right + np.log(ends), 3e-2)


def test_float32_comes_back_too():
    ends = np.array([20.0, 125.0, 250.0])
    out = orbits(
        "ab", [1.0, -1.0],
        lambda t, z, p: [-jnp.cos(jnp.pi * t / 250) * z[0], -3 * jnp.cos(jnp.pi * t / 250) * z[1]],
        Method("dopri8", rtol=1e-5, settle=0.0), dtype=np.float32, horizon=ends,
    )  # fmt: skip
    assert out["a_final"].dtype == np.float32
    assert out["status"].tolist() == [OPEN] * 3
    right = -np.array([[1.0], [3.0]]) * 250 / np.pi * np.sin(np.pi * ends / 250)
    np.testing.assert_allclose(np.log(out["a_final"][[0, 2]]), right[0][[0, 2]], atol=0.05)
    np.testing.assert_allclose(np.log(-out["b_final"][[0, 2]]), right[1][[0, 2]], atol=0.25)


def test_what_feeds_another_or_a_product_does_so_only_as_it_is():
    """A chain in which the fed one is by far the larger one; and one fed by a product of two that vanish."""
    out = orbits(
        "ab", [1.0, 0.0], lambda t, z, p: [-z[0], z[0] - 0.5 * z[1]],
        Method("dopri8", rtol=1e-10, settle=0.0), horizon=np.array([300.0, 700.0, 1200.0]),
    )  # fmt: skip
    np.testing.assert_allclose(out["b_final"], 2 * np.exp([-150.0, -350.0, -600.0]), rtol=1e-4)
    grows = np.array([0.0, 0.0, 4.0, 10.0])
    out = orbits(
        "xyz", [1.0, 1.0, 1.0],
        lambda t, z, p: [-z[0], -z[1], z[0] * z[1] + z[2] * (p["b"] * jnp.where(t > 500, 1.0, 0.0) - 3)],
        Method("dopri8", rtol=1e-9, settle=0.0), horizon=np.array([300.0, 700, 700, 1500]), b=grows,
    )  # fmt: skip
    np.testing.assert_allclose(out["z_final"][0], np.exp(-600.0), rtol=1e-3)
    # exp(-1,000 + 200) at last, which is 0; exp(-1,000 + 7,000) of what nobody knows.
    assert out["z_final"][1:3].tolist() == [0, 0]
    assert out["status"].tolist() == [OPEN, OPEN, OPEN, BAD]


@costs_seconds
def test_a_cost_of_what_comes_back_is_right_or_has_no_good_status():
    ends = np.array([250.0, 500.0, 501.0])
    out = orbits(
        "xc", [1.0, 0.0], lambda t, z, p: [-9 * jnp.cos(2 * jnp.pi * t / PERIOD) * z[0], z[0]],
        Method("dopri8", rtol=1e-9, settle=0.0), horizon=ends,
    )  # fmt: skip
    assert out["status"].tolist() == [OPEN] * 3
    np.testing.assert_allclose(out["c_final"], [1 / 9, 2 / 9, 2 / 9 + (np.exp(9) - 1) / 9], rtol=5e-2)
    out = orbits(
        "xc", [1.0, 0.0], lambda t, z, p: [-9 * jnp.cos(2 * jnp.pi * t / PERIOD) * z[0], z[0] ** 0.001],
        Method("dopri8", rtol=1e-9, settle=0.0), horizon=ends,
    )  # fmt: skip
    assert out["status"].tolist() == [BAD] * 3


@costs_seconds
def test_a_cycle_with_deep_troughs_closes_and_one_that_is_invaded_does_not():
    """The model of Rosenzweig and MacArthur: prey fall to exp(-950), or so far that nobody knows."""
    out = orbits(
        "xy", [1.0, 1.0],
        lambda t, z, p: [
            z[0] * (1 - z[0] / p["K"] - 10 * z[1] / (1 + z[0])), z[1] * (10 * z[0] / (1 + z[0]) - 0.05)
        ],
        Method("dopri8", rtol=1e-9, max_steps=200_000), swings=("x", "y"), horizon=5000.0,
        K=np.array([5.0, 20.0]),
    )  # fmt: skip
    assert out["status"].tolist() == [OK, BAD]
    assert out["attractor"][0] == Attractor.closed_orbit

    def in_logarithms(_t, u):
        x, y = np.exp(u)
        return [1 - x / 5 - 10 * y / (1 + x), 10 * x / (1 + x) - 0.05]

    def peak(t, u):
        return in_logarithms(t, u)[1]

    peak.direction = -1
    right = solve_ivp(
        in_logarithms, (0, 12000), [0.0, 0.0], method="LSODA", rtol=1e-11, atol=1e-11, events=peak
    )
    np.testing.assert_allclose(out["period"][0], np.diff(right.t_events[0])[-1], rtol=1e-5)
    np.testing.assert_allclose(out["y_amplitude"][0], np.exp(right.y_events[0][-1, 1]), rtol=1e-6)
    out = orbits(
        "xyz", [2.0, 1.0, 1e-30],
        lambda t, z, p: [z[0] * (1 - z[1]), z[1] * (z[0] - 1), p["g"] * z[2]],
        Method("dopri8"), swings=("x", "y"), horizon=1000.0, g=np.array([-3.0, -0.01, 0.01]),
    )  # fmt: skip
    assert out["status"].tolist() == [OK, OK, OPEN]


def test_products_of_two_that_vanish_are_right():
    """Of a population that collapses to exp(-1,272) and returns, the part that is infected: by s i / (s + i).

    Below 1e-154 each their product is no number.
    """
    ends = np.array([100.0, 181, 263, 754, 836, 1000])

    def births(t, xp):
        return -4 * xp.sin(2 * np.pi * t / PERIOD)

    def field(t, z, p):
        s, i = z
        infections, change = 0.002 * s * i / (s + i), births(t, jnp)
        return [change * s - infections, infections + change * i]

    def in_logarithms(t, u):
        part, change = 1 / (1 + np.exp(u[0] - u[1])), births(t, np)
        return [change - 0.002 * part, 0.002 * (1 - part) + change]

    start = [0.0, np.log(0.5)]
    right = solve_ivp(in_logarithms, (0, 1000), start, "DOP853", rtol=1e-10, atol=1e-10, t_eval=ends).y
    out = orbits("si", [1.0, 0.5], field, Method("tsit5", rtol=1e-8, max_steps=100_000), horizon=ends)
    assert out["status"].tolist() == [OPEN] * len(ends)
    for name, logarithms in zip("si", right, strict=True):
        same_logarithms(out[f"{name}_final"], logarithms, 1e-3)


def test_what_others_feed_when_what_fed_them_was_lost_has_no_good_status():
    """Of b' = a - 10 b, a is far below numbers when b becomes as small, and would hold it there.

    In units of 1e-241 numbers end above exp(-140), where a is lost and b is still fed by it.
    """
    out = orbits(
        "ab", [1.0, 1.0],
        lambda t, z, p: [jnp.where(t < 800, -z[0], 0.0), z[0] - jnp.where(t > 800, 10 * z[1], 0.0)],
        Method("tsit5", rtol=1e-7, settle=0.0), horizon=np.array([830.0, 870.0, 1000.0]),
    )  # fmt: skip
    assert out["status"].tolist() == [OPEN, OPEN, BAD]
    np.testing.assert_allclose(np.log(out["b_final"][:2]), np.log(2) - [300.0, 700.0], atol=1e-2)
    out = orbits(
        "ab", [1e-241, 1e-123], lambda t, z, p: [-z[0], 1e118 * z[0] - 2 * z[1]],
        Method("tsit5", rtol=1e-7, settle=0.0), horizon=np.array([100.0, 130.0, 200.0]),
    )  # fmt: skip
    assert out["status"].tolist() == [OPEN, OPEN, BAD]
    np.testing.assert_allclose(np.log(out["b_final"][:2] / 1e-123), [-100, -130], atol=1e-2)


def test_what_is_lost_is_no_zero_where_others_feed_it_again():
    """Of z' = x y - 20 z, z is about x y: lost in the trough below 1e-270, and far above that at the end."""

    def field(t, u, p):
        fall = 3.0 * jnp.cos(2 * jnp.pi * t / PERIOD)
        return [-fall * u[0], -fall * u[1], u[0] * u[1] - 20 * u[2]]

    ends = np.array([80.0, 420.0, 450.0])
    out = orbits("xyz", [1.0, 1.0, 1.0], field, Method("tsit5", rtol=1e-7, settle=0.0), horizon=ends)
    x = -3 * PERIOD / (2 * np.pi) * np.sin(2 * np.pi * ends / PERIOD)
    assert out["status"].tolist() == [OPEN] * 3
    same_logarithms(out["x_final"], x, 5e-2)
    slow = 20 - 6 * np.cos(2 * np.pi * ends / PERIOD)
    same_logarithms(out["z_final"], 2 * x - np.log(slow), 5e-2)
