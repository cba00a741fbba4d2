"""Three unequal cities on networks of weights: all that brute force finds, beside what the kernel proves."""

from functools import cache

import jax
import numpy as np
import pytest
from equisweep.kernels.games.network.declaration import UNIQUE
from equisweep.kernels.games.network.model import network
from equisweep.kernels.status import Status
from helpers.oracles import network_brute as brute
from helpers.products import costs_seconds, some

UNLIKE, FOLDED, ALONE = "unlike", "folded", "the third alone"
OWN = ("noncooperation", "compensation")


def scenario(kind, seed):
    """Cities quite unlike; or hardly, on links that carry nearly all on: several equilibria, or none."""
    rng = np.random.default_rng(seed)

    def matrix():
        return rng.uniform(size=(3, 3)) * (rng.uniform(size=(3, 3)) < 0.8) * (1 - np.eye(3))

    s = {"L": np.exp(rng.uniform(3, 8, 3)), "v": rng.uniform(0.2, 0.95, 3), "beta": rng.uniform(0.1, 1, 3)}
    s |= {"E": np.exp(rng.uniform(-4, -0.7, 3)), "alpha": rng.uniform(0.3, 1), "delta": rng.uniform(0, 1)}
    s |= {"gamma": rng.uniform(0, 1.5), "W": matrix(), "T": matrix(), "D": matrix()}
    if kind == FOLDED:
        v = rng.uniform(0.9, 0.99, 3)
        s |= {"v": v, "beta": np.ones(3), "E": np.full(3, 0.1), "gamma": 0.03, "alpha": rng.uniform(0.98, 1)}
        s |= {"L": rng.uniform(7, 9, 3) / (-0.1 * np.log(v)), "W": 1 - np.eye(3)}
    if kind == ALONE:
        for name in "WTD":
            s[name][2, :] = s[name][:, 2] = 0
    return s


EACH = [(UNLIKE, 1), (UNLIKE, 2), (FOLDED, 3), (FOLDED, 5), (ALONE, 4), (ALONE, 8), (UNLIKE, 6)]
SCENARIOS = [scenario(*which) for which in EACH]
GRAPHS = {
    name: (np.arange(len(EACH)), np.stack([s[matrix] for s in SCENARIOS]))
    for name, matrix in (("links", "W"), ("pays", "T"), ("shares", "D"))
}


REAL = ("L", "v", "E", "beta", "alpha", "gamma", "delta")
ADDED = ("added_weight", "added_transfer", "added_rate")


def kernel(mechanism, branch="highest", spread="hops"):
    static = {"mechanism": mechanism, "branch": branch, "spread": spread, "network": "links"}
    static |= {"transfers": "pays", "rates": "shares", "graphs": GRAPHS, "length_max": 3}
    static |= {"pairs": ((0, 1), (2, 0)), "wanted": ("investment", "optimal_cost")}
    return lambda p: network(p, **static)


@cache
def compiled(*how):
    return jax.jit(kernel(*how))


DIFFERENTIATED = ("compensation", "sharing")


@cache
def pushed(mechanism):
    """What a mechanism comes to, and derivatives of its numbers along a direction: one program for both."""

    def split(p):
        result = kernel(mechanism)(p)
        return {n: result[n] for n in ("investment", "expected_loss", "optimal_cost")}, result

    return jax.jit(lambda p, way: jax.jvp(split, (p,), (way,), has_aux=True)[1:])


def point(k):
    p = {n: np.array(SCENARIOS[k][n]) for n in REAL} | {n: np.zeros(2) for n in ADDED}
    return p | {"length": np.float64(3.0), "seed": np.float64(k)}


def solved(k, *how):
    p = point(k)
    if len(how) == 1 and how[0] in DIFFERENTIATED:
        result = pushed(*how)(p, {name: np.zeros_like(value) for name, value in p.items()})[1]
    else:
        result = compiled(*how)(p)
    return {name: np.asarray(value) for name, value in result.items()}


def most(s):
    """More than any city would invest."""
    return float(np.max(np.log1p(s["L"].sum() * s["E"].sum()) / (-s["E"] * np.log(s["v"]))))


def assert_nobody_gains(s, e, mechanism, none, costs):
    for i in range(3):
        tried = np.tile(e, (2000, 1))
        tried[:, i] = np.linspace(0, most(s), 2000)
        assert brute.cost(s, tried, i, mechanism, none).min() > costs[i] - 1e-8 * s["L"][i]


