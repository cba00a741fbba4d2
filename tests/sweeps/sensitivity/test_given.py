"""Measures of any sample, beside closed forms, SALib and SciPy."""

import json

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.sensitivity.bootstrap import Resampler
from equisweep.sweeps.sensitivity.given.chaos import chaos_indices
from equisweep.sweeps.sensitivity.given.closed import kucherenko, shapley
from equisweep.sweeps.sensitivity.given.distances import delta, pawn
from equisweep.sweeps.sensitivity.given.hsic import hsic
from equisweep.sweeps.sensitivity.given.patterns import LEAST, by_pattern
from equisweep.sweeps.sensitivity.given.ranks import chatterjee
from equisweep.sweeps.sensitivity.given.regional import regional
from helpers.sampled_models import PI, WEIGHTS, g_indices, ishigami_indices
from SALib.analyze import pawn as salib_pawn
from scipy import stats

N = 4096
RNG = np.random.default_rng(7)
# A linear model of dependent normal variables: how strong each is, and how they vary together.
SLOPES = np.array([1.0, 2.0, -1.0])
COVARIANCE = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, 0.8], [0.0, 0.8, 1.5]])


def ishigami(x):
    return np.sin(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4) + 7 * np.sin(x[:, 1]) ** 2


def sobol_g(x):
    return np.prod((np.abs(4 * x - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1)


def linear_indices():
    """First-order and total indices and Shapley effects, from conditional variances of normal variables."""
    variance = SLOPES @ COVARIANCE @ SLOPES

    def explained(known):
        known = list(known)
        rest = [i for i in range(3) if i not in known]
        if not known or not rest:
            return float(bool(known))
        inner = COVARIANCE[np.ix_(rest, known)] @ np.linalg.inv(COVARIANCE[np.ix_(known, known)])
        left = COVARIANCE[np.ix_(rest, rest)] - inner @ COVARIANCE[np.ix_(known, rest)]
        return 1 - SLOPES[rest] @ left @ SLOPES[rest] / variance

    first = [explained([i]) for i in range(3)]
    total = [1 - explained(set(range(3)) - {i}) for i in range(3)]
    effects = []
    for i in range(3):
        j, k = sorted({0, 1, 2} - {i})
        alone = explained([i]) / 3
        beside = sum(explained([i, other]) - explained([other]) for other in (j, k)) / 6
        effects.append(alone + beside + (1 - explained([j, k])) / 3)
    return np.array(first), np.array(total), np.array(effects)


def within(actual, name, known, atol=0.01):
    """Known values lie in intervals of 99.9%, or so close to them as a bias is."""
    low, high = actual[f"{name}_low"][:, 0] - atol, actual[f"{name}_high"][:, 0] + atol
    assert ((low < known) & (known < high)).all(), (name, actual[name][:, 0], known)
    assert (high - low).max() - 2 * atol < 0.2


def test_kucherenkos_indices_and_shapley_effects_of_dependent_variables_are_known():
    x = RNG.multivariate_normal(np.zeros(3), COVARIANCE, N)
    first, total, effects = linear_indices()
    indices = shapley(x, (x @ SLOPES)[:, None] + 1e6, 0.999, 1)
    within(indices, "shapley", effects)
    within(indices, "S1", first)
    within(indices, "ST", total)
    np.testing.assert_allclose(indices["shapley"].sum(axis=0), 1, rtol=1e-12)
    alone = kucherenko(x, (x @ SLOPES)[:, None] + 1e6, 0.999, 1)
    for name in alone:
        np.testing.assert_allclose(alone[name], indices[name], rtol=1e-9)


@pytest.mark.parametrize("which", ["ishigami", "g"])
def test_known_functions_have_known_indices(which):
    dims = 3 if which == "ishigami" else 4
    u = RNG.random((N, dims))
    x = (2 * u - 1) * PI if which == "ishigami" else u
    y = (ishigami(x) if which == "ishigami" else sobol_g(x))[:, None]
    known = ishigami_indices(7.0) if which == "ishigami" else g_indices()
    within(kucherenko(x, y, 0.999, 0), "S1", known["S1"], 0.03)
    within(kucherenko(x, y, 0.999, 0), "ST", known["ST"], 0.03)
    within(chatterjee(x, y, 0.999, 0), "S1", known["S1"])
    if which == "ishigami":
        indices = chaos_indices(u, np.zeros(dims, bool), np.hstack([y, 5 - 2 * y]))
        assert indices["q2"].min() > 0.999
        for kind in ("S1", "ST", "S2"):
            for cell in (0, 1):
                one = indices[kind][..., cell]
                np.testing.assert_allclose(one, known[kind] + 0 * one, atol=2e-3)


def test_chaos_of_normal_variables_is_exact_where_the_output_is_a_polynomial():
    z = RNG.normal(size=(400, 2))
    u = np.stack([stats.norm.cdf(z[:, 0]), stats.norm.cdf(z[:, 1])], axis=1)
    indices = chaos_indices(u, np.ones(2, bool), (z[:, 0] + z[:, 0] * z[:, 1] + 2 * z[:, 1])[:, None])
    assert indices["q2"][0] == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(indices["S1"][:, 0], [1 / 6, 4 / 6], atol=1e-9)
    np.testing.assert_allclose(indices["S2"][0, 1, 0], 1 / 6, atol=1e-9)
    noise = chaos_indices(u, np.ones(2, bool), RNG.normal(size=(400, 1)))
    assert noise["q2"][0] < 0.1  # and says that it foresees nothing


def test_chaos_of_parameters_of_few_values_is_exact_under_their_own_law():
    drawn = {
        "alpha": {"discrete": [0.1, 0.3, 0.9], "weights": [8, 1, 1]},
        "n": {"integers": [3, 4]},
        "beta": {"uniform": [0, 1]},
    }
    design = {"kind": "lhs", "samples": 1024, "parameters": drawn}
    space = Sweep("external", fixed={"L": 100.0}, outputs=["investment"], design=design).space()
    (axis,) = [axis for axis in space.axes if axis.group]
    x = {name: values[:] for name, values in axis.values.items()}
    # Each of mean 0 and variance 1 under its law; a rises by no straight line in its values.
    a = (np.array([1.0, 3.0, 2.0])[np.searchsorted([0.2, 0.5], x["alpha"])] - 1.3) / np.sqrt(0.41)
    n, b = (x["n"] - 3.5) * 2, (x["beta"] - 0.5) * np.sqrt(12)
    cube = xr.Dataset(
        {"y": ("sample", a + 2 * n + b + 2 * a * n), "status": ("sample", np.ones(len(a), np.uint8))},
        coords={name: ("sample", values) for name, values in x.items()},
        attrs={"identity": json.dumps(space.identity())},
    )
    indices = sensitivity(cube, "chaos")
    np.testing.assert_allclose(indices["y_S1"], [0.1, 0.4, 0.1], atol=1e-9)
    np.testing.assert_allclose(indices["y_ST"], [0.5, 0.8, 0.1], atol=1e-9)
    assert float(indices["y_S2"][0, 1]) == pytest.approx(0.4)


def test_chaos_of_a_grid_counts_each_value_of_an_axis_alike():
    a, b = np.array([0.0, 1.0]), np.array([0.0, 1.0, 10.0])
    y = a[:, None] + np.array([0.0, 3.0, 1.0]) + np.zeros((30, 1, 1))
    cube = xr.Dataset(
        {"y": (("c", "a", "b"), y), "status": (("c", "a", "b"), np.ones(y.shape, np.uint8))},
        coords={"c": np.arange(30.0), "a": a, "b": b},
    )
    variances = np.array([0.0, np.var(a), np.var([0.0, 3.0, 1.0])])
    indices = sensitivity(cube, "chaos")
    np.testing.assert_allclose(indices["y_S1"], variances / variances.sum(), atol=1e-9)
    np.testing.assert_allclose(indices["y_ST"], variances / variances.sum(), atol=1e-9)


def test_pawn_is_salibs():
    x = RNG.random((1000, 3)) * 2 * PI - PI
    y = np.stack([ishigami(x), x[:, 0]], axis=1)
    indices = pawn(x, y)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-PI, PI]] * 3}
    for cell in (0, 1):
        reference = salib_pawn.analyze(problem, x, y[:, cell], S=10)
        np.testing.assert_allclose(indices["pawn"][:, cell], reference["median"], atol=0.006)
        np.testing.assert_allclose(indices["pawn_max"][:, cell], reference["maximum"], atol=0.012)
    assert indices["pawn"][1, 1] < indices["pawn_by_chance"][1, 1] < indices["pawn"][0, 1]


