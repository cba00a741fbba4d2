"""Reachability and levels against a depth-first search; reading and drawing structures."""

import tomllib

import jax
import numpy as np
import pytest
from equisweep.kernels.games.internal.structure import levels, reachability
from equisweep.sweeps.papers.internal.structure import (
    TEN_FACTORS,
    Structure,
    StructureError,
    levels_line,
    load_structure,
)
from equisweep.sweeps.papers.internal.structure_picture import draw_structure
from equisweep.sweeps.spec.presets import preset


def reached_from(adjacency, start):
    """The factors a depth-first search from `start` visits."""
    seen, stack = {start}, [start]
    while stack:
        for target in np.flatnonzero(adjacency[stack.pop()]):
            if target not in seen:
                seen.add(int(target))
                stack.append(int(target))
    return seen


def levels_by_sets(adjacency):
    """The paper's procedure, word for word, with Python sets."""
    size = len(adjacency)
    reach = [reached_from(adjacency, i) for i in range(size)]
    antecedent = [{j for j in range(size) if i in reach[j]} for i in range(size)]
    rest, result, level = set(range(size)), np.zeros(size, int), 0
    while rest:
        level += 1
        out = {i for i in rest if reach[i] & antecedent[i] & rest == reach[i] & rest}
        result[list(out)] = level
        rest -= out
    return result


def random_graphs():
    rng = np.random.default_rng(11)
    for size in (1, 2, 3, 5, 10, 33):
        for density in (0.0, 0.5 / size, 1.5 / size, 0.5, 1.0):
            yield rng.random((size, size)) < density


@pytest.mark.parametrize("adjacency", list(random_graphs()), ids=lambda a: f"{len(a)}-{int(a.sum())}")
def test_reachability_and_levels_are_those_of_a_depth_first_search(adjacency):
    expected = np.array(
        [[j in reached_from(adjacency, i) for j in range(len(adjacency))] for i in range(len(adjacency))]
    )
    np.testing.assert_array_equal(jax.jit(reachability)(adjacency), expected)
    np.testing.assert_array_equal(jax.jit(levels)(adjacency), levels_by_sets(adjacency))


def test_a_chain_has_one_level_per_factor_and_a_cycle_has_one_level():
    chain = np.eye(40, k=1, dtype=bool)
    np.testing.assert_array_equal(levels(chain), np.arange(40, 0, -1))
    cycle = chain.copy()
    cycle[-1, 0] = True
    np.testing.assert_array_equal(levels(cycle), np.ones(40))


def test_the_papers_ten_factors_stand_on_four_levels_with_data_and_applications_first():
    structure = load_structure(TEN_FACTORS)
    assert len(structure.names) == 10
    assert structure.levels() == [
        ("application_systems", "data"),
        (
            "core_equipment",
            "iot_equipment",
            "network_equipment",
            "preventative_measures",
            "protective_measures",
        ),
        ("technicians", "outside_environment"),
        ("management_system",),
    ]
    assert structure.antecedent_set("outside_environment") == ("outside_environment",)
    hardware = {"core_equipment", "iot_equipment", "network_equipment"}
    reached = set(structure.reachable_set("outside_environment"))
    assert reached == hardware | {"outside_environment", "application_systems", "data"}


def test_without_the_reconstructed_influence_the_ten_factors_stand_on_three_levels():
    shipped = load_structure(TEN_FACTORS)
    adjacency = shipped.adjacency.copy()
    adjacency[shipped.names.index("management_system"), shipped.names.index("technicians")] = False
    assert len(Structure(shipped.names, adjacency).levels()) == 3


def test_csv_and_toml_give_the_same_structure(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("# a comment\n,power,water\npower,1,1\nwater,0,0\n")
    listed = tmp_path / "a.toml"
    listed.write_text('factors = ["power", "water"]\n[influences]\npower = ["water"]\n')
    first, second = load_structure(table), load_structure(listed)
    assert first.names == second.names == ("power", "water")
    np.testing.assert_array_equal(first.adjacency, second.adjacency)
    np.testing.assert_array_equal(first.adjacency, [[False, True], [False, False]])


BAD_FILES = {
    "empty.csv": ("", "empty"),
    "header.csv": ("factor\n", "no factors"),
    "entry.csv": (",a,b\na,0,2\nb,0,0\n", "line 2, b: '2'"),
    "row_name.csv": (",a,b\na,0,0\nc,0,0\n", "line 3: row is called 'c', expected 'b'"),
    "short.csv": (",a,b\na,0\nb,0,0\n", "line 2: 1 entries"),
    "rows.csv": (",a,b\na,0,0\n", "2 names"),
    "twice.csv": (",a,a\na,0,0\na,0,0\n", "'a' is named twice"),
    "blank.csv": (",a,\na,0,0\n,0,0\n", "non-empty"),
    "broken.toml": ("factors = [", "not TOML"),
    "unknown.toml": ('factors = ["a"]\n[influence]\n', "'influence'"),
    "stranger.toml": ('factors = ["a"]\n[influences]\na = ["b"]\n', "'b' is not among"),
    "scalar.toml": ('factors = ["a"]\n[influences]\na = "a"\n', "list of factor names"),
    "table.toml": ('factors = ["a"]\ninfluences = 3\n', "must be a table"),
    "notes.md": ("a", ".txt or .toml"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_structure_file_is_refused_in_one_line_that_names_it(tmp_path, name):
    text, expected = BAD_FILES[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(StructureError) as caught:
        load_structure(tmp_path / name)
    message = str(caught.value)
    assert name in message
    assert expected in message
    assert "\n" not in message


def test_a_missing_or_binary_structure_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(StructureError, match="No such file"):
        load_structure(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\x81\x00\x02\xff")
    with pytest.raises(StructureError, match="UTF-8"):
        load_structure(tmp_path / "binary.csv")


def test_the_drawing_shows_every_factor_and_level(tmp_path):
    draw_structure(load_structure(TEN_FACTORS), tmp_path / "ten.svg")
    drawn = (tmp_path / "ten.svg").read_text()
    for word in ("application", "outside", "technicians", "management", "Level 4"):
        assert f"<!-- {word}" in drawn


def test_levels_are_a_line_of_toml_whatever_factors_are_called():
    names = ("data", "network équipement", 'the "core"', "a\\b", "4")
    chain = np.eye(5, k=1, dtype=bool)
    line = levels_line(Structure(names, chain))
    assert tomllib.loads(line) == {"level": dict(zip(names, range(5, 0, -1), strict=True))}


def test_the_levels_of_the_preset_are_those_of_the_ten_factors():
    levels = preset("internal_levels").fixed["level"]
    assert levels == load_structure(TEN_FACTORS).level_of()
