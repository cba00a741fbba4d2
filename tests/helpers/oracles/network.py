"""The game among cities on a network again, slow and obvious, in NumPy and SciPy: no line of the kernels.

A scenario is a dict: vectors L, v, E, beta; numbers alpha, gamma, delta; matrices W, T, D [from, to].
"""

from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

Scenario = dict[str, Any]


def strongest(links: np.ndarray, most: int) -> np.ndarray:
    """The largest product along any way of at most `most` links without a city twice: each is tried."""
    n = len(links)
    best = np.zeros((n, n))
    for size in range(2, min(most, n - 1) + 2):
        for way in permutations(range(n), size):
            value = np.prod([links[a, b] for a, b in pairwise(way)])
            best[way[0], way[-1]] = max(best[way[0], way[-1]], value)
    return best


def cascade(links: np.ndarray, most: int) -> np.ndarray:
    """A breach of each city in turn goes on for so many steps, over links that are independent at each."""
    n = len(links)
    arrived = np.zeros((n, n))
    for source in range(n):
        here = np.eye(n)[source]
        for _ in range(min(most, n - 1)):
            after = [1 - np.prod([1 - here[a] * links[a, b] for a in range(n)]) for b in range(n)]
            here = np.where(np.arange(n) == source, 1.0, after)
        arrived[source] = here
    return arrived * (1 - np.eye(n))


def risks_by_worlds(links: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Probability that each city is breached: every state of every link and every set of own breaches."""
    n = len(p)
    pairs = [(a, b) for a in range(n) for b in range(n) if links[a, b] > 0]
    risk = np.zeros(n)
    for open_ in product([False, True], repeat=len(pairs)):
        chance = np.prod(
            [links[pair] if is_open else 1 - links[pair] for pair, is_open in zip(pairs, open_, strict=True)]
        )
        for breached in product([False, True], repeat=n):
            hit = set(np.flatnonzero(breached))
            while True:
                more = {b for (a, b), is_open in zip(pairs, open_, strict=True) if is_open and a in hit} - hit
                if not more:
                    break
                hit |= more
            weight = chance * np.prod(np.where(breached, p, 1 - p))
            for city in hit:
                risk[city] += weight
    return risk


def breaches(s: Scenario, e: np.ndarray, sharing: bool) -> np.ndarray:
    """Breach probability of each city by its own fault."""
    defends = e + s["delta"] * s["D"].T @ e if sharing else e
    return s["beta"] * s["v"] ** (s["E"] * defends + 1)


def city_costs(s: Scenario, e: np.ndarray, mechanism: str, arrival: np.ndarray) -> np.ndarray:
    """What each city bears."""
    return np.array([city_cost(s, e, i, mechanism, arrival) for i in range(len(e))])


def city_cost(s: Scenario, e: np.ndarray, i: int, mechanism: str, arrival: np.ndarray) -> float:
    """What city i bears."""
    n = len(e)
    p = breaches(s, e, mechanism == "sharing")
    none = np.prod([1 - arrival[j, i] * p[j] for j in range(n) if j != i])
    cost = s["L"][i] * (1 - (1 - p[i]) * none) + e[i]
    if mechanism == "compensation":
        pays = s["alpha"] * s["gamma"]
        cost += pays * sum(
            p[i] * s["T"][i, j] * s["L"][j] - p[j] * s["T"][j, i] * s["L"][i] for j in range(n)
        )
    return float(cost)


def best_response(s: Scenario, e: np.ndarray, i: int, mechanism: str, arrival: np.ndarray) -> float:
    """City i's cheapest investment against the others', by a scan and Brent's method."""

    def cost(x: float) -> float:
        other = e.copy()
        other[i] = x
        return city_cost(s, other, i, mechanism, arrival)

    grid = np.concatenate([[0.0], np.geomspace(1e-3, s["L"][i], 60)])
    k = int(np.argmin([cost(x) for x in grid]))
    low, high = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    optimum = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-11})
    return float(optimum.x) if optimum.fun < cost(0.0) else 0.0


def equilibrium(s: Scenario, mechanism: str, arrival: np.ndarray, start: float) -> np.ndarray:
    """Best responses, one city after the other, until none moves."""
    e = np.full(len(s["L"]), start)
    for _ in range(400):
        before = e.copy()
        for i in range(len(e)):
            e[i] = best_response(s, e, i, mechanism, arrival)
        if np.max(np.abs(e - before)) < 1e-6:
            return e
    raise AssertionError("best responses do not settle")


def least_sum(s: Scenario, arrival: np.ndarray) -> float:
    """The least sum of all cities' costs, from several starts."""
    n = len(s["L"])

    def cost(e: np.ndarray) -> float:
        return float(np.sum(city_costs(s, np.maximum(e, 0), "noncooperation", arrival)))

    starts = [np.full(n, x) for x in (0.0, 5.0, 30.0)]
    options = {"ftol": 1e-14, "gtol": 1e-10}
    return min(
        minimize(cost, x, bounds=[(0, None)] * n, method="L-BFGS-B", options=options).fun for x in starts
    )
