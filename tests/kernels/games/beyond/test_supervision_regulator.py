"""Supervision under a regulator: rest points, eigenvalues, classes and orbits against NumPy and SciPy."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import NOT_ALONG_FACES, Attractor
from equisweep.kernels.games.supervision.game import kernel as papers_kernel
from equisweep.kernels.games.supervision_regulator.model import (
    FLOW,
    SUPERVISION_REGULATOR,
    decide,
    field,
    kernel,
)
from equisweep.kernels.games.supervision_regulator.rest import INTERIOR, REST_POINTS
from equisweep.kernels.numerics.spatial_stability import classify, spectrum
from equisweep.kernels.numerics.stability import RestClass
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.derivatives import slopes_and_differences
from helpers.oracles.supervision import MECHANISMS
from helpers.oracles.supervision_regulator import (
    CASE,
    gains,
    jacobian,
    random_case,
    rest_from,
    solve,
    velocity,
)
from helpers.products import costs_seconds, covering, some

BOTH, NEITHER = ("dynamic", "dynamic"), ("static", "static")
every_mechanism = pytest.mark.parametrize(
    "mechanism", covering(MECHANISMS, lambda *one: one in (BOTH, NEITHER), as_one=True), ids="-".join
)


@cache
def solver(mechanism):
    return of_many(partial(kernel, reward=mechanism[0], punishment=mechanism[1]))


@cache
def papers_solver(mechanism):
    static = {"reward": mechanism[0], "punishment": mechanism[1], "wanted": ()}
    return of_many(lambda p: papers_kernel({**p, "R1": 0.0, "R2": 0.0}, **static))


def columns(cases):
    return {name: jnp.asarray([c[name] for c in cases], float) for name in CASE}


def solved(mechanism, cases):
    """Padded to one number of cases: one compilation for each mechanism."""
    result = solver(mechanism)(columns(cases + [CASE] * (600 - len(cases))))
    return {name: value[: len(cases)] for name, value in result.items()}


def shares_of(out, i):
    return np.stack([out[f"rest_{name}"][i] for name in "xyz"], axis=1)


def test_defaults_are_the_papers_case_and_the_regulators():
    assert {q.name: q.default for q in SUPERVISION_REGULATOR.parameters} == CASE


@pytest.mark.parametrize("mechanism", some(MECHANISMS, [BOTH]), ids="-".join)
def test_rest_points_eigenvalues_and_classes_are_those_of_numpy(mechanism):
    rng, seen = np.random.default_rng(2), set()
    # Often with points inside: little to gain by managing alone, and a penalty that is felt.
    cases = [random_case(rng) for _ in range(10)]
    cases += [c | {"c2": c["p2"] * c["Le"] + rng.uniform(0.1, 3), "c1": rng.uniform(0.5, 3)} for c in cases]
    out = solved(mechanism, cases)
    for i, p in enumerate(cases):
        listed, result = shares_of(out, i), 0
        there = ~np.isnan(listed[:, 0])
        for k in np.flatnonzero(there):
            np.testing.assert_allclose(velocity(p, mechanism, listed[k]), 0, atol=1e-10)
            slopes = jacobian(p, mechanism, listed[k])
            np.testing.assert_allclose(out["jacobian"][i, k], slopes, atol=1e-6)
            values = np.linalg.eigvals(out["jacobian"][i, k])
            reals = [out[f"eigenvalue_{n}_real"][i, k] for n in (1, 2, 3)]
            np.testing.assert_allclose(reals, sorted(values.real)[::-1], atol=2e-7)
            np.testing.assert_allclose(out["eigenvalue_imag"][i, k], np.abs(values.imag).max(), atol=2e-7)
            kind = RestClass(out["rest_class"][i, k]).name
            if np.abs(values.real).min() > 1e-6:
                assert kind == class_by_hand(values, corner=k < 8), (p, REST_POINTS[k])
            seen.add(kind)
        for begin in rng.uniform(0, 1, (4, 3)):
            root = rest_from(p, mechanism, begin)
            if root is not None:
                assert np.abs(listed[there] - root).max(axis=1).min() < 1e-6, (p, root)
                result += 1
    assert len(seen) >= 4


def class_by_hand(values, corner):
    real, turns = values.real, np.abs(values.imag).max() > 0
    if real.min() < 0 < real.max():
        return "saddle"
    shape = "focus" if turns else "node"
    return "ess" if corner and real.max() < 0 else f"{'stable' if real.max() < 0 else 'unstable'}_{shape}"


def test_two_points_inside_are_both_found():
    """Where blame is large both faces of the quadratic lie inside."""
    rng = np.random.default_rng(5)
    cases = [random_case(rng) | {"D": rng.uniform(100, 900)} for _ in range(400)]
    cases = [c | {"c2": c["p2"] * c["Le"] + rng.uniform(0.1, 3), "c3": rng.uniform(0.5, 9)} for c in cases]
    out = solved(BOTH, cases)
    assert (out["interior_count"] == 2).any()
    for i in np.flatnonzero(out["interior_count"] == 2)[:5]:
        for at in shares_of(out, i)[INTERIOR:]:
            assert np.abs(gains(cases[i], BOTH, at)).max() < 1e-9
            assert ((at > 0) & (at < 1)).all()


@every_mechanism
def test_the_face_without_inspection_is_the_papers_game(mechanism):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(30)]
    out = solved(mechanism, cases)
    known = papers_solver(mechanism)(columns(cases))
    at = [REST_POINTS.index("face z=0"), REST_POINTS.index("edge x=1, z=0")]
    for name in "xy":
        np.testing.assert_allclose(out[f"rest_{name}"][:, at], known[f"rest_{name}"][:, 4:], atol=1e-10)
    # Inspected by all, a government gains P more by supervising: the paper's game with c1 less by P.
    dearer = {**columns(cases), "c1": columns(cases)["c1"] - columns(cases)["P"]}
    known = papers_solver(mechanism)(dearer)
    at = [REST_POINTS.index("face z=1"), REST_POINTS.index("edge x=1, z=1")]
    np.testing.assert_allclose(out["rest_y"][:, at], known["rest_y"][:, 4:], atol=1e-10)


def test_the_point_inside_attracts_where_the_slopes_say_so():
    """With T = x y (1-y) s < 0 and B rising in x: stable iff |A'(y)| |T| > P z (1-z) (1-x) p2 D."""
    rng = np.random.default_rng(4)
    cases = [random_case(rng) | {"r": rng.uniform(0.1, 5), "f": rng.uniform(5, 25)} for _ in range(600)]
    cases = [c | {"c2": c["p2"] * c["Le"] + rng.uniform(0.1, 2), "D": rng.uniform(0, 600)} for c in cases]
    out, judged = solved(BOTH, cases), []
    for i in np.flatnonzero(out["interior_count"] >= 1):
        for k in (14, 15):
            x, y, z = shares_of(out, i)[k]
            if np.isnan(x):
                continue
            p, h = cases[i], 1e-6
            slope = (gains(p, BOTH, [x, y + h, z])[0] - gains(p, BOTH, [x, y - h, z])[0]) / (2 * h)
            trace = x * y * (1 - y) * (p["r"] - p["f"])
            blame = p["P"] * z * (1 - z) * (1 - x) * p["p2"] * p["D"]
            e, turn = p["P"] + (1 - y) * p["p2"] * p["D"], z * (1 - z)
            c = y * (1 - y) * (p["r"] * y + p["f"] * (1 - y) - (p["p2"] - p["p1"]) * p["Le"])
            fixed = c * turn * -(1 - x) * p["p2"] * p["D"] + trace * turn * e  # the determinant's sign
            stable = fixed < 0 and abs(slope) * abs(trace) > blame
            judged.append(stable)
            assert (out["rest_class"][i, k] in (RestClass.stable_node, RestClass.stable_focus)) == stable, p
    assert 0.05 < np.mean(judged) < 0.95