@costs_seconds
@pytest.mark.parametrize("mechanism", OWN)
def test_the_extreme_equilibria_are_the_ends_of_all_that_there_are(mechanism):
    counts = []
    for k in range(4):
        s = SCENARIOS[k]
        none = brute.along_strongest_ways(s)
        every = brute.equilibria(s, mechanism, none, steps=60)
        counts.append(len(every))
        solution = solved(k, mechanism)
        np.testing.assert_allclose(solution["investment"], every.max(axis=0), rtol=1e-6, atol=1e-4)
        apart = np.ptp(every, axis=0).max()
        np.testing.assert_allclose(solution["ends_apart"], apart, rtol=1e-6, atol=1e-4)
        assert solution["uniqueness"] == UNIQUE["unique" if len(every) == 1 else "several"]
        assert_nobody_gains(s, solution["investment"], mechanism, none, solution["expected_loss"])
        least = brute.least_sum(s, "noncooperation", none, most(s))
        assert least * (1 - 1e-6) < solution["optimal_cost"] < least * (1 + 1e-9)
    assert min(counts) == 1
    assert max(counts) > 1


@costs_seconds
def test_reachability_bounds_them_alike():
    for k in (0, 2):
        s = SCENARIOS[k]
        none = brute.over_open_links(s)
        every = brute.equilibria(s, "noncooperation", none, steps=60)
        solution = solved(k, "noncooperation", "highest", "reachability")
        np.testing.assert_allclose(solution["investment"], every.max(axis=0), rtol=1e-6, atol=1e-4)
        np.testing.assert_allclose(solution["ends_apart"], np.ptp(every, axis=0).max(), rtol=1e-6, atol=1e-4)


def test_under_sharing_what_is_reported_is_an_equilibrium_and_of_two_cities_one_of_all():
    for k in range(4, 7):
        s = SCENARIOS[k]
        none = brute.along_strongest_ways(s)
        solution = solved(k, "sharing")
        assert solution["status"] in (Status.ok, Status.corner)
        costs = [brute.cost(s, solution["investment"], i, "sharing", none) for i in range(3)]
        np.testing.assert_allclose(solution["expected_loss"], costs, rtol=1e-11)
        assert_nobody_gains(s, solution["investment"], "sharing", none, costs)
        if EACH[k][0] == ALONE:
            every = list(brute.equilibria_of_two(s, "sharing", none, most(s)))
            assert any(np.allclose(solution["investment"], e, rtol=1e-4, atol=1e-3) for e in every)
        least = brute.least_sum(s, "sharing", none, most(s))
        assert least * (1 - 1e-6) < solution["optimal_cost"] < least * (1 + 1e-9)


def test_the_planner_who_pools_finds_the_best_sum_of_money_though_cities_need_quite_different_ones():
    for k in range(4):
        s = SCENARIOS[k]
        none = brute.along_strongest_ways(s)
        solution = solved(k, "pooling")
        p = brute.breaches(s, solution["investment"], "pooling")
        loss = sum(s["L"][i] * (1 - (1 - p[i]) * none(p, i)) for i in range(3))
        least = brute.pooled_least(s, none, 3 * most(s), 1 / 3)
        assert least * (1 - 1e-6) < loss / 3 + solution["investment"].sum() < least * (1 + 1e-9)
        least = brute.pooled_least(s, none, 3 * most(s), 1)
        assert least * (1 - 1e-6) < solution["optimal_cost"] < least * (1 + 1e-9)


@pytest.mark.parametrize("mechanism", some(DIFFERENTIATED, ["compensation"]))
def test_derivatives_in_every_parameter_at_once_are_those_of_differences(mechanism):
    p, rng = point(1), np.random.default_rng(9)
    for entry, (a, b) in enumerate(((0, 1), (2, 0))):  # on the inner side of [0, 1]
        for name, matrix in zip(ADDED, "WTD", strict=True):
            inner = 0.2 if SCENARIOS[1][matrix][a, b] < 0.5 else -0.2
            p[name][entry] = inner
    way = {n: rng.uniform(-1, 1, np.shape(p[n])) * np.maximum(np.abs(p[n]), 0.1) for n in (*REAL, *ADDED)}
    still = {n: np.zeros_like(value) for n, value in p.items()}
    slopes, _ = pushed(mechanism)(p, still | way)
    h = 1e-6
    sides = [pushed(mechanism)(p | {n: p[n] + side * h * way[n] for n in way}, still)[1] for side in (-1, 1)]
    for name, slope in slopes.items():
        central = (np.asarray(sides[1][name]) - sides[0][name]) / (2 * h)
        np.testing.assert_allclose(slope, central, rtol=1e-5, atol=1e-4, err_msg=name)
        assert np.any(np.abs(central) > 1)
