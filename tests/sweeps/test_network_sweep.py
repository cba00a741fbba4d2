"""Sweeps of cities on networks: files, families, identity, machine code, and what is refused."""

import sys

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from equisweep.engine.errors import CubeError, SweepError
from equisweep.kernels.games.network.model import network
from equisweep.kernels.games.network.pairs import pairs_of, with_added
from equisweep.sweeps import Sweep, open_cube, run

ROADS = ",Lyon,Paris,Nice\nLyon,0,1,0.5\nParis,1,0,0.2\nNice,0.5,0,0\n"
WEIGHTS = np.array([[0, 1, 0.5], [1, 0, 0.2], [0.5, 0, 0]])
CITIES = ["Lyon", "Paris", "Nice"]
GRAPHML = """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="w" for="edge" attr.name="load" attr.type="double"/><graph edgedefault="directed">
<node id="Paris"/><node id="Nice"/><node id="Lyon"/>
<edge source="Lyon" target="Paris"><data key="w">1</data></edge>
<edge source="Lyon" target="Nice"><data key="w">0.5</data></edge>
<edge source="Paris" target="Lyon"><data key="w">1</data></edge>
<edge source="Paris" target="Nice"><data key="w">0.2</data></edge>
<edge source="Nice" target="Lyon"><data key="w">0.5</data></edge></graph></graphml>"""
LINKS = "Lyon Paris 1\nParis Lyon\nLyon Nice 0.5 # a comment\nNice Lyon 0.5\nParis Nice 0.2\n"


def stated(folder, **more):
    (folder / "roads.csv").write_text(ROADS)
    (folder / "roads.graphml").write_text(GRAPHML)
    (folder / "roads.txt").write_text(LINKS)
    table = {
        "networks": {
            "roads": "roads.csv",
            "drawn": {"file": "roads.graphml", "weight": "load"},
            "listed": {"file": "roads.txt", "directed": True},
            "random": {"family": "erdos_renyi", "edge_probability": 0.5},
        },
        "axes": {"network": ["roads"], "alpha": [0.2, 0.6, 1.0]},
        "fixed": {"L": {"Paris": 4000}} if "networks" not in more else {},
        "outputs": ["investment", "expected_loss", "weight"],
    }
    return Sweep("network", **(table | more), folder=folder, origin="cities.toml")


def model_of(sweep):
    space = sweep.space()
    return {name: graph[1] for name, graph in space.model.kernel.keywords["graphs"].items()}, space


def test_files_of_every_kind_say_the_same(tmp_path):
    graphs, space = model_of(stated(tmp_path, axes={"network": ["roads", "drawn", "listed"], "alpha": [0.1]}))
    assert space.labels["city"] == ("Lyon", "Paris", "Nice")
    for name in ("roads", "drawn", "listed"):
        np.testing.assert_array_equal(graphs[name], [WEIGHTS], err_msg=name)
    np.testing.assert_array_equal(space.fixed["L"], [400, 4000, 400])


