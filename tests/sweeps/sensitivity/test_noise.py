"""What varies by rounding or by the solver's tolerance alone has no sensitivity, by any method."""

import dataclasses
import re

import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.morris import elementary_effects
from equisweep.sweeps.sensitivity.noise import CONSTANT, ROUNDING, TOLERANCE, Floor, floor_of
from equisweep.sweeps.sensitivity.prcc import partial_rank_correlations
from equisweep.sweeps.sensitivity.text import sensitivity_text
from equisweep.sweeps.sensitivity.withheld import deviations
from helpers.products import costs_seconds, covering, some
from scipy import stats

EPS = float(np.finfo(float).eps)
MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    title="a budget",
    parameters=[Parameter(n, n, "1", 1.0, Domain(0), "weight") for n in ("w1", "w2", "w3")]
    + [Parameter("staff", "m", "1", 2, Domain(0), "heads", integer=True)],
    outputs=[Output(n, n, "1", n) for n in ("spent", "gap", "tiny", "small", "steps", "cost")],
)
def budget(p, staff_max):
    shares = [p[n] / (p["w1"] + p["w2"] + p["w3"]) for n in ("w1", "w2", "w3")]
    spent = sum(192.53 * share for share in shares)
    return {
        "spent": spent,
        "gap": spent - 192.53,                       # cancels: a few units in the last place of 192.53
        "tiny": 1e-25 * shares[0],                   # small, and varies
        "small": 1 + 1e-9 * p["w1"],                 # hardly varies, and does
        "steps": jnp.floor(4 * p["w1"]) / 4,         # few values, all of them real
        "cost": 10.0 * p["staff"] + (spent - 192.53),
    }

@flow_model(
    parameters=[Parameter(n, n, "1", 1.0, Domain(0), n) for n in ("rate", "limit")]
    + [Parameter("horizon", "T", "1", 100.0, Domain(0), "time")],
    start=lambda p: jnp.stack([0.5 + 0 * p["rate"]]),
    observables=[Observable("x", "x", "1", "size")],
)
def logistic(t, state, p):
    return p["rate"] * state * (1 - state / p["limit"])
