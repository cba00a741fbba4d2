"""Dependent parameters have the correlations that are stated, and their own distributions."""

import json
import re

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.spec.design import Design
from equisweep.sweeps.spec.distributions.distribution import Distribution
from equisweep.sweeps.spec.sampling.correlation import Pair, normal_factor
from scipy import stats

LAWS = {
    "alpha": {"uniform": [0.1, 0.9]},
    "beta": {"beta": [2, 5]},
    "L": {"lognormal": [5.0, 0.5]},
    "E": {"discrete": [0.1, 0.2, 0.4], "weights": [2, 1, 1]},
}
PAIRS = [["alpha", "beta", 0.6], ["beta", "L", -0.4], ["L", "E", 0.3]]


def design_of(correlation, kind="lhs", laws=LAWS, **more):
    stated = {"kind": kind, "samples": 2**15, "parameters": laws, "correlation": correlation} | more
    return Sweep("external", fixed={"n": 4}, outputs=["investment"], design=stated).space()


@pytest.mark.parametrize("kind", ["rank", "linear"])
def test_samples_have_the_correlations_that_are_stated(kind):
    space = design_of({kind: PAIRS})
    (axis,) = [axis for axis in space.axes if axis.group]
    x = {name: values[:] for name, values in axis.values.items()}
    measured = stats.spearmanr if kind == "rank" else stats.pearsonr
    for one, other, number in PAIRS:
        # Four standard deviations of a correlation of so many points.
        assert measured(x[one], x[other])[0] == pytest.approx(number, abs=4 / np.sqrt(2**15))
    assert abs(stats.spearmanr(x["alpha"], x["L"])[0]) < 0.025  # a pair that is not stated has none
    laws = {
        "alpha": stats.uniform(0.1, 0.8),
        "beta": stats.beta(2, 5),
        "L": stats.lognorm(0.5, scale=np.exp(5)),
    }
    for name, law in laws.items():
        assert stats.kstest(x[name], law.cdf).statistic < 1.63 / np.sqrt(2**15)
    np.testing.assert_allclose(
        [np.mean(x["E"] == one) for one in (0.1, 0.2, 0.4)], [0.5, 0.25, 0.25], atol=0.012
    )
    again = Design.from_identity(space.identity())
    assert again is not None
    np.testing.assert_array_equal(again.values()["L"], x["L"])


@pytest.mark.parametrize("sigma", [0.5, 2.0, 6.0])
def test_heavy_tails_count(sigma):
    """Of lognormal parameters it is (exp(r s^2) - 1) / (exp(s^2) - 1); beside a normal one
    r s / sqrt(exp(s^2) - 1).
    """
    heavy = Distribution("lognormal", (3.0, sigma), 0, np.inf)
    laws = {"a": heavy, "b": heavy, "z": Distribution("normal", (-1.0, 2.0), -np.inf, np.inf)}
    both = float(np.expm1(0.7 * sigma**2) / np.expm1(sigma**2))
    beside = float(0.4 * sigma / np.sqrt(np.expm1(sigma**2)))
    for other, number, behind in (("b", both, 0.7), ("z", beside, 0.4)):
        factor = normal_factor("here", [Pair("a", other, "linear", number)], laws)
        assert (factor @ factor.T)[0, list(laws).index(other)] == pytest.approx(behind, rel=1e-6)
    least = f"between {-np.exp(-(sigma**2)):.4f} and 1.0000 "
    with pytest.raises(SweepError, match=re.escape(least)):
        normal_factor("here", [Pair("a", "b", "linear", -0.99)], laws)


def test_tails_of_which_floats_hold_too_little_are_refused():
    laws = {name: Distribution("lognormal", (0.0, 20.0), 0, np.inf) for name in "ab"}
    with pytest.raises(SweepError, match="too heavy for a linear correlation"):
        normal_factor("here", [Pair("a", "b", "linear", 0.5)], laws)
    factor = normal_factor("here", [Pair("a", "b", "rank", 0.5)], laws)
    assert factor[1, 0] == pytest.approx(2 * np.sin(np.pi / 12))


