"""What counts as rest: a rest point that attracts, within `settle` in the state's own scale."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.flow import Attractor, Flow
from equisweep.kernels.status import Status
from helpers.flows import DECAY, seen
from helpers.products import costs_seconds, covering, some
from scipy.integrate import solve_ivp


def run(flow, method=None, times=(), **p):
    count = max(np.size(value) for value in p.values())
    p = {name: jnp.asarray(np.broadcast_to(np.asarray(value, float), count)) for name, value in p.items()}
    return {name: np.asarray(value) for name, value in lanes(flow, method or Method(), times)(p).items()}


def flow_of(names, start, field, **more):
    return Flow(
        start=lambda p: jnp.stack([jnp.asarray(value, jnp.result_type(*p.values())) for value in start(p)]),
        field=lambda t, z, p: jnp.stack(field(z, p)),
        observe=lambda z, p: dict(zip(names, z, strict=True)),
        observables=seen(*names),
        **more,
    )


GROWTH = flow_of("x", lambda p: [p["x0"]], lambda z, p: [p["r"] * z[0] * (1 - z[0])])
CHAIN = flow_of(
    "abc",
    lambda p: [p["a0"], 0.0, 0.0],
    lambda z, p: [-0.7 * z[0], 0.7 * z[0] - 0.2 * z[1], 0.2 * z[1]],
)
SADDLE = flow_of("xy", lambda p: [p["x0"], 1.0], lambda z, p: [z[0] * (1 - z[0] ** 2), -z[1]])
RISE = flow_of("x", lambda p: [0.0 * p["a"]], lambda z, p: [p["a"] - z[0]])
PREY = flow_of("xy", lambda p: [p["x0"], p["x0"]], lambda z, p: [z[0] * (1 - z[1]), z[1] * (z[0] - 1)])
EPIDEMIC = flow_of(
    "si",
    lambda p: [1 - 1e-3, 1e-3],
    lambda z, p: [p["m"] * (1 - z[0]) - p["b"] * z[0] * z[1], p["b"] * z[0] * z[1] - (1 + p["m"]) * z[1]],
)
MAYLEONARD = Flow(
    start=lambda p: jnp.stack([p["x0"], 0.3 * p["x0"], 0.1 * p["x0"]]),
    field=lambda t, x, p: x * (1 - x - p["a"] * jnp.roll(x, 1) - p["b"] * jnp.roll(x, -1)),
    observe=lambda x, p: dict(zip("xyz", x, strict=True)),
    observables=seen(*"xyz"),
)


def logistic(t, x0, r):
    return x0 / (x0 + (1 - x0) * np.exp(-r * t))


def test_an_orbit_beside_a_rest_point_that_it_leaves_goes_on():
    x0, r = np.array([1e-3, 1e-8, 1e-10, 1e-12, 0.0]), np.array([1.0, 1.0, 0.5, 2.0, 1.0])
    out = run(GROWTH, x0=x0, r=r, horizon=100.0)
    np.testing.assert_allclose(out["x_final"], [1, 1, 1, 1, 0], atol=1e-7)
    assert (out["attractor"] == Attractor.rest_point).all()
    # Within 1e-7 of 1, in units of the largest state, 1.
    right = np.log((1 - 1e-7) / 1e-7 * (1 - x0[:4]) / x0[:4]) / r[:4]
    np.testing.assert_allclose(out["settle_time"][:4], right, rtol=1e-3)
    assert out["settle_time"][4] == 0
    short = run(GROWTH, x0=x0, r=r, horizon=5.0)
    np.testing.assert_allclose(short["x_final"], logistic(5.0, x0, r), rtol=1e-6)
    assert (short["attractor"][1:4] == Attractor.undecided).all()


# Heun's method takes two million steps from 1e-17; with errors of 1e-6 steps ended as far away as they erred.
@pytest.mark.parametrize(
    ("solver", "rtol"),
    covering([("heun", 1e-10), ("tsit5", 1e-6)], lambda solver, _: solver == "tsit5", columns=0),
)
def test_every_method_settles_at_its_time_from_any_start_whatever_its_errors(solver, rtol):
    x0 = np.array([1e-3, 1e-17] if solver == "heun" else [1e-3, 1e-17, 1e-300])
    out = run(GROWTH, Method(solver, rtol=rtol), x0=x0, r=1.0, horizon=1e3)
    assert (out["status"] == Status.ok).all()
    np.testing.assert_allclose(out["settle_time"], np.log((1 - 1e-7) / 1e-7 * (1 - x0) / x0), rtol=1e-3)


@costs_seconds
def test_oscillations_of_any_size_close_and_what_is_too_small_to_measure_settles_nowhere():
    spring = flow_of(
        "xv", lambda p: [p["x0"], 0.0], lambda z, p: [z[1], -z[0] - p["k"] * z[1]], swings=("x",)
    )
    x0, k = np.array([1e-250, 1e-17, 1e150, 1e300, 1e-303]), np.array([0.0, 0.0, 0.0, 0.0, 5.0])
    out = run(spring, Method("dopri8"), x0=x0, k=k, horizon=40.0)
    assert list(out["attractor"]) == [Attractor.closed_orbit] * 4 + [Attractor.undecided]
    np.testing.assert_allclose(out["x_final"][:4] / x0[:4], np.cos(40.0), rtol=1e-7)
    np.testing.assert_allclose(out["x_amplitude"][:4] / x0[:4], 2, rtol=1e-7)
    np.testing.assert_allclose(out["period"][:4], 2 * np.pi, rtol=1e-7)


def test_amounts_of_any_size_are_as_accurate_as_those_of_size_one():
    a0 = np.array([1.0, 1e-3, 1e-7, 2e-9, 1e-15, 1e12])
    out = run(CHAIN, a0=a0, horizon=6.0)
    a = np.exp(-4.2)
    b = 0.7 / 0.5 * (np.exp(-1.2) - np.exp(-4.2))
    for name, right in (("a", a), ("b", b), ("c", 1 - a - b)):
        np.testing.assert_allclose(out[f"{name}_final"] / a0, right, rtol=1e-8)
    assert (out["status"] == Status.not_steady).all()
    # In units of the most that b has been, where its rates cross.
    highest = 1.4 * (3.5 ** (-0.2 / 0.5) - 3.5 ** (-0.7 / 0.5))
    late = run(CHAIN, a0=a0, horizon=200.0)
    assert (late["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(late["settle_time"], np.log(1.4e7 / highest) / 0.2, rtol=1e-3)


def test_a_saddle_on_the_way_is_passed_however_close():
    out = run(SADDLE, x0=np.array([1e-9, 1e-12, -1e-20]), horizon=1e3)
    np.testing.assert_allclose(out["x_final"], [1, 1, -1], atol=1e-6)
    assert (out["attractor"] == Attractor.rest_point).all()


def test_a_cycle_past_saddles_is_no_rest_point_in_free_coordinates():
    cycle = run(MAYLEONARD, a=np.array([0.7, 0.8]), b=np.array([1.6, 0.8]), x0=0.5, horizon=500.0)
    assert list(cycle["attractor"]) == [Attractor.undecided, Attractor.rest_point]
    np.testing.assert_allclose([cycle[f"{k}_final"][1] for k in "xyz"], 1 / 2.6, atol=1e-6)
    assert all((cycle[f"{k}_final"] > 0).all() for k in "xyz")


def test_troughs_far_below_the_tolerance_grow_again_at_the_right_time():
    for b, m, horizon in ((10.0, 1e-3, 300.0), (20.0, 2e-3, 150.0)):
        out = run(EPIDEMIC, b=b, m=m, horizon=horizon)
        right = solve_ivp(
            lambda t, z, b=b, m=m: [m * (1 - z[0]) - b * z[0] * np.exp(z[1]), b * z[0] - 1 - m],
            (0, horizon), [1 - 1e-3, np.log(1e-3)], "LSODA", rtol=1e-11, atol=1e-12,
        ).y  # fmt: skip
        assert np.exp(right[1]).min() < 1e-7
        np.testing.assert_allclose(out["i_final"], np.exp(right[1, -1]), rtol=1e-5)


def test_cycles_of_prey_and_predators_keep_their_level_through_troughs_of_1e_40():
    x0 = np.array([3.0, 20.0, 60.0])
    out = run(PREY, Method(settle=0), x0=x0, horizon=40.0)
    x, y = out["x_final"], out["y_final"]
    np.testing.assert_allclose(x - np.log(x) + y - np.log(y), 2 * (x0 - np.log(x0)), rtol=1e-6)


def test_an_absolute_tolerance_does_not_let_a_component_change_its_sign():
    out = run(PREY, Method("tsit5", rtol=1e-6, atol=1e-6, settle=0), x0=np.array([20.0, 60.0]), horizon=100.0)
    assert (out["x_final"] > 0).all()
    assert (out["y_final"] > 0).all()
    assert (out["status"] == Status.not_steady).all()


@pytest.mark.parametrize("solver", some([*SOLVERS], {"dopri8"}))
def test_nor_does_it_at_times_within_steps(solver):
    times = np.linspace(0, 100, 2001)
    method = Method(solver, rtol=1e-6, atol=(1e-4, 2e-4), settle=0)
    out = run(PREY, method, times, x0=np.array([20.0, 60.0, 200.0]), horizon=100.0)
    assert (out["x_path"] > 0).all()  # 63 of them were negative
    assert (out["y_path"] > 0).all()
    assert (np.abs(out["x_path"][:, -1] - out["x_final"]) <= 1e-12 * out["x_final"]).all()


def test_a_component_that_is_only_rounding_does_not_hinder_the_steps():
    noise = flow_of(
        "xyz",
        lambda p: [p["x0"], 0.0, 0.0],
        lambda z, p: [z[1], -jnp.sin(z[0]), (z[0] * 0.1 + z[0] * 0.2) - z[0] * 0.3 - 0.1 * z[2]],
    )
    out = run(noise, Method(settle=0), x0=np.array([0.3, 1.0]), horizon=30.0)
    assert (out["status"] == Status.not_steady).all()
    assert (out["steps"] < 300).all()
    assert (np.abs(out["z_final"]) < 1e-14).all()


def test_units_beside_each_other_have_each_their_scale():
    cell = flow_of(
        ("volt", "calcium", "channels"),
        lambda p: [-70.0, 1e-7, 0.0],
        lambda z, p: [-(z[0] + 65) / 10, 1e-9 * (z[0] + 75) - 0.02 * z[1], 1e12 - z[2]],
        scale=(100.0, 1e-7, 1e12),
    )
    out = run(cell, horizon=1e4)
    assert out["attractor"][0] == Attractor.rest_point
    np.testing.assert_allclose(out["calcium_final"], 5e-7, rtol=1e-6)
    np.testing.assert_allclose(out["volt_final"], -65, rtol=1e-6)
    np.testing.assert_allclose(out["channels_final"], 1e12, rtol=1e-6)


SWITCHED = flow_of(
    "si",
    lambda p: [0.99, 0.01],
    lambda z, p: [
        -p["b"] * z[0] * z[1] - p["u"] * jnp.where(z[1] > 0.05, 1.0, 0.2) * z[0] + 0.02 * (1 - z[0] - z[1]),
        p["b"] * z[0] * z[1] - 0.1 * z[1],
    ],
)


@costs_seconds
def test_a_switch_is_no_rest_point():
    def field(z):
        u = 0.49 * np.where(z[1] > 0.05, 1.0, 0.2)
        return np.stack(
            [-b * z[0] * z[1] - u * z[0] + 0.02 * (1 - z[0] - z[1]), b * z[0] * z[1] - 0.1 * z[1]]
        )

    b = np.array([1.5, 0.8])
    z, h, right = np.array([[0.99, 0.99], [0.01, 0.01]]), 0.001, []
    for step in range(15_000):
        k1 = field(z)
        k2 = field(z + h / 2 * k1)
        k3 = field(z + h / 2 * k2)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + field(z + h * k3))
        if step + 1 in (5000, 10_000, 15_000):
            right.append(z[1])
    out = run(SWITCHED, times=(5.0, 10.0, 15.0), b=b, u=0.49, horizon=20.0)
    np.testing.assert_allclose(out["i_path"], np.transpose(right), rtol=1e-3)
    assert (out["attractor"] != Attractor.rest_point).all()


@pytest.mark.parametrize("solver", some(["tsit5", "dopri8", "taylor"], {"taylor"}))
def test_the_time_to_settle_does_not_depend_on_the_solver(solver):
    node = flow_of("xy", lambda p: [1.0, 0.5], lambda z, p: [-2 * z[0] + z[1], z[0] - p["k"] * z[1]])
    k = np.array([2.0, 1.0])
    out = run(node, Method(solver, rtol=1e-9, settle=1e-5), k=k, horizon=1e3)
    assert (out["attractor"] == Attractor.rest_point).all()
    for i in range(2):
        t = np.linspace(0, 60, 300_001)
        values, vectors = np.linalg.eigh(np.array([[-2, 1], [1, -k[i]]]))
        parts = vectors * (vectors.T @ [1, 0.5])
        z = np.abs(np.exp(np.outer(t, values)) @ parts.T)
        z /= z.max(axis=0)
        np.testing.assert_allclose(out["settle_time"][i], t[np.argmax(z.max(axis=1) <= 1e-5)], rtol=0.01)


def test_saving_a_path_changes_nothing_that_is_found():
    p = {
        "x0": np.array([1e-9, 0.3, 1e-3, 0.9, 0.0]),
        "r": np.array([1.0, 2.0, 0.5, 1.0, 1.0]),
        "horizon": 60.0,
    }
    plain, saved = run(GROWTH, **p), run(GROWTH, times=np.linspace(0, 60, 301), **p)
    for name in ("attractor", "status"):
        np.testing.assert_array_equal(plain[name], saved[name])
    np.testing.assert_allclose(plain["settle_time"], saved["settle_time"], rtol=1e-3)


@costs_seconds
def test_the_derivative_of_the_time_to_settle_is_that_of_its_formula():
    def settle_time(k):
        p = {"k": k, "z0": jnp.asarray(1.0), "horizon": jnp.asarray(1e3)}
        out = trajectory(DECAY, p, Method("tsit5"))
        return out["settle_time"]

    slope = jax.jit(jax.jacfwd(settle_time))(jnp.asarray(0.5))
    np.testing.assert_allclose(slope, -np.log(1e7) / 0.25, rtol=1e-2)

    # Where the rest point moves as well it takes as long in its units.
    def from_0(a):
        p = {"a": a, "horizon": jnp.asarray(1e3)}
        return trajectory(RISE, p, Method("tsit5"))["settle_time"]

    assert abs(jax.jit(jax.jacfwd(from_0))(jnp.asarray(3.0))) < 1e-6


@costs_seconds
def test_machine_code_and_xla_find_the_same():
    p = {"x0": np.array([1e-9, 0.0, -0.3]), "horizon": 100.0}
    native, plain = (run(SADDLE, Method("tsit5", native=native), **p) for native in (True, False))
    for name in ("attractor", "status"):
        np.testing.assert_array_equal(native[name], plain[name])
    np.testing.assert_allclose(native["settle_time"], plain["settle_time"], rtol=1e-6)


@pytest.mark.parametrize("wrong", [{"rtol": 1e-16}, {"settle": 1e-17}], ids=str)
def test_what_numbers_cannot_hold_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} = .*float64"):
        Method(**wrong)
    with pytest.raises(ValueError, match="float32"):
        Method(**dict.fromkeys(wrong, 1e-7)).require_precision(np.float32)