def test_delta_is_known_of_a_linear_model():
    """Of y = x + e, both normal: half the mean area between two normal densities, by quadrature."""
    x = RNG.normal(size=(N, 2))
    y = (x[:, 0] + 0.5 * x[:, 1])[:, None]
    grid, nodes = np.linspace(-8, 8, 4001), stats.norm.ppf((np.arange(200) + 0.5) / 200)
    whole = stats.norm.pdf(grid, scale=np.sqrt(1.25))
    for i, (slope, rest) in enumerate([(1.0, 0.5), (0.5, 1.0)]):
        apart = np.abs(stats.norm.pdf(grid, slope * nodes[:, None], rest) - whole)
        known = apart.sum(axis=1).mean() * (grid[1] - grid[0]) / 2
        indices = delta(x, y, Resampler(N, 20, 0, 0.999))
        # Slices have a width, and densities are smoothed: both make it smaller.
        assert known - 0.06 < indices["delta"][i, 0] < known + 0.02
        assert indices["delta_low"][i, 0] < indices["delta"][i, 0] < indices["delta_high"][i, 0]
    classes = delta(x, (y > 0).astype(float), Resampler(N, 20, 0, 0.95))["delta"][:, 0]
    assert classes[0] > classes[1] > 0.05


def test_chatterjees_coefficient_is_scipys_and_ties_are_in_no_order():
    x, noise = RNG.random((600, 2)), RNG.random(600)
    y = np.stack([x[:, 0] ** 2 + 0.1 * noise, (x[:, 1] > 0.3).astype(float)], axis=1)
    indices = chatterjee(x, y, 0.95, 3)
    for i in (0, 1):
        for cell in (0, 1):
            reference = stats.chatterjeexi(x[:, i], y[:, cell], y_continuous=False)
            assert indices["xi"][i, cell] == pytest.approx(reference.statistic, abs=1e-12)
            assert indices["p_value"][i, cell] == pytest.approx(reference.pvalue, abs=1e-12)
    grid = np.stack(np.meshgrid(np.arange(20.0), np.arange(50.0), indexing="ij"), axis=-1).reshape(-1, 2)
    # Points of one value of the first axis lie in the order of the second, of which y is a function.
    tied = chatterjee(grid, grid[:, 1:], 0.95, 0)
    assert abs(tied["xi"][0, 0]) < 0.1
    assert tied["xi"][1, 0] > 0.95


