"""The external game again, slow and obvious, in NumPy and SciPy: it shares no line with the kernels.

A scenario is a dict of floats: alpha, beta, v, E, L, n, gamma, delta. Every solution is found by
scanning a dense grid of breach probabilities and closing in with Brent's method.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, wraps
from math import exp, inf, log

import numpy as np
from scipy.optimize import brentq, minimize_scalar

Scenario = dict[str, float]

MECHANISMS = ("noncooperation", "cooperation", "compensation", "sharing")
CONTINUOUS = ("alpha", "beta", "v", "E", "L", "gamma", "delta")
PAPER: Scenario = {"alpha": 0.1, "beta": 0.1, "v": 0.5, "E": 0.1, "L": 400.0, "n": 3.0}
PAPER |= {"gamma": 0.5, "delta": 0.5}

_GRID = 3000


def _once(function: Callable) -> Callable:
    """The function of a scenario, which remembers what it returned: many tests ask for the same."""
    known = cache(lambda items, *more: function(dict(items), *more))
    return wraps(function)(lambda s, *more: known(tuple(s.items()), *more))


@dataclass
class Solution:
    """What the oracle knows of one scenario; `fragile` where a rounding error could change the answer."""

    investment: float
    effective: float
    breach: float
    loss: float
    count: int
    corner: bool
    fragile: bool
    all: list[float] = field(default_factory=list)


def breach(s: Scenario, x):
    """Breach probability at effective investment `x`, formula (1)."""
    return s["beta"] * s["v"] ** (s["E"] * x + 1)


def hops(s: Scenario) -> np.ndarray:
    """The n - 1 propagation probabilities alpha**k."""
    return s["alpha"] ** np.arange(1, int(s["n"]))


def rate(s: Scenario) -> float:
    """How fast ln p falls per unit of effective investment."""
    return -s["E"] * log(s["v"])


def log_none_arrives(s: Scenario, p):
    """Logarithm of Pi(p): no breach arrives from the others."""
    return np.log1p(-np.multiply.outer(hops(s), p)).sum(axis=0)


def arrives(s: Scenario, own, linked):
    """Probability that a breach happens, 1 - (1 - own) Pi(linked)."""
    return -np.expm1(np.log1p(-own) + log_none_arrives(s, linked))


def city_loss(s: Scenario, mechanism: str, own: float, others: float) -> float:
    """Expected loss of a city that invests `own` while each of the others invests `others`.

    Under compensation it pays for being weaker than the others and is paid for being stronger, at a
    price per unit of breach probability that turns the first-order condition into that of the paper.
    """
    if mechanism == "sharing":
        x = own + s["delta"] * (s["n"] - 1) * others
        x_linked = others + s["delta"] * (own + (s["n"] - 2) * others)
    else:
        x, x_linked = own, others
    loss = float(arrives(s, breach(s, x), breach(s, x_linked)) * s["L"] + own)
    if mechanism == "compensation":
        price = (s["n"] - 1) * s["alpha"] * s["gamma"] * s["L"]
        loss += price * (breach(s, own) - breach(s, others))
    return loss


def group_cost(s: Scenario, p, e):
    """The group's cost: one loss, and everybody's investment."""
    return s["L"] * arrives(s, p, p) + s["n"] * e


def planner_cost(s: Scenario, e):
    """Cost of the group when a planner pools everybody's investment `e`."""
    return group_cost(s, breach(s, s["n"] * e), e)


def log_benefit(s: Scenario, mechanism: str, log_p):
    """Logarithm of the left side of the first-order condition at symmetry, written out term by term."""
    p = np.exp(log_p)
    pi = np.exp(log_none_arrives(s, p))
    alphas = hops(s).reshape(-1, *(1,) * np.ndim(p))
    reach = (alphas / (1 - alphas * p)).sum(axis=0)
    with np.errstate(divide="ignore"):
        bracket = {
            "noncooperation": lambda: pi,
            "cooperation": lambda: pi * (1 + (1 - p) * reach),
            "compensation": lambda: pi + (s["n"] - 1) * s["alpha"] * s["gamma"],
            "sharing": lambda: pi * (1 + s["delta"] * (1 - p) * reach),
        }[mechanism]()
        return np.log(rate(s) * s["L"]) + log_p + np.log(bracket)


def dilution(s: Scenario, mechanism: str) -> float:
    """Effective investment per unit that each city invests."""
    return {"cooperation": s["n"], "sharing": 1 + s["delta"] * (s["n"] - 1)}.get(mechanism, 1.0)


