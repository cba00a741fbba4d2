"""Margins of the external conclusions under both mechanisms, a budget, an entry cost, by brute force."""

import numpy as np

from helpers.oracles import combined as oracle

ONE, TWO, THREE, FOUR, FIVE = "noncooperation", "cooperation", "compensation", "sharing", "together"


def solve(s, mechanism, kind):
    """Investment and cost (cooperating: the group's) of the highest equilibrium; NaN where there is none."""
    if mechanism == TWO:
        return oracle.planner(s, True, s["n"], kind)
    result, _ = oracle.equilibria(s, mechanism, kind)
    return (result[0].investment, result[0].loss) if result else (np.nan, np.nan)


def fragile(s, kind):
    """Whether a rounding error could change one of the equilibria."""
    return any(oracle.equilibria(s, m, kind)[1] for m in (ONE, THREE, FOUR, FIVE))


def e(mechanism):
    return lambda s, kind: solve(s, mechanism, kind)[0]


def c(mechanism):
    return lambda s, kind: solve(s, mechanism, kind)[1]


def paid(s, mechanism, kind):
    invested = e(mechanism)(s, kind)
    return invested + s["entry_cost"] * (invested > 0)


def best(mechanism):
    """Investment at which a city's own cost is least where all invest the same."""

    def at(s, kind):
        delta, _ = oracle.strengths(s, mechanism)
        return oracle.planner(s, False, 1 + delta * (s["n"] - 1), kind)[0]

    return at


def gap(larger, smaller):
    return lambda s, kind: larger(s, kind) - smaller(s, kind)


def between(low, middle, high):
    return lambda s, kind: min(middle(s, kind) - low(s, kind), high(s, kind) - middle(s, kind))


def equal(one, other):
    return lambda s, kind: -abs(one(s, kind) - other(s, kind)) / (1 + abs(one(s, kind)))


def group(mechanism):
    return lambda s, kind: c(mechanism)(s, kind) + (s["n"] - 1) * paid(s, mechanism, kind)


def city_cooperating(s, kind):
    return c(TWO)(s, kind) - (s["n"] - 1) * paid(s, TWO, kind)


def either(s, kind):
    return min(c(THREE)(s, kind), c(FOUR)(s, kind))


# Of a budget or an entry cost; the numbers without what limits them.
LIMITED = {
    "4 (too little)": gap(best(ONE), e(ONE)),
    "6 (investment)": gap(e(ONE), e(TWO)),
    "6 (cost)": gap(c(TWO), c(ONE)),
    "6 (like with like)": gap(c(TWO), group(ONE)),
    "9 (investment)": gap(e(THREE), e(ONE)),
    "9 (cost)": gap(c(ONE), c(THREE)),
    "10 (investment)": between(e(ONE), e(FOUR), e(TWO)),
    "10 (sentence before)": between(e(TWO), e(FOUR), e(ONE)),
    "10 (cost)": gap(c(ONE), c(FOUR)),
    "10 (cost, both)": gap(either, c(FIVE)),
    "12 (δ = 0)": equal(e(FOUR), e(ONE)),
    "12 (δ = 1)": equal(e(FOUR), e(TWO)),
    "12 (limit)": gap(c(FOUR), city_cooperating),
}

# Of what rises (+1) or falls (-1) from one value of an axis to the next.
STEPS = {
    "2": (-1, e(ONE), "n"), "3": (1, e(ONE), "beta"), "4": (-1, e(ONE), "alpha"),
    "2 (loss)": (1, c(ONE), "n"), "3 (loss)": (1, c(ONE), "beta"), "4 (loss)": (1, c(ONE), "alpha"),
    "7": (-1, e(TWO), "n"), "8": (-1, e(TWO), "alpha"), "7 (loss)": (1, c(TWO), "n"),
    "8 (loss)": (1, c(TWO), "alpha"), "8 (loss, β)": (1, c(TWO), "beta"), "9 (17)": (1, e(THREE), "gamma"),
    "11": (1, e(FOUR), "alpha"), "12": (-1, e(FOUR), "delta"), "12 (Table 8)": (1, c(FOUR), "delta"),
}  # fmt: skip

# Of both mechanisms at once.
BOTH = {
    "4 (too little, together)": gap(best(FIVE), e(FIVE)),
    "6 (investment, together)": gap(e(FIVE), e(TWO)),
    "6 (like with like, together)": gap(c(TWO), group(FIVE)),
    "9 (investment, together)": gap(e(FIVE), e(FOUR)),
    "9 (cost, together)": gap(c(FOUR), c(FIVE)),
    "10 (investment, together)": between(e(THREE), e(FIVE), e(TWO)),
    "10 (sentence before, together)": between(e(TWO), e(FIVE), e(THREE)),
    "10 (cost, together)": gap(c(THREE), c(FIVE)),
    "10 (either, together)": gap(either, c(FIVE)),
    "12 (δ = 0, together)": equal(e(FIVE), e(THREE)),
    "12 (δ = 1, together)": equal(e(FIVE), e(TWO)),
    "12 (limit, together)": gap(c(FIVE), city_cooperating),
}

# Derivatives of both, by central differences.
SLOPES = {
    "3 (together)": (1, e(FIVE), "beta"), "4 (together)": (-1, e(FIVE), "alpha"),
    "3 (loss, together)": (1, c(FIVE), "beta"), "4 (loss, together)": (1, c(FIVE), "alpha"),
    "9 (17, together)": (1, e(FIVE), "gamma"), "11 (together)": (1, e(FIVE), "alpha"),
    "12 (together)": (-1, e(FIVE), "delta"), "12 (Table 8, together)": (1, c(FIVE), "delta"),
}  # fmt: skip
STEPS_OF_BOTH = {"2 (together)": (-1, e(FIVE), "n"), "2 (loss, together)": (1, c(FIVE), "n")}


def step(rule, s, kind, following):
    """Of a rule of `STEPS` from the scenario to the `following` value of its axis."""
    sign, value, axis = rule
    return sign * (value(s | {axis: following}, kind) - value(s, kind))


def slope(rule, s, kind):
    """Of a rule of `SLOPES`; one-sided, of second order, at the ends of the axis."""
    sign, value, axis = rule
    h = 1e-5 * max(s[axis], 0.1)
    highest = {"gamma": np.inf}.get(axis, 1.0)
    way = 0 if h <= s[axis] <= highest - h else (1 if s[axis] < h else -1)
    if way == 0:
        return sign * (value(s | {axis: s[axis] + h}, kind) - value(s | {axis: s[axis] - h}, kind)) / (2 * h)
    near = [value(s | {axis: s[axis] + way * k * h}, kind) for k in range(3)]
    return sign * way * (-3 * near[0] + 4 * near[1] - near[2]) / (2 * h)
