"""Distributions of samples beside SciPy's, at a hundred thousand points each."""

import json

import numpy as np
import pytest
from equisweep.kernels.model import Domain, Parameter
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.spec.distributions.distribution import Distribution
from equisweep.sweeps.spec.distributions.read import read_distribution
from helpers.sampled_models import even
from scipy import stats

ANY = Parameter("x", "x", "1", 0.5, Domain(), "a number")
SHARE = Parameter("v", "v", "1", 0.5, Domain(0, 1, True, True), "a share")
COUNT = Parameter("n", "n", "1", 3, Domain(2), "a count", integer=True)
U = even(2**17)
FEW = U[: 2**12]
LAWS = {
    "normal": ([3, 2], stats.norm(3, 2)),
    "lognormal": ([1, 0.8], stats.lognorm(0.8, scale=np.exp(1))),
    "gamma": ([2.5, 3], stats.gamma(2.5, scale=3)),
    "gamma steep": ([0.3, 2], stats.gamma(0.3, scale=2)),
    "exponential": ([4], stats.expon(scale=4)),
    "weibull": ([1.7, 5], stats.weibull_min(1.7, scale=5)),
    "weibull steep": ([0.6, 5], stats.weibull_min(0.6, scale=5)),
    "beta": ([2, 5], stats.beta(2, 5)),
    "beta steep": ([0.4, 0.7], stats.beta(0.4, 0.7)),
    "beta wide": ([2, 5, 10, 30], stats.beta(2, 5, 10, 20)),
    "pert": ([1, 2, 7], stats.beta(1 + 4 / 6, 1 + 20 / 6, 1, 6)),
}
# Shares between which each is cut: both halves, each one, and far out in both tails.
CUTS = [(0.1, 0.9), (0.0, 0.3), (0.6, 1.0), (0.999, 0.9999), (1e-6, 1e-4)]


def read(name, numbers, parameter=ANY, **more):
    stated = {name.partition(" ")[0]: numbers} | more
    result = read_distribution("x", stated, parameter)
    assert result == Distribution.from_plain(json.loads(json.dumps(result.plain())))
    return result


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_are_scipys(name):
    numbers, law = LAWS[name]
    np.testing.assert_allclose(read(name, numbers).quantiles(U), law.ppf(U), rtol=2e-9, atol=1e-12)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", LAWS)
def test_between_its_ends_a_law_is_what_it_was(name, cut):
    numbers, law = LAWS[name]
    low, high = law.ppf(cut)
    ends = {"low": low} if cut[1] == 1 else {"high": high} if cut[0] == 0 else {"low": low, "high": high}
    values = read(name, numbers, **ends).quantiles(FEW)
    assert low <= values.min() <= values.max() <= high
    np.testing.assert_allclose((law.cdf(values) - cut[0]) / (cut[1] - cut[0]), FEW, atol=1e-8)
    assert (np.diff(values[np.argsort(FEW)]) >= 0).all()


def test_far_out_on_either_side_a_law_has_its_own_tail():
    for sign in (1, -1):
        ends = sorted((sign * 7.0, sign * 7.5))
        values = read("normal", [0, 1], low=ends[0], high=ends[1]).quantiles(U)
        law = stats.truncnorm(*ends)
        np.testing.assert_allclose(np.sort(values), law.ppf(np.sort(U)), rtol=1e-9)


def test_a_law_without_an_end_ends_with_its_domain():
    one = read("gamma", [2, 0.1], SHARE)
    assert (one.low, one.high) == (0, 1)
    law = stats.gamma(2, scale=0.1)
    np.testing.assert_allclose(law.cdf(one.quantiles(U)) / law.cdf(1), U, rtol=1e-9)
    assert read("exponential", [3]).high == np.inf
    assert read("beta", [2, 2], SHARE).plain() == {"beta": [2, 2, 0, 1]}


