"""Rosenbrock steps: conditions of order, order under stiff forcing, stiff problems with known ends."""

from dataclasses import replace
from functools import cache
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.rosenbrock import COUPLINGS, GAMMA, SLOPES_IN_TIME, STATES, TIMES
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Flow, Observable
from equisweep.kernels.status import Status
from helpers.codegen.lanes import is_machine_code
from helpers.flows import STIFF
from helpers.products import costs_seconds, covering, some
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

# --- the coefficients, as those of Hairer and Wanner (IV.7.4) -----------------------------------------------


def untransformed():
    """alpha, gamma, b of the method and of its estimate, each over all stages."""
    stages = len(COUPLINGS)
    couplings, states = np.zeros((stages, stages)), np.zeros((stages + 1, stages))
    for i, row in enumerate(COUPLINGS):
        couplings[i, : len(row)] = row
    for i, row in enumerate(STATES):
        states[i, : len(row)] = row
    for i in range(len(STATES), stages + 1):  # each goes on from where the one before it came to
        states[i] = states[i - 1]
        states[i, i - 1] += 1
    gamma = np.linalg.inv(np.eye(stages) / GAMMA - couplings)
    alpha = states @ gamma
    return alpha[:-1], gamma, alpha[-1], alpha[-2]


# Conditions of order up to 4, Hairer and Wanner, table IV.7.1; beta = alpha + gamma.
CONDITIONS = {
    "1": (lambda b, al, be: b.sum(), 1),
    "2": (lambda b, al, be: b @ be, 1 / 2),
    "3a": (lambda b, al, be: b @ al**2, 1 / 3),
    "3b": (lambda b, al, be: b @ (BETA @ be), 1 / 6),
    "4a": (lambda b, al, be: b @ al**3, 1 / 4),
    "4b": (lambda b, al, be: b @ (al * (ALPHA @ be)), 1 / 8),
    "4c": (lambda b, al, be: b @ (BETA @ al**2), 1 / 12),
    "4d": (lambda b, al, be: b @ (BETA @ (BETA @ be)), 1 / 24),
    "5": (lambda b, al, be: b @ al**4, 1 / 5),
    "5, of a line": (lambda b, al, be: b @ (BETA @ (BETA @ (BETA @ be))), 1 / 120),
}
ALPHA, GAMMAS, B, B_OF_ESTIMATE = untransformed()
BETA = ALPHA + GAMMAS


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_coefficients_meet_the_conditions_of_order(name):
    condition, right = CONDITIONS[name]
    al, be = ALPHA.sum(axis=1), BETA.sum(axis=1)
    assert condition(B, al, be) == pytest.approx(right, abs=1e-12)
    of_estimate = condition(B_OF_ESTIMATE, al, be)
    if name.startswith("5"):
        assert abs(of_estimate - right) > 1e-4  # else the estimate is none
    else:
        assert of_estimate == pytest.approx(right, abs=1e-12)


def test_the_times_of_the_stages_are_those_of_their_states():
    np.testing.assert_allclose(TIMES, ALPHA.sum(axis=1), rtol=0, atol=1e-12)
    slopes = GAMMAS.sum(axis=1)
    np.testing.assert_allclose(SLOPES_IN_TIME, slopes[: len(SLOPES_IN_TIME)], rtol=0, atol=1e-12)
    np.testing.assert_allclose(slopes[len(SLOPES_IN_TIME) :], 0, atol=1e-12)


def test_it_is_stiffly_accurate():
    np.testing.assert_allclose(B, BETA[-1], rtol=0, atol=1e-12)


# --- orbits ----------------------------------------------------------------------------------------------


def run(flow, method, **p):
    values = {name: jnp.asarray(np.atleast_1d(value), float) for name, value in p.items()}
    return {name: np.asarray(value) for name, value in lanes(flow, method)(values).items()}


def test_the_order_holds_where_the_solution_follows_a_stiff_forcing():
    """The equation of Prothero and Robinson, cos t, at every stiffness: order 3 and more."""
    k = [1.0, 1e3, 1e6]
    errors = []
    for steps in (16, 32):
        method = Method("rodas5p", fixed_steps=steps)
        out = run(STIFF, method, k=k, z0=np.ones(3), horizon=np.full(3, 2.0))
        errors.append(np.abs(out["z_final"] - np.cos(2.0)))
    # The third is within rounding of the stiffness.
    assert (errors[0] / errors[1] > 7.5)[:2].all(), errors
    assert (errors[0] < 1e-8).all(), errors


def problem(field, start):
    names = [f"y{i}" for i in range(len(start))]
    return Flow(
        start=lambda p: jnp.asarray(start) * jnp.ones_like(p["s"]),
        field=lambda t, y, p: jnp.stack(field(y, p["s"])),
        observe=lambda y, p: dict(zip(names, y, strict=True)),
        observables=tuple(Observable(name, name, "1", name) for name in names),
    )