"""
WEIGHTS = {"w1": {"uniform": [0.1, 0.9]}, "w2": {"uniform": [0.1, 0.9]}, "w3": {"loguniform": [0.1, 0.9]},
           "staff": {"integers": [1, 3]}}  # fmt: skip
NOISE, REAL = ("spent", "gap"), ("tiny", "small", "steps")


@pytest.fixture(scope="module")
def cubes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noise")
    (folder / "noise.py").write_text(MODEL)
    slopes = {name: ["w1", "w2", "w3"] for name in (*NOISE, *REAL)}
    result = {}
    for kind in ("sobol", "lhs", "morris"):
        design = {"kind": kind, "samples": 256, "seed": 3, "parameters": WEIGHTS}
        more = {"derivatives": slopes} if kind == "lhs" else {}
        result[kind] = run(
            Sweep("noise.py:budget", design=design, folder=folder, **more), folder / f"{kind}.zarr"
        )
    return result


@pytest.mark.parametrize(
    ("kind", "method", "main"),
    [
        ("sobol", "sobol", "ST"),
        ("sobol", "prcc", "prcc"),
        ("lhs", "prcc", "prcc"),
        ("lhs", "dgsm", "total_bound"),
    ],
)
def test_rounding_has_no_indices_and_what_is_small_has(cubes, kind, method, main):
    indices = sensitivity(cubes[kind], method, [*NOISE, *REAL])
    for name in NOISE:
        assert indices[f"{name}_{main}"].isnull().all(), name
        said = indices.attrs["does_not_vary"][name]
        deviation_and_error = _std_said("varies by rounding alone", said)
        values = cubes[kind][name].values
        std = float((values - values[0]).std())  # about the mean itself, which is rounded, it is another
        assert deviation_and_error[0] == pytest.approx(std, rel=0.3, abs=1e-30)
        assert deviation_and_error[0] < deviation_and_error[1] < 1e4 * max(abs(cubes[kind][name]).max(), 1e-3)
    assert set(indices.attrs["does_not_vary"]) == set(NOISE)
    for name in REAL if method != "dgsm" else ("tiny", "small"):
        assert abs(indices[f"{name}_{main}"].sel(parameter="w1").item()) > 0.5, name
    assert (
        f"spent: {indices.attrs['does_not_vary']['spent']}" in sensitivity_text(indices, "table").splitlines()
    )


@pytest.mark.parametrize(
    ("kind", "kinds"), [("morris", ("mu", "mu_star", "sigma")), ("lhs", ("mean_slope", "nu"))]
)
def test_rounding_has_no_effect(cubes, kind, kinds):
    indices = sensitivity(cubes[kind], "morris" if kind == "morris" else "dgsm", [*NOISE, "small"])
    for one in kinds:
        for end in ("", "_low", "_high"):
            assert all((indices[f"{name}_{one}{end}"] == 0).all() for name in NOISE), one
    assert (indices[f"small_{kinds[0]}"].sel(parameter="w1") > 1e-10).all()


@pytest.mark.parametrize("kind", some(["sobol", "morris", "lhs"], ["lhs"]))
def test_it_is_said_of_samples_that_are_not_stored_too(cubes, tmp_path, kind):
    (tmp_path / "noise.py").write_text(MODEL)
    design = {"kind": kind, "samples": 256, "seed": 3, "parameters": WEIGHTS}
    outputs = [*NOISE, "small"]
    sweep = Sweep("noise.py:budget", design=design, folder=tmp_path, outputs=outputs)
    assert_same_unstored(sweep, tmp_path / "u.zarr", sensitivity(cubes[kind], names=outputs))


def test_what_cancels_has_no_elasticity(cubes):
    indices = sensitivity(cubes["lhs"], "elasticity", ["gap", "small", "spent"])
    assert list(indices.attrs["does_not_vary"]) == ["gap"]
    assert _std_said("varies by rounding alone", indices.attrs["does_not_vary"]["gap"])[0] < 1e-12
    assert indices["gap_elasticity"].isnull().all()
    expected = 1e-9 * cubes["lhs"]["w1"] / cubes["lhs"]["small"]
    np.testing.assert_allclose(indices["small_elasticity"].sel(parameter="w1"), expected, rtol=1e-9)
    assert "gap: varies by rounding alone" in sensitivity_text(indices, "table")


def test_functions_of_a_sum_that_is_1_but_for_rounding_do_not_vary():
    weights = np.random.default_rng(2).random((400, 3))
    total = (weights / weights.sum(axis=1, keepdims=True)).sum(axis=1)
    made = [np.log(total), np.expm1(np.log(total)), np.sqrt(total) - 1, 1 / total - 1, total**5 - 1]
    real = [1e-12 * weights[:, 0], 1e-9 * np.floor(3 * weights[:, 1]), 1e-14 * (1 + (weights[:, 2] > 0.5))]
    columns = np.stack(made + real, axis=1)
    reasons = Floor(EPS).reasons(columns, np.ones(columns.shape, bool))
    assert reasons.tolist() == [ROUNDING] * len(made) + [0] * len(real)


def test_ranks_do_not_see_rounding_among_equals(cubes):
    """Within a number of heads the cost differs by rounding alone, which follows the weights."""
    indices = sensitivity(cubes["lhs"], "prcc", ["cost"])["cost_prcc"]
    assert indices.sel(parameter="staff") == pytest.approx(1)
    assert indices.sel(parameter=["w1", "w2", "w3"]).isnull().all()
    raw = partial_rank_correlations(*(np.asarray(part) for part in _rows(cubes["lhs"])), 0.95)["prcc"]
    assert np.isfinite(raw).all()  # as it is without the floor


def _std_said(reason, text):
    """The standard deviation and the error that a reason is given with."""
    numbers = re.fullmatch(
        re.escape(reason) + r" \(its standard deviation is ([\d.e-]+), and errors reach (.*)\)", text
    )
    return float(numbers[1]), float(numbers[2])


def assert_same_unstored(sweep, path, actual):
    """A design of which no point is stored says the same."""
    unstored = run(dataclasses.replace(sweep, design={**sweep.design, "store": False}), path)
    assert sensitivity(unstored).attrs["does_not_vary"] == actual.attrs["does_not_vary"]


def _rows(cube):
    x = np.stack([cube[name].values for name in WEIGHTS], axis=1).astype(float)
    return x, cube["cost"].values[:, None], np.ones((len(x), 1), bool)


def test_ranks_that_others_explain_have_no_correlation_left():
    x = np.random.default_rng(0).random((200, 2))
    indices = partial_rank_correlations(x, np.exp(x[:, :1]), np.ones((200, 1), bool), 0.95)
    assert indices["prcc"][0, 0] == pytest.approx(1)
    assert np.isnan([indices[kind][1, 0] for kind in ("prcc", "prcc_low", "prcc_high", "p_value")]).all()
    y = x[:, :1] + 1e-3 * x[:, 1:]
    indices = partial_rank_correlations(x, y, np.ones((200, 1), bool), 0.95)["prcc"][1, 0]
    ranks = np.stack([stats.rankdata(part) for part in (x[:, 1], x[:, 0], y[:, 0])], axis=1)
    inverse = np.linalg.inv(np.corrcoef(ranks.T))
    assert indices == pytest.approx(-inverse[0, 2] / np.sqrt(inverse[0, 0] * inverse[2, 2]), abs=1e-6)


@costs_seconds
def test_settled_orbits_do_not_vary_by_their_distance_from_the_end(tmp_path):
    (tmp_path / "noise.py").write_text(MODEL)
    drawn = {"rate": {"uniform": [1, 2]}, "horizon": {"uniform": [100, 200]}}
    design = {"kind": "lhs", "samples": 64, "parameters": drawn}
    sweep = Sweep("noise.py:logistic", design=design, folder=tmp_path, outputs=["x_final", "settle_time"])
    indices = sensitivity(run(sweep, tmp_path / "c.zarr"), "prcc")
    assert indices["x_final_prcc"].isnull().all()
    std, error = _std_said(
        "varies within the solver's tolerance alone", indices.attrs["does_not_vary"]["x_final"]
    )
    assert 0 < std < error < 1e-2
    assert list(indices.attrs["does_not_vary"]) == ["x_final"]
    assert_same_unstored(sweep, tmp_path / "u.zarr", indices)
    assert indices["settle_time_prcc"].sel(parameter="rate") < -0.9
    both = drawn | {"limit": {"uniform": [1, 1.001]}}
    sweep = Sweep("noise.py:logistic", design=design | {"parameters": both}, folder=tmp_path)
    indices = sensitivity(run(sweep, tmp_path / "d.zarr"), "prcc", ["x_final"])
    assert indices["x_final_prcc"].sel(parameter="limit") > 0.999
    assert not (indices["x_final_p_value"].sel(parameter="rate") < 0.01)  # nothing is left for it to explain


def reasons(values, floor=Floor(EPS)):  # noqa: B008
    values = np.asarray(values, float)[:, None]
    return floor.reasons(values, np.isfinite(values)).item()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([3.0, 3.0, np.nan], CONSTANT),
        ([0.0, 0.0], CONSTANT),
        ([0.1 + 0.2, 0.3], ROUNDING),
        ([1e-30 * (0.1 + 0.2), 0.3e-30], ROUNDING),
        ([1 - 0.9 - 0.1, 0.0, 1 - 0.7 - 0.3], ROUNDING),
        ([0.1 + 0.2 - 0.3, 0.0], ROUNDING),
        ([1e-9, 0.0], 0),
        ([1e-300, 2e-300], 0),
        ([1.0, 1 + 1e-11], 0),
        ([1e-17, 2.7e-17, 3.1e-17], 0),
        ([0.0, 0.25, 0.5], 0),
        ([np.nan, np.nan], 0),
    ],
)
def test_rounding_is_told_from_small_numbers(values, reason):
    assert reasons(values) == reason


def test_the_solver_knows_how_exact_it_is():
    size = xr.DataArray([1.0], name="size_final", attrs={"needs": "final"})
    floor = floor_of(size, {"integrator.rtol": "1e-6", "integrator.settle": "0.0"})
    assert reasons([1.0, 1 + 1e-5], floor) == TOLERANCE
    assert reasons([1.0, 1 + 1e-3], floor) == 0
    assert floor_of(xr.DataArray([1.0], name="share", attrs={"needs": "static"}), {}) == Floor(EPS)
    assert floor_of(size.astype("int64"), {}) == Floor(0.0)
    absolute = floor_of(size, {"integrator.atol": "(1e-3, 1e-9)"})
    assert reasons([0.0, 1e-2], absolute) == TOLERANCE


def test_a_derivative_in_the_end_of_an_orbit_is_no_exacter_than_the_orbit():
    slope = xr.DataArray([1.0], name="d_size_final_d_k", attrs={"derivative_of": "size_final"})
    assert floor_of(slope, {}).relative > 0


HEADS = [[0, 1], [1, 3], [1, 4], [2, 8], [1, 100]]


@pytest.mark.parametrize(
    ("heads", "levels"),
    covering(
        [(heads, levels) for heads in HEADS for levels in (4, 6, 10)],
        lambda heads, levels: (4, 6, 10)[HEADS.index(heads) % 3] == levels,
    ),
)
def test_whole_numbers_have_the_elementary_effects_of_a_linear_model(tmp_path, heads, levels):
    (tmp_path / "noise.py").write_text(MODEL)
    drawn = {"staff": {"integers": heads}, "w1": {"uniform": [1, 2]}}
    design = {"kind": "morris", "samples": 20, "levels": levels, "parameters": drawn}
    sweep = Sweep("noise.py:budget", design=design, folder=tmp_path, outputs=["cost", "small"])
    indices = sensitivity(run(sweep, tmp_path / "c.zarr"))
    width = 10.0 * (heads[1] - heads[0])
    for kind in ("mu", "mu_star"):
        np.testing.assert_allclose(indices[f"cost_{kind}"], [width, 0], rtol=1e-12, atol=1e-11)
        np.testing.assert_allclose(indices[f"small_{kind}"], [0, 1e-9], rtol=1e-5, atol=1e-15)
    np.testing.assert_allclose(indices["cost_sigma"], 0, atol=1e-11)


def test_a_step_that_leaves_its_parameter_where_it_is_has_no_effect():
    values = np.array([[[1.0], [1.0], [4.0]], [[0.0], [2.0], [2.0]]])
    steps = np.array([[[0.0, 0.0], [0.0, 0.5]], [[0.5, 0.0], [0.0, 0.0]]])
    np.testing.assert_array_equal(elementary_effects(values, steps)[..., 0], [[0.0, 6.0], [4.0, 0.0]])


@pytest.mark.parametrize("size", [1e300, 1.0, 1e-300])
def test_the_deviation_of_the_largest_and_smallest_numbers_is_one(size):
    values = size * np.array([[1.0, 2.0, 3.0, np.nan]]).T
    actual = deviations(values, np.isfinite(values))
    np.testing.assert_allclose(actual, size * np.std([1.0, 2.0, 3.0]), rtol=1e-12)
