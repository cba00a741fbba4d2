"""Integration of lanes: laws that hold for any flow."""

import dataclasses
from math import inf, nan

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import _require_rising, lanes, trajectory
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from helpers.flows import ALLOCATION, BLOW_UP, DECAY, LORENZ, STIFF, VAN_DER_POL, scalar
from helpers.products import costs_seconds, some, whole_product
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize

# Compiles faster than the default, which is tested with the supervision game.
QUICK = Method("tsit5")


def run(flow, method=QUICK, times=(), **p):
    p = {k: jnp.asarray(v) for k, v in p.items()}
    out = lanes(flow, method, times)(p)
    assert set(out) == {o.name for o in flow.outputs(path=len(times) > 0)} | {"status"}
    return {k: np.asarray(v) for k, v in out.items()}


IMPLICIT = Method("kvaerno5", 1e-4)
MORE = Method("dopri8", 1e-8, settle=1e-4), Method("rodas5p", 1e-6), Method("tsit5", horizon="decided")
# Solver: its order, and the coarsest number of steps at which Lorenz shows it.
ORDERS = {
    "heun": (2, 512), "bosh3": (3, 256), "tsit5": (5, 256), "dopri5": (5, 256), "dopri8": (8, 32),
    "kvaerno5": (5, 64), "rodas5p": (5, 128),
}  # fmt: skip


def lorenz(_t, z):
    return [10 * (z[1] - z[0]), z[0] * (28 - z[2]) - z[1], z[0] * z[1] - 8 / 3 * z[2]]


def test_every_solver_on_offer_has_its_order_tested():
    # The order of taylor follows from the tolerances: test_taylor.py measures it.
    assert {*ORDERS, "taylor"} == set(SOLVERS)


@pytest.mark.parametrize("solver", some(ORDERS, {"heun", "kvaerno5", "rodas5p"}))
def test_fixed_steps_have_the_order_of_their_method(solver):
    (order, steps), begin = ORDERS[solver], np.linspace(0.5, 3, 4)
    p = {
        "sigma": np.full(4, 10.0),
        "rho": np.full(4, 28.0),
        "beta": np.full(4, 8 / 3),
        "horizon": np.full(4, 0.5),
    }
    p |= {"x0": np.ones(4), "y0": begin, "z0": np.ones(4)}
    exact = [solve_ivp(lorenz, (0, 0.5), [1, y, 1], "DOP853", rtol=1e-13, atol=1e-13).y[:, -1] for y in begin]
    flow = dataclasses.replace(LORENZ, swings=())
    sizes, errors = (steps, 2 * steps), []
    for n in sizes:
        fixed = Method(solver, rtol=1e-12, atol=1e-12, fixed_steps=int(n), max_steps=10**5, settle=0)
        out = run(flow, fixed, **p)
        np.testing.assert_array_equal(out["steps"], n)
        errors.append(np.linalg.norm(np.stack([out[f"{k}_final"] for k in "xyz"], axis=1) - exact))
    slope = np.log2(errors[0] / errors[1])
    assert abs(slope - order) < 0.2, errors


def test_a_hopeless_lane_changes_nothing_for_the_others():
    k, horizon = np.array([1.0, 0.5, 2.0, 1.0]), np.array([3.0, 3.0, 3.0, 3.0])
    calm = scalar(lambda t, z, p: jnp.where(p["k"] > 1e5, z**2 * p["k"], -p["k"] * z))
    good = run(calm, k=k, z0=np.ones(4), horizon=horizon)
    k[1] = np.nan
    k[3] = 1e9
    mixed = run(calm, k=k, z0=np.ones(4), horizon=horizon)
    np.testing.assert_array_equal(mixed["status"][[1, 3]], [Status.not_finite, Status.step_too_small])
    assert np.isnan(mixed["z_final"][[1, 3]]).all()
    for name in good:
        np.testing.assert_array_equal(mixed[name][[0, 2]], good[name][[0, 2]], err_msg=name)


def test_a_lane_that_is_done_does_not_change_while_others_go_on():
    k, z0 = np.array([1.0, 1.0]), np.ones(2)
    short = run(STIFF, k=k, z0=z0, horizon=np.array([1.0, 1.0]))
    long = run(STIFF, k=k, z0=z0, horizon=np.array([1.0, 300.0]))
    assert long["steps"][1] > 20 * long["steps"][0]
    for name in short:
        assert short[name][0] == long[name][0] or np.isnan(short[name][0]), name


