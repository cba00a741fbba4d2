"""What swings, whatever an observable depends on; what is noise; what is known when steps run out."""

import dataclasses
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.followed import SourceComponent, sources_of
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels import replicator as rep
from equisweep.kernels.flow import Attractor, Flow, Observable
from equisweep.kernels.status import Status
from helpers.products import costs_seconds, covering
from scipy.integrate import solve_ivp

QUICK = Method("tsit5")


def seen(*names):
    return tuple(Observable(name, name, "1", name) for name in names)


def run(flow, method=QUICK, **p):
    out = lanes(flow, method)({k: jnp.asarray(v, float) for k, v in p.items()})
    return {k: np.asarray(v) for k, v in out.items()}


# Predators and prey; observables of one component, falling with one, of both.
HUNT = Flow(
    start=lambda p: jnp.stack([p["prey0"], p["pred0"]]),
    field=lambda t, s, p: jnp.stack([s[0] * (1 - s[1]), s[1] * (s[0] - 1)]),
    observe=lambda s, p: {"prey": s[0], "pred": s[1], "debt": 3 - 2 * s[1], "gap": s[0] * s[1] ** 2},
    observables=seen("prey", "pred", "debt", "gap"),
    swings=("pred",),
)


SWINGS = [("pred",), ("debt", "gap", "prey")]


@costs_seconds
@pytest.mark.parametrize("swings", SWINGS, ids=str)
def test_any_observable_may_swing_whatever_stands_before_it(swings):
    out = run(dataclasses.replace(HUNT, swings=swings), prey0=[1.5], pred0=[1.0], horizon=[60.0])
    path = solve_ivp(
        lambda t, s: [s[0] * (1 - s[1]), s[1] * (s[0] - 1)], (0, 60), [1.5, 1.0], "DOP853",
        rtol=1e-12, atol=1e-12, dense_output=True,
        events=[lambda t, s: s[0] - 1],
    )  # fmt: skip
    turns = path.t_events[0]  # maxima and minima of the predators, in turn
    np.testing.assert_allclose(out["period"], turns[4] - turns[2], rtol=1e-7)
    prey, pred = path.sol(np.linspace(40, 60, 400_001))
    values = {"prey": prey, "pred": pred, "debt": 3 - 2 * pred, "gap": prey * pred**2}
    for name in swings:
        np.testing.assert_allclose(out[f"{name}_amplitude"], np.ptp(values[name]), rtol=1e-6)
    assert out["attractor"][0] == Attractor.closed_orbit


def test_what_an_observable_rises_or_falls_with_is_seen_in_its_trace():
    def observe(z):
        a, b, c = z
        return {
            "plain": b, "share": jax.nn.sigmoid(c), "down": 1 - jnp.exp(-2.0 * a) / -3.0,
            "up": jnp.log(b) / 2 - 1, "sum": a + b, "square": a * a, "size": jnp.abs(b),
            "scaled": a * jnp.asarray(z.size, float),
            "constant": jnp.ones(()),
        }  # fmt: skip

    names = tuple(jax.eval_shape(observe, jnp.ones(3)))
    assert dict(zip(names, sources_of(observe, names, jnp.ones(3)), strict=True)) == {
        "plain": SourceComponent(1, 1), "share": SourceComponent(2, 1), "down": SourceComponent(0, -1),
        "up": SourceComponent(1, 1), "scaled": SourceComponent(0, 1),
        "sum": None, "square": None, "size": None, "constant": None,
    }  # fmt: skip


# x'' = -x - damping x', of any size.
SPRING = Flow(
    start=lambda p: jnp.stack([p["x0"], 0 * p["x0"]]),
    field=lambda t, s, p: jnp.stack([s[1], -s[0] - p["damping"] * s[1]]),
    observe=lambda s, p: {"x": s[0], "v": s[1], "fixed": s[0] * 0},
    observables=seen("x", "v", "fixed"),
    swings=("x", "v"),
)


@pytest.mark.parametrize(
    ("solver", "tolerance"),
    covering(
        [*product(("tsit5", "taylor"), (1e-10, 1e-6))],
        lambda *case: case == ("tsit5", 1e-6),
        columns=0,
    ),
    ids=str,
)
def test_noise_at_rest_is_no_swing(solver, tolerance):
    method = Method(solver, rtol=tolerance, atol=tolerance, settle=0.0)
    out = run(SPRING, method, x0=[1, 1, 0, 1], damping=[0.5, 0.2, 1, 0], horizon=[400, 400, 10, 100])
    assert list(out["attractor"]) == [Attractor.undecided] * 3 + [Attractor.closed_orbit]
    assert list(out["status"]) == [Status.not_steady] * 3 + [Status.ok]
    for name in ("x_amplitude", "v_amplitude", "period", "return_time"):
        assert np.isnan(out[name][:3]).all(), name
    np.testing.assert_allclose(out["period"][3], 2 * np.pi, rtol=1e3 * tolerance)


