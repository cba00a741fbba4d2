"""The exact formulation against the slow oracle: every mechanism, branch, corner and fold."""

from collections.abc import Callable
from functools import cache, partial

import jax
import numpy as np
import pytest
from equisweep.kernels.games.external.model import external
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.oracles import external as oracle
from helpers.products import covering, some
from helpers.tolerance import assert_close

EPS = float(np.finfo(float).eps)
NINE_DIGITS = 1e-9 / EPS
GAMES = [(m, b) for m in oracle.MECHANISMS for b in ("highest", "middle", "lowest")]
GAMES = [g for g in GAMES if g[0] != "cooperation" or g[1] == "highest"]

# Each mechanism and each branch in the suite: a program for each pair, and its oracle, take most of its time.
PROGRAMS = {
    "noncooperation": "lowest",
    "cooperation": "highest",
    "compensation": "highest",
    "sharing": "middle",
}

POINTS = oracle.scenarios(300, seed=11)


@cache
def solver(mechanism: str, branch: str, n_max: int) -> Callable:
    # Welfare is compared elsewhere, and takes as long to trace as all the rest.
    kernel = partial(external, mechanism=mechanism, branch=branch, n_max=n_max, wanted=("price_of_anarchy",))
    return of_many(kernel)


def solve(
    points: list[oracle.Scenario], mechanism: str, branch: str = "highest", n_max: int = 64
) -> dict[str, np.ndarray]:
    """The kernel at `points`, in batches of one size so that each case is compiled once."""
    padded = points + points[-1:] * (len(POINTS) - len(points))
    result = solver(mechanism, branch, n_max)(oracle.columns(padded))
    return {name: value[: len(points)] for name, value in result.items()}


def compare(
    points: list[oracle.Scenario], mechanism: str, branch: str, n_max: int = 64
) -> list[oracle.Solution]:
    """Assert agreement wherever a rounding error cannot change the answer; return what the oracle said."""
    truth = [oracle.exact(s, mechanism, branch) for s in points]
    sound = np.array([not t.fragile for t in truth])
    assert sound.mean() > 0.9
    result = {k: v[sound] for k, v in solve(points, mechanism, branch, n_max).items()}
    points = [s for s, keep in zip(points, sound, strict=True) if keep]
    truth = [t for t in truth if not t.fragile]
    for output, known in (
        ("investment", "investment"),
        ("effective_investment", "effective"),
        ("breach_probability", "breach"),
        ("expected_loss", "loss"),
    ):
        desired = np.array([getattr(t, known) for t in truth])
        # Money below a ten-thousandth of the scale 1 / (-E ln v) is a difference of nearly equal logarithms.
        floor = [1e-4 / oracle.rate(s) if "investment" in output else 0.0 for s in points]
        assert_close(result[output], desired, multiplier=NINE_DIGITS, floor=floor, what=output)
    assert result["equilibrium_count"].tolist() == [t.count for t in truth]
    anarchy = np.array([oracle.price_of_anarchy(s, t) for s, t in zip(points, truth, strict=True)])
    assert_close(result["price_of_anarchy"], anarchy, multiplier=NINE_DIGITS, what="price_of_anarchy")
    assert result["price_of_anarchy"].min() >= 1 - 20 * EPS
    assert result["investment"].min() >= 0
    return truth


@pytest.mark.parametrize(
    ("mechanism", "branch"), covering(GAMES, lambda mechanism, branch: PROGRAMS[mechanism] == branch)
)
def test_exact_answers_agree_with_the_oracle_to_nine_digits(mechanism, branch):
    truth = compare(POINTS, mechanism, branch)
    corners, several = sum(t.corner for t in truth), sum(t.count > 1 for t in truth)
    assert min(corners, several, len(truth) - corners) >= 3, "the sample must visit every kind of answer"


@pytest.mark.parametrize("branch", some(["highest", "middle", "lowest"], ["highest"]))
def test_compensation_finds_all_three_interior_roots(branch):
    truth = compare(oracle.three_interior_roots(150, seed=3), "compensation", branch)
    assert {t.count for t in truth} == {3}


