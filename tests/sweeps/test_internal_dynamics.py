"""Replicator dynamics of the internal model: it comes to rest at the optimum, and its loss never rises."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor
from equisweep.kernels.games.internal.model import FLOW, INTERNAL, internal
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from helpers.products import costs_seconds, some
from scipy.integrate import solve_ivp

# Of one size, with a path, all orbits of so many factors have one program.
LANES, TIMES = 12, np.geomspace(1e-3, 0.5, 40)
optimum = jax.jit(partial(internal, wanted=()))


def random_point(rng, factors, **change):
    """Factors near enough to each other that the optimum funds most of them."""
    return {
        "beta": rng.uniform(0.2, 1, factors),
        "v": rng.uniform(0.2, 0.8, factors),
        "E": rng.uniform(0.05, 0.2, factors),
        "L": rng.uniform(200, 800, factors),
        "M": np.float64(50.0 * factors),
        "start_share": rng.uniform(0.1, 1, factors),
        "level": np.ones(factors),
        "level_weight": np.float64(1.0),
        "horizon": np.float64(100.0),
    } | change


def moved(points, times=TIMES, method=None):
    p = {name: jnp.asarray(np.stack([q[name] for q in points]), float) for name in points[0]}
    return {name: np.asarray(value) for name, value in lanes(FLOW, method, times)(p).items()}


def slow_payoff(share, p):
    """-dC/dx_i worked by hand."""
    rate = p["E"] * p["M"] * np.log(p["v"])
    return -p["beta"] * p["L"] * rate * np.exp(rate * share) * p["v"]


@pytest.mark.parametrize("factors", some([2, 5], [2]))
def test_interior_orbits_end_at_the_optimal_shares(factors):
    rng = np.random.default_rng(factors)
    points = [random_point(rng, factors) for _ in range(LANES)]
    best = [optimum(p) for p in points]
    result = moved(points)
    interior = [k for k, b in enumerate(best) if int(b["status"]) == Status.ok]
    assert len(interior) >= 6
    for k in interior:
        assert result["status"][k] == Status.ok
        assert result["attractor"][k] == Attractor.rest_point
        np.testing.assert_allclose(result["share_final"][k], best[k]["share"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(result["expected_loss_final"][k], best[k]["expected_loss"], rtol=1e-10)


def test_an_unfunded_factor_dies_out():
    p = random_point(np.random.default_rng(1), 5, L=np.array([500.0, 500.0, 500.0, 500.0, 0.5]))
    assert int(optimum(p)["status"]) == Status.corner
    result = moved([p] * LANES)
    assert result["status"][0] == Status.ok
    np.testing.assert_allclose(result["share_final"][0], optimum(p)["share"], atol=1e-6)


@costs_seconds
@pytest.mark.parametrize("factors", [24, 64])
def test_many_factors_come_to_rest(factors):
    p = random_point(np.random.default_rng(factors), factors)
    result = moved([p], (), Method("tsit5"))  # of half as many stages as the usual one has
    assert result["status"][0] == Status.ok
    np.testing.assert_allclose(result["share_final"][0], optimum(p)["share"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("factors", [2, 5])
def test_the_loss_never_rises_and_the_path_is_that_of_scipy(factors):
    p = random_point(np.random.default_rng(7 + factors), factors)
    result = moved([p] * LANES)
    path, loss = result["share_path"][0], result["expected_loss_path"][0]
    assert path.shape == (40, factors)
    assert np.all(np.diff(loss) <= 1e-12 * loss[0])
    assert loss[0] - loss[-1] > 1e-4 * loss[0]
    np.testing.assert_allclose(path.sum(axis=1), 1, rtol=1e-14)

    def slow(_t, x):
        gain = slow_payoff(x, p)
        return x * (gain - x @ gain)

    start = p["start_share"] / p["start_share"].sum()
    known = solve_ivp(slow, (0, TIMES[-1]), start, "DOP853", TIMES, rtol=1e-12, atol=1e-14).y.T
    np.testing.assert_allclose(path, known, rtol=0, atol=1e-6)


def test_a_sweep_holds_optimum_and_orbit_side_by_side(tmp_path):
    sweep = Sweep(
        model="internal",
        axes={"v.data": [0.2, 0.4, 0.6], "M": [50.0, 100.0]},
        outputs=["share", "share_final", "share_path", "expected_loss_path", "settle_time", "attractor"],
        derivatives={"share_final": ["M"], "share": ["M"]},
        times=[0.0, 0.01, 0.1, 1.0],
    )
    cube = run(sweep, tmp_path / "cube.zarr").load()
    assert cube["share_path"].dims == ("v.data", "M", "time", "factor")
    assert (cube["status"] == Status.ok).all()
    np.testing.assert_allclose(cube["share_path"].isel(time=0), 0.5)  # all start alike unless told
    np.testing.assert_allclose(cube["share_final"], cube["share"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(cube["d_share_final_d_M"], cube["d_share_d_M"], rtol=0, atol=1e-6)
    assert (cube["expected_loss_path"].diff("time") <= 0).all()
    assert (cube["settle_time"] > 0).all()


@costs_seconds
def test_a_derivative_of_the_orbit_alone_integrates_it_too(tmp_path):
    sweep = Sweep(
        model="internal", axes={"M": [100.0]}, outputs=["share"], derivatives={"share_final": ["M"]}
    )
    cube = run(sweep, tmp_path / "cube.zarr").load()
    assert np.isfinite(cube["d_share_final_d_M"]).all()


@costs_seconds
def test_running_out_of_time_or_steps_shows_even_at_a_corner(tmp_path):
    axes = {"horizon": [1e-3, INTERNAL.parameter("horizon").default], "L.data": [0.01, 500.0]}
    parts = {"model": "internal", "axes": axes, "outputs": ["share_final"]}
    late, done = run(Sweep(**parts), tmp_path / "cube.zarr")["status"].values.tolist()
    assert late == [Status.not_steady, Status.not_steady]
    assert done == [Status.corner, Status.ok]
    few = run(Sweep(**parts, integrator={"max_steps": 2}), tmp_path / "few.zarr")
    assert few["status"].values[1].tolist() == [Status.max_steps, Status.max_steps]


def test_the_model_declares_its_dynamics():
    outputs = {o.name: o for o in INTERNAL.all_outputs(path=True)}
    assert outputs["share_final"].dims == ("factor",)
    assert outputs["share_path"].dims == ("time", "factor")
    assert outputs["expected_loss_path"].dims == ("time",)


def test_single_precision_integrates_with_tolerances_of_its_own(tmp_path):
    parts = {"model": "internal", "axes": {"v.data": [0.3, 0.5]}, "outputs": ["share", "share_final"]}
    cube = run(Sweep(**parts, dtype="float32"), tmp_path / "cube.zarr").load()
    assert cube["share_final"].dtype == np.float32
    assert (cube["status"] == Status.ok).all()
    np.testing.assert_allclose(cube["share_final"], cube["share"], rtol=0, atol=5e-3)


@costs_seconds
def test_an_implicit_solver_ends_there_too(tmp_path):
    rng = np.random.default_rng(3)
    factors = {f"f{i}": None for i in range(5)}
    p = random_point(rng, len(factors))
    fixed = {name: dict(zip(factors, p[name].tolist(), strict=True)) for name in ("beta", "v", "E", "L")}
    options = {"solver": "kvaerno5", "rtol": 1e-6, "atol": 1e-6}
    sweep = Sweep("internal", {"M": [float(p["M"])]}, fixed, ("share", "share_final"), integrator=options)
    cube = run(sweep, tmp_path / "cube.zarr").load()
    assert int(cube["status"][0]) in (Status.ok, Status.corner)
    np.testing.assert_allclose(cube["share_final"], cube["share"], rtol=0, atol=1e-6)
