"""All equilibria and optima of two or three cities by brute force, in NumPy: no line of the kernels.

A scenario is as of `network`, the oracle beside; every function takes arrays of investments [..., city].
"""

from collections.abc import Callable, Iterator
from itertools import pairwise, product

import numpy as np
from scipy.optimize import minimize, root

from .network import Scenario, strongest

# Of own breach probabilities [..., city]: probability that none of the others' arrives at a city.
Arrivals = Callable[[np.ndarray, int], np.ndarray]


def along_strongest_ways(s: Scenario) -> Arrivals:
    """Arrivals over the strongest way, each independent of the others."""
    arrival = strongest(s["alpha"] * s["W"], len(s["L"]))

    def none(p: np.ndarray, i: int) -> np.ndarray:
        return np.prod([1 - arrival[j, i] * p[..., j] for j in range(len(arrival)) if j != i], axis=0)

    return none


def over_open_links(s: Scenario) -> Arrivals:
    """Arrivals over links that are open or not: every state of all links."""
    links = s["alpha"] * s["W"]
    n = len(links)
    pairs = [pair for pair in product(range(n), repeat=2) if links[pair] > 0]
    states = []
    for open_ in product([False, True], repeat=len(pairs)):
        chance = np.prod([links[q] if o else 1 - links[q] for q, o in zip(pairs, open_, strict=True)])
        reach = np.eye(n, dtype=bool)
        for q, o in zip(pairs, open_, strict=True):
            reach[q] |= o
        for _ in range(n):
            reach = reach @ reach
        states.append((chance, reach))

    def none(p: np.ndarray, i: int) -> np.ndarray:
        return sum(
            chance * np.prod([1 - p[..., j] for j in range(n) if j != i and reach[j, i]], axis=0)
            for chance, reach in states
        )

    return none


def breaches(s: Scenario, e: np.ndarray, mechanism: str) -> np.ndarray:
    """Breach probability of each city by its own fault."""
    reach = np.eye(len(s["L"]))
    if mechanism == "sharing":
        reach = reach + s["delta"] * s["D"]
    if mechanism == "pooling":
        reach = np.ones_like(reach)
    return s["beta"] * s["v"] ** (s["E"] * (e @ reach) + 1)


def cost(s: Scenario, e: np.ndarray, i: int, mechanism: str, none: Arrivals) -> np.ndarray:
    """What city i bears."""
    p = breaches(s, e, mechanism)
    own, n = p[..., i], len(s["L"])
    pays = s["alpha"] * s["gamma"] * (mechanism == "compensation")
    moved = sum(own * s["T"][i, j] * s["L"][j] - p[..., j] * s["T"][j, i] * s["L"][i] for j in range(n))
    return s["L"][i] * (1 - (1 - own) * none(p, i)) + e[..., i] + pays * moved


def sum_of_costs(s: Scenario, e: np.ndarray, mechanism: str, none: Arrivals) -> np.ndarray:
    """What all bear; transfers cancel."""
    return sum(cost(s, e, i, mechanism, none) for i in range(len(s["L"])))