def _crossings(f, low: float, high: float) -> tuple[list[float], bool]:
    """Roots of `f` in ``[low, high]`` in rising order, and whether two of them nearly merge."""
    grid = np.linspace(low, high, _GRID)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.maximum(f(grid), -1e9)  # where nobody can be safe the logarithm is -inf
    change = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    roots = [brentq(f, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-14) for i in change]
    inner = values[1:-1]
    top = ((inner - values[:-2]) * (values[2:] - inner) <= 0) & (np.abs(inner) < 1e-4)
    flat = [abs(f(y + 1e-6) - f(y - 1e-6)) < 2e-6 * 1e-2 for y in roots if y + 1e-6 < high]
    return roots, bool(top.any() or any(flat))


@_once
def equilibria(s: Scenario, mechanism: str) -> tuple[list[float], bool]:
    """Every symmetric equilibrium (log of its breach probability, smallest first), and fragility."""
    high = log(s["beta"]) + log(s["v"])
    most = 1 + s["n"] + (s["n"] - 1) * s["alpha"] * s["gamma"]
    low = min(-log(rate(s) * s["L"] * most), high) - 1
    roots, fragile = _crossings(lambda y: log_benefit(s, mechanism, y), low, high)
    at_corner = float(log_benefit(s, mechanism, high))
    fragile |= abs(at_corner) < 1e-6
    return roots + [high] * (at_corner <= 0), fragile


