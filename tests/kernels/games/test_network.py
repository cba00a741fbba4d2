"""Unequal cities on a network, beside an oracle that shares no code, the external game, and networkx."""

from functools import cache, partial

import jax
import jax.numpy as jnp
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

N = 4
WEIGHTS = np.array([[0, 1, 0.4, 0], [0.7, 0, 0, 0.2], [0, 0.9, 0, 1], [0.5, 0, 0.3, 0]])
# One compilation serves both: the paper's chain of equal cities, and unequal cities on a network of weights.
GRAPHS = {"drawn": (np.array([0, 1]), np.stack([np.asarray(family("chain", N)), WEIGHTS]))}
EQUAL = {"L": [400.0] * N, "v": [0.5] * N, "E": [0.1] * N, "beta": [0.3] * N, "alpha": 0.6, "seed": 0}
UNEQUAL = {
    "L": [400.0, 90.0, 1500.0, 12.0], "v": [0.5, 0.7, 0.3, 0.2], "E": [0.1, 0.3, 0.05, 0.1],
    "beta": [0.3, 0.9, 0.2, 0.1], "alpha": 0.8, "seed": 1,
}  # fmt: skip
SCENARIOS = {"equal": EQUAL, "unequal": UNEQUAL}


def scenario(stated):
    usual = {"gamma": 0.5, "delta": 0.4, "length": 63}
    return {name: jnp.asarray(value, float) for name, value in (usual | stated).items()}


@cache
def solve(mechanism, name):
    compiled = _compiled(mechanism)
    return {key: np.asarray(value) for key, value in compiled(scenario(SCENARIOS[name])).items()}


@cache
def _compiled(mechanism):
    asked = ("investment", "optimal_cost") if mechanism == "noncooperation" else ("investment",)
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
    found = _paper(mechanism)(equal | {"n": np.array([float(N)])})
    return {name: value[0] for name, value in found.items()}


@pytest.mark.parametrize("mechanism", ["noncooperation", "compensation", "sharing", "pooling"])
def test_equal_cities_on_the_chain_are_the_external_game(mechanism):
    wanted = of_paper({"pooling": "cooperation"}.get(mechanism, mechanism))
    found = solve(mechanism, "equal")
    np.testing.assert_allclose(found["investment"], wanted["investment"], rtol=1e-12)
    np.testing.assert_allclose(found["breach_probability"], wanted["breach_probability"], rtol=1e-12)
    if mechanism == "noncooperation":
        np.testing.assert_allclose(found["expected_loss"], wanted["expected_loss"], rtol=1e-12)
        np.testing.assert_allclose(found["optimal_cost"], N * wanted["optimal_cost"], rtol=1e-12)
        assert found["uniqueness"] == UNIQUE["unique"]


@pytest.mark.parametrize("mechanism", ["noncooperation", "compensation", "sharing"])
def test_unequal_cities_invest_what_best_responses_of_the_oracle_end_at(mechanism):
    s, found = of_oracle(UNEQUAL), solve(mechanism, "unequal")
    arrival = oracle.strongest(s["alpha"] * s["W"], 63)
    from_little = oracle.equilibrium(s, mechanism, arrival, 0.0)
    np.testing.assert_allclose(found["investment"], from_little, rtol=1e-6, atol=1e-5)
    costs = oracle.city_costs(s, found["investment"], mechanism, arrival)
    np.testing.assert_allclose(found["expected_loss"], costs, rtol=1e-11)
    corner = found["investment"] == 0
    assert corner.any() == (mechanism != "compensation")  # where breaches are paid for, all invest
    assert found["status"] == (Status.corner if corner.any() else Status.ok)
    assert (found["multiplier"][corner] > 0).all()
    assert (found["multiplier"][~corner] == 0).all()
    assert (found["second_derivative"] > 0).all()
    assert (found["deviation_gain"] == 0).all()