def test_single_values_come_as_often_as_their_weights_say():
    one = read("discrete", [5, 1, 2], weights=[1, 2, 5])
    assert (one.numbers, one.low, one.high, one.whole) == ((1, 2, 5), 1, 5, False)
    values, counts = np.unique(one.quantiles(U), return_counts=True)
    np.testing.assert_array_equal(values, [1, 2, 5])
    np.testing.assert_array_equal(counts, 2**17 // 8 * np.array([2, 5, 1]))
    np.testing.assert_array_equal(one.quantiles(np.array([0.0, 1.0])), [1, 5])
    alike = read("discrete", [2, 7], COUNT)
    assert alike.whole
    assert alike.weights == (1, 1)
    drawn = Sweep("external", design={
        "kind": "lhs", "samples": 40, "parameters": {"n": {"discrete": [3, 9]}, "L": {"gamma": [4, 100]}},
    }).space()  # fmt: skip
    values = drawn.axes[-1].values["n"]
    assert (values.dtype, np.unique(values).tolist()) == (np.int64, [3, 9])
    assert drawn.largest("n") == 9


@pytest.mark.parametrize("name", ["exponential", "gamma", "weibull", "beta", "pert", "normal", "lognormal"])
def test_no_function_varies_more_than_its_derivative_allows(name):
    """Poincaré's inequality of several functions, by sums over the distribution; infinite is no bound."""
    numbers, _ = LAWS[name]
    for ends in ({}, {"low": 1.2 if name != "beta" else 0.1, "high": 2.9 if name != "beta" else 0.4}):
        one = read(name, numbers, **ends)
        x = one.quantiles(FEW)
        z = np.log(x) if name == "lognormal" else x
        for f, slope in (
            (z, np.ones_like(z)),
            (np.sin(z), np.cos(z)),
            (np.tanh(z - z.mean()), np.cosh(z - z.mean()) ** -2.0),
        ):
            assert np.var(f) <= one.poincare * np.mean(slope**2) * (1 + 1e-3)
        assert one.poincare < np.inf
    assert read("exponential", [4]).poincare == pytest.approx(4 * 4**2, rel=1e-6)  # the best there is
    assert read("gamma", [0.3, 2]).poincare == np.inf


@pytest.mark.parametrize(("low", "high", "levels"), [
    (2, 4, 4), (2, 7, 4), (2, 5, 4), (2, 3, 4), (2, 101, 4), (2, 5, 6), (3, 14, 8),
])  # fmt: skip
def test_levels_of_a_morris_design_fall_on_whole_numbers_alike_about_the_middle(low, high, levels):
    design = {
        "kind": "morris", "samples": 400, "levels": levels, "seed": 2,
        "parameters": {"n": {"integers": [low, high]}, "alpha": {"uniform": [0.1, 0.9]}},
    }  # fmt: skip
    values = Sweep("external", design=design).space().axes[-1].values["n"].reshape(-1, 3)
    met = np.unique(values)
    assert (met[0], met[-1]) == (low, high)
    np.testing.assert_array_equal(met, np.sort(low + high - met))
    expected = np.unique(np.rint(np.arange(levels) * (high - low) / (levels - 1))) + low
    np.testing.assert_array_equal(met, expected)
    steps = np.diff(values, axis=1)
    assert ((steps != 0).sum(axis=1) == 1).all()  # every trajectory moves it once, never by nothing
    assert np.abs(steps[steps != 0]).min() >= (high - low) // 2  # about half the range, as on other axes


BAD = {
    "two": ({"gamma": [1, 2], "beta": [1, 2]}, "should be one distribution"),
    "none": ({"low": 1}, "should be one distribution"),
    "shape": ({"gamma": [0, 2]}, "x.gamma: a shape of 0 is not above 0"),
    "scale": ({"weibull": [1, -2]}, "x.weibull: a scale of -2 is not above 0"),
    "mean": ({"exponential": [0]}, "x.exponential: a mean of 0 is not above 0"),
    "no list": ({"exponential": 3}, "x.exponential: 3 should be [mean]"),
    "three": ({"beta": [1, 2, 3]}, "x.beta: [1, 2, 3] should be [first shape, second shape] or"),
    "falling": ({"beta": [1, 2, 3, 2]}, "x.beta: 3 and 2 should rise"),
    "pert": ({"pert": [1, 5, 4]}, "x.pert: [1.0, 5.0, 4.0] should rise"),
    "cut twice": ({"normal": [0, 1, -1, 1], "low": 0}, "x.low: also stands in normal; keep one"),
    "cut of what ends": ({"uniform": [0, 1], "low": 0.5}, "x.low: uniform has none"),
    "text": ({"gamma": [1, 2], "high": "a"}, "x.high: 'a' is not a finite number"),
    "beyond": ({"beta": [2, 2], "low": 2}, "x.beta: nothing of it lies between 2 and 1"),
    "nothing there": ({"weibull": [2, 1], "low": 50}, "x.weibull: nothing of it lies between 50 and inf"),
    "weights": ({"gamma": [1, 2], "weights": [1]}, "x.weights: gamma has none"),
    "one value": ({"discrete": [1]}, "x.discrete: [1] should be two or more values"),
    "twice": ({"discrete": [1, 2, 1]}, "two or more values, each there once"),
    "few weights": ({"discrete": [1, 2], "weights": [1]}, "x.weights: 1 weights of 2 values"),
    "no weight": ({"discrete": [1, 2], "weights": [1, 0]}, "x.weights: 0 is not above 0; leave out"),
}
BAD_HERE = {
    "outside": (SHARE, {"discrete": [0.5, 1]}, "x.discrete: 1 lies outside (0, 1)"),
    "median outside": (SHARE, {"gamma": [4, 4]}, "lies outside (0, 1)"),
    "ends outside": (SHARE, {"pert": [0.5, 0.7, 1.2]}, "x.pert: 1.2 lies outside"),
    "cut outside": (SHARE, {"gamma": [4, 4], "high": 3}, "x.high: 3 lies outside"),
    "half a count": (COUNT, {"discrete": [2, 2.5]}, "x.discrete: 2.5 is not a whole number"),
    "a count": (COUNT, {"gamma": [2, 2]}, "n counts something; use integers"),
}


@pytest.mark.parametrize(("stated", "message"), BAD.values(), ids=BAD)
def test_a_wrong_law_is_refused(stated, message):
    with pytest.raises(SweepError) as error:
        read_distribution("x", stated, ANY)
    assert message in str(error.value)


@pytest.mark.parametrize(("parameter", "stated", "message"), BAD_HERE.values(), ids=BAD_HERE)
def test_what_does_not_suit_its_parameter_is_refused(parameter, stated, message):
    with pytest.raises(SweepError) as error:
        read_distribution("x", stated, parameter)
    assert message in str(error.value)


def test_a_morris_design_takes_no_single_values():
    design = {"kind": "morris", "samples": 4, "parameters": {"alpha": {"discrete": [0.1, 0.2]}}}
    with pytest.raises(SweepError, match=r"alpha\.discrete: a Morris design steps along a range"):
        Sweep("external", design=design).space()