def game(s: Scenario, mechanism: str, branch: str = "highest") -> Solution:
    """The symmetric equilibrium with e >= 0 that `branch` names by its investment."""
    result, fragile = equilibria(s, mechanism)
    log_p = {"highest": result[0], "middle": result[len(result) // 2], "lowest": result[-1]}[branch]
    high = log(s["beta"]) + log(s["v"])
    x = (high - log_p) / rate(s)
    e = x / dilution(s, mechanism)
    p = exp(log_p)
    loss = float(s["L"] * arrives(s, p, p) + e)
    return Solution(e, x, p, loss, len(result), log_p == high, fragile, result)


@_once
def planner(s: Scenario) -> Solution:
    """The planner's least cost over e >= 0: scan, narrow down on the cost, polish on its slope."""
    high = log(s["beta"]) + log(s["v"])
    low = min(-log(rate(s) * s["L"] * (1 + s["n"])), high) - 1

    def cost(y):
        p = np.exp(y)
        return s["L"] * arrives(s, p, p) + (high - y) / rate(s)

    grid = np.linspace(low, high, _GRID)
    values = cost(grid)
    padded = np.concatenate(([inf], values, [inf]))
    minima = np.flatnonzero((padded[1:-1] < padded[:-2]) & (padded[1:-1] < padded[2:]))
    candidates = []
    for i in minima:
        if i == _GRID - 1 and log_benefit(s, "cooperation", high) <= 0:
            candidates.append(high)
            continue
        bracket = grid[max(i - 1, 0)], grid[min(i + 1, _GRID - 1)]
        near = minimize_scalar(cost, bounds=bracket, method="bounded", options={"xatol": 1e-12}).x
        slope = [float(log_benefit(s, "cooperation", y)) for y in bracket]
        if slope[0] < 0 < slope[1]:
            exact = brentq(lambda y: log_benefit(s, "cooperation", y), *bracket, xtol=1e-15, rtol=1e-14)
            assert abs(exact - near) < 1e-3
            candidates.append(exact)
    _, fragile = equilibria(s, "cooperation")
    costs = sorted(float(cost(y)) for y in candidates)
    fragile |= len(costs) > 1 and costs[1] - costs[0] < 1e-9 * costs[0]
    y = min(candidates, key=cost)
    x, p = (high - y) / rate(s), exp(y)
    return Solution(x / s["n"], x, p, float(cost(y)), len(candidates), y == high, fragile, candidates)


def exact(s: Scenario, mechanism: str, branch: str = "highest") -> Solution:
    """The exact formulation: the planner under cooperation, else the equilibrium `branch`."""
    return planner(s) if mechanism == "cooperation" else game(s, mechanism, branch)


def price_of_anarchy(s: Scenario, solution: Solution) -> float:
    """Group cost of `solution` over that of the planner's optimum."""
    return float(group_cost(s, solution.breach, solution.investment)) / planner(s).loss


def published(s: Scenario, mechanism: str) -> Solution | None:
    """The computation behind the paper's tables; None where its condition has no root."""
    n, k, high = s["n"], rate(s) * s["L"], log(s["beta"]) + log(s["v"])
    if mechanism in ("noncooperation", "compensation"):
        own = other = 1.0
    elif mechanism == "cooperation":
        own, other = n, 1.0  # p at n e, q at e
    else:
        own, other = 1 + n * s["delta"], n  # p at e (1 + n delta), q at n e
    transfer = (n - 1) * s["alpha"] * s["gamma"] if mechanism == "compensation" else 0.0

    def condition(log_q):
        log_p = high + (log_q - high) * (own / other)
        with np.errstate(divide="ignore"):
            return log(k) + log_p + np.log(np.exp(log_none_arrives(s, np.exp(log_q))) + transfer)

    low = high - (log(k) + high + log(1 + transfer)) / (own / other) - 1
    if low >= 0:
        return None
    roots, fragile = _crossings(condition, low, -1e-12)
    fragile |= abs(float(condition(high))) < 1e-6 or abs(float(condition(-1e-12))) < 1e-6
    if not roots:
        return Solution(*(np.nan,) * 4, 0, False, True) if fragile else None
    e = (high - roots[0]) / (rate(s) * other)
    q = exp(roots[0])
    loss = float(s["L"] * arrives(s, q, q)) + (n * e if mechanism == "cooperation" else e)
    count = max(1, sum(y <= high for y in roots))
    p = exp(high - rate(s) * own * e)
    return Solution(e, own * e, p, loss, count, False, fragile, roots)


def second_derivative(s: Scenario, mechanism: str, p: float) -> float:
    """Second derivative of a city's (or the planner's) cost in own investment at symmetric `p`, by hand."""
    a, r = hops(s), rate(s)
    shared = {"cooperation": 1.0, "sharing": s["delta"]}.get(mechanism, 0.0)
    transfer = (s["n"] - 1) * s["alpha"] * s["gamma"] if mechanism == "compensation" else 0.0
    pi = exp(float(log_none_arrives(s, p)))
    rise = shared * float((a * p / (1 - a * p)).sum())
    bend = rise**2 - shared**2 * float((a * p / (1 - a * p) ** 2).sum())
    unit = s["n"] if mechanism == "cooperation" else 1.0
    return s["L"] * (r * unit) ** 2 * (p * pi - 2 * p * pi * rise - (1 - p) * pi * bend + transfer * p)


def scenarios(size: int, seed: int, most_cities: int = 64) -> list[Scenario]:
    """Random scenarios that visit corners, folds and ends of the domain; half are tuned to be near a fold."""
    rng = np.random.default_rng(seed)

    def draw() -> Scenario:
        s = {
            "alpha": float(
                rng.choice([0.0, 1.0, rng.uniform(), rng.uniform(0.8, 1)], p=[0.06, 0.06, 0.48, 0.4])
            ),
            "beta": float(rng.choice([1.0, rng.uniform(0.01, 1), 10 ** rng.uniform(-6, 0)])),
            "v": float(
                rng.choice(
                    [rng.uniform(0.02, 0.98), 1 - 10 ** rng.uniform(-6, -1), 10 ** rng.uniform(-6, -1)]
                )
            ),
            "E": float(10 ** rng.uniform(-4, 2)),
            "L": float(10 ** rng.uniform(-1, 7)),
            "n": float(round(most_cities ** rng.uniform())),
            "gamma": float(rng.choice([0.0, rng.uniform(0, 0.1), rng.uniform(0, 3)])),
            "delta": float(rng.choice([0.0, 1.0, rng.uniform()], p=[0.1, 0.1, 0.8])),
        }
        if rng.uniform() < 0.5:
            log_p = np.linspace(-12, -1e-3, 400)
            top = log_benefit(s, str(rng.choice(MECHANISMS)), log_p).max()
            s["L"] *= float(np.exp(rng.uniform(-0.2, 1.5) - top))
        return s

    return [draw() for _ in range(size)]


def columns(points: list[Scenario]) -> dict[str, np.ndarray]:
    """The same scenarios as one array per parameter."""
    return {name: np.array([s[name] for s in points]) for name in points[0]}


@cache
def three_interior_roots(size: int, seed: int) -> list[Scenario]:
    """Random scenarios under compensation whose benefit rises, falls and rises again through its cost."""
    rng = np.random.default_rng(seed)
    result: list[Scenario] = []
    while len(result) < size:
        s = PAPER | {
            "alpha": float(rng.uniform(0.3, 1)),
            "n": float(rng.integers(3, 65)),
            "beta": 1.0,
            "v": float(1 - 10 ** rng.uniform(-6, -0.5)),
            "gamma": float(10 ** rng.uniform(-4, -0.5)),
            "E": float(10 ** rng.uniform(-2, 1)),
        }
        level = log_benefit(s, "compensation", np.linspace(-9, log(s["v"]), 2000))
        turn = np.flatnonzero(np.diff(np.sign(np.diff(level)))) + 1
        if len(turn) == 2 and level[turn[1]] < min(level[turn[0]], level[-1]):
            low, high = level[turn[1]], min(level[turn[0]], level[-1])
            result.append(s | {"L": s["L"] * exp(-rng.uniform(low, high))})
    return result
