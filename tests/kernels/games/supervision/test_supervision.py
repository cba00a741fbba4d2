"""Supervision: rest points, their stability, and the facts of the paper's case, against NumPy and SciPy."""

from functools import cache, partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.supervision.game import BEST, REST_POINTS, kernel, payoffs, rest_points
from equisweep.kernels.games.supervision.model import SUPERVISION, field
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from helpers.oracles.supervision import CASE, MECHANISMS, gains, random_case, velocity
from helpers.products import costs_seconds, some
from scipy.optimize import fsolve

EPS = float(np.finfo(np.float64).eps)
INTERIOR, EDGE = REST_POINTS.index("interior"), REST_POINTS.index("edge x=1")
every_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS, ids="-".join)


@cache
def pushed(mechanism):
    """What has derivatives, the interior point before all checks too; these along a direction; the rest."""

    def split(p):
        out = kernel(p, reward=mechanism[0], punishment=mechanism[1])
        real = {k: v for k, v in out.items() if jnp.issubdtype(v.dtype, jnp.floating)}
        inside = rest_points(p, *mechanism)[INTERIOR]
        return real | {"inside": inside}, {k: v for k, v in out.items() if k not in real}

    return jax.jit(lambda p, along: jax.jvp(split, (p,), (along,), has_aux=True))


def solve(mechanism, p):
    values, _, others = pushed(mechanism)(p, {k: np.zeros_like(v) for k, v in p.items()})
    return {k: np.asarray(v) for k, v in (values | others).items() if k != "inside"}


def point(mechanism, **changed):
    return solve(mechanism, {k: np.float64(v) for k, v in (CASE | changed).items()})


def interior(mechanism, **changed):
    out = point(mechanism, **changed)
    return out["rest_x"][INTERIOR], out["rest_y"][INTERIOR], RestClass(out["rest_class"][INTERIOR])


def numeric_jacobian(p, mechanism, at, h=1e-6):
    steps = np.eye(2) * h
    columns = [velocity(p, mechanism, at + s) - velocity(p, mechanism, at - s) for s in steps]
    return np.stack(columns, axis=1) / (2 * h)


def test_defaults_are_the_papers_case():
    assert {q.name: q.default for q in SUPERVISION.parameters} == CASE


def test_outputs_are_those_declared():
    assert set(point(MECHANISMS[0])) == {o.name for o in SUPERVISION.outputs} | {"status"}


@pytest.mark.parametrize(
    ("mechanism", "expected"),
    [
        (("static", "static"), (0.090909, 0.635922, RestClass.centre)),
        (("static", "dynamic"), (0.150802, 0.436880, RestClass.stable_focus)),
        (("dynamic", "dynamic"), (0.192169, 0.474530, RestClass.stable_focus)),
        (("dynamic", "static"), (0.096682, 0.671610, RestClass.unstable_focus)),
    ],
    ids=str,
)
def test_interior_point_of_the_papers_case(mechanism, expected):
    x, y, kind = interior(mechanism)
    np.testing.assert_allclose((x, y), expected[:2], atol=5e-7)
    assert kind == expected[2]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"c1": 5.0}, (0.151186, 0.298202)),
        ({"c2": 10.0}, (0.960844, 0.474530)),
        ({"r": 6.0}, (0.136675, 0.420847)),
        ({"f": 20.0}, (0.123758, 0.606652)),
    ],
    ids=str,
)
def test_caps_move_the_stable_focus(changed, expected):
    x, y, kind = interior(("dynamic", "dynamic"), **changed)
    np.testing.assert_allclose((x, y), expected, atol=5e-7)
    assert kind in (RestClass.stable_focus, RestClass.stable_node)


@pytest.mark.parametrize(("changed", "corner"), [({"c1": 19.0}, "(0,0)"), ({"c2": 16.0}, "(1,0)")], ids=str)
def test_caps_that_leave_only_a_corner(changed, corner):
    out = point(("dynamic", "dynamic"), **changed)
    assert np.isnan(out["rest_x"][INTERIOR])
    assert [REST_POINTS[i] for i in np.flatnonzero(out["rest_class"] == RestClass.ess)] == [corner]
    assert out["stable_count"] == 1


def test_static_mechanism_has_trace_zero_inside():
    out = point(("static", "static"))
    assert abs(out["trace"][INTERIOR]) < 100 * EPS
    assert out["determinant"][INTERIOR] > 1


@pytest.mark.parametrize("r", [2.0, 9.9, 10.0, 10.1, 12.0])
def test_stability_turns_where_the_reward_cap_passes_the_punishment_cap(r):
    out = point(("dynamic", "dynamic"), r=r)
    x, y = out["rest_x"][INTERIOR], out["rest_y"][INTERIOR]
    np.testing.assert_allclose(out["trace"][INTERIOR], x * y * (1 - y) * (r - 10), atol=100 * EPS, rtol=1e-12)
    side = {-1: RestClass.stable_focus, 0: RestClass.centre, 1: RestClass.unstable_focus}
    assert out["rest_class"][INTERIOR] == side[int(np.sign(r - 10))]