def hires(y, s):
    return [
        -1.71 * s * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007, 1.71 * s * y[0] - 8.75 * y[1],
        -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4], 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
        -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
        -280 * y[5] * y[7] + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
        280 * y[5] * y[7] - 1.81 * y[6], -280 * y[5] * y[7] + 1.81 * y[6],
    ]  # fmt: skip


def orego(y, s):
    return [
        77.27 * s * (y[1] - y[0] * y[1] + y[0] - 8.375e-6 * y[0] * y[0]),
        (-y[1] - y[0] * y[1] + y[2]) / 77.27,
        0.161 * (y[0] - y[2]),
    ]


def vdpol(y, s):
    return [y[1], ((1 - y[0] ** 2) * y[1] - y[0]) / 1e-6 * s]


def robertson(y, s):
    return [
        -0.04 * s * y[0] + 1e4 * y[1] * y[2],
        0.04 * s * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] * y[1],
        3e7 * y[1] * y[1],
    ]


def uptake(y, s):
    """A pool that fills to just below its size."""
    capacity = 80 - y[0]
    return [350 * y[1] * capacity / (capacity + 0.06 * s) - 65 * y[0], 40 * (400 - y[1])]


# Field, start, horizon, atol, end by the reference of the test set, twice the steps of SciPy's Radau at 1e-8.
STIFF_SET = {
    "hires": (
        hires, [1, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122, 1e-12,
        [0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
         0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2],
        2 * 634,
    ),
    "orego": (
        orego, [1, 2, 3], 360.0, 1e-8, [1.000814870318523, 1228.178521549917, 132.0554942846706], 2 * 2986
    ),
    "vdpol": (vdpol, [2, 0], 2.0, 1e-8, [1.706167732170483, -0.8928097010247975], 2 * 2745),
    "robertson": (
        robertson, [1, 0, 0], 1e11, 1e-14,
        [0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050], 2 * 1444,
    ),
    "uptake": (uptake, [0, 0], 0.3, 1e-8, None, 200),
}  # fmt: skip
CLASSICAL = ("hires", "orego", "vdpol", "robertson")


@cache
def of_the_set(name):
    """Its flow, which is traced once for each method."""
    field, start, *_ = STIFF_SET[name]
    return problem(field, np.asarray(start, float))


# Of eight components steps take longest to trace.
in_suite = lambda *case: case in {("uptake", "rodas5p"), ("robertson", "kvaerno5")}  # noqa: E731


@pytest.mark.parametrize(
    ("name", "solver"),
    covering(
        [*((name, "rodas5p") for name in STIFF_SET), *((n, "kvaerno5") for n in CLASSICAL)], in_suite, 0
    ),
)
def test_stiff_problems_end_where_they_should_in_few_steps(name, solver):
    field, start, horizon, atol, exact, most = STIFF_SET[name]
    if exact is None:
        exact = solve_ivp(lambda t, y: field(y, 1.0), (0, horizon), start, "Radau", rtol=1e-11, atol=1e-11)
        exact = exact.y[:, -1]
    method = Method(solver, rtol=1e-8, atol=atol, settle=0)
    # Of uptake also an early end, as the supply rises, and a late one, at rest.
    horizons = [horizon, 0.05, 2.0] if name == "uptake" else [horizon]
    out = run(of_the_set(name), method, s=np.ones(len(horizons)), horizon=horizons)
    if name == "uptake":  # the supply is known at any time, the pool where it is full
        full = brentq(lambda x: field([x, 400.0], 1.0)[0], 79, 80, xtol=1e-13)
        np.testing.assert_allclose(out["y1_final"], 400 * (1 - np.exp(-40 * np.array(horizons))), rtol=2e-7)
        np.testing.assert_allclose(out["y0_final"][1:], [79.99731, full], rtol=1e-7)
        assert (out["steps"] <= most).all()
    result = [out[f"y{i}_final"][0] for i in range(len(start))]
    # Errors of all steps add up to some tens of the tolerance.
    np.testing.assert_allclose(result, exact, rtol=2e-7 if solver == "rodas5p" else 5e-7)
    assert out["steps"][0] <= most


# `atol` of what is about 1e-3 and less at the end.
SMALL = {"uptake": 1.0, "hires": 1e-4}


@pytest.mark.parametrize(
    ("solver", "name"),
    covering([*product(["rodas5p", "kvaerno5"], SMALL)], lambda *of: of == ("rodas5p", "uptake"), 0),
)
def test_a_tighter_tolerance_costs_a_few_times_the_steps(solver, name):
    flow, end, small = of_the_set(name), STIFF_SET[name][2], SMALL[name]
    steps = [
        run(flow, Method(solver, rtol=rtol, atol=small * rtol, settle=0), s=1.0, horizon=end)["steps"][0]
        for rtol in (1e-6, 1e-8, 1e-10)
    ]
    assert steps[0] < steps[1] < 4 * steps[0]
    assert steps[1] < steps[2] < 4 * steps[1]


@pytest.mark.parametrize("solver", some(["rodas5p", "kvaerno5"], {"kvaerno5"}))
def test_what_rests_at_zero_until_a_switch_and_what_stays_there_do_not_stop_implicit_steps(solver):
    flow = problem(lambda y, s: [-s * y[0], -y[1]], np.zeros(2))
    pulse = Flow(**{**vars(flow), "motion": None, "field": lambda t, y, p: jnp.stack([
        jnp.where((t >= 6) & (t < 6.001), 1e3, 0.0) - p["s"] * y[0], -y[1]
    ])})  # fmt: skip
    s = np.array([0.1, 0.5])
    out = run(pulse, Method(solver, rtol=1e-8), s=s, horizon=[20.0, 20.0])
    right = 1e3 / s * (np.exp(-s * (20 - 6.001)) - np.exp(-s * 14))
    np.testing.assert_allclose(out["y0_final"], right, rtol=1e-7, atol=2e-8)
    np.testing.assert_array_equal(out["y1_final"], 0)


@pytest.mark.parametrize("solver", some(["rodas5p", "kvaerno5"], {"rodas5p"}))
def test_what_falls_beside_large_numbers_keeps_its_sign_and_size(solver):
    """Prey in tonnes and predators in kilograms: elimination takes the larger numbers as pivots.

    Of 900 tonnes, which fall below all numbers, no error grows to be taken for their return: they do return.
    """
    flow = problem(lambda y, s: [y[0] * (1 - y[1] / 1000), y[1] * (y[0] - 0.7)], np.ones(2))
    flow = Flow(**{**vars(flow), "start": lambda p: jnp.stack([p["s"], 1e-3 + 0 * p["s"]])})
    times, end = [2.5, 15.0, 30.0], 1250.0
    method = Method(solver, rtol=1e-8, settle=0)
    out = run(flow, method, s=[30.75, 30.75, 30.75, 900.0], horizon=[*times, end])

    def in_logarithms(start, end, **more):
        return solve_ivp(
            lambda t, u: [1 - np.exp(u[1]) / 1000, np.exp(u[0]) - 0.7], (0, end), np.log([start, 1e-3]),
            rtol=1e-12, atol=1e-12, **more,
        ).y  # fmt: skip

    exact = in_logarithms(30.75, 30, method="DOP853", t_eval=times)
    assert exact.min() < -50
    for i in range(2):
        np.testing.assert_allclose(out[f"y{i}_final"][:3], np.exp(exact[i]), rtol=1e-2)
    deep = in_logarithms(900.0, end, method="LSODA")
    assert deep[0].min() < -900
    np.testing.assert_allclose(np.log(out["y0_final"][3]), deep[0, -1], atol=1e-2)
    assert out["status"].tolist() == [Status.not_steady] * 4
    assert out["steps"][:3].max() < 1000
    assert out["steps"][3] < 20_000


@costs_seconds
@pytest.mark.parametrize(
    ("name", "solver"),
    [("uptake", "rodas5p"), ("orego", "rodas5p"), ("hires", "rodas5p"), ("hires", "kvaerno5")],
)
def test_steps_are_machine_code_and_those_of_xla(name, solver):
    flow, horizon = of_the_set(name), {"uptake": 0.3, "orego": 3.0, "hires": 20.0}[name]
    p = {"s": jnp.ones(()), "horizon": jnp.asarray(horizon)}
    method = Method(solver, rtol=1e-8, atol=1e-8, settle=0)
    assert is_machine_code(lambda p: trajectory(flow, p, method), p)
    ends = [run(flow, replace(method, native=native), s=1.0, horizon=horizon) for native in (True, False)]
    for of in (f"y{i}_final" for i in range(len(STIFF_SET[name][1]))):
        np.testing.assert_allclose(ends[0][of], ends[1][of], rtol=1e-9)


@costs_seconds
def test_derivatives_go_through_a_step():
    flow = problem(robertson, np.array([1.0, 0.0, 0.0]))

    def end(s):
        p = {"s": s[None], "horizon": jnp.asarray([40.0])}
        return lanes(flow, Method("rodas5p", rtol=1e-9, atol=1e-13, settle=0))(p)["y0_final"][0]

    slope = jax.jit(jax.jacfwd(end))(jnp.asarray(1.0))
    ends = [
        solve_ivp(lambda t, y, s=s: robertson(y, s), (0, 40), [1, 0, 0], "Radau", rtol=1e-11, atol=1e-15).y[
            0, -1
        ]
        for s in (0.999, 1.001)
    ]
    assert slope == pytest.approx((ends[1] - ends[0]) / 0.002, rel=1e-4)
