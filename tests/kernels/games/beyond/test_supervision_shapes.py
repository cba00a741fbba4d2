"""Supervision with shapes: rest points and their classes against scans, the paper's game, and derivatives."""

from functools import cache, partial

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.supervision.game import kernel as papers_kernel
from equisweep.kernels.games.supervision_shapes.model import SUPERVISION_SHAPES, field, kernel
from equisweep.kernels.games.supervision_shapes.rest import CLASSES, INTERIOR, OnThreshold
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.derivatives import slopes_and_differences
from helpers.oracles.supervision_shapes import CASE, crossings, cuts, gains, random_case, velocity
from helpers.products import covering, some

PAIRS = [("power", "power"), ("step", "power"), ("power", "step"), ("step", "step"), ("constant", "power")]
every_pair = pytest.mark.parametrize(
    "shapes", covering(PAIRS, lambda x, y: x == y or x == "constant", as_one=True), ids="-".join
)
NAMES = {number: name for name, number in CLASSES.items()}


@cache
def solver(shapes):
    return of_many(partial(kernel, reward=shapes[0], punishment=shapes[1]))


def solved(shapes, cases):
    """Padded to one number of cases: one compilation for each pair of shapes."""
    padded = cases + [CASE] * (120 - len(cases))
    return {name: value[: len(cases)] for name, value in solver(shapes)(columns(padded)).items()}


def columns(cases):
    return {name: np.asarray([c[name] for c in cases], float) for name in CASE}


def test_defaults_are_the_papers_case_and_its_own_parameters():
    assert {q.name: q.default for q in SUPERVISION_SHAPES.parameters} == CASE


PAPERS = [("constant", "linear"), ("linear", "linear"), ("linear", "constant")]


@pytest.mark.parametrize("shapes", some(PAPERS, [PAPERS[2]]))
def test_constant_and_linear_shapes_are_the_papers_static_and_dynamic(shapes):
    rng, words = np.random.default_rng(1), {"constant": "static", "linear": "dynamic"}
    cases = [random_case(rng) for _ in range(40)]
    static = {"reward": words[shapes[0]], "punishment": words[shapes[1]], "wanted": ()}
    papers = of_many(lambda p: papers_kernel({**p, "R1": 0.0, "R2": 0.0}, **static))
    known = papers(columns(cases))
    solution = solved(shapes, cases)
    for name in (
        "rest_x",
        "rest_y",
        "trace",
        "determinant",
        "eigenvalue_1_real",
        "rest_class",
        "stable_count",
    ):
        mine = solution[name][:, :6] if solution[name].ndim > 1 else solution[name]
        np.testing.assert_allclose(mine, known[name], atol=1e-10, err_msg=name)
    assert (solution["rest_class"][:, 6:] == RestClass.absent).all()
    # A power of 1 is linear.
    same = tuple("power" if shape == "linear" else shape for shape in shapes)
    ones = [c | {"reward_exponent": 1.0, "fine_exponent": 1.0} for c in cases]
    for name, value in solved(same, ones).items():
        np.testing.assert_allclose(value, solution[name], atol=1e-10, err_msg=name)


@every_pair
def test_field_is_that_of_the_payoff_table(shapes):
    rng = np.random.default_rng(2)
    for _ in range(10):
        p, shares = random_case(rng), rng.uniform(0.01, 0.99, 2)
        logits = jnp.asarray(np.log(shares / (1 - shares)))
        rates = field(0.0, logits, p, reward=shapes[0], punishment=shapes[1])
        np.testing.assert_allclose(rates, gains(p, shapes, *shares), atol=1e-11)


@every_pair
def test_rest_points_and_classes_are_those_of_a_scan(shapes):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(60)]
    # More points within the side x = 1: B(1, y) near zero, both caps large.
    cases += [c | near_zero(c, shapes, rng) for c in cases]
    out = solved(shapes, cases)
    seen, most = set(), 0
    for i, p in enumerate(cases):
        expected = by_scan(p, shapes)
        there = ~np.isnan(out["rest_x"][i])
        listed = sorted(
            (round(x, 9) + 0.0, round(y, 9) + 0.0, NAMES[kind])
            for x, y, kind in zip(
                *(out[n][i][there] for n in ("rest_x", "rest_y", "rest_class")), strict=True
            )
        )
        assert [one[2] for one in listed] == [one[2] for one in expected], (p, listed, expected)
        np.testing.assert_allclose([o[:2] for o in listed], [e[:2] for e in expected], atol=2e-8)
        stable = [kind in ("ess", "stable_node", "stable_focus", "sliding_node") for _, _, kind in expected]
        assert out["stable_count"][i] == sum(stable)
        risks = [(1 - y) * (x * p["p1"] + (1 - x) * p["p2"]) for x, y, _ in expected]
        worst = max((risk for risk, one in zip(risks, stable, strict=True) if one), default=np.nan)
        np.testing.assert_allclose(out["worst_incident"][i], worst, atol=1e-9)
        seen |= {kind for _, _, kind in listed}
        most = max(most, len(listed))
    assert len(seen) >= 5
    assert most >= {("power", "power"): 7}.get(shapes, 6)


def near_zero(p, shapes, rng):
    """A cost of managing that makes B(1, y) zero at a random share, and larger caps."""
    caps = {"r": rng.uniform(5, 40), "f": rng.uniform(5, 40)}
    b = gains(p | caps | {"c2": 0.0}, shapes, 1.0, rng.uniform(0.02, 0.98))[1]
    return caps | {"c2": max(b + rng.uniform(-1, 1), 0.1), "c1": rng.uniform(0.1, 5)}