@every_mechanism
def test_field_is_that_of_the_payoff_table(mechanism):
    rng = np.random.default_rng(1)
    for _ in range(20):
        p, shares = random_case(rng), rng.uniform(0.01, 0.99, 2)
        logits = jnp.asarray(np.log(shares / (1 - shares)))
        rates = field(0.0, logits, p, reward=mechanism[0], punishment=mechanism[1])
        np.testing.assert_allclose(rates, gains(p, mechanism, *shares), atol=1e4 * EPS)


@every_mechanism
def test_rest_points_are_those_a_root_finder_finds_from_random_starts(mechanism):
    rng = np.random.default_rng(2)
    inside = edges = 0
    for _ in range(25):
        p = random_case(rng)
        out = point(mechanism, **p)
        listed = np.stack([out["rest_x"], out["rest_y"]], axis=1)
        listed = listed[~np.isnan(listed[:, 0])]
        for at in listed:
            np.testing.assert_allclose(velocity(p, mechanism, at), 0, atol=1e4 * EPS)
        for begin in rng.uniform(0, 1, (12, 2)):
            root, _, ok, _ = fsolve(
                lambda z, p=p: velocity(p, mechanism, z), begin, xtol=1e-13, full_output=True
            )
            if ok == 1 and (root > -1e-9).all() and (root < 1 + 1e-9).all():
                assert np.abs(listed - root).max(axis=1).min() < 1e-7, (p, root)
        inside += not np.isnan(out["rest_x"][INTERIOR])
        edges += not np.isnan(out["rest_x"][EDGE])
    assert 3 <= inside <= 24  # both kinds of parameter points were seen
    assert (edges > 0) == (mechanism != ("static", "static"))


@every_mechanism
def test_jacobian_eigenvalues_and_class_agree_with_numpy(mechanism):
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(40):
        p = random_case(rng)
        out = point(mechanism, **p)
        for i in np.flatnonzero(~np.isnan(out["rest_x"])):
            at = np.array([out["rest_x"][i], out["rest_y"][i]])
            jacobian = out["jacobian"][i]
            np.testing.assert_allclose(jacobian, numeric_jacobian(p, mechanism, at), atol=1e-7)
            values = sorted(np.linalg.eigvals(jacobian), key=lambda v: (-v.real, -v.imag))
            ours = [out[f"eigenvalue_{k}_real"][i] for k in (1, 2)]
            np.testing.assert_allclose(ours, [v.real for v in values], atol=1e-9)
            np.testing.assert_allclose(out["eigenvalue_imag"][i], abs(values[0].imag), atol=1e-9)
            np.testing.assert_allclose(out["determinant"][i], np.linalg.det(jacobian), atol=1e-9)
            expected = class_by_hand(values, corner=i < 4)
            assert out["rest_class"][i] == expected, (p, REST_POINTS[i])
            seen.add(expected)
    assert len(seen) >= 4


def class_by_hand(values, corner):
    real, turning = np.array([v.real for v in values]), abs(values[0].imag) > 0
    if turning and abs(real.sum()) < 1e-12:
        return RestClass.centre
    if (real < 0).all():
        return RestClass.stable_focus if turning else RestClass.ess if corner else RestClass.stable_node
    if (real > 0).all():
        return RestClass.unstable_focus if turning else RestClass.unstable_node
    return RestClass.saddle


def test_best_mechanism_of_the_papers_case_is_dynamic_dynamic():
    assert point(("static", "static"))["best_mechanism"] == BEST["dynamic_dynamic"]
    static, both = interior(("static", "dynamic")), interior(("dynamic", "dynamic"))
    assert both[0] > static[0]
    assert both[1] > static[1]


def test_best_mechanism_has_the_fewest_incidents_at_its_worst_stable_point():
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(40):
        p = random_case(rng)
        risks = {}
        for mechanism in MECHANISMS:
            out = point(mechanism, **p)
            top = out["eigenvalue_1_real"]
            stable = ~np.isnan(top) & (top < -1e-12)
            x, y = out["rest_x"][stable], out["rest_y"][stable]
            if stable.any():
                risks["_".join(mechanism)] = max((1 - y) * (x * p["p1"] + (1 - x) * p["p2"]))
        least = min(risks.values(), default=np.inf)
        winners = [name for name, risk in risks.items() if risk <= least + 1e-13]
        expected = "none" if not winners else winners[0] if len(winners) == 1 else "tied"
        assert out["best_mechanism"] == BEST[expected], p
        seen.add(expected)
    assert {"tied", "dynamic_dynamic"} <= seen


