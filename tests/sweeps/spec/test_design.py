"""Designs in sweep files: what they draw, and what is refused."""

import json

import numpy as np
import pytest
from equisweep.engine.tiles import plan_layout
from equisweep.kernels.model import Domain, Parameter
from equisweep.sweeps import Sweep, SweepError, plan
from equisweep.sweeps.spec.design import Design
from equisweep.sweeps.spec.distributions import Distribution, read_distribution
from equisweep.sweeps.spec.samplers import latin_points, morris_points, sobol_points
from scipy import stats

DESIGN = {"kind": "sobol", "samples": 8, "parameters": {"alpha": {"uniform": [0.1, 0.9]}}}
ANY = Parameter("x", "x", "1", 0.5, Domain(), "a number")
SHARE = Parameter("v", "v", "1", 0.5, Domain(0, 1, True, True), "a share")
COUNT = Parameter("n", "n", "1", 3, Domain(2), "a count", integer=True)


def sweep(**design) -> Sweep:
    return Sweep(model="external", design=DESIGN | design, origin="s.toml")


def test_sobol_points_are_a_then_ab_then_ba_then_b():
    points = sobol_points(3, 16, 5, True).reshape(16, 8, 3)
    a, ab, ba, b = points[:, 0], points[:, 1:4], points[:, 4:7], points[:, 7]
    for i in range(3):
        others = [j for j in range(3) if j != i]
        np.testing.assert_array_equal(ab[:, i, i], b[:, i])
        np.testing.assert_array_equal(ab[:, i][:, others], a[:, others])
        np.testing.assert_array_equal(ba[:, i, i], a[:, i])
        np.testing.assert_array_equal(ba[:, i][:, others], b[:, others])
    # A net in base 2: every sixteenth of every axis holds one point of A and one of B.
    for matrix in (a, b):
        np.testing.assert_array_equal(
            np.sort(np.floor(matrix * 16), axis=0), np.tile(np.arange(16), (3, 1)).T
        )
    short = sobol_points(3, 16, 5, False).reshape(16, 5, 3)
    np.testing.assert_array_equal(short, points[:, [0, 1, 2, 3, 7]])


def test_latin_hypercubes_hit_every_stratum_once_a_batch():
    points = latin_points(2, 30, 1, 10).reshape(3, 10, 2)
    for batch in points:
        np.testing.assert_array_equal(np.sort(np.floor(batch * 10), axis=0), np.tile(np.arange(10), (2, 1)).T)
    assert len(np.unique(points)) == 60


def test_morris_trajectories_move_every_parameter_once():
    paths = morris_points(4, 50, 2, 6).reshape(50, 5, 4)
    moves = np.diff(paths, axis=1)
    np.testing.assert_array_equal(
        np.sort((moves != 0).argmax(axis=2), axis=1), np.tile(np.arange(4), (50, 1))
    )
    np.testing.assert_array_equal((moves != 0).sum(axis=2), 1)
    np.testing.assert_allclose(np.abs(moves[moves != 0]), 6 / 10, rtol=1e-15)
    assert set(np.round(paths * 5, 12).ravel()) == {0, 1, 2, 3, 4, 5}
    assert 60 < (moves[moves != 0] > 0).sum() < 140  # both directions, of 200


@pytest.mark.parametrize("draw", [
    lambda n: sobol_points(3, n, 7, True),
    lambda n: latin_points(3, n, 7, 8),
    lambda n: morris_points(3, n, 7, 4),
], ids=["sobol", "lhs", "morris"])  # fmt: skip
def test_more_samples_begin_with_the_old_ones(draw):
    few, many = draw(16), draw(64)
    np.testing.assert_array_equal(many[: len(few)], few)
    assert len(many) == 4 * len(few)


class Cut:
    """A distribution of scipy's cut at both ends, slowly."""

    def __init__(self, law, low, high):
        self.law, self.low, self.high = law, low, high

    def cdf(self, x):
        low, high = self.law.cdf([self.low, self.high])
        return (self.law.cdf(x) - low) / (high - low)