def test_hsic_is_a_trace_and_its_p_values_are_even_under_independence():
    x, y = RNG.normal(size=(150, 1)), RNG.random((150, 1))
    n = len(x)
    k, m = (np.exp(-((v - v.T) ** 2) / (2 * v.std(ddof=1) ** 2)) for v in (x, y))
    h = np.eye(n) - 1 / n
    trace = np.trace(k @ h @ m @ h) / np.sqrt(np.trace(k @ h @ k @ h) * np.trace(m @ h @ m @ h))
    assert hsic(x, y, 0)["hsic"][0, 0] == pytest.approx(trace, rel=1e-9)
    p = [hsic(RNG.random((60, 1)), RNG.random((60, 1)), 0)["p_value"][0, 0] for _ in range(200)]
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    assert hsic(x, x**2, 0)["p_value"][0, 0] < 1e-12  # which no correlation shows


def test_regional_distances_are_those_of_two_samples():
    x = np.round(RNG.random((500, 2)), 2)  # with ties
    y = (x[:, :1] + 0.2 * RNG.random((500, 1)) > 0.6).astype(float)
    indices = regional(x, y)
    for i in (0, 1):
        reference = stats.ks_2samp(x[y[:, 0] == 1, i], x[y[:, 0] == 0, i], method="asymp")
        assert indices["ks"][i, 0] == pytest.approx(reference.statistic, abs=1e-12)
    assert indices["p_value"][0, 0] < 1e-9 < indices["p_value"][1, 0]