@pytest.mark.parametrize("name", ["erdos_renyi", "barabasi_albert", "small_world"])
def test_random_networks_are_those_of_networkx_at_the_seeds_of_the_sweep(tmp_path, name):
    seeds = [3, 1, 8]
    axes = {"network": [name], "seed": seeds}
    graphs, space = model_of(stated(tmp_path, networks={"cities": 9}, axes=axes, fixed={}))
    made = {
        "erdos_renyi": lambda seed: nx.gnp_random_graph(9, 0.3, seed=seed),
        "barabasi_albert": lambda seed: nx.barabasi_albert_graph(9, 2, seed=seed),
        "small_world": lambda seed: nx.watts_strogatz_graph(9, 4, 0.1, seed=seed),
    }[name]
    np.testing.assert_array_equal(graphs[name], [nx.to_numpy_array(made(seed)) for seed in sorted(seeds)])
    assert space.shape == (1, 3)
    assert "3 of 9 cities" in space.networks[f"networks.{name}"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cities")
    targets = ["alpha", "L.Paris", "added_weight.Nice_to_Lyon"]
    sweep = stated(folder, derivatives={"investment": targets})
    run(sweep, folder / "cube.zarr", progress=False)
    return folder, sweep, open_cube(folder / "cube.zarr").load()


def test_a_cube_holds_what_the_kernel_gives_and_its_derivatives(swept):
    _, sweep, cube = swept
    h = 1e-5
    more = np.zeros((3, 3))
    more[2, 0] = h
    weights = {"roads": (np.arange(3), np.stack([WEIGHTS - more, WEIGHTS, WEIGHTS + more]))}
    one = jax.jit(lambda p: network(p, length_max=63, network="roads", graphs=weights))
    space = sweep.space()

    def at(alpha, paris=4000.0, weights=1.0):
        p = {name: np.asarray(value, float) for name, value in space.fixed.items()}
        p |= {"alpha": np.float64(alpha), "seed": np.float64(weights)}
        return one(p | {"L": np.array([400.0, paris, 400.0])})

    for k, alpha in enumerate((0.2, 0.6, 1.0)):
        here, result = at(alpha), cube.isel(network=0, alpha=k)
        for name in ("investment", "expected_loss", "weight"):
            np.testing.assert_allclose(result[name], here[name], rtol=1e-12, err_msg=name)
        if alpha < 1:
            slope = (at(alpha + h)["investment"] - at(alpha - h)["investment"]) / (2 * h)
        else:  # the end of its domain: from one side
            two, three = (at(alpha - k * h)["investment"] for k in (1, 2))
            slope = (3 * here["investment"] - 4 * two + three) / (2 * h)
        np.testing.assert_allclose(result["d_investment_d_alpha"], slope, rtol=1e-5, atol=1e-6)
        slope = (at(alpha, weights=2.0)["investment"] - at(alpha, weights=0.0)["investment"]) / (2 * h)
        of_link = result["d_investment_d_added_weight_Nice_to_Lyon"]
        np.testing.assert_allclose(of_link, slope, rtol=1e-5, atol=1e-6)
        step = 1e-2
        slope = (at(alpha, 4000 + step)["investment"] - at(alpha, 4000 - step)["investment"]) / (2 * step)
        np.testing.assert_allclose(result["d_investment_d_L_Paris"], slope, rtol=1e-5, atol=1e-8)


def test_what_is_added_to_a_link_a_transfer_and_a_rate_leads_from_the_one_city_to_the_other():
    numbers = pairs_of(("Lyon", "Paris", "Nice"))
    assert numbers["Nice_to_Paris"] == (2, 1)
    zero = {name: jnp.zeros(1) for name in ("added_weight", "added_transfer", "added_rate")}
    for change, inside in ((0.3, True), (-0.2, True), (-0.3, False), (0.9, False)):
        for name in zero:
            p = zero | {name: jnp.full(1, change)}
            after, fits = with_added(jnp.asarray(WEIGHTS), p, name, (numbers["Paris_to_Nice"],))
            assert bool(fits) == inside
            assert float(after[1, 2]) == pytest.approx(min(max(0.2 + change, 0), 1), abs=1e-15)
            assert np.count_nonzero(np.asarray(after) != WEIGHTS) == 1
    ambiguous = pairs_of(("a", "b", "a_to_b", "b_to_b"))
    assert "a_to_b_to_b" not in ambiguous  # from a to b_to_b, or from a_to_b to b
    assert len(ambiguous) == 4 * 3 - 4  # and b_to_b_to_b


def test_pairs_that_a_sweep_names_anywhere_are_parameters(tmp_path):
    pairs = {"Lyon_to_Nice": 0.1, "Nice_to_Paris": 0.4}
    sweep = stated(
        tmp_path,
        axes={"network": ["roads"], "added_rate.Paris_to_Lyon": [0, 0.5]},
        fixed={"added_weight": pairs},
        derivatives={"investment": ["added_transfer.Lyon_to_Nice"]},
    )
    space = sweep.space()
    assert space.labels["pair"] == ("Lyon_to_Nice", "Nice_to_Paris", "Paris_to_Lyon")
    assert space.model.kernel.keywords["pairs"] == ((0, 2), (2, 1), (1, 0))
    np.testing.assert_array_equal(space.fixed["added_weight"], [0.1, 0.4, 0])
    assert "pair" not in stated(tmp_path).space().labels


def test_a_file_that_has_changed_makes_another_sweep(swept):
    folder, sweep, _ = swept
    (folder / "roads.csv").write_text(ROADS.replace("0.2", "0.3"))
    with pytest.raises(CubeError, match=r"networks\.roads"):
        run(sweep, folder / "cube.zarr", progress=False)


REFUSED = {
    "weights multiply": ({"networks": {"roads": "bad.csv"}}, ROADS.replace("0.2", "1.5")),
    "link from Lyon to itself": ({"networks": {"roads": "bad.csv"}}, ROADS.replace("Lyon,0", "Lyon,0.1")),
    "should be a number, the weight": ({"networks": {"roads": "bad.csv"}}, ROADS.replace("0.2", "far")),
    "row of 'Nice' has 2": ({"networks": {"roads": "bad.csv"}}, ROADS.replace("0.5,0,0", "0.5,0")),
    "the first column names": ({"networks": {"roads": "bad.csv"}}, ROADS.replace("Nice,0", "Nizza,0")),
    "nothing is known": ({"networks": {"roads": "bad.xyz"}}, ROADS),
    "no city 'Rome'": ({"fixed": {"L": {"Rome": 3}}}, ""),
    "2 values, and there are 3": ({"fixed": {"L": [1, 2]}}, ""),
    "give one of file and family": ({"networks": {"roads": {}}}, ""),
    "no family; did you mean": ({"networks": {"roads": {"family": "ringg"}}}, ""),
    "no such number": ({"networks": {"roads": {"family": "ring", "links": 2}}}, ""),
    "is taken": ({"networks": {"ring": "bad.csv"}}, ""),
    "from 2 to 64": ({"networks": {"cities": 65}, "axes": {"alpha": [0.1]}}, ""),
    "no pair of these cities": ({"axes": {"added_weight.Lyon_Nice": [0.1], "network": ["roads"]}}, ""),
    "should be a table by pair": ({"fixed": {"added_weight": 0.1}}, ""),
    "at most 16 cities": ({"networks": {"cities": 17}, "axes": {"spread": ["reachability"]}}, ""),
    "no option": ({"axes": {"network": ["rods"], "alpha": [0.1]}, "fixed": {}}, ""),
    "1 city; a network has 2 to 64": ({"axes": {"network": ["ring"]}}, ""),
    "make seed an axis": ({"design": {"kind": "lhs", "parameters": {"seed": {"uniform": [0, 9]}}}}, ""),
    "have other cities": (
        {"networks": {"roads": "roads.csv", "bad": "bad.csv"}, "axes": {"network": ["roads", "bad"]}},
        ROADS.replace("Nice", "Rome"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_wrong_is_refused_in_a_line(tmp_path, message):
    more, text = REFUSED[message]
    for ending in ("csv", "xyz"):
        (tmp_path / f"bad.{ending}").write_text(text)
    with pytest.raises(SweepError) as error:
        stated(tmp_path, **more).space()
    assert message in str(error.value)
    assert str(error.value).startswith("cities.toml: ")
    assert "\n" not in str(error.value)


def test_other_models_have_no_networks():
    with pytest.raises(SweepError, match="networks: model 'external' has none"):
        Sweep("external", axes={"alpha": [0.1]}, networks={"cities": 3}).space()


def test_what_needs_networkx_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(SweepError, match=r"networks\.random.*pip install 'equisweep\[networks\]'"):
        stated(tmp_path, axes={"network": ["random"]}, fixed={}).space()