def test_a_root_within_rounding_of_a_corner_is_that_corner():
    """In the paper's case B(1,1) = r + p1 Le - c2 is zero but for rounding."""
    for mechanism in (("static", "dynamic"), ("dynamic", "dynamic")):
        out = point(mechanism)
        assert np.isnan(out["rest_x"][EDGE])
        assert out["rest_class"][REST_POINTS.index("(1,1)")] == RestClass.degenerate
        assert not np.isnan(point(mechanism, p1=0.07)["rest_x"][EDGE])
        assert np.isnan(point(mechanism, p1=0.09)["rest_x"][EDGE])


@every_mechanism
def test_derivatives_of_rest_points_agree_with_central_differences(mechanism):
    def inside(name, value):
        p = {k: np.float64(v) for k, v in (CASE | {name: value}).items()}
        values, slopes, _ = pushed(mechanism)(p, {k: np.float64(k == name) for k in p})
        return np.asarray(values["inside"]), np.asarray(slopes["inside"])

    for name in ("c1", "c2", "r", "f", "Lg", "Le", "S", "p1", "p2"):
        value, h = CASE[name], 1e-5 * CASE[name]
        (below, _), (_, slope), (above, _) = (inside(name, value + k * h) for k in (-1, 0, 1))
        np.testing.assert_allclose(slope, (above - below) / (2 * h), rtol=1e-6, atol=1e-9)


@every_mechanism
def test_every_present_derivative_is_finite(mechanism):
    p = {k: np.float64(v) for k, v in CASE.items()}
    values, slopes, _ = pushed(mechanism)(p, {k: np.float64(1 + i) for i, k in enumerate(p)})
    assert len(values) > 1
    for name, value in values.items():
        assert np.all(np.isfinite(slopes[name]) | np.isnan(value)), name


def test_starts_on_a_face_and_contradictions_are_flagged():
    mechanism = ("dynamic", "dynamic")
    assert point(mechanism)["status"] == Status.ok
    for changed in ({"x0": 0.0}, {"x0": 1.0}, {"y0": 0.0}, {"y0": 1.0}):
        assert point(mechanism, **changed)["status"] == Status.boundary_start
    for changed in ({"p1": 0.2}, {"x0": 1.1}, {"y0": -0.1}, {"horizon": -1.0}, {"x0": np.nan}):
        assert point(mechanism, **changed)["status"] == Status.out_of_domain
    out = point(mechanism, p1=0.2)
    assert np.isnan(out["rest_x"]).all()
    assert (out["rest_class"] == RestClass.absent).all()
    assert out["interior_class"] == RestClass.absent
    assert out["best_mechanism"] == BEST["none"]


@costs_seconds
def test_nested_vmap_equals_single_points_and_forces_no_axis():
    mechanism = ("dynamic", "dynamic")
    r, x0 = np.linspace(1.0, 12.0, 5), np.linspace(0.2, 0.8, 3)

    def at(r, x0):
        p = {k: jnp.asarray(v) for k, v in CASE.items()} | {"r": r, "x0": x0}
        return kernel(p, reward=mechanism[0], punishment=mechanism[1])

    over_grid = jax.jit(jax.vmap(jax.vmap(at, in_axes=(None, 0)), in_axes=(0, None)))
    grid = jax.tree.map(np.asarray, over_grid(r, x0))
    for i, j in ((0, 0), (4, 2)):
        one = point(mechanism, r=float(r[i]), x0=float(x0[j]))
        for name, value in one.items():
            np.testing.assert_allclose(grid[name][i, j], value, rtol=1e3 * EPS, atol=1e3 * EPS, err_msg=name)
    only_r = jax.vmap(lambda x: at(r[0], x) | {"first_integral": 0, "status": 0}, out_axes=None)
    assert jax.eval_shape(only_r, x0)["rest_x"].shape == (6,)  # out_axes=None raises where one is batched


@pytest.mark.parametrize("mechanism", some([MECHANISMS[0], MECHANISMS[3]], [MECHANISMS[3]]), ids="-".join)
def test_single_precision_gives_the_same_classes(mechanism):
    alone = jax.jit(partial(kernel, reward=mechanism[0], punishment=mechanism[1]))
    low = alone({k: np.float32(v) for k, v in CASE.items()})
    high = point(mechanism)
    assert low["rest_x"].dtype == jnp.float32
    np.testing.assert_array_equal(low["rest_class"], high["rest_class"])
    np.testing.assert_allclose(low["rest_y"], high["rest_y"], atol=100 * np.finfo(np.float32).eps)


def test_payoffs_print_as_the_table():
    government, enterprise = payoffs(CASE, "dynamic", "dynamic")(0.4, 0.25)
    assert government == ((-3.0, pytest.approx(-2.5 + 7.5 - 0.64)), (0.0, -1.0))
    assert enterprise == ((-5.5, pytest.approx(-7.5 - 4.0)), (-6.0, -5.0))


def test_caps_of_supervision_cost_only_lower_the_share_that_manages():
    ys = [interior(("dynamic", "dynamic"), c1=c1)[1] for c1 in (1.0, 2.5, 5.0, 9.0)]
    assert all(later < earlier for earlier, later in pairwise(ys))