def test_cells_are_measured_of_the_points_that_they_hold():
    x, y = RNG.random((200, 1)), RNG.random((200, 4))
    usable = np.ones((200, 4), bool)
    usable[:50, 1], usable[LEAST - 1 :, 2], y[:, 3] = False, False, 5.0
    seen = []
    measured = by_pattern(x, y, usable, lambda x, y: seen.append(y) or {"mean": y.mean(axis=0)[None]})
    np.testing.assert_allclose(measured["mean"][0, :2], [y[:, 0].mean(), y[50:, 1].mean()])
    assert np.isnan(measured["mean"][0, 2:]).all()
    np.testing.assert_array_equal(measured["left_out"], [0, 50, 200 - LEAST + 1, 0])


@pytest.fixture(scope="module")
def grid():
    """A cube of a grid for each of two choices, made by hand: y, whether it is large, and a failure."""
    a, b = np.linspace(0, 1, 40), np.linspace(0, 1, 30)
    y = np.stack([3 * a[:, None] + b, a[:, None] + 3 * b])
    side = (y > 2).astype(np.int16)
    status = np.ones(y.shape, np.uint8)
    status[0, 0, 0] = 9
    classes = {"flag_values": [0, 1], "flag_meanings": "low high"}
    dims = ("choice", "a", "b")
    return xr.Dataset(
        {"y": (dims, y), "side": (dims, side, classes), "status": (dims, status)},
        coords={"choice": ["one", "two"], "a": a, "b": b},
    )


def test_a_grid_is_a_sample(grid):
    indices = sensitivity(grid, "kucherenko")
    assert indices["y_S1"].dims == ("parameter", "choice")
    np.testing.assert_allclose(indices["y_S1"], [[0.9, 0.1], [0.1, 0.9]], atol=0.03)
    np.testing.assert_array_equal(indices["y_left_out"], [1, 0])
    assert indices.attrs["design"] == "a grid of 1,200 points, over a, b"
    assert set(indices["side_is_high_S1"].dims) == {"parameter", "choice"}
    one = sensitivity(grid, "regional", ["side"], selections="choice=one")
    assert set(one.data_vars) >= {"side_is_high_ks", "side_is_low_ks"}
    assert one["side_is_high_ks"].sel(parameter="a") > one["side_is_high_ks"].sel(parameter="b")
    failed = sensitivity(grid, "pawn", ["status"])
    assert "status_is_infeasible_pawn" in failed


def test_what_a_grid_cannot_be_asked_is_said(grid):
    with pytest.raises(SweepError, match="compares a class with the rest, and y is none"):
        sensitivity(grid, "regional", ["y"])
    with pytest.raises(SweepError, match="no axis of numbers has two values"):
        sensitivity(grid.isel(a=[0], b=[0]), "shapley")
    with pytest.raises(SweepError, match="classifies, and classes have no derivatives"):
        sensitivity(grid, "elasticity", ["side"])


@pytest.mark.parametrize("measure", [kucherenko, shapley, chatterjee])
def test_a_class_of_few_points_has_intervals_by_fewer_parts(measure):
    """In some of twenty parts it does not vary, which gave a warning and no interval."""
    x = np.random.default_rng(3).random((1024, 2))
    y = np.stack([x[:, 0] > 0.985, x[:, 0] + x[:, 1], np.zeros(1024)], axis=1).astype(float)
    result = measure(x, y, 0.95, 0)
    alone = measure(x, y[:, 1:2], 0.95, 0)
    for name, values in result.items():
        assert np.isfinite(values[:, :2]).all(), name
        np.testing.assert_allclose(values[:, 1:2], alone[name], rtol=1e-10)
    assert (result["S1_low"][:, 0] < result["S1_high"][:, 0]).all()
