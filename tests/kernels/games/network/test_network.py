"""Unequal cities on a network, beside an oracle that shares no code, the external game, and networkx."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from equisweep.kernels.games.external.model import external
from equisweep.kernels.games.network.centrality import centralities
from equisweep.kernels.games.network.declaration import UNIQUE
from equisweep.kernels.games.network.families import FAMILIES, family
from equisweep.kernels.games.network.model import network
from equisweep.kernels.games.network.spread import spread_along
from equisweep.kernels.status import Status
from helpers.codegen.grids import of_many
from helpers.oracles import network as oracle
from helpers.oracles import network_brute as brute
from helpers.products import some

N = 4
WEIGHTS = np.array([[0, 1, 0.4, 0], [0.7, 0, 0, 0.2], [0, 0.9, 0, 1], [0.5, 0, 0.3, 0]])
# Two pairs of cities, not linked with one another.
PAIRS = np.kron(np.eye(2), [[0, 1], [1, 0]])
weights_of = jax.jit(family, static_argnums=(0, 1))
# One compilation serves all: the paper's chain of equal cities, and unequal cities on networks of weights.
GRAPHS = {"drawn": (np.arange(3), np.stack([np.asarray(weights_of("chain", N)), WEIGHTS, PAIRS]))}
EQUAL = {"L": [400.0] * N, "v": [0.5] * N, "E": [0.1] * N, "beta": [0.3] * N, "alpha": 0.6, "seed": 0}
UNEQUAL = {
    "L": [400.0, 90.0, 1500.0, 12.0], "v": [0.5, 0.7, 0.3, 0.2], "E": [0.1, 0.3, 0.05, 0.1],
    "beta": [0.3, 0.9, 0.2, 0.1], "alpha": 0.8, "seed": 1,
}  # fmt: skip
SCENARIOS = {"equal": EQUAL, "unequal": UNEQUAL}


def scenario(stated):
    usual = {"gamma": 0.5, "delta": 0.4, "length": 63}
    return {name: np.asarray(value, float) for name, value in (usual | stated).items()}


@cache
def solve(mechanism, name):
    compiled = _compiled(mechanism)
    return {key: np.asarray(value) for key, value in compiled(scenario(SCENARIOS[name])).items()}


@cache
def _compiled(mechanism):
    asked = ("investment", "optimal_cost", "cost_ratio")
    static = {"network": "drawn", "mechanism": mechanism, "length_max": 63, "wanted": asked, "graphs": GRAPHS}
    return jax.jit(lambda p: network(p, **static))


def of_oracle(stated):
    s = {name: np.asarray(value, float) for name, value in scenario(stated).items()}
    ones = np.ones((N, N)) - np.eye(N)
    return s | {"T": ones, "D": ones, "W": GRAPHS["drawn"][1][stated["seed"]]}


@cache
def _paper(mechanism):
    return of_many(partial(external, mechanism=mechanism, n_max=N, wanted=("optimal_cost",)))


def of_paper(mechanism, **changed):
    """The external game of the equal cities."""
    equal = {name: np.ravel(value)[:1] for name, value in (scenario(EQUAL) | changed).items()}
    result = _paper(mechanism)(equal | {"n": np.array([float(N)])})
    return {name: value[0] for name, value in result.items()}


OWN = ["noncooperation", "compensation", "sharing"]
SUITE = ["noncooperation", "sharing"]  # a program of the network and one of the chain for each


@pytest.mark.parametrize("mechanism", some([*OWN, "pooling"], SUITE))
def test_equal_cities_on_the_chain_are_the_external_game(mechanism):
    wanted = of_paper({"pooling": "cooperation"}.get(mechanism, mechanism))
    solution = solve(mechanism, "equal")
    np.testing.assert_allclose(solution["investment"], wanted["investment"], rtol=1e-12)
    np.testing.assert_allclose(solution["breach_probability"], wanted["breach_probability"], rtol=1e-12)
    np.testing.assert_allclose(solution["optimal_cost"], N * wanted["optimal_cost"], rtol=1e-12)
    assert solution["cost_ratio"] >= 1  # what is the least is so with the mechanism's own technology
    if mechanism == "noncooperation":
        np.testing.assert_allclose(solution["expected_loss"], wanted["expected_loss"], rtol=1e-12)
        assert solution["uniqueness"] == UNIQUE["unique"]


@pytest.mark.parametrize("mechanism", some(OWN, SUITE))
def test_unequal_cities_invest_what_best_responses_of_the_oracle_end_at(mechanism):
    s, result = of_oracle(UNEQUAL), solve(mechanism, "unequal")
    arrival = oracle.strongest(s["alpha"] * s["W"], 63)
    from_little = oracle.equilibrium(s, mechanism, arrival, 0.0)
    np.testing.assert_allclose(result["investment"], from_little, rtol=1e-6, atol=1e-5)
    costs = oracle.city_costs(s, result["investment"], mechanism, arrival)
    np.testing.assert_allclose(result["expected_loss"], costs, rtol=1e-11)
    corner = result["investment"] == 0
    assert corner.any() == (mechanism != "compensation")  # where breaches are paid for, all invest
    assert result["status"] == (Status.corner if corner.any() else Status.ok)
    assert (result["multiplier"][corner] > 0).all()
    assert (result["multiplier"][~corner] == 0).all()
    assert (result["second_derivative"] > 0).all()
    assert (result["deviation_gain"] == 0).all()


def test_the_planner_reaches_the_least_sum_of_costs():
    s = of_oracle(UNEQUAL)
    least = oracle.least_sum(s, oracle.strongest(s["alpha"] * s["W"], 63))
    assert solve("noncooperation", "unequal")["optimal_cost"] == pytest.approx(least, rel=1e-9)


def test_an_optimum_between_the_extreme_ones_is_found():
    # Of one pair alone it is best that both invest, of the other that nobody does. Ends: all, and nobody.
    rate = -0.1 * np.log(0.97)
    s = UNEQUAL | {"L": np.array([5.0, 5.0, 2.2, 2.2]) / rate, "v": [0.97] * N, "E": [0.1] * N, "seed": 2}
    s |= {"beta": [1.0] * N, "alpha": 1.0}
    actual = _compiled("noncooperation")(scenario(s))
    least = []
    for pair in (slice(0, 2), slice(2, 4)):
        two = {name: np.asarray(value, float) for name, value in of_oracle(s).items()}
        two = {name: value[(pair,) * value.ndim] for name, value in two.items()}
        money = np.linspace(0, 1200, 601)
        e = np.stack(np.meshgrid(money, money), axis=-1)
        sums = brute.sum_of_costs(two, e, "noncooperation", brute.along_strongest_ways(two))
        least.append((sums.min(), np.unravel_index(np.argmin(sums), sums.shape), sums[0, 0]))
    assert least[0][1] != (0, 0)
    assert least[0][0] < least[0][2] - 100
    assert least[1][1] == (0, 0)
    wanted = sum(one[0] for one in least)
    assert wanted - 0.01 < actual["optimal_cost"] < wanted + 1e-6
    assert actual["status"] != Status.max_steps


@partial(jax.jit, static_argnames="way")
def arrival(way, links, length):
    return spread_along(way, links, length, 63).arrival()


@pytest.mark.parametrize("length", [1, 2, 63])
def test_ways_are_those_that_are_tried_one_by_one(length):
    links = 0.8 * WEIGHTS
    for way, tried in (("hops", oracle.strongest), ("walks", oracle.cascade)):
        result = arrival(way, links, float(length))
        np.testing.assert_allclose(result, tried(links, length), rtol=1e-13)


def test_reachability_is_the_sum_over_all_states_of_links_and_cities():
    def at(links, p):
        reached = spread_along("reachability", links, jnp.asarray(63.0), 63)
        return reached.none(p), reached.harm(p)

    p, solve = np.array([0.3, 0.05, 0.6, 0.2]), jax.jit(at)
    for links in (0.8 * WEIGHTS, np.asarray(weights_of("ring", N)), 1e-3 * WEIGHTS, np.round(WEIGHTS)):
        none, harm = (np.asarray(value) for value in solve(links, p))
        wanted = oracle.risks_by_worlds(links, p)
        np.testing.assert_allclose(1 - (1 - p) * none, wanted, rtol=1e-12)
        for j in range(N):  # every risk is linear in every p: a step is as good as a slope
            risk = oracle.risks_by_worlds(links, np.where(np.arange(N) == j, 1.0, p))
            others = np.arange(N) != j
            slope = (risk - wanted)[others] / (1 - p[j])
            np.testing.assert_allclose(harm[j, others] * (1 - p)[others], slope, rtol=1e-9, atol=1e-14)


def test_topology_matters():
    # Of ten cities at alpha = beta = 0.9; to invest nothing is the other end of both.
    p = {name: np.full(10, value) for name, value in (("L", 400.0), ("v", 0.5), ("E", 0.1), ("beta", 0.9))}
    p |= scenario({"alpha": 0.9, "seed": 0})
    both = {
        "nets": (np.array([0, 1]), np.stack([np.asarray(weights_of(f, 10)) for f in ("chain", "complete")]))
    }
    one = jax.jit(lambda p: network(p, network="nets", length_max=63, wanted=("investment",), graphs=both))
    for seed, wanted in ((0, 32.62), (1, 29.34)):
        actual = one(p | {"seed": np.float64(seed)})
        np.testing.assert_allclose(actual["investment"], wanted, atol=5e-3)
        np.testing.assert_allclose(actual["ends_apart"], actual["investment"][0], rtol=1e-12)
        assert actual["uniqueness"] == UNIQUE["several"]
        assert actual["status"] == Status.several_equilibria


def test_centralities_and_families_are_those_of_networkx():
    made = {"complete": nx.complete_graph(6), "ring": nx.cycle_graph(6), "path": nx.path_graph(6)}
    made |= {
        "star": nx.star_graph(5),
        "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(2, 3), ordering="sorted"),
    }
    made["chain"] = nx.DiGraph([((k + 1) % 6, k) for k in range(6)])
    assert made.keys() == set(FAMILIES)
    measured = jax.jit(centralities)
    for name, graph in made.items():
        weights = np.asarray(weights_of(name, 6))
        np.testing.assert_array_equal(weights, nx.to_numpy_array(graph, nodelist=range(6)), err_msg=name)
        directed = nx.from_numpy_array(weights, create_using=nx.DiGraph)
        actual = measured(jnp.asarray(weights))
        for key, wanted in (
            ("degree", dict(directed.in_degree())),
            ("closeness", nx.closeness_centrality(directed)),
            ("betweenness", nx.betweenness_centrality(directed)),
            ("eigenvector", nx.eigenvector_centrality_numpy(directed)),
        ):
            np.testing.assert_allclose(
                actual[key], [wanted[k] for k in range(6)], atol=1e-8, err_msg=f"{name} {key}"
            )


def test_what_is_shared_wholly_is_determined_as_a_sum():
    whole = _compiled("sharing")(scenario(EQUAL) | {"delta": np.float64(1.0)})
    paper = of_paper("sharing", delta=1.0)
    np.testing.assert_allclose(whole["investment"], paper["investment"], rtol=1e-10)
    assert whole["status"] == Status.several_equilibria  # a city may invest more, and another less
    assert whole["uniqueness"] == UNIQUE["several"]


def test_where_a_sum_alone_is_determined_equal_cities_move_alike_and_one_alone_has_no_derivative():
    equal = {name: np.full(2, float(np.ravel(EQUAL[name])[0])) for name in ("L", "v", "E", "beta")}
    p = scenario({"delta": 1.0, "alpha": 0.6, "seed": 0}) | equal

    def invested(p):
        return network(p, network="ring", mechanism="sharing", length_max=1, wanted=("investment",))[
            "investment"
        ]

    still = {name: np.zeros_like(value) for name, value in p.items()}
    push = jax.jit(lambda way: jax.jvp(invested, (p,), (still | way,))[1])
    slope = push({"alpha": np.float64(1.0)} | {"L": np.zeros(2)})
    h, paper = 1e-5, _paper("sharing")
    equal = {name: np.ravel(value)[:1] for name, value in p.items()} | {"n": np.array([2.0])}
    sides = [paper(equal | {"alpha": np.array([0.6 + side])})["investment"][0] for side in (-h, h)]
    np.testing.assert_allclose(slope, (sides[1] - sides[0]) / (2 * h), rtol=1e-6)
    assert np.isnan(push({"alpha": np.float64(0.0)} | {"L": np.array([1.0, 0.0])})).all()