@pytest.mark.parametrize(("stated", "parameter", "law"), [
    ({"uniform": [2, 5]}, ANY, stats.uniform(2, 3)),
    ({"loguniform": [1e-3, 10]}, ANY, stats.loguniform(1e-3, 10)),
    ({"triangular": [1, 2, 5]}, ANY, stats.triang(0.25, 1, 4)),
    ({"normal": [3, 2]}, ANY, stats.norm(3, 2)),
    ({"normal": [0.4, 0.3]}, SHARE, stats.truncnorm(-0.4 / 0.3, 2, 0.4, 0.3)),
    ({"normal": [0, 1, 1, 2]}, ANY, stats.truncnorm(1, 2)),
    ({"lognormal": [4.6, 0.8]}, ANY, stats.lognorm(0.8, scale=np.exp(4.6))),
    ({"lognormal": [-1, 2]}, SHARE, Cut(stats.lognorm(2, scale=np.exp(-1)), 0, 1)),
    ({"lognormal": [0, 1, 0.5, 3]}, ANY, Cut(stats.lognorm(1), 0.5, 3)),
], ids=["uniform", "loguniform", "triangular", "normal", "cut to the domain", "cut", "lognormal",
        "lognormal cut to the domain", "lognormal cut"])  # fmt: skip
def test_samples_follow_the_distribution(stated, parameter, law):
    u = sobol_points(1, 1024, 0, False)[:, 0].reshape(1024, 3)[:, 0]
    read = read_distribution("x", stated, parameter)
    assert read == Distribution.from_plain(json.loads(json.dumps(read.plain())))
    values = np.sort(read.quantiles(u))
    # Against its own cumulative distribution function: a net of 1024 points is even to 1/1024.
    np.testing.assert_allclose(law.cdf(values), (np.arange(1024) + 0.5) / 1024, atol=0.51 / 1024)


def test_quantiles_of_a_lognormal_are_scipys_far_out_in_both_tails():
    read = read_distribution("x", {"lognormal": [4.6, 0.8]}, ANY)
    u = np.array([1e-12, 1e-3, 0.5, 0.999, 1 - 1e-12])
    np.testing.assert_allclose(read.quantiles(u), stats.lognorm.ppf(u, 0.8, scale=np.exp(4.6)), rtol=1e-9)
    assert (read.low, read.high) == (0.0, np.inf)
    assert read.poincare == pytest.approx(0.64)
    np.testing.assert_array_equal(read.steepness(np.array([2.0])), [2.0])
    cut = read_distribution("x", {"lognormal": [0, 5, 1, 2]}, ANY)
    assert cut.poincare == pytest.approx((np.log(2) / np.pi) ** 2)


def test_whole_numbers_are_equally_likely_up_to_both_ends():
    read = read_distribution("n", {"integers": [2, 5]}, COUNT)
    u = np.append(sobol_points(1, 1024, 0, False)[::3, 0], [0.0, 1.0])
    np.testing.assert_array_equal(
        np.unique(read.quantiles(u[:-2]), return_counts=True), [[2, 3, 4, 5], [256] * 4]
    )
    np.testing.assert_array_equal(read.quantiles(u[-2:]), [2, 5])


def test_the_largest_whole_number_is_known_whatever_was_drawn():
    stated = sweep(samples=2, parameters={"n": {"integers": [2, 900]}})
    space = stated.space()
    assert space.largest("n") == 900
    assert space.axes[-1].values["n"].max() < 900
    assert space.axes[-1].values["n"].dtype == np.int64