def test_two_choices_are_correlated_as_their_table_says():
    law = Distribution("discrete", (0.0, 1.0), 0.0, 1.0, (9.0, 1.0))
    behind = normal_factor("here", [Pair("a", "b", "linear", 0.5)], {"a": law, "b": law})[1, 0]
    cut = stats.norm.ppf(0.1)
    both = stats.multivariate_normal(cov=[[1, behind], [behind, 1]]).cdf([cut, cut])
    assert (both - 0.01) / 0.09 == pytest.approx(0.5, abs=2e-4)


def test_what_is_not_correlated_stays_a_latin_hypercube():
    space = design_of({"rank": [["alpha", "beta", 0.9]]})
    (axis,) = [axis for axis in space.axes if axis.group]
    alone = np.sort(np.floor((axis.values["alpha"][:] - 0.1) / 0.8 * 2**15))
    np.testing.assert_array_equal(alone, np.arange(2**15))


@pytest.mark.parametrize(
    ("correlation", "message"),
    [
        ({"rank": [["alpha", "gamma", 0.5]]}, "'gamma' is not sampled"),
        ({"rank": [["alpha", "beta", 1]]}, "1 of alpha and beta should lie between -1 and 1"),
        ({"rank": [["alpha", "alpha", 0.1]]}, "should be two, and stand there once"),
        ({"rank": [["alpha", "beta", 0.1]], "linear": [["beta", "alpha", 0.1]]}, "should be two, and stand"),
        ({"rang": [["alpha", "beta", 0.1]]}, "rang: is no kind of correlation; did you mean 'rank'"),
        ({"rank": [["alpha", "beta"]]}, "should be two names and a number"),
        ({"rank": 0.5}, "0.5 should be a list"),
        ({"rank": []}, "rank: is empty"),
        ({"rank": [["alpha", "beta", 0.1]], "linear": []}, "linear: is empty"),
        (0.5, "should be a table"),
        ({"linear": [["L", "E", 0.999]]}, "the correlation of L and E lies between -"),
        (
            {"rank": [["alpha", "beta", 0.9], ["beta", "L", 0.9], ["alpha", "L", -0.9]]},
            "no parameters have these",
        ),
    ],
)
def test_wrong_correlations_are_refused(correlation, message):
    with pytest.raises(SweepError, match=r"design\.correlation") as error:
        design_of(correlation)
    assert message in str(error.value)


def test_designs_that_move_single_parameters_are_refused_with_what_to_use():
    laws = {"alpha": {"uniform": [0.1, 0.9]}, "beta": {"uniform": [0.1, 0.9]}}
    for kind in ("sobol", "morris"):
        with pytest.raises(SweepError, match="the measures shapley or kucherenko"):
            design_of({"rank": [["alpha", "beta", 0.5]]}, kind, laws)


def test_measures_of_independent_parameters_are_refused_and_others_are_right():
    laws = {name: {"normal": [0.5, 0.05]} for name in ("alpha", "beta")}  # hardly truncated
    space = design_of({"linear": [["alpha", "beta", 0.5]]}, laws=laws, samples=4096)
    (axis,) = [axis for axis in space.axes if axis.group]
    x = {name: values[:] for name, values in axis.values.items()}
    cube = xr.Dataset(
        {"y": ("sample", x["alpha"] + 2 * x["beta"]), "status": ("sample", np.ones(4096, np.uint8))},
        coords={name: ("sample", values) for name, values in x.items()},
        attrs={"identity": json.dumps(space.identity())},
    )
    for method in ("sobol", "morris", "chaos", "dgsm"):
        with pytest.raises(SweepError, match=r"depend on each other.*give shapley or kucherenko"):
            sensitivity(cube, method)
    indices = sensitivity(cube, "shapley")
    # y = a + 2 b of correlation 1/2: its variance is 7, given a 3, given b 3/4.
    np.testing.assert_allclose(indices["y_S1"], [4 / 7, 25 / 28], atol=0.03)
    np.testing.assert_allclose(indices["y_ST"], [3 / 28, 3 / 7], atol=0.03)
    np.testing.assert_allclose(indices["y_shapley"], [(4 / 7 + 3 / 28) / 2, (25 / 28 + 3 / 7) / 2], atol=0.03)
    assert indices.attrs["design"] == "lhs, 4,096 points, over alpha, beta, correlated"
