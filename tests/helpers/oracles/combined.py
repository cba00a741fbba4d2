"""External allocation with mechanisms together, a budget and an entry cost again, by brute force in NumPy.

Costs are written out for one city beside equal ones; their slopes come from complex steps, equilibria from
sign changes on a dense grid of common investments, and each is kept only where no other own investment of a
grid of thousands, closed in by SciPy, is better. A scenario is a dict of floats.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import brentq, minimize_scalar

PAPER = {"alpha": 0.1, "beta": 0.1, "v": 0.5, "E": 0.1, "L": 400.0, "n": 3.0, "gamma": 0.5, "delta": 0.5}
PAPER |= {"budget": 10.0, "entry_cost": 0.0}

GRID = np.linspace(0, 1, 4001) ** 2


@dataclass
class Equilibrium:
    """A symmetric equilibrium, and how near it is to being none."""

    investment: float
    loss: float
    value: float  # what investing saves against nothing, entry cost not counted
    multiplier: float
    regime: str


def strengths(s, mechanism):
    """Sharing rate and compensation coefficient, as far as the mechanism has them."""
    return (
        s["delta"] if mechanism in ("sharing", "together") else 0.0,
        s["gamma"] if mechanism in ("compensation", "together") else 0.0,
    )


def cost(s, mechanism, own, others):
    """What a city bears, but for its entry cost, that invests `own` (an array, complex if need be)."""
    delta, gamma = strengths(s, mechanism)
    n, base = int(s["n"]), s["beta"] * s["v"]
    at_home = base * s["v"] ** (s["E"] * (own + delta * (n - 1) * others))
    linked = base * s["v"] ** (s["E"] * (others + delta * (own + (n - 2) * others)))
    none = 1 - at_home
    for k in range(1, n):
        none = none * (1 - s["alpha"] ** k * linked)
    transfers = (n - 1) * s["alpha"] * gamma * s["L"] * (at_home - linked)
    return s["L"] * (1 - none) + transfers + own


def slope(s, mechanism, e):
    """Of a city's cost in its own investment where all invest `e`."""
    return cost(s, mechanism, e + 1e-30j, e).imag / 1e-30


def budget_left(s, kind, others=0.0):
    """The most that a city can invest beside others."""
    return {
        "none": inf,
        "city": s["budget"],
        "common": s["budget"] - (s["n"] - 1) * others,
    }[kind]


def most(s, mechanism):
    """More than anybody would invest."""
    _, gamma = strengths(s, mechanism)
    return s["L"] * (1 + 2 * (s["n"] - 1) * s["alpha"] * gamma)


def least_other(s, mechanism, others, top):
    """Investment above 0 and cost of a city's best answer, at most `top` of it."""
    if top <= 0:
        return 0.0, inf
    tried = GRID[1:] * min(top, most(s, mechanism))
    values = cost(s, mechanism, tried, others)
    k = int(np.argmin(values))
    low, high = tried[max(k - 1, 0)], tried[min(k + 1, len(tried) - 1)]
    near = minimize_scalar(lambda y: cost(s, mechanism, y, others), bounds=(low, high), method="bounded",
                           options={"xatol": 1e-12})  # fmt: skip
    return min((near.x, near.fun), (tried[k], values[k]), key=lambda pair: pair[1])


