"""Trajectories of the supervision game against SciPy's DOP853 in logits, and the facts about them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Attractor
from equisweep.kernels.games.supervision.game import first_integral, rest_points
from equisweep.kernels.games.supervision.model import FLOW
from equisweep.kernels.status import Status
from helpers.oracles.supervision import CASE, MECHANISMS, gains, random_case, solve
from helpers.products import costs_seconds, some
from scipy.integrate import solve_ivp
from scipy.special import expit

BOTH, NEITHER = ("dynamic", "dynamic"), ("static", "static")


def run(mechanism, cases, times=()):
    """Trajectories at the default tolerances, padded to one number of lanes: one compilation a mechanism."""
    padded = cases + [CASE | {"horizon": 0.0}] * (20 - len(cases))
    p = {k: jnp.array([c[k] for c in padded]) for k in CASE}
    outputs = lanes(FLOW, Method(max_steps=10**6), times, reward=mechanism[0], punishment=mechanism[1])(p)
    return {k: np.asarray(v)[: len(cases)] for k, v in outputs.items()}


@pytest.mark.parametrize("mechanism", some(MECHANISMS, {BOTH}), ids="-".join)
def test_final_states_agree_with_scipy(mechanism):
    rng = np.random.default_rng(11)
    cases = [random_case(rng) for _ in range(20)]
    out = run(mechanism, cases)
    for i, case in enumerate(cases):
        shares = expit(solve(case, mechanism, [case["horizon"]])[:, -1])
        np.testing.assert_allclose(
            [out["x_final"][i], out["y_final"][i]], shares, atol=1e-6, err_msg=str(case)
        )
    assert set(out["status"]) <= {Status.ok, Status.not_steady}
    assert (out["attractor"] == Attractor.rest_point).any()


@pytest.mark.parametrize(
    ("mechanism", "changed", "end"),
    [
        (("static", "dynamic"), {}, (0.150802, 0.436880)),
        (BOTH, {}, (0.192169, 0.474530)),
        (BOTH, {"c1": 5.0}, (0.151186, 0.298202)),
        (BOTH, {"c1": 19.0}, (0.0, 0.0)),
        (BOTH, {"c2": 10.0}, (0.960844, 0.474530)),
        (BOTH, {"c2": 10.8}, (1.0, 0.4)),
        (BOTH, {"c2": 16.0}, (1.0, 0.0)),
        (BOTH, {"r": 6.0}, (0.136675, 0.420847)),
        (BOTH, {"f": 20.0}, (0.123758, 0.606652)),
    ],
    ids=str,
)
def test_orbits_come_to_rest_where_the_facts_say(mechanism, changed, end):
    out = run(mechanism, [CASE | changed | {"horizon": 2000.0}])
    np.testing.assert_allclose((out["x_final"][0], out["y_final"][0]), end, atol=6e-7)
    assert out["attractor"][0] == Attractor.rest_point
    assert out["status"][0] == Status.ok
    assert 0 < out["settle_time"][0] < 2000


@costs_seconds
def test_dynamic_reward_with_static_punishment_keeps_its_orbit_below_1e_40():
    mechanism, times = ("dynamic", "static"), np.linspace(0, 200, 201)
    # Costlier supervision, which averts more, drives orbits further out than the default case does.
    far = CASE | {"c1": 5.0, "p1": 0.05}
    exact = solve(far, mechanism, times, rtol=1e-12, atol=1e-12)
    out = run(mechanism, [far], times=times)
    paths = np.stack([out["x_logit_path"][0], out["y_logit_path"][0]])
    assert expit(exact[0]).min() < 1e-44
    assert (expit(exact[0]) < 1e-40).sum() >= 5
    np.testing.assert_allclose(paths, exact, atol=1e-6)
    assert out["attractor"][0] == Attractor.boundary_cycle
    assert out["status"][0] == Status.ok


def test_equal_caps_close_the_orbit_and_larger_reward_caps_open_it_outwards():
    out = run(BOTH, [CASE | {"r": r, "horizon": 800.0} for r in (8.0, 10.0, 12.0)])
    assert list(out["attractor"][:2]) == [Attractor.rest_point, Attractor.closed_orbit]
    assert out["attractor"][2] != Attractor.rest_point
    early, late = run(BOTH, [CASE | {"r": 12.0, "horizon": h} for h in (20.0, 60.0)])["x_amplitude"]
    assert late > early


def test_static_orbits_are_closed_with_the_period_and_amplitude_scipy_finds():
    cases = [CASE, CASE | {"x0": 0.8}, CASE | {"y0": 0.75}]
    out = run(NEITHER, cases)
    assert (out["attractor"] == Attractor.closed_orbit).all()
    for i, case in enumerate(cases):
        solution = solve_ivp(
            lambda t, z, c=case: gains(c, NEITHER, *expit(z)), (0, 40),
            [np.log(case[k] / (1 - case[k])) for k in ("x0", "y0")], "DOP853", rtol=1e-12, atol=1e-12,
            events=[lambda t, z, c=case, k=k: gains(c, NEITHER, *expit(z))[k] for k in (0, 1)],
        )  # fmt: skip
        times = solution.t_events[0]  # maxima and minima of x, in turn
        np.testing.assert_allclose(out["period"][i], times[4] - times[2], rtol=1e-7)
        for k, name in enumerate(("x", "y")):
            extremes = expit(solution.y_events[k][:, k])
            np.testing.assert_allclose(out[f"{name}_amplitude"][i], np.ptp(extremes), rtol=1e-7)


def test_small_orbits_have_the_period_of_the_linearisation():
    # The square of the frequency is -x(1-x) A' y(1-y) B', with A' and B' the slopes of A in y and of B in x.
    x, y = 1 / 11, 131 / 206
    slopes = (-2 - 10 - 0.02 * 8 - 0.1 * 2) * (2 + 10 - 0.02 * 50)
    out = run(NEITHER, [CASE | {"x0": 0.0910, "y0": 0.6360}])
    np.testing.assert_allclose(
        out["period"], 2 * np.pi / np.sqrt(-x * (1 - x) * y * (1 - y) * slopes), rtol=1e-5
    )


def test_what_equal_dynamic_caps_conserve_drifts_less_than_1e_6():
    out = run(BOTH, [CASE | {"r": 10.0}, CASE | {"r": 10.0, "x0": 0.7, "y0": 0.6}, CASE | {"r": 9.0}])
    begin = [np.log(2 / 3), np.log(1 / 3)]
    assert (out["attractor"][:2] == Attractor.closed_orbit).all()
    assert out["invariant_final"][0] == pytest.approx(
        float(first_integral(CASE | {"r": 10.0}, jnp.array(begin), *BOTH)), abs=1e-6
    )
    assert np.isnan(out["invariant_final"][2])


def test_first_integral_drifts_less_than_1e_6_over_1000_periods_at_the_default_tolerance():
    starts = [CASE, CASE | {"x0": 0.8}, CASE | {"y0": 0.75}]
    periods = run(NEITHER, starts)["period"]
    long = [case | {"horizon": 1000 * period} for case, period in zip(starts, periods, strict=True)]
    out = run(NEITHER, long)
    begin = [
        first_integral(c, jnp.log(jnp.array([c["x0"] / (1 - c["x0"]), c["y0"] / (1 - c["y0"])])))
        for c in long
    ]
    drift = np.abs(out["invariant_final"] - np.array(begin))
    assert (drift < 1e-6).all(), drift
    assert (drift / np.abs(begin) < 1e-6).all()
    assert (out["attractor"] == Attractor.closed_orbit).all()


def test_starts_on_a_face_stay_on_it_and_follow_its_logistic_curve():
    cases = [CASE | {"x0": x, "horizon": 3.0} for x in (0.0, 1.0)] + [CASE | {"x0": 1.0, "y0": 0.0}]
    out = run(NEITHER, cases)
    assert (out["status"] == Status.boundary_start).all()
    np.testing.assert_array_equal(out["x_final"], [0, 1, 1])
    for i, x in enumerate((0.0, 1.0)):
        rate = gains(CASE, NEITHER, x, 0.5)[1]
        np.testing.assert_allclose(out["y_final"][i], expit(np.log(1 / 3) + 3 * rate), rtol=1e-9)
    assert out["y_final"][2] == 0
    assert out["attractor"][2] == Attractor.rest_point
    assert out["steps"][2] == 0


def test_contradictory_lanes_are_not_integrated():
    out = run(BOTH, [CASE, CASE | {"p1": 0.2}, CASE | {"x0": 1.5}])
    assert list(out["status"]) == [Status.ok, Status.out_of_domain, Status.out_of_domain]
    assert list(out["steps"][1:]) == [0, 0]
    assert np.isnan(out["x_final"][1:]).all()


@costs_seconds
def test_settled_states_move_with_the_parameters_as_the_rest_point_does():
    p = {k: jnp.asarray(v) for k, v in CASE.items()}

    def both(r):
        q = p | {"r": r}
        end = trajectory(still, q, Method("tsit5"), reward="dynamic", punishment="dynamic")["x_final"]
        return end, rest_points(q, *BOTH)[4, 0]

    still = dataclasses.replace(FLOW, swings=())  # whose derivatives nobody asks for
    orbit, rest = jax.jit(jax.jacfwd(both))(2.0)
    np.testing.assert_allclose(orbit, rest, rtol=1e-5)
