"""A message names arguments: as Python calls them to a caller, as the shell does on the command line."""

import argparse
import ast
from pathlib import Path

import pytest
from equisweep.engine.errors import Argument, Call
from equisweep.sweeps import CubeError, SweepError
from equisweep.sweeps.commands.command import in_shell
from equisweep.sweeps.commands.main import COMMANDS, _parser
from helpers.project import ROOT


@pytest.mark.parametrize(
    ("argument", "python", "shell"),
    [
        (Argument("kind", "heat"), "kind='heat'", "--kind heat"),
        (Argument("y"), "y", "--y"),
        (Argument("level", 0), "level=0", "--level 0"),
        (Argument("level", 2.0), "level=2.0", "--level 2"),
        (Argument("confidence", 95.0), "confidence=95.0", "--confidence 95"),
        (Argument("keep", ["ok", "corner"]), "keep=['ok', 'corner']", "--keep ok,corner"),
        (Argument("overwrite", True), "overwrite=True", "--overwrite"),
        (Argument("check_disk", False), "check_disk=False", "--skip-disk-check"),
        (Argument("output", Path("a/b.csv")), "output='a/b.csv'", "-o a/b.csv"),
        (Argument("output", typed="FILE"), "output", "-o FILE"),
        (Argument("over", "beta", typed="mean:beta"), "over='beta'", "--reduce mean:beta"),
        (Argument("sweep_file", "sweep.toml"), "sweep_file='sweep.toml'", "--sweep sweep.toml"),
        (Argument("kind", ""), "kind=''", "--kind "),
    ],
)
def test_an_argument_is_named_as_its_reader_knows_it(argument, python, shell):
    assert str(argument) == python
    assert in_shell(argument) == shell


@pytest.mark.parametrize(
    ("call", "python", "shell"),
    [
        (Call("sql"), "sql()", "equisweep sql"),
        (Call("diff", Path("a b.zarr"), "s3://x/c.zarr"), "diff('a b.zarr', 's3://x/c.zarr')",
         "equisweep diff 'a b.zarr' s3://x/c.zarr"),
        (Call("verify", Path("c.zarr"), Argument("repair", True)), "verify('c.zarr', repair=True)",
         "equisweep verify c.zarr --repair"),
    ],
)  # fmt: skip
def test_a_call_is_written_so_that_its_reader_can_make_it(call, python, shell):
    assert str(call) == python
    assert in_shell(call) == shell
    assert str(CubeError("see ", call, " for more")) == f"see {python} for more"
    assert CubeError("see ", call, " for more").spelt(in_shell) == f"see {shell} for more"


@pytest.mark.parametrize("error", [SweepError, CubeError])
def test_a_message_keeps_its_text_and_names_its_arguments(error):
    raised = error("plot: ", Argument("kind", "heat"), " needs ", Argument("y"), ", the axis upwards")
    assert str(raised) == "plot: kind='heat' needs y, the axis upwards"
    assert raised.spelt(in_shell) == "plot: --kind heat needs --y, the axis upwards"
    assert str(error("as it stands")) == error("as it stands").spelt(in_shell) == "as it stands"


def test_every_argument_that_a_message_names_is_an_option_of_a_command():
    known = {o for command in commands() for one in command._actions for o in one.option_strings}
    calls = [
        node
        for folder in ("engine", "sweeps")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Argument"
    ]
    named = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    assert len(named) > 20
    assert {in_shell(Argument(name)) for name in named} <= known


def commands():
    (choices,) = (a for a in _parser(COMMANDS)._actions if isinstance(a, argparse._SubParsersAction))
    return choices.choices.values()
