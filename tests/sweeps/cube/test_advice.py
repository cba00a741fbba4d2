"""What a status says to change is printed where statuses are counted, and names what a sweep file has."""

import re
from dataclasses import fields

import pytest
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.kernels.status import ANSWERS, MEANING, Status
from equisweep.sweeps import Sweep, open_cube
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.statuses import advice

OPTIONS = {option.name for option in fields(Method)}
WRONG = [status for status in Status if status not in ANSWERS]
# Orbits that did not come to their end, and the options that may bring them there.
HELPS = {
    Status.max_steps: {"max_steps", "rtol", "atol", "solver"},
    Status.step_too_small: {"rtol", "atol", "breaks", "solver", "horizon"},
    Status.not_steady: {"horizon"},
}

EVERY = """
import jax.numpy as jnp
from equisweep.kernels.model import Domain, Model, Output, Parameter

every = Model(
    name="every", title="every status", source="none", choices=(),
    kernel=lambda p: {"value": p["code"] * 1.0, "status": p["code"].astype(jnp.int32)},
    parameters=(Parameter("code", "c", "1", 1.0, Domain(0), "a status"),),
    outputs=(Output("value", "v", "1", "its number"),),
)
"""


def test_every_status_says_what_it_is_and_those_without_an_answer_what_to_change():
    assert set(MEANING) == set(Status)
    assert advice(int(status) for status in ANSWERS) == []
    for status in WRONG:
        (line,) = advice([int(status)])
        assert line == f"{status.name}: {MEANING[status]}"
        tables = re.findall(r"\[(\w+)\]", line)
        assert set(tables) <= set(Sweep.keys()), line
        assert tables or status == Status.not_computed, line
        for value in re.findall(r"\b(\w+) = ", line):
            assert value in {*Sweep.keys(), *OPTIONS}, line


@pytest.mark.parametrize("status", HELPS)
def test_of_an_orbit_options_of_the_integrator_are_named(status):
    words = set(re.findall(r"\w+", MEANING[status]))
    assert HELPS[status] <= words & OPTIONS
    assert "[integrator]" in MEANING[status]
    if status != Status.not_steady:
        assert {"logarithms", "logits"} <= words
    named = set(re.findall(r"\b[a-z]+[0-9]+p?\b", MEANING[status]))
    assert named <= set(SOLVERS)
    assert named or status != Status.max_steps


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    """A file with a point of each status that a model may return, and its cube."""
    folder = tmp_path_factory.mktemp("every")
    (folder / "every.py").write_text(EVERY)
    codes = [int(status) for status in Status if status]
    (folder / "sweep.toml").write_text(f'model = "every.py:every"\n[axes]\ncode = {codes}\n')
    assert main(["run", str(folder / "sweep.toml"), "-o", str(folder / "cube.zarr"), "--quiet"]) == 0
    return folder / "cube.zarr"


LINES = [f"{status.name}: {MEANING[status]}" for status in WRONG if status != Status.not_computed]


@pytest.mark.parametrize(
    "words",
    [
        ["run", "../sweep.toml", "-o"],
        ["info"],
        ["query"],
        ["query", "--var", "value", "--sel", "code=1:15"],
    ],
    ids=" ".join,
)
def test_a_line_for_each_stands_under_counts_and_tables(capsys, cube, words):
    words = [word.replace("..", str(cube.parent)) for word in words]
    where = len(words) if words[0] == "run" else 1
    assert main([*words[:where], str(cube), *words[where:]]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in LINES] == LINES


def test_what_is_fine_or_for_programs_says_nothing_of_it(capsys, cube, tmp_path):
    for words in (["--sel", "code=1,2,3"], ["--format", "csv"], ["--format", "json"], ["-o", "rows.txt"]):
        words = [word.replace("rows", str(tmp_path / "rows")) for word in words]
        assert main(["query", str(cube), *words]) == 0
        assert not any(line in capsys.readouterr().out for line in LINES), words
    assert not any(line in (tmp_path / "rows.txt").read_text() for line in LINES)


def test_a_summary_and_a_grid_say_it_too(capsys, cube):
    dataset = open_cube(cube)
    for line in LINES:
        name, said = line.split(": ", 1)
        assert re.search(rf"^{name} +{re.escape(said)}$", repr(dataset.equisweep), re.M), name
    grid = dataset.isel(code=[0, 9]).expand_dims(run=[0, 1]).transpose("code", "run")
    text = grid.equisweep.table(names=["value"])
    assert text.endswith(f"\n\nstatus: 2 ok, 2 max_steps\nmax_steps: {MEANING[Status.max_steps]}")
