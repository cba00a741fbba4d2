"""Designs in sweep files: what they draw, and what is refused."""

import hashlib
import json

import numpy as np
import pytest
from equisweep.engine.tiles import plan_layout
from equisweep.kernels.model import Domain, Parameter
from equisweep.sweeps import Sweep, SweepError, plan, run
from equisweep.sweeps.cube.source import space_of
from equisweep.sweeps.spec.design import Design
from equisweep.sweeps.spec.distributions.distribution import Distribution
from equisweep.sweeps.spec.distributions.read import read_distribution
from equisweep.sweeps.spec.sampling import version_0_1
from equisweep.sweeps.spec.sampling.kinds import SAMPLERS
from helpers.old_cubes import made_old
from helpers.sampled_models import even
from scipy import stats

DESIGN = {"kind": "sobol", "samples": 8, "parameters": {"alpha": {"uniform": [0.1, 0.9]}}}
ANY = Parameter("x", "x", "1", 0.5, Domain(), "a number")
SHARE = Parameter("v", "v", "1", 0.5, Domain(0, 1, True, True), "a share")
COUNT = Parameter("n", "n", "1", 3, Domain(2), "a count", integer=True)


def sweep(**design) -> Sweep:
    return Sweep(model="external", design=DESIGN | design, origin="s.toml")


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
    u = even(1024)
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
    u = np.append(even(1024), [0.0, 1.0])
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
    assert (read.kind, read.samples, read.points_per_sample, read.points) == ("sobol", 16, 6, 96)
    np.testing.assert_array_equal(read.values()["v"], space.axes[-1].values["v"])
    assert plan(stated, trial=False).points == 384
    assert plan(stated, trial=False).design == "sobol, 16 base samples of 6 points, over alpha, v"


BAD = {
    "kind": ({"kind": "sobel"}, "s.toml: design.kind: 'sobel' is no design; did you mean 'sobol'?"),
    "no kind": ({"kind": None}, "s.toml: design.kind: is missing; give one of sobol, lhs, morris"),
    "no samples": ({"samples": None}, "design.samples: is missing; give a whole number of at least 2"),
    "half a sample": ({"samples": 7.5}, "design.samples: 7.5 is no count"),
    "not a power of two": ({"samples": 1000}, "design.samples: 1,000 is no power of two, and Sobol' points"),
    "too many": ({"samples": 2**31}, "2,147,483,648: a sobol design has at most 1,073,741,824"),
    "too many hashed": (
        {"kind": "lhs", "samples": 2**32},
        "4,294,967,296: a lhs design has at most 4,294,967,295",
    ),
    "drawn as nobody did": ({"drawn_as": "0.1.1"}, "design.drawn_as: '0.1.1' is no version that drew"),
    "too many of old": (
        {"drawn_as": "0.1.0", "samples": 2**23},
        "drawn as 0.1.0 drew it has at most 10,000,000",
    ),
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
    "static": (
        {"mechanism": {"uniform": [0, 1]}},
        "mechanism: {'uniform': [0, 1]} should be options of a static choice",
    ),
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


@pytest.mark.parametrize(("size", "group", "buffer", "piece"), [
    (7 * 1024, 7, 65536, 7 * 1024), (7 * 2**17, 7, 2**16, 7 * 2**13),
    (10 * 9, 10, 64, 30), (11 * 7, 11, 40, 33),
])  # fmt: skip
def test_tiles_hold_whole_groups_and_divide_a_design_where_they_can(size, group, buffer, piece):
    assert plan_layout((2, size), (True, False), 8, buffer, (0, group)).tile == (1, piece)


@pytest.mark.parametrize(("kind", "more"), [("sobol", 8), ("lhs", 8), ("morris", 5)])
def test_a_cube_that_the_first_version_began_goes_on_and_grows_with_its_points(tmp_path, kind, more):
    distributions = {
        "alpha": {"uniform": [0.1, 0.9]},
        "v": {"normal": [0.5, 0.1, 0.2, 0.8]},
        "n": {"integers": [2, 4]},
    }

    def stated(samples: int, **design) -> Sweep:
        drawn = {"kind": kind, "samples": samples, "seed": 5, "parameters": distributions}
        return Sweep("external", outputs=["investment"], design=drawn | design)

    path = tmp_path / "cube.zarr"
    run(stated(4, drawn_as="0.1.0"), path)
    document = json.loads((made_old(path) / "zarr.json").read_text())
    identity = json.loads(document["attributes"]["identity"])
    assert "design.drawn_as" not in identity
    space = stated(4, drawn_as="0.1.0").space()
    identity |= {f"axes.{name}": as_the_first_version(v) for name, v in space.axes[-1].values.items()}
    document["attributes"]["identity"] = json.dumps(identity)
    (path / "zarr.json").write_text(json.dumps(document))
    cube = run(stated(4), path).load()
    u = version_0_1.POINTS[kind](3, 4, 5, SAMPLERS[kind].read_option("", {}, 4))
    np.testing.assert_array_equal(cube["alpha"].values, 0.1 + u[:, 0] * (0.9 - 0.1))
    grown = run(stated(more), path)
    np.testing.assert_array_equal(grown["v"].values[: len(u)], cube["v"].values)
    assert (grown["status"] != 0).all()
    assert Design.from_identity(json.loads(grown.attrs["identity"])).drawn_as == "0.1.0"
    assert space_of(grown).shape == grown["status"].shape
    if kind != "sobol":
        anew = run(stated(4), tmp_path / "new.zarr")
        assert (anew["alpha"].values != cube["alpha"].values).any()


def as_the_first_version(values: np.ndarray) -> str:
    """Values as an identity of equisweep 0.1.0 describes them."""
    shown = [str(value) for value in values.tolist()]
    if len(shown) <= 12:
        return ", ".join(shown)
    digest = hashlib.sha256("\n".join(shown).encode()).hexdigest()[:12]
    return f"{len(shown)} values from {shown[0]} to {shown[-1]} (sha256 {digest})"
