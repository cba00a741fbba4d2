"""Margins of the external paper's conclusions again, from the slow oracle."""

from collections.abc import Callable

import numpy as np

from helpers.oracles import external as oracle
from helpers.oracles.external import Scenario, Solution

ONE, TWO, THREE, FOUR = oracle.MECHANISMS
Known = Callable[[Scenario, str], float]


def solve(s: Scenario, mechanism: str, formulation: str) -> Solution:
    result = oracle.exact(s, mechanism) if formulation == "exact" else oracle.published(s, mechanism)
    return result or Solution(*(np.nan,) * 4, 0, False, True)


def fragile(s: Scenario, formulation: str, mechanisms=oracle.MECHANISMS) -> bool:
    """Whether a rounding error could change one of the solutions."""
    return any(solve(s, m, formulation).fragile for m in mechanisms)


def e(mechanism: str) -> Known:
    return lambda s, f: solve(s, mechanism, f).investment


def cost(mechanism: str) -> Known:
    return lambda s, f: solve(s, mechanism, f).loss


def slope(value: Known, name: str) -> Known:
    """Central difference, with the error of the differences below 1e-5 of the slope."""

    def at(s: Scenario, f: str) -> float:
        h = 1e-5 * max(abs(s[name]), 0.1)
        return (value(s | {name: s[name] + h}, f) - value(s | {name: s[name] - h}, f)) / (2 * h)

    return at


def _city_cooperating(s: Scenario, f: str) -> float:
    return cost(TWO)(s, f) - (s["n"] - 1) * e(TWO)(s, f)


MARGINS: dict[str, Known] = {
    "3": slope(e(ONE), "beta"),
    "4": lambda s, f: -slope(e(ONE), "alpha")(s, f),
    "6 (investment)": lambda s, f: e(ONE)(s, f) - e(TWO)(s, f),
    "6 (cost)": lambda s, f: cost(TWO)(s, f) - cost(ONE)(s, f),
    "6 (like with like)": lambda s, f: cost(TWO)(s, f) - cost(ONE)(s, f) - (s["n"] - 1) * e(ONE)(s, f),
    "8": lambda s, f: -slope(e(TWO), "alpha")(s, f),
    "9 (investment)": lambda s, f: e(THREE)(s, f) - e(ONE)(s, f),
    "9 (cost)": lambda s, f: cost(ONE)(s, f) - cost(THREE)(s, f),
    "9 (17)": slope(e(THREE), "gamma"),
    "10 (investment)": lambda s, f: min(e(FOUR)(s, f) - e(ONE)(s, f), e(TWO)(s, f) - e(FOUR)(s, f)),
    "10 (sentence before)": lambda s, f: min(e(ONE)(s, f) - e(FOUR)(s, f), e(FOUR)(s, f) - e(TWO)(s, f)),
    "10 (cost)": lambda s, f: cost(ONE)(s, f) - cost(FOUR)(s, f),
    "11": slope(e(FOUR), "alpha"),
    "12": lambda s, f: -slope(e(FOUR), "delta")(s, f),
    "12 (Table 8)": slope(cost(FOUR), "delta"),
    "12 (limit)": lambda s, f: cost(FOUR)(s, f) - _city_cooperating(s, f),
}