def test_a_design_stands_beside_axes_and_reads_back_from_the_identity(tmp_path):
    (tmp_path / "s.toml").write_text(
        'model = "external"\n[axes]\nmechanism = ["sharing", "cooperation"]\nn = [3, 4]\n[fixed]\nL = 300\n'
        '[design]\nkind = "sobol"\nsamples = 16\nseed = 4\nsecond_order = true\n[design.parameters]\n'
        "alpha = { uniform = [0.1, 0.9] }\nv = { normal = [0.5, 0.1] }\n"
    )
    stated = Sweep.from_file(tmp_path / "s.toml")
    space = stated.space()
    assert (space.dims, space.shape) == (("mechanism", "n", "sample"), (2, 2, 16 * 6))
    read = Design.from_identity(space.identity())
    assert (read.kind, read.samples, read.group, read.points) == ("sobol", 16, 6, 96)
    np.testing.assert_array_equal(read.values()["v"], space.axes[-1].values["v"])
    assert plan(stated, trial=False).points == 384
    assert plan(stated, trial=False).design == "sobol, 16 base samples of 6 points, over alpha, v"


BAD = {
    "kind": ({"kind": "sobel"}, "s.toml: design.kind: 'sobel' is no design; did you mean 'sobol'?"),
    "no kind": ({"kind": None}, "s.toml: design.kind: is missing; give one of sobol, lhs, morris"),
    "no samples": ({"samples": None}, "design.samples: is missing; give a whole number of at least 2"),
    "half a sample": ({"samples": 7.5}, "design.samples: 7.5 is no count"),
    "not a power of two": ({"samples": 1000}, "design.samples: 1,000 is no power of two, and Sobol' points"),
    "too many": ({"samples": 2**23}, "a design has at most 10,000,000"),
    "seed": ({"seed": -1}, "design.seed: -1 is no count"),
    "unknown key": ({"smples": 4}, "design.smples: unknown for kind 'sobol'; did you mean 'samples'?"),
    "another kind's key": ({"levels": 4}, "design.levels: unknown for kind 'sobol'"),
    "second order": ({"second_order": 1}, "design.second_order: 1 should be true or false"),
    "batch": (
        {"kind": "lhs", "samples": 10, "batch": 4},
        "design.samples: 10 is no multiple of the batch of 4",
    ),
    "levels": ({"kind": "morris", "levels": 5}, "design.levels: 5 is odd"),
    "no parameters": ({"parameters": {}}, "design.parameters: should be a table of distributions"),
}
BAD_PARAMETERS = {
    "unknown": (
        {"alpah": {"uniform": [0, 1]}},
        "parameters.alpah: model external has no parameter 'alpah'; did",
    ),
    "static": ({"mechanism": {"uniform": [0, 1]}}, "mechanism is a static choice and cannot be drawn"),
    "fixed": ({"v": {"uniform": [0.1, 0.2]}}, "design.parameters.v: also stands in [fixed] as 0.4; keep one"),
    "axis": ({"beta": {"uniform": [0, 1]}}, "design.parameters.beta: also stands in [axes]; keep one"),
    "no distribution": ({"alpha": [0, 1]}, "parameters.alpha: [0, 1] should be one distribution, such as"),
    "unknown law": (
        {"alpha": {"unifrom": [0, 1]}},
        "unknown distribution 'unifrom'; did you mean 'uniform'?",
    ),
    "three numbers": ({"alpha": {"uniform": [0, 1, 2]}}, "alpha.uniform: [0, 1, 2] should be [low, high]"),
    "text": ({"alpha": {"uniform": ["a", 1]}}, "alpha.uniform: 'a' is not a finite number"),
    "infinite": ({"alpha": {"uniform": [0, float("inf")]}}, "alpha.uniform: inf is not a finite number"),
    "falling": ({"alpha": {"uniform": [0.9, 0.1]}}, "alpha.uniform: [0.9, 0.1] should rise"),
    "out of domain": (
        {"alpha": {"uniform": [0.1, 1.2]}},
        "alpha.uniform: 1.2 lies outside [0, 1] (probability",
    ),
    "mean out of domain": ({"alpha": {"normal": [-1, 1]}}, "alpha.normal: -1 lies outside [0, 1]"),
    "no spread": ({"alpha": {"normal": [0.5, 0]}}, "a standard deviation of 0 is not above 0"),
    "log of nothing": ({"alpha": {"loguniform": [0, 1]}}, "alpha.loguniform: 0 is not above 0"),
    "lognormal, no spread": (
        {"L": {"lognormal": [1, 0]}},
        "L.lognormal: a standard deviation of 0 is not above",
    ),
    "lognormal, low of 0": ({"L": {"lognormal": [1, 1, 0, 9]}}, "L.lognormal: 0 is not above 0"),
    "lognormal, three": ({"L": {"lognormal": [1, 1, 9]}}, "should be [mean of the logarithm, its standard"),
    "lognormal, huge": ({"L": {"lognormal": [800, 1]}}, "exp of it is infinite"),
    "lognormal, outside": ({"alpha": {"lognormal": [1, 1]}}, "alpha.lognormal: 2.71828 lies outside [0, 1]"),
    "lognormal, nothing": ({"L": {"lognormal": [0, 0.1, 50, 90]}}, "nothing of it lies between 50 and 90"),
    "a count": ({"n": {"uniform": [2, 5]}}, "n.uniform: n counts something; use integers"),
    "no count": ({"alpha": {"integers": [0, 1]}}, "alpha.integers: alpha is continuous; use uniform"),
    "half a count": ({"n": {"integers": [2, 4.5]}}, "n.integers: [2.0, 4.5] are not whole numbers"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_wrong_design_is_refused(changes, message):
    with pytest.raises(SweepError) as error:
        sweep(**changes).space()
    assert message in str(error.value)
    assert str(error.value).startswith("s.toml: design")


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS.values(), ids=BAD_PARAMETERS)
def test_a_wrong_distribution_is_refused(parameters, message):
    stated = Sweep(
        "external", {"beta": [0.1]}, {"v": 0.4}, design=DESIGN | {"parameters": parameters}, origin="s.toml"
    )
    with pytest.raises(SweepError) as error:
        stated.space()
    assert message in str(error.value)
    assert str(error.value).startswith("s.toml: design.parameters.")


def test_morris_reaches_the_ends_and_refuses_what_has_none():
    ends = {"kind": "morris", "samples": 3}
    with pytest.raises(SweepError, match=r"a sample of 0 lies outside \(0, 1\).*reaches both ends"):
        sweep(**ends, parameters={"v": {"uniform": [0, 0.5]}}).space()
    with pytest.raises(SweepError, match=r"L\.normal: has no end, and a Morris design reaches the ends"):
        sweep(**ends, parameters={"L": {"normal": [400, 10]}}).space()
    assert sweep(**ends, parameters={"L": {"normal": [400, 10, 380, 420]}}).space().points == 6


def test_what_is_fixed_of_a_component_that_is_drawn_is_its_base_alone():
    drawn = {"v.data": {"uniform": [0.3, 0.6]}}
    stated = Sweep("internal", design=DESIGN | {"parameters": drawn}, outputs=["share"])
    assert stated.space().labels["factor"] == ("data", "application_systems")
    assert np.isnan(stated.space().fixed["v"]).tolist() == [True, False]
    both = Sweep("internal", fixed={"v": {"data": 0.5}}, design=DESIGN | {"parameters": drawn})
    assert np.isnan(both.space().fixed["v"]).tolist() == [True, False]


@pytest.mark.parametrize(("size", "group", "room", "piece"), [
    (7 * 1024, 7, 65536, 7 * 1024), (7 * 2**17, 7, 2**16, 7 * 2**13),
    (10 * 9, 10, 64, 30), (11 * 7, 11, 40, 33),
])  # fmt: skip
def test_tiles_hold_whole_groups_and_divide_a_design_where_they_can(size, group, room, piece):
    assert plan_layout((2, size), (True, False), 8, room, (0, group)).tile == (1, piece)