def test_blow_up_is_reported_and_harms_no_one():
    out = run(BLOW_UP, z0=np.array([-1.0, 1.0]), horizon=np.array([2.0, 2.0]))
    assert out["status"][1] == Status.step_too_small
    assert np.isnan(out["z_final"][1])
    np.testing.assert_allclose(out["z_final"][0], -1 / 3, rtol=1e-9)


def test_running_out_of_steps_is_reported_with_the_last_state():
    p = {"k": np.array([1.0, 1e5]), "z0": np.array([1.0, 1.0]), "horizon": np.array([1.0, 1.0])}
    out = run(STIFF, Method("tsit5", max_steps=300), **p)
    assert list(out["status"]) == [Status.not_steady, Status.max_steps]
    assert np.isfinite(out["z_final"]).all()
    stiffly = run(STIFF, Method("kvaerno5", rtol=1e-8, atol=1e-8, max_steps=300), **p)
    np.testing.assert_allclose(stiffly["z_final"], np.cos(1.0), atol=1e-6)


def test_settling_is_noticed_when_the_distance_to_the_rest_point_says_so():
    k = np.array([0.1, 1.0, 10.0])
    out = run(DECAY, Method("tsit5", settle=1e-6), k=k, z0=np.ones(3), horizon=np.full(3, 1e4))
    assert (out["attractor"] == Attractor.rest_point).all()
    assert (out["status"] == Status.ok).all()
    np.testing.assert_allclose(out["settle_time"], np.log(1e6) / k, rtol=0.05)
    np.testing.assert_allclose(out["z_final"], 0, atol=1e-6)
    # More steps than 32 bits count are as good as all of those: there was one, and then max_steps.
    method = Method("tsit5", settle=0, max_steps=2**40)
    never = run(DECAY, method, k=k, z0=np.ones(3), horizon=np.full(3, 30.0))
    assert np.isnan(never["settle_time"]).all()
    assert (never["status"] == Status.not_steady).all()
    np.testing.assert_allclose(never["z_final"], np.exp(-30 * k), atol=1e-9)