def equilibria(s: Scenario, mechanism: str, none: Arrivals, steps: int = 90) -> np.ndarray:
    """All equilibria of three cities [equilibrium, city] where no city's money defends another.

    The third city always responds best, so an equilibrium is a zero of what the first two would change:
    cells of a grid of their investments in which both change sign are looked into.
    """

    def answers(e: np.ndarray, i: int) -> np.ndarray:
        """Of a cost M p + e: M is what p = 1 costs more than p = 0, all else being the same."""
        p = breaches(s, e, mechanism)
        harm = s["L"][i] * none(p, i)
        if mechanism == "compensation":
            harm = harm + s["alpha"] * s["gamma"] * sum(s["T"][i, j] * s["L"][j] for j in range(3))
        rate, start = -s["E"][i] * np.log(s["v"][i]), s["beta"][i] * s["v"][i]
        return np.maximum(0, np.log(start * rate * harm) / rate)

    def wishes(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = np.stack([one, two, 0 * one], axis=-1)
        e[..., 2] = answers(e, 2)
        return answers(e, 0) - one, answers(e, 1) - two

    # No city answers with more than it does where nobody else is breached.
    safe = np.full((3, 3), 1e9)
    most = [float(answers(safe, i)[0]) + 1e-3 for i in range(2)]
    axes = [np.concatenate([[0.0], np.linspace(0, m, steps)[1:]]) for m in most]
    grids = np.meshgrid(*axes, indexing="ij")
    changes = [_changes_sign(wish) for wish in wishes(*grids)]
    result: list[np.ndarray] = []
    for a, b in np.argwhere(changes[0] & changes[1]):
        for way in ((0.5, 0.5), (0.0, 0.0), (1.0, 1.0)):
            start = [
                axis[k] + w * (axis[k + 1] - axis[k]) for axis, k, w in zip(axes, (a, b), way, strict=True)
            ]
            at = root(lambda x: np.array(wishes(*np.maximum(x, 0)[:, None])).ravel(), start, tol=1e-13).x
            at = np.maximum(at, 0)
            if np.max(np.abs(wishes(*at[:, None]))) > 1e-8:
                continue
            e = np.array([*at, 0.0])
            e[2] = answers(e, 2)
            if not any(np.allclose(e, other, atol=1e-5) for other in result):
                result.append(e)
    return np.array(result)


def _changes_sign(values: np.ndarray) -> np.ndarray:
    corners = [
        values[a : a + values.shape[0] - 1, b : b + values.shape[1] - 1] for a, b in product((0, 1), (0, 1))
    ]
    return (np.min(corners, axis=0) <= 1e-12) & (np.max(corners, axis=0) >= -1e-12)


def best_answer(s: Scenario, e: np.ndarray, i: int, mechanism: str, none: Arrivals, most: float) -> float:
    """City i's cheapest investment against the others': all of a grid, and again around the best of it."""
    low, high, best = 0.0, most, 0.0
    for points in (4001, 401, 401, 401, 401, 401):
        tried = np.linspace(low, high, points)
        others = np.tile(e, (points, 1))
        others[:, i] = tried
        k = int(np.argmin(cost(s, others, i, mechanism, none)))
        best, step = tried[k], tried[1] - tried[0]
        low, high = max(best - 2 * step, 0.0), best + 2 * step
    return best


def equilibria_of_two(s: Scenario, mechanism: str, none: Arrivals, most: float) -> Iterator[np.ndarray]:
    """Those of the first two cities, the third cut off from them, by their answers to each other."""
    e = np.zeros(3)
    e[2] = best_answer(s, e, 2, mechanism, none, most)

    def after(one: float) -> tuple[float, float]:
        two = best_answer(s, np.array([one, 0, e[2]]), 1, mechanism, none, most)
        return best_answer(s, np.array([0, two, e[2]]), 0, mechanism, none, most) - one, two

    grid = np.concatenate([[0.0], np.linspace(0, most, 60)[1:]])
    wishes = [after(one)[0] for one in grid]
    if wishes[0] <= 1e-7:
        yield np.array([0.0, after(0.0)[1], e[2]])
    for (low, high), (at_low, at_high) in zip(pairwise(grid), pairwise(wishes), strict=True):
        if at_low * at_high > 0 or at_low <= 1e-7:
            continue
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if after(middle)[0] > 0 else (low, middle)
        wish, two = after(low)
        if abs(wish) < 1e-4:  # else the answer jumps there
            yield np.array([low, two, e[2]])


def least_sum(s: Scenario, mechanism: str, none: Arrivals, most: float, steps: int = 24) -> float:
    """The least sum of costs over a grid of all investments, made less still from the best of it."""
    axis = np.concatenate([[0.0], np.geomspace(most / 1e3, most, steps)])
    e = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    sums = sum_of_costs(s, e, mechanism, none)
    starts = e[np.argsort(sums)[:: len(e) // 400][:12]]
    starts = np.concatenate([e[np.argsort(sums)[:6]], starts])
    options = {"ftol": 1e-15, "gtol": 1e-9}
    result = [
        minimize(
            lambda x: float(sum_of_costs(s, np.maximum(x, 0), mechanism, none)), x, bounds=[(0, None)] * 3,
            method="L-BFGS-B", options=options,
        ).fun
        for x in starts
    ]  # fmt: skip
    return float(min(result))


def pooled_least(s: Scenario, none: Arrivals, most: float, counted: float) -> float:
    """The least of `counted` times all losses, and the sum of money, over 200,000 sums."""
    money = np.concatenate([[0.0], np.geomspace(most / 1e9, most, 200_000)])
    e = np.repeat(money[:, None] / 3, 3, axis=1)
    p = breaches(s, e, "pooling")
    losses = sum(s["L"][i] * (1 - (1 - p[:, i]) * none(p, i)) for i in range(3))
    return float(np.min(counted * losses + money))
