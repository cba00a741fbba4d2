"""Orbits that go on past their horizon until they are decided, beside the closed forms of a spiral."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import DECAY, STIFF, seen
from helpers.products import covering


def _spiral(_t, z, p):
    # In polar coordinates r' = m r - b r^3, and the angle grows by w.
    grows = p["m"] - p["b"] * jnp.sum(z**2)
    return jnp.stack([grows * z[0] - p["w"] * z[1], p["w"] * z[0] + grows * z[1]])


SPIRAL = Flow(
    start=lambda p: jnp.stack([p["r0"], jnp.zeros_like(p["r0"])]),
    field=_spiral,
    observe=lambda z, p: {"x": z[0], "r": jnp.sqrt(jnp.sum(z**2))},
    observables=seen("x", "r"),
    swings=("x",),
)
DECIDED = Method("tsit5", horizon="decided", longest=500.0)
TIMES = (5.0, 10.0, 15.0)
# What each is: m, b, w, start, horizon, and what is to be said of it.
ORBITS = {
    "at rest by the horizon": (-3.0, 0.0, 1.0, 1.0, 10.0, Attractor.rest_point, Status.ok),
    "a slow node": (-0.05, 0.0, 0.0, 1e-9, 10.0, Attractor.rest_point, Status.ok),
    "a centre": (0.0, 0.0, 0.5, 1e6, 10.0, Attractor.closed_orbit, Status.ok),
    "closed by the horizon": (0.0, 0.0, 0.5, 1.0, 40.0, Attractor.closed_orbit, Status.ok),
    "to a limit cycle": (0.05, 0.05, 1.0, 0.1, 10.0, Attractor.closed_orbit, Status.ok),
    "escapes at 50": (0.0, -0.01, 1.0, 1.0, 10.0, Attractor.undecided, Status.step_too_small),
    "too slow": (-1e-2, 0.0, 1.0, 1.0, 10.0, Attractor.undecided, Status.not_steady),
    "out for ever": (0.1, 0.0, 1.0, 1.0, 10.0, Attractor.undecided, Status.not_steady),
    "out of steps": (0.01, 0.0, 60.0, 1.0, 10.0, Attractor.undecided, Status.max_steps),
    "a horizon beyond": (-1e-2, 0.0, 1.0, 1.0, 600.0, Attractor.undecided, Status.not_steady),
    "no horizon": (1.0, 0.0, 1.0, 1.0, 0.0, Attractor.undecided, Status.not_steady),
}


@pytest.fixture(scope="module")
def out():
    m, b, w, r0, horizon, *_ = np.asarray(list(ORBITS.values()), float).T
    p = {"m": m, "b": b, "w": w, "r0": r0, "horizon": horizon}
    result = lanes(SPIRAL, DECIDED, TIMES)({name: jnp.asarray(value) for name, value in p.items()})
    values = {name: np.asarray(value) for name, value in result.items()}
    return {which: {name: value[i] for name, value in values.items()} for i, which in enumerate(ORBITS)}


@pytest.mark.parametrize("which", ORBITS)
def test_an_orbit_ends_where_it_is_decided_or_says_why_not(out, which):
    assert (out[which]["attractor"], out[which]["status"]) == ORBITS[which][-2:]


def test_what_is_decided_late_is_as_right_as_what_is_decided_at_once(out):
    np.testing.assert_allclose(out["a slow node"]["settle_time"], np.log(1e7) / 0.05, rtol=1e-3)
    assert np.isnan(out["at rest by the horizon"]["period"])
    np.testing.assert_allclose(out["a centre"]["period"], 4 * np.pi, rtol=1e-8)
    np.testing.assert_allclose(out["a centre"]["x_amplitude"], 2e6, rtol=1e-7)
    np.testing.assert_allclose(out["to a limit cycle"]["period"], 2 * np.pi, rtol=1e-6)
    np.testing.assert_allclose(out["to a limit cycle"]["r_final"], 1.0, atol=1e-5)


def test_what_stays_open_has_its_state_at_the_longest_time(out):
    np.testing.assert_allclose(out["too slow"]["r_final"], np.exp(-5.0), rtol=1e-6)
    np.testing.assert_allclose(out["out for ever"]["r_final"], np.exp(50.0), rtol=1e-6)
    assert np.isnan(out["out for ever"]["period"])
    assert np.isnan(out["escapes at 50"]["r_final"])


def test_paths_end_at_the_horizon_all_the_same(out):
    times = np.array(TIMES)
    for which, orbit in out.items():
        m, b, _, r0, horizon, *_ = ORBITS[which]
        gone = times if m == 0 else np.expm1(2 * m * times) / (2 * m)
        right = r0 * np.exp(m * times) / np.sqrt(1 + 2 * b * r0**2 * gone)
        right = np.where(times <= horizon, right, np.nan)
        np.testing.assert_allclose(orbit["r_path"], right, rtol=1e-6, atol=1e-7, err_msg=which)


def test_nothing_is_extended_that_is_decided_or_needs_no_longer(out):
    np.testing.assert_allclose(out["closed by the horizon"]["x_final"], np.cos(20.0), rtol=1e-7)
    np.testing.assert_allclose(out["a horizon beyond"]["r_final"], np.exp(-6.0), rtol=1e-6)
    assert out["no horizon"]["r_final"] == 1.0


def test_without_a_path_it_is_the_same():
    p = {"k": np.array([3.0, 0.05, 1e-2]), "z0": np.ones(3), "horizon": np.full(3, 10.0)}
    out = lanes(DECAY, DECIDED)({name: jnp.asarray(value) for name, value in p.items()})
    np.testing.assert_allclose(out["settle_time"], [*(np.log(1e7) / p["k"][:2]), np.nan], rtol=1e-3)
    np.testing.assert_allclose(out["z_final"][2], np.exp(-5.0), rtol=1e-7)
    assert list(out["status"]) == [Status.ok, Status.ok, Status.not_steady]


# m, b, start and horizon of orbits that turn at 1, and whether they close; loose steps drift by 1e-5 a turn.
SLOW = [
    *((sign * 10.0**-k, 0.0, 1.0, 60.0, False) for k in range(4, 10) for sign in (-1, 1)),
    *((0.0, 0.0, size, 60.0, True) for size in (1e-9, 1.0, 1e9)),
    (1e-1, 1e-1, 0.1, 100.0, True),
    *((m, m, 1.0 + 1e-4, 60.0, True) for m in (1e-2, 1e-3, 1e-4)),
    (1e-4, 1e-4, 1.2, 60.0, False),
]


@pytest.mark.parametrize(
    ("solver", "tolerance"),
    covering([("tsit5", 1e-6), ("heun", 1e-4)], lambda solver, _: solver == "heun", columns=0),
    ids=str,
)
def test_the_errors_of_loose_steps_make_no_closed_orbit_of_a_slow_spiral_nor_hide_one(solver, tolerance):
    m, b, r0, horizon, closes = np.asarray(SLOW).T
    method = Method(solver, rtol=tolerance, settle=0.0, max_steps=50_000)
    p = {"m": m, "b": b, "w": np.ones_like(m), "r0": r0, "horizon": horizon}
    out = lanes(SPIRAL, method)({name: jnp.asarray(value) for name, value in p.items()})
    closed = np.asarray(out["attractor"]) == Attractor.closed_orbit
    np.testing.assert_array_equal(closed, closes == 1)
    np.testing.assert_allclose(out["period"][m == 0], 2 * np.pi, rtol=1e-11)
    np.testing.assert_allclose(out["period"][closed], 2 * np.pi, rtol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"horizon": "never"}, "must be given or decided"),
        ({"horizon": 200}, "the time itself is a parameter"),
        ({"longest": 10.0}, 'goes with horizon = "decided" alone'),
        ({"horizon": "decided", "longest": 0.0}, "must be a time above 0"),
        ({"horizon": "decided", "longest": float("inf")}, "must be a time above 0"),
        ({"horizon": "decided", "longest": "1e6"}, "must be a time above 0"),
    ],
    ids=str,
)
def test_horizons_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Method(**wrong)


def test_flows_of_which_nothing_decides_an_orbit_are_refused():
    p = {name: jnp.ones(1) for name in ("k", "z0", "horizon")}
    with pytest.raises(SweepError, match="depends on t"):
        lanes(STIFF, DECIDED)(p)
    with pytest.raises(SweepError, match="settle is 0"):
        lanes(Flow(**{**vars(SPIRAL), "swings": ()}), Method(settle=0.0, horizon="decided"))(p)