def test_a_slow_saddle_on_the_way_is_not_taken_for_the_end():
    # z' = z (1 - z) from close to the rest point it leaves: slow for a long time, then not.
    flow = scalar(lambda t, z, p: z * (1 - z))
    out = run(flow, z0=np.array([1e-5, 0.0]), horizon=np.full(2, 100.0))
    assert (out["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(out["z_final"], [1.0, 0.0], atol=1e-6)
    assert out["settle_time"][1] == 0


@pytest.mark.parametrize("horizon", [0.0, -1.0, np.nan, np.inf])
def test_horizons_that_leave_nothing_to_integrate(horizon):
    out = run(DECAY, k=np.ones(1), z0=np.ones(1), horizon=np.array([horizon]))
    expected = {0.0: Status.not_steady, -1.0: Status.out_of_domain}.get(horizon, Status.not_finite)
    assert out["status"][0] == expected
    assert out["steps"][0] == 0
    assert (out["z_final"][0] == 1.0) if horizon == 0 else np.isnan(out["z_final"][0])


@pytest.mark.parametrize(
    "method",
    [
        Method("taylor", 1e-6), Method("tsit5", fixed_steps=40),
        *(pytest.param(method, marks=whole_product) for method in (IMPLICIT, *MORE)),
    ],
    ids=lambda method: f"{method.solver}-{method.fixed_steps or method.horizon}",
)  # fmt: skip
def test_a_path_changes_nothing_else_and_is_as_accurate_as_the_orbit(method):
    times = (0.0, 0.01, 0.02, 1.3, 2.5, 4.0, 7.0)
    p = {
        "k": np.array([0.5, 1.0, 6.0]),
        "z0": np.array([1.0, -2.0, 3.0]),
        "horizon": np.array([4.0, 3.0, 5.0]),
    }
    with_path, alone = run(DECAY, method, times, **p), run(DECAY, method, **p)
    for name, values in alone.items():
        np.testing.assert_array_equal(with_path[name], values, err_msg=name)
    exact = p["z0"][:, None] * np.exp(-p["k"][:, None] * np.array(times))
    exact[np.array(times) > p["horizon"][:, None]] = np.nan
    # Orbits that settled stay where they are, at `settle` times their size from 0.
    np.testing.assert_allclose(
        with_path["z_path"], exact, atol=4 * max(method.settle, method.rtol), rtol=1e-3
    )
    np.testing.assert_array_equal(with_path["z_path"][:, 0], p["z0"])


def test_saved_times_that_fall_or_are_negative_are_refused():
    """No step goes back: what stood there was extrapolated, and wrong by 2e-5 at a tolerance of 1e-10."""
    p = {"k": jnp.ones(()), "z0": jnp.ones(()), "horizon": jnp.ones(())}
    negative = np.array([-1.0, np.nan, 1.0])
    for times, why in (([0.0, 2.0, 1.5], "1.5 follows 2"), (negative, "-1 should not be negative")):
        with pytest.raises(SweepError, match=f"times: {why}"):
            trajectory(DECAY, p, QUICK, times)
        with pytest.raises(SweepError, match=f"times: {why}"):
            run(DECAY, times=times, **{name: np.ones(2) for name in p})


def test_of_saved_times_that_are_known_later_nothing_is_said():
    def traced(times):
        _require_rising(times)
        _require_rising([times[0], times[1]])
        return times

    assert jax.jit(traced)(np.array([2.0, -1.0])).tolist() == [2.0, -1.0]


def test_the_path_passes_the_saved_times_and_ends_at_each_lanes_own_horizon():
    times = (0.0, 0.5, 1.0, 2.0)
    out = run(DECAY, times=times, k=np.array([1.0, 2.0]), z0=np.ones(2), horizon=np.array([1.0, 5.0]))
    np.testing.assert_allclose(out["z_path"][0], [1, np.exp(-0.5), np.exp(-1), np.nan], rtol=1e-9)
    np.testing.assert_allclose(out["z_path"][1], np.exp(-2 * np.array(times)), rtol=1e-8)
    np.testing.assert_allclose(out["z_final"], np.exp([-1.0, -10.0]), atol=1e-9)


def test_limit_cycle_has_the_period_and_amplitude_scipy_finds():
    mu = np.array([0.5, 2.0])
    out = run(VAN_DER_POL, mu=mu, x0=np.array([0.1, 4.0]), v0=np.zeros(2), horizon=np.full(2, 100.0))
    assert (out["attractor"] == Attractor.closed_orbit).all()
    assert (out["status"] == Status.ok).all()
    for i, m in enumerate(mu):
        solution = solve_ivp(
            lambda t, z, m=m: [z[1], m * (1 - z[0] ** 2) * z[1] - z[0]],
            (0, 100), [4.0, 0.0], "DOP853", rtol=1e-12, atol=1e-12, dense_output=True,
        )  # fmt: skip
        tops = [t for t in crossings(lambda t, s=solution.sol: s(t)[1], 60, 100) if solution.sol(t)[0] > 0]
        np.testing.assert_allclose(out["period"][i], tops[-1] - tops[-2], rtol=1e-6)
        np.testing.assert_allclose(out["x_amplitude"][i], 2 * solution.sol(tops[-1])[0], rtol=1e-6)


def crossings(f, begin, end):
    grid = np.linspace(begin, end, 4001)
    values = np.array([f(t) for t in grid])
    return [brentq(f, grid[i], grid[i + 1], xtol=1e-12) for i in np.flatnonzero(values[:-1] * values[1:] < 0)]


@costs_seconds
def test_lorenz_agrees_with_scipy_and_is_called_undecided():
    rho = np.array([28.0, 10.0])
    out = run(
        LORENZ, rho=rho, sigma=np.full(2, 10.0), beta=np.full(2, 8 / 3),
        x0=np.ones(2), y0=np.ones(2), z0=np.ones(2), horizon=np.array([5.0, 60.0]),
    )  # fmt: skip
    solution = solve_ivp(lorenz, (0, 5), np.ones(3), "DOP853", rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose([out[f"{k}_final"][0] for k in "xyz"], solution.y[:, -1], atol=1e-6)
    assert list(out["attractor"]) == [Attractor.undecided, Attractor.rest_point]
    side = np.sqrt(8 / 3 * 9)
    np.testing.assert_allclose(np.abs([out["x_final"][1], out["z_final"][1]]), [side, 9.0], atol=1e-6)


EARLY = tuple(np.linspace(0, 5, 21))


def test_shares_of_one_population_settle_where_the_cost_is_least_with_a_corner_among_them():
    loss = np.array([[300.0, 200.0, 100.0], [300.0, 200.0, 0.01]])
    p = {"loss": loss, "v": np.full((2, 3), 0.5), "M": np.full(2, 10.0), "horizon": np.full(2, 1e3)}
    out = run(ALLOCATION, times=EARLY, start=np.full((2, 3), 1 / 3), **p)
    assert (out["attractor"] == Attractor.rest_point).all()
    for i in range(2):

        def cost(x, i=i):
            return np.sum(loss[i] * 0.5 ** (10 * x + 1))

        best = minimize(cost, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints={"type": "eq", "fun": lambda x: x.sum() - 1}, tol=1e-14)  # fmt: skip  # noqa: E501
        shares = [out[f"share_{k}_final"][i] for k in range(3)]
        np.testing.assert_allclose(shares, best.x, atol=1e-5)
        assert out["cost_final"][i] <= best.fun + 1e-9
    assert out["share_2_final"][1] < 1e-13


def test_cost_never_rises_along_the_replicator():
    out = run(
        ALLOCATION, times=EARLY, start=np.array([[0.01, 0.01, 0.98]]), loss=np.array([[300.0, 200.0, 100.0]]),
        v=np.full((1, 3), 0.5), M=np.array([10.0]), horizon=np.array([5.0]),
    )  # fmt: skip
    assert (np.diff(out["cost_path"][0]) <= 1e-12).all()


def test_derivative_of_the_final_state_goes_through_the_loop():
    flow = dataclasses.replace(VAN_DER_POL, swings=())  # of which no derivative is asked for

    @jax.jit
    def pushed(p, ahead):
        return jax.jvp(lambda p: trajectory(flow, p, QUICK)["x_final"], (p,), (ahead,))

    p = {"mu": np.float64(1.0), "x0": np.float64(0.5), "v0": np.float64(0.0), "horizon": np.float64(7.0)}
    for name in p:
        h, ahead = 1e-5, dict.fromkeys(p, np.float64(0.0)) | {name: np.float64(1.0)}
        (below, _), (_, slope), (above, _) = (pushed(p | {name: p[name] + k * h}, ahead) for k in (-1, 0, 1))
        np.testing.assert_allclose(slope, (above - below) / (2 * h), rtol=1e-5, err_msg=name)


def test_single_precision_lanes_stay_single():
    p = {k: jnp.ones(2, jnp.float32) for k in ("k", "z0", "horizon")}
    out = lanes(DECAY, Method("tsit5", rtol=1e-5, atol=1e-5, settle=1e-3))(p)
    assert out["z_final"].dtype == jnp.float32
    np.testing.assert_allclose(out["z_final"], np.exp(-1), atol=1e-4)


def test_following_swings_does_not_change_the_steps():
    p = {"mu": np.array([1.0]), "x0": np.array([1.0]), "v0": np.zeros(1), "horizon": np.array([20.0])}
    with_swings = run(VAN_DER_POL, **p)
    without = run(dataclasses.replace(VAN_DER_POL, swings=()), **p)
    np.testing.assert_allclose(with_swings["x_final"], without["x_final"], rtol=1e-13)
    assert "period" not in without


@pytest.mark.parametrize(
    "wrong",
    [
        {"solver": "rk45"}, {"rtol": -1.0}, {"rtol": 0.0, "atol": 0.0}, {"max_steps": 0}, {"fixed_steps": 0},
        {"settle": -1.0}, {"rtol": float("nan")}, {"rtol": 1.0}, {"decide": "magic"}, {"settle": inf},
        {"settle": nan}, {"atol": inf}, {"atol": (1.0, nan)}, {"atol": (0.1, 1e-320)}, {"max_step": 1e-320},
    ],
    ids=str,
)  # fmt: skip
def test_methods_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Method(**wrong)
