"""Supervision with noise: paths against NumPy, laws against closed forms, seeds against tiles."""

import jax
import numpy as np
import pytest
from equisweep.kernels.games.supervision_noise.model import (
    CORNER_NAMES,
    ENDS,
    SUPERVISION_NOISE,
    kernel,
)
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, open_cube, run
from helpers.derivatives import slopes_and_differences
from helpers.oracles import supervision as papers
from helpers.products import covering
from scipy.special import expit
from scipy.stats import beta as beta_law
from scipy.stats import norm

NOISE = dict.fromkeys(("noise_supervise", "noise_leave", "noise_manage", "noise_neglect"), 0.3)
CASE = {name: value for name, value in papers.CASE.items() if name not in ("R1", "R2")}
CASE |= NOISE | {"horizon": 100.0, "step": 0.05, "near": 0.05, "seed": 0}
BOTH = ("dynamic", "dynamic")


@jax.jit
def one(p):
    return kernel(p, seed_max=0, reward="dynamic", punishment="dynamic")


many = jax.jit(jax.vmap(one))


def solved(cases):
    """Padded to one number of cases, but for many: one compilation."""
    padded = cases + cases[:1] * (60 - len(cases))
    columns = {name: np.array([c[name] for c in padded], float) for name in CASE}
    return {name: np.asarray(value)[: len(cases)] for name, value in many(columns).items()}


@jax.jit
def normal_pairs(key, numbers):
    return jax.vmap(lambda k: jax.random.normal(jax.random.fold_in(key, k), (2,)))(numbers)


def by_hand(p):
    """The same path in NumPy, by the same normal numbers; the drift of the shares by Ito's formula."""
    count = round(p["horizon"] / p["step"])
    h, key = p["horizon"] / count, jax.random.key(p["seed"])
    normals = np.asarray(normal_pairs(key, np.arange(count)))
    first = np.array([p["noise_supervise"], p["noise_manage"]])
    second = np.array([p["noise_leave"], p["noise_neglect"]])

    def drift(z):
        x, y = expit(z)
        a, b = papers.gains(p, BOTH, x, y)
        # From dx = x (1-x) {[A + s2^2 (1-x) - s1^2 x] dt + ...} and the second derivative of ln x/(1-x).
        shares = np.array([x, y])
        of_shares = np.array([a, b]) + second**2 * (1 - shares) - first**2 * shares
        return of_shares - 0.5 * (1 - 2 * shares) * (first**2 + second**2)

    z = np.log([p["x0"] / (1 - p["x0"]), p["y0"] / (1 - p["y0"])])
    path = [z]
    for normal in normals:
        shock = np.sqrt((first**2 + second**2) * h) * normal
        slope = drift(z)
        z = z + h / 2 * (slope + drift(z + h * slope + shock)) + shock
        path.append(z)
    return expit(np.array(path))


def test_defaults_are_the_papers_case_and_the_noise():
    assert {q.name: q.default for q in SUPERVISION_NOISE.parameters} == CASE


def test_paths_are_those_of_numpy_by_the_same_numbers():
    cases = [
        CASE | {"horizon": 20.0, "seed": 3},
        CASE | {"horizon": 7.3, "seed": 4, "noise_manage": 1.1, "noise_leave": 0.0, "step": 0.02},
    ]
    out = solved(cases)
    for i, case in enumerate(cases):
        path = by_hand(case)
        late = path[1:][np.arange(1, len(path)) * 2 > len(path) - 1]
        for k, name in enumerate("xy"):
            np.testing.assert_allclose(out[f"{name}_final"][i], path[-1, k], atol=1e-11)
            np.testing.assert_allclose(out[f"{name}_mean"][i], late[:, k].mean(), atol=1e-11)
            np.testing.assert_allclose(out[f"{name}_spread"][i], late[:, k].std(), atol=1e-11)


def test_without_noise_the_path_is_the_papers_orbit_with_errors_of_order_2():
    still = dict.fromkeys(NOISE, 0.0) | {"horizon": 8.0}
    exact = expit(papers.solve(CASE | still, BOTH, [8.0]))[:, -1]
    steps = [0.1, 0.05, 0.025, 0.0125]
    out = solved([CASE | still | {"step": h} for h in steps])
    errors = np.abs(np.stack([out["x_final"], out["y_final"]], axis=1) - exact).max(axis=1)
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.2)
    assert errors[1] < 5e-3


@pytest.mark.parametrize(
    ("manage", "neglect"), covering([(1.0, 1.0), (0.4, 1.2)], lambda manage, _: manage < 1, columns=0)
)
def test_where_all_supervise_the_share_that_manages_tends_to_a_beta_law(manage, neglect):
    """The logit: dw = (b + s y) dt + sigma dW with b = B(1, 0) less Ito's correction, s = r - f."""
    p = CASE | {"x0": 1.0, "c2": 8.0, "noise_manage": manage, "noise_neglect": neglect, "horizon": 400.0}
    square = manage**2 + neglect**2
    b = papers.gains(p, BOTH, 1.0, 0.0)[1] - (manage**2 - neglect**2) / 2
    law = beta_law(2 * b / square, -2 * (b + p["r"] - p["f"]) / square)
    out = solved([p | {"seed": seed} for seed in range(60)])
    assert set(out["status"]) == {Status.boundary_start}
    assert (out["x_final"] == 1).all()
    sure = 5 * out["y_mean"].std() / np.sqrt(60)
    assert sure < 0.02
    assert abs(out["y_mean"].mean() - law.mean()) < sure
    assert abs(np.mean(out["y_spread"] ** 2) - law.var()) < 0.1 * law.var()