def test_under_static_mechanisms_nothing_inside_attracts():
    rng, cases = np.random.default_rng(6), []
    for _ in range(300):
        p, (x, y, z) = random_case(rng), rng.uniform(0.05, 0.95, 3)
        # Costs at which (x, y, z) is a rest point.
        costs = dict.fromkeys(("c1", "c2", "c3"), 0.0)
        cases.append(p | dict(zip(costs, gains(p | costs, NEITHER, [x, y, z]), strict=True)))
    cases = [case for case in cases if min(case["c1"], case["c2"], case["c3"]) > 0]
    out = solved(NEITHER, cases)
    assert len(cases) > 30
    assert (out["interior_count"] > 0).all()
    stable = (RestClass.stable_node, RestClass.stable_focus)
    assert not np.isin(out["rest_class"][:, INTERIOR:], stable).any()


@costs_seconds
def test_orbits_are_scipys_and_end_where_strategies_are_given_up():
    rng = np.random.default_rng(7)
    cases = [random_case(rng) | {"horizon": 20.0} for _ in range(10)]
    # Inspecting costs more than it brings, supervising too, and managing pays by itself.
    dominated = CASE | {"c3": 30.0, "c1": 25.0, "horizon": 2000.0}
    cases += [dominated | {"c2": 3.0}, dominated | {"c2": 9.0}, CASE | {"z0": 0.0}, CASE | {"p1": 0.2}]
    both = {"reward": "dynamic", "punishment": "dynamic"}
    decided = of_many(lambda p: {"end": decide(p, **both)})(columns(cases))["end"]
    assert list(decided[10:12]) == [Attractor.rest_point, Attractor.rest_point]
    assert (decided[12:] == NOT_ALONG_FACES).all()
    method = Method("tsit5", 1e-10, 1e-10, max_steps=10**6, decide="integration")
    out = lanes(FLOW, method, **both)(columns(cases))
    ends = np.stack([out[f"{name}_final"] for name in "xyz"], axis=1)
    for i, case in enumerate(cases[:10]):
        np.testing.assert_allclose(ends[i], solve(case, BOTH, [20.0])[:, -1], atol=1e-6)
    np.testing.assert_allclose(ends[10:12], [[0, 1, 0], [0, 0, 0]], atol=1e-9)
    assert list(out["attractor"][10:12]) == [Attractor.rest_point] * 2
    assert list(out["status"][12:]) == [Status.boundary_start, Status.out_of_domain]