@pytest.mark.parametrize("mechanism", some(["cooperation", "compensation"], ["compensation"]))
def test_a_thousand_cities_are_as_exact_as_a_few(mechanism):
    compare(oracle.scenarios(60, seed=5, most_cities=1024), mechanism, "highest", 1024)


@pytest.mark.parametrize("branch", some(["highest", "middle", "lowest"], ["highest"]))
def test_a_jump_over_a_maximum_below_zero_is_not_taken_for_a_root(branch):
    # Newton leaves from just below the fold and lands where the transfer has made investing pay again.
    s = {"alpha": 0.9109050545979035, "beta": 1.0, "v": 0.9996313808404942, "E": 0.19659886114842476}
    s |= {"L": 35610.20912121243, "n": 12.0, "gamma": 0.06413531334457638, "delta": 0.8251771895170334}
    compare([s], "compensation", branch)


@pytest.mark.parametrize("mechanism", some(oracle.MECHANISMS, ["compensation", "sharing"]))
def test_status_names_what_happened(mechanism):
    branch = "middle" if mechanism == "sharing" else "highest"
    result, seen = solve(POINTS, mechanism, branch), set()
    for i, s in enumerate(POINTS):
        t = oracle.exact(s, mechanism, branch)
        bend = oracle.second_derivative(s, mechanism, t.breach)
        status = Status.several_equilibria if t.count > 1 else Status.corner if t.corner else Status.ok
        if bend <= 0 and not t.corner:
            status = Status.not_a_minimum
        if not t.fragile:
            assert result["status"][i] == status, (mechanism, s)
            seen.add(status)
    assert {Status.ok, Status.corner, Status.several_equilibria} <= seen


@pytest.mark.parametrize(
    ("alpha", "n", "roots"),
    [
        (0.9, 10, [0.04690097, 0.36697545]),
        (0.95, 12, [0.05929704, 0.18511652]),
        (0.99, 20, []),
    ],
)
def test_the_worked_folds_have_the_known_roots(alpha, n, roots):
    s = oracle.PAPER | {"alpha": alpha, "n": float(n), "beta": 1.0}
    branches = {b: solve([s], "noncooperation", b) for b in ("highest", "middle", "lowest")}
    p = [float(branches[b]["breach_probability"][0]) for b in branches]
    assert p == pytest.approx([*roots, 0.5] if roots else [0.5] * 3, abs=1e-8)
    assert branches["highest"]["equilibrium_count"][0] == (3 if roots else 1)


def test_the_least_loss_under_compensation_lies_at_the_known_coefficient():
    loss = jax.jit(
        lambda gamma: external(
            {k: np.float64(v) for k, v in oracle.PAPER.items()} | {"gamma": gamma},
            mechanism="compensation",
            n_max=3,
            wanted=(),
        )["expected_loss"]
    )
    slope, low, high = jax.jit(jax.grad(loss)), 0.3, 0.8
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    assert round(low, 4) == 0.5317


@pytest.mark.parametrize("mechanism", some(oracle.MECHANISMS, ["noncooperation", "compensation"]))
def test_breach_at_an_interior_equilibrium_does_not_depend_on_the_attempts(mechanism):
    points = [oracle.PAPER | {"beta": float(b)} for b in np.linspace(0.2, 1, 9)]
    p = solve(points, mechanism)["breach_probability"]
    assert_close(p, np.full_like(p, p[0]), multiplier=4)


@pytest.mark.parametrize("mechanism", some(["noncooperation", "compensation"], ["compensation"]))
def test_no_city_gains_by_deviating_alone(mechanism):
    """Except under sharing, whose loss is not convex in a city's own investment."""
    for s in oracle.scenarios(60, seed=2):
        t = oracle.exact(s, mechanism)
        own = np.concatenate((np.linspace(0, 3 * t.investment, 50), [1 / oracle.rate(s)]))
        best = min(oracle.city_loss(s, mechanism, float(e), t.investment) for e in own)
        assert best >= oracle.city_loss(s, mechanism, t.investment, t.investment) * (1 - 1e-12)