def equilibria(s, mechanism, kind):
    """All symmetric ones by falling investment, and whether a rounding error could change which there are."""
    entry = s["entry_cost"]
    cap = {"none": inf, "city": s["budget"], "common": s["budget"] / s["n"]}[kind]
    top = min(cap, most(s, mechanism))
    grid = GRID * top
    slopes = slope(s, mechanism, grid)
    change = np.flatnonzero(np.sign(slopes[:-1]) * np.sign(slopes[1:]) < 0)
    roots = [
        brentq(lambda e: slope(s, mechanism, e), grid[i], grid[i + 1], xtol=1e-13, rtol=1e-14) for i in change
    ]
    size = 1e-7 * (1 + s["L"])
    inner = slopes[1:-1]
    turns = (inner - slopes[:-2]) * (slopes[2:] - inner) <= 0
    fragile = bool((turns & (np.abs(inner) < 1e-4)).any()) or abs(slopes[0]) < 1e-5
    result = [(e, 0.0, "interior") for e in roots]
    if cap == top and cap > 0:
        fragile |= abs(slopes[-1]) < 1e-5
        if slopes[-1] < 0:
            result.append((cap, -float(slopes[-1]), "budget"))
    kept = []
    for e, multiplier, regime in sorted(result, reverse=True):
        own = float(cost(s, mechanism, e, e))
        value = float(cost(s, mechanism, 0.0, e)) - own
        # Where a budget in common is spent a city has what it holds, to the last digit.
        _, other = least_other(s, mechanism, e, max(budget_left(s, kind, e), e))
        fragile |= (entry > 0 or mechanism in ("sharing", "together")) and abs(value - entry) < size
        fragile |= 1e-5 * size < own - other < size
        if value >= entry and own <= other + 1e-5 * size:
            kept.append(Equilibrium(e, own + entry, value, multiplier, regime))
    nothing = float(cost(s, mechanism, 0.0, 0.0))
    _, other = least_other(s, mechanism, 0.0, budget_left(s, kind))
    value = max(0.0, nothing - other)
    fragile |= abs(value - entry) < size and entry > 0
    fragile |= 1e-5 * size < value < size and entry == 0
    if value <= entry + 1e-5 * size:
        binding = kind != "none" and s["budget"] == 0 == entry and slopes[0] < 0
        multiplier, regime = (-float(slopes[0]), "budget") if binding else (0.0, "nothing")
        kept.append(Equilibrium(0.0, nothing, value, multiplier, regime))
    return kept, fragile