def test_a_damped_swing_is_undecided_shows_no_period_and_says_when_it_returned():
    out = run(SPRING, x0=[1.0], damping=[0.02], horizon=[30.0])
    assert out["attractor"][0] == Attractor.undecided
    assert np.isnan(out["period"][0])
    np.testing.assert_allclose(out["return_time"], 2 * np.pi / np.sqrt(1 - 0.01**2), rtol=1e-8)


@costs_seconds
def test_a_closed_orbit_stays_known_when_the_steps_run_out():
    # dz/dt = -(z² + a²) in the complex plane: every orbit but those at rest has the period pi / a.
    centre = Flow(
        start=lambda p: jnp.stack([0 * p["a"], p["ratio"] * p["a"]]),
        field=lambda t, s, p: jnp.stack([s[1] ** 2 - s[0] ** 2 - p["a"] ** 2, -2 * s[0] * s[1]]),
        observe=lambda s, p: {"x": s[0], "y": s[1]},
        observables=seen("x", "y"),
        swings=("x", "y"),
    )
    out = run(
        centre,
        Method("tsit5", max_steps=2000),
        a=[14.0, 5.0, 14.0],
        ratio=[1.1, 1.5, 1.1],
        horizon=[900, 900, 2],
    )
    assert list(out["status"]) == [Status.max_steps, Status.max_steps, Status.ok]
    assert (out["attractor"] == Attractor.closed_orbit).all()
    np.testing.assert_allclose(out["period"], np.pi / np.array([14.0, 5.0, 14.0]), rtol=1e-8)


def test_steps_too_small_for_the_clock_are_told_from_numbers_that_are_not_finite():
    flow = Flow(
        start=lambda p: p["z0"][None],
        field=lambda t, z, p: jnp.where(
            p["case"] < 1, z**2, jnp.where(p["case"] < 2, -1 - 0 * jnp.sqrt(z), p["C"] / z)
        ),
        observe=lambda z, p: {"z": z[0]},
        observables=seen("z"),
    )
    z0, case, C = [1.0, 1.0, 1.0, 1e-6], [0, 1, 2, 2], [0, 0, 1e25, 1e50]
    out = run(flow, z0=z0, case=case, C=C, horizon=[2.0] * 4)
    assert [Status(s).name for s in out["status"]] == [
        "step_too_small", "not_finite", "not_steady", "not_steady",
    ]  # fmt: skip
    np.testing.assert_allclose(out["z_final"][2:], np.sqrt(4 * np.array([1e25, 1e50])), rtol=1e-9)
    by_taylor = run(flow, Method("taylor"), z0=[1.0], case=[0], C=[0], horizon=[2.0])
    assert by_taylor["status"][0] == Status.step_too_small


# Rock, paper, scissors, where winning pays less than losing costs: orbits near the edges, ever more slowly.
def _gains(p):
    return lambda x: jnp.stack([p["win"] * x[2] - x[1], p["win"] * x[0] - x[2], p["win"] * x[1] - x[0]])


ROCK = Flow(
    start=lambda p: rep.to_log_ratios(jnp.stack([p["rock"], (1 - p["rock"]) / 2, (1 - p["rock"]) / 2])),
    field=lambda t, z, p: rep.log_ratio_field(_gains(p), z),
    observe=lambda z, p: {"rock": rep.from_log_ratios(z)[0], "ratio": z[0]},
    observables=seen("rock", "ratio"),
    swings=("rock",),
    faces=True,
    motion=lambda t, z, rates, p: rep.log_ratio_motion(z, rates),
)


@costs_seconds
def test_shares_that_swing_between_faces_are_no_closed_orbit():
    win = [0.7, 1.0, 0.7]
    out = run(ROCK, win=win, rock=[0.5] * 3, horizon=[400.0, 100.0, 20.0])
    assert list(out["attractor"]) == [
        Attractor.boundary_cycle, Attractor.closed_orbit, Attractor.undecided,
    ]  # fmt: skip


@costs_seconds
def test_what_turns_where_time_switches_the_field_has_its_whole_height():
    """Loaded and unloaded by turns, it lies between the ends of both: its swing is tanh(k / 2).

    Nothing is closed that a yearly pulse is still to come to, unless its height is 0.
    """
    loaded = Flow(
        start=lambda p: 0.5 + 0 * p["k"][None],
        field=lambda t, z, p: (
            p["k"] * (jnp.where(t % 2 < 1, 1.0, 0.0) - z) + jnp.where(t % 365 < 0.1, p["pulse"], 0.0)
        ),
        observe=lambda z, p: {"z": z[0]},
        observables=seen("z"),
        swings=("z",),
        motion=None,
    )
    k = [1.0, 2.0, 1.0]
    p = {"k": jnp.array(k), "pulse": jnp.array([0.0, 0.0, 1.0]), "horizon": jnp.full(3, 30.0)}
    out = lanes(loaded, Method("tsit5"))(p)
    assert out["attractor"][2] == Attractor.undecided
    k, out = k[:2], {name: values[:2] for name, values in out.items()}
    np.testing.assert_allclose(out["z_amplitude"], np.tanh(np.array(k) / 2), rtol=1e-9)
    np.testing.assert_allclose(out["period"], 2.0, rtol=1e-9)
    assert (out["attractor"] == Attractor.closed_orbit).all()