def test_where_nobody_manages_logits_are_normal_and_shares_of_paths_by_a_corner_those_of_their_law():
    p = CASE | {"y0": 0.0, "x0": 0.5, "c1": 10.5, "horizon": 4.0, "noise_supervise": 0.9, "near": 0.2}
    a = papers.gains(p, BOTH, 0.5, 0.0)[0]
    mean = (a - (p["noise_supervise"] ** 2 - p["noise_leave"] ** 2) / 2) * 4
    size = 2 * np.hypot(p["noise_supervise"], p["noise_leave"])
    out = solved([p | {"seed": seed} for seed in range(1500)])
    logits = np.log(out["x_final"]) - np.log1p(-out["x_final"])
    assert logits.mean() == pytest.approx(mean, abs=5 * size / np.sqrt(1500))
    assert logits.std() == pytest.approx(size, rel=0.1)
    line = np.log(0.2 / 0.8)
    expected = {"(0,0)": norm.cdf((line - mean) / size), "(1,0)": norm.sf((-line - mean) / size)}
    for name, share in expected.items():
        actual = out["at_corner"][:, CORNER_NAMES.index(name)].mean()
        assert actual == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 1500))
        assert (out["end"] == ENDS[name]).mean() == actual
    assert (out["at_corner"].sum(axis=1) <= 1).all()


def test_a_corner_holds_paths_where_both_rarer_strategies_lose_on_average():
    """Noise in what managing pays takes its growth by half its variance: enough of it makes (0, 0) hold."""
    p = CASE | {"c1": 19.0, "c2": 4.5}
    out = solved([p, p | {"noise_manage": 1.2}])
    gain = papers.gains(p, BOTH, 0.0, 0.0)[1]
    assert gain == pytest.approx(0.5)
    rates = out["corner_rate"][:, 0, 1]
    np.testing.assert_allclose(rates, [gain, gain - (1.2**2 - 0.3**2) / 2])
    assert list(out["corner_holds"][:, 0]) == [0, 1]


def test_coarse_steps_contradictions_and_no_time():
    out = solved([CASE | {"step": 2.0}, CASE | {"p1": 0.2}, CASE | {"horizon": 0.0}, CASE | {"y0": 1.0}])
    wanted = [Status.out_of_domain] * 2 + [Status.ok, Status.boundary_start]
    assert list(out["status"]) == wanted
    assert np.isnan(out["x_final"][:2]).all()
    np.testing.assert_allclose(out["x_final"][2], CASE["x0"])
    assert out["x_mean"][2] == pytest.approx(CASE["x0"])


def test_derivatives_along_a_path_agree_with_differences():
    p, names = CASE | {"horizon": 5.97, "seed": 5}, ("x_final", "y_mean", "y_spread")
    among = ("r", "c1", "noise_manage", "x0", "horizon")

    def some(p):
        out = one(p)
        return {name: out[name] for name in names}

    for output, (slopes, central) in slopes_and_differences(some, p, among, 1e-6).items():
        np.testing.assert_allclose(slopes, central, rtol=1e-5, atol=1e-7, err_msg=output)


def test_seeds_reduce_to_means_spreads_and_shares_whatever_the_tiles(tmp_path):
    def cube(name, reduced, **more):
        sweep = Sweep(
            "supervision_noise",
            axes={"noise_manage": [0.3, 1.5], "seed": {"start": 1, "stop": 24, "num": 24}},
            fixed={"c1": 19.0, "c2": 4.5, "horizon": 10.0, "reward": "dynamic", "punishment": "dynamic"},
            outputs=["y_final", "at_corner"],
            **({"reduce": reduced} if reduced else {}),
        )
        run(sweep, tmp_path / name, progress=False, **more)
        return open_cube(tmp_path / name).load()

    points, tiles = cube("points", None), cube("tiles", None, tile_points=5)
    for name in ("y_final", "at_corner"):
        np.testing.assert_array_equal(points[name], tiles[name])
    reduced = {"over": ["seed"], "y_final": ["mean", "std"], "at_corner": ["mean"]}
    result = cube("reduced", reduced)
    np.testing.assert_allclose(result["y_final_mean"], points["y_final"].mean("seed"), rtol=1e-12)
    np.testing.assert_allclose(result["y_final_std"], points["y_final"].std("seed"), rtol=1e-12)
    shares = result["at_corner_mean"].sel(corner="(0,0)")
    np.testing.assert_allclose(shares, points["at_corner"].sel(corner="(0,0)").mean("seed"), rtol=1e-12)
    assert len(np.unique(points["y_final"])) == 48