def test_field_is_that_of_the_payoffs():
    rng = np.random.default_rng(8)
    for mechanism in MECHANISMS:
        p, shares = random_case(rng), rng.uniform(0.01, 0.99, 3)
        logits = jnp.asarray(np.log(shares / (1 - shares)))
        rates = field(0.0, logits, p, reward=mechanism[0], punishment=mechanism[1])
        np.testing.assert_allclose(rates, gains(p, mechanism, shares), atol=1e-10)


def test_spectra_of_random_matrices_and_of_multiples():
    rng = np.random.default_rng(9)
    whole = jax.jit(jax.vmap(spectrum))
    matrices = rng.normal(size=(200, 3, 3)) * 10.0 ** rng.integers(-6, 6, (200, 1, 1))
    s = whole(jnp.asarray(matrices))
    for i, matrix in enumerate(matrices):
        values, size = np.linalg.eigvals(matrix), np.abs(matrix).max()
        got = [s.first[i], s.second[i], s.third[i]]
        np.testing.assert_allclose(got, sorted(values.real)[::-1], atol=1e-7 * size)
        np.testing.assert_allclose(s.imaginary[i], np.abs(values.imag).max(), atol=1e-7 * size)
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -2.0]])
    special = np.stack([turn, -turn, np.zeros((3, 3)), np.diag([1.0, 0.0, -1.0])])
    s = whole(jnp.asarray(special))
    sizes = jnp.asarray([2.0, 2.0, 0.0, 1.0])
    kinds = [int(classify(jax.tree.map(lambda v, k=k: v[k], s), sizes[k], False)) for k in range(4)]
    expected = ["centre", "degenerate", "degenerate", "saddle"]
    assert [RestClass(kind).name for kind in kinds] == expected


def test_derivatives_of_rest_points_agree_with_differences():
    names = ("rest_x", "rest_y", "rest_z", "eigenvalue_1_real", "incident")
    among, compared = ("c1", "c2", "c3", "r", "f", "P", "D", "p2"), 0

    def some(p):
        out = kernel(p, reward="dynamic", punishment="dynamic")
        return {name: out[name] for name in names}

    for output, (slopes, central) in slopes_and_differences(some, CASE, among, 1e-5).items():
        values = np.where(np.isnan(central), np.nan, slopes)
        np.testing.assert_allclose(values, central, rtol=1e-5, atol=1e-6, err_msg=output)
        compared += np.isfinite(central[:, 8:]).sum()
    assert compared > 40