def by_scan(p, shapes):
    """Every rest point as (x, y, class name), in order of (x, y)."""
    at = cuts(p, shapes)
    points = [(x, y, corner_class(p, shapes, x, y)) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    for y, sign, jumps in crossings(lambda y: gains(p, shapes, 1.0, y)[1], at):
        points.append(
            (1.0, y, edge_threshold(p, shapes, y, sign) if jumps else smooth_class(p, shapes, 1.0, y))
        )
    for y, _, jumps in crossings(lambda y: gains(p, shapes, 0.5, y)[0], at):
        below, above = (gains(p, shapes, 0.5, y + side)[0] for side in (-1e-12, 1e-12))
        part = -above / (below - above) if jumps else 0.5
        ends = [
            part * gains(p, shapes, x, y - 1e-12)[1] + (1 - part) * gains(p, shapes, x, y + 1e-12)[1]
            for x in (0.0, 1.0)
        ]
        if ends[0] * ends[1] < 0:
            x = ends[0] / (ends[0] - ends[1])
            if jumps:
                rise = gains(p, shapes, 1.0, y + 1e-12)[1] - gains(p, shapes, 1.0, y - 1e-12)[1]
                driven_back = "sliding_node" if ends[0] < 0 else "sliding_saddle"
                points.append((x, y, "escaping" if rise > 0 else driven_back))
            else:
                points.append((x, y, smooth_class(p, shapes, x, y)))
    return sorted((round(x, 9) + 0.0, round(y, 9) + 0.0, kind) for x, y, kind in points)


def corner_class(p, shapes, x, y):
    a, b = gains(p, shapes, x, y)
    return node((1 - 2 * x) * a, (1 - 2 * y) * b, "ess")


def edge_threshold(p, shapes, y, sign):
    if sign > 0:
        return "escaping"
    b = [gains(p, shapes, 1.0, y + side)[1] for side in (-1e-12, 1e-12)]
    part = -b[1] / (b[0] - b[1])
    a = [gains(p, shapes, 1.0, y + side)[0] for side in (-1e-12, 1e-12)]
    return "sliding_node" if part * a[0] + (1 - part) * a[1] > 0 else "sliding_saddle"


def smooth_class(p, shapes, x, y, h=1e-7):
    h = min(h, y / 4, (1 - y) / 4)
    steps = np.eye(2) * h
    here = np.array([x, y])
    columns = [velocity(p, shapes, here + s) - velocity(p, shapes, here - s) for s in steps]
    values = np.linalg.eigvals(np.stack(columns, axis=1) / (2 * h))
    if abs(values[0].imag) > 0 and abs(values[0].real) < 1e-7:
        return "centre"  # between two steps the field is that of constant shapes
    if abs(values[0].imag) > 0:
        return "stable_focus" if values[0].real < 0 else "unstable_focus"
    return node(*values.real, "stable_node")


def node(one, two, stable):
    if one * two < 0:
        return "saddle"
    return stable if one < 0 else "unstable_node"


def test_equal_steps_leave_the_same_signs_on_both_sides_and_a_centre():
    (out,) = (solved(("step", "step"), [CASE | {"r": 10.0, "f": 10.0, "c1": 4.0}]),)
    assert out["rest_class"][0, INTERIOR] == RestClass.centre
    assert out["rest_y"][0, INTERIOR] == 0.5
    for r, kind in ((9.9, OnThreshold.sliding_node), (10.1, OnThreshold.escaping)):
        solution = solved(("step", "step"), [CASE | {"r": r, "f": 10.0, "c1": 4.0}])
        assert solution["rest_class"][0, INTERIOR] == kind


def test_a_root_that_only_touches_is_degenerate():
    """R y^2 + f (1-y)^2 is least at y = f / (r+f), where it is r f / (r+f)."""
    p = CASE | {"r": 12.0, "f": 6.0, "Le": 50.0}
    touching = 12.0 * 6.0 / 18.0 + p["p1"] * p["Le"]
    out = solved(("power", "power"), [p | {"c2": touching + d} for d in (-1e-3, 0.0, 1e-3)])
    assert [(kinds[5:] != RestClass.absent).sum() for kinds in out["rest_class"]] == [0, 1, 2]
    assert RestClass.degenerate in out["rest_class"][1]


def test_caps_of_nothing_and_contradictions():
    none = solved(("power", "power"), [CASE | {"r": 0.0}, CASE | {"f": 0.0}, CASE | {"r": 0.0, "f": 0.0}])
    assert np.isfinite(none["rest_x"][:, :4]).all()
    wrong = solved(("power", "power"), [CASE | {"p1": 0.2}, CASE | {"x0": 0.0}])
    assert list(wrong["status"]) == [Status.out_of_domain, Status.boundary_start]
    assert np.isnan(wrong["rest_x"][0]).all()
    assert (wrong["rest_class"][0] == RestClass.absent).all()


@pytest.mark.parametrize("shapes", some([PAIRS[0], PAIRS[3]], [PAIRS[3]]), ids="-".join)
def test_derivatives_of_rest_points_and_eigenvalues_agree_with_differences(shapes):
    p = CASE | {"c1": 4.0, "c2": 6.5, "r": 8.0, "reward_threshold": 0.3}
    names = ("rest_x", "rest_y", "eigenvalue_1_real", "worst_incident")
    among = ("c1", "c2", "r", "f", "p1", "reward_exponent", "fine_exponent", "reward_threshold")

    def some(p):
        out = kernel(p, reward=shapes[0], punishment=shapes[1])
        return {name: out[name] for name in names}

    for output, (slopes, central) in slopes_and_differences(some, p, among, 1e-6).items():
        values = np.where(np.isnan(central), np.nan, slopes)
        np.testing.assert_allclose(values, central, rtol=1e-5, atol=1e-7, err_msg=output)
        for of_one in central:
            assert output == "worst_incident" or not np.isnan(of_one).all()