def test_the_planner_reaches_the_least_sum_of_costs():
    s = of_oracle(UNEQUAL)
    least = oracle.least_sum(s, oracle.strongest(s["alpha"] * s["W"], 63))
    assert solve("noncooperation", "unequal")["optimal_cost"] == pytest.approx(least, rel=1e-9)


@partial(jax.jit, static_argnames="way")
def arrival(way, links, length):
    return spread_along(way, links, length, 63).arrival()


@pytest.mark.parametrize("length", [1, 2, 63])
def test_ways_are_those_that_are_tried_one_by_one(length):
    links = 0.8 * WEIGHTS
    for way, tried in (("hops", oracle.strongest), ("walks", oracle.cascade)):
        found = arrival(way, links, float(length))
        np.testing.assert_allclose(found, tried(links, length), rtol=1e-13)


def test_reachability_is_the_sum_over_all_states_of_links_and_cities():
    links, p = 0.8 * WEIGHTS, np.array([0.3, 0.05, 0.6, 0.2])
    none = jax.jit(lambda links, p: spread_along("reachability", links, jnp.asarray(63.0), 63).none(p))
    risk = 1 - (1 - p) * np.asarray(none(links, p))
    np.testing.assert_allclose(risk, oracle.risks_by_worlds(links, p), rtol=1e-12)


def test_topology_matters():
    # Of ten cities at alpha = beta = 0.9; to invest nothing is the other end of both.
    p = {name: jnp.full(10, value) for name, value in (("L", 400.0), ("v", 0.5), ("E", 0.1), ("beta", 0.9))}
    p |= scenario({"alpha": 0.9, "seed": 0})
    both = {"nets": (np.array([0, 1]), np.stack([np.asarray(family(f, 10)) for f in ("chain", "complete")]))}
    one = jax.jit(lambda p: network(p, network="nets", length_max=63, wanted=("investment",), graphs=both))
    for seed, wanted in ((0, 32.62), (1, 29.34)):
        found = one(p | {"seed": jnp.asarray(float(seed))})
        np.testing.assert_allclose(found["investment"], wanted, atol=5e-3)
        np.testing.assert_allclose(found["ends_apart"], found["investment"][0], rtol=1e-12)
        assert found["uniqueness"] == UNIQUE["several"]
        assert found["status"] == Status.several_equilibria


def test_centralities_and_families_are_those_of_networkx():
    nx = pytest.importorskip("networkx")
    made = {"complete": nx.complete_graph(6), "ring": nx.cycle_graph(6), "path": nx.path_graph(6)}
    made |= {
        "star": nx.star_graph(5),
        "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(2, 3), ordering="sorted"),
    }
    made["chain"] = nx.DiGraph([((k + 1) % 6, k) for k in range(6)])
    assert made.keys() == set(FAMILIES)
    measured = jax.jit(centralities)
    for name, graph in made.items():
        weights = np.asarray(family(name, 6))
        np.testing.assert_array_equal(weights, nx.to_numpy_array(graph, nodelist=range(6)), err_msg=name)
        directed = nx.from_numpy_array(weights, create_using=nx.DiGraph)
        found = measured(jnp.asarray(weights))
        for key, wanted in (
            ("degree", dict(directed.in_degree())),
            ("closeness", nx.closeness_centrality(directed)),
            ("betweenness", nx.betweenness_centrality(directed)),
            ("eigenvector", nx.eigenvector_centrality_numpy(directed)),
        ):
            np.testing.assert_allclose(
                found[key], [wanted[k] for k in range(6)], atol=1e-8, err_msg=f"{name} {key}"
            )


def test_what_is_shared_wholly_is_determined_as_a_sum():
    whole = _compiled("sharing")(scenario(EQUAL) | {"delta": jnp.asarray(1.0)})
    paper = of_paper("sharing", delta=1.0)
    np.testing.assert_allclose(whole["investment"], paper["investment"], rtol=1e-10)
    assert whole["status"] == Status.ok