def planner(s, pooled, dilution, kind):
    """Investment and cost of the least that one who lets all invest the same reaches: by a scan."""
    n, entry = s["n"], s["entry_cost"]
    cap = {"none": inf, "city": s["budget"], "common": s["budget"] / n}[kind]

    def total(e):
        p = s["beta"] * s["v"] ** (s["E"] * dilution * e + 1)
        none = 1 - p
        for k in range(1, int(n)):
            none = none * (1 - s["alpha"] ** k * p)
        weight = n if pooled else 1
        return s["L"] * (1 - none) + weight * (e + entry * (e > 0))

    grid = GRID * min(cap, s["L"])
    values = total(grid)
    k = int(np.argmin(values[1:])) + 1
    low, high = grid[max(k - 1, 1)], grid[min(k + 1, len(grid) - 1)]
    near = minimize_scalar(total, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    options = [(0.0, float(total(0.0))), (near.x, float(near.fun)), (float(grid[-1]), float(values[-1]))]
    return min(options, key=lambda pair: pair[1])


def scenarios(size, seed, most_cities=6):
    """Random ones, with budgets and entry costs that bind in some and are zero in some."""
    rng = np.random.default_rng(seed)

    def draw():
        s = {
            "alpha": float(
                rng.choice([0.0, 1.0, rng.uniform(), rng.uniform(0.6, 1)], p=[0.04, 0.04, 0.52, 0.4])
            ),
            "beta": float(rng.choice([1.0, rng.uniform(0.05, 1)])),
            "v": float(rng.uniform(0.1, 0.95)),
            "E": float(10 ** rng.uniform(-2, 0)),
            "n": float(rng.integers(1, most_cities + 1)),
            "gamma": float(rng.choice([0.0, rng.uniform(0, 2)], p=[0.1, 0.9])),
            "delta": float(rng.choice([0.0, 1.0, rng.uniform()], p=[0.1, 0.1, 0.8])),
        }
        kappa = -s["E"] * np.log(s["v"])
        s["L"] = float(10 ** rng.uniform(0, 2.2) / (kappa * s["beta"] * s["v"]))
        s["budget"] = float(
            rng.choice([0.0, rng.uniform(0, 3), rng.uniform(0, 12)], p=[0.05, 0.5, 0.45]) / kappa
        )
        s["entry_cost"] = float(
            rng.choice([0.0, rng.uniform(0, 2), rng.uniform(0, 12)], p=[0.3, 0.4, 0.3]) / kappa
        )
        return s

    return [draw() for _ in range(size)]


def columns(points):
    """The same scenarios as one array per parameter."""
    return {name: np.array([s[name] for s in points]) for name in points[0]}


def chain_cost(s, mechanism, city, investments):
    """What one city of the one-way chain bears where each invests its own; entry cost included.

    What each invests may be an array: one number for each of several profiles.
    """
    delta, gamma = strengths(s, mechanism)
    e = np.asarray(investments, float)
    n = len(e)
    defended = (1 - delta) * e + delta * e.sum(axis=0)
    p = s["beta"] * s["v"] ** (s["E"] * defended + 1)
    none = 1 - p[city]
    for k in range(1, n):
        none *= 1 - s["alpha"] ** k * p[(city - k) % n]
    others = p.sum(axis=0) - p[city]
    transfers = s["alpha"] * gamma * s["L"] * ((n - 1) * p[city] - others)
    return s["L"] * (1 - none) + transfers + e[city] + s["entry_cost"] * (e[city] > 0)


def best_on_chain(s, mechanism, city, investments, top=inf):
    """The best answer of one city of the chain to all others', and its cost."""

    def own(y):
        tried = np.multiply.outer(np.array(investments, float), np.ones(np.shape(y)))
        tried[city] = y
        return chain_cost(s, mechanism, city, tried)

    grid = np.linspace(0, 1, 400)[1:] ** 2 * min(top, 40 / (-s["E"] * np.log(s["v"])), most(s, mechanism))
    values = own(grid)
    k = int(np.argmin(values))
    near = minimize_scalar(own, bounds=(grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]),
                           method="bounded", options={"xatol": 1e-10})  # fmt: skip
    return min((0.0, own(0.0)), (near.x, near.fun), (grid[-1], values[-1]), key=lambda pair: pair[1])


def no_better_answer(s, mechanism, investments, top=inf):
    """By how much each city's investment is better than its best other one, at least; negative: it is not."""
    margins = []
    for city, own in enumerate(investments):
        now = chain_cost(s, mechanism, city, investments)
        best, least = best_on_chain(s, mechanism, city, investments, top)
        nothing = chain_cost(s, mechanism, city, [*investments[:city], 0.0, *investments[city + 1 :]])
        margins.append(min(nothing - now if own > 0 else inf, least - now if best > 0 else inf))
    return min(margins)


def pairs_of_three(s, mechanism, top=inf):
    """Margins of all profiles of three cities in which two answer each other and the third does nothing."""
    free = s | {"entry_cost": 0.0}

    def answer(city, other):
        profile = [other, other, 0.0]
        return best_on_chain(free, mechanism, city, profile, top)[0]

    def back(e):
        return answer(1, answer(0, e)) - e

    grid = np.linspace(1e-3, min(top, 12 / (-s["E"] * np.log(s["v"]))), 40)
    values, margins = np.array([back(e) for e in grid]), []
    roots = [
        brentq(back, grid[k], grid[k + 1], xtol=1e-9) for k in np.flatnonzero(values[:-1] * values[1:] < 0)
    ]
    if top < inf and values[-1] == 0:
        roots.append(grid[-1])
    for e in roots:
        first = answer(0, e)
        if first > 1e-6 and e > 1e-6 and abs(back(e)) < 1e-5:
            margins.append(no_better_answer(s, mechanism, [first, e, 0.0], top))
    return margins
