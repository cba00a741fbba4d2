"""What a cube can be asked: each method is a function of the library, with the same arguments."""

import inspect
import re
import subprocess
import sys

import pytest
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.accessor import Equisweep
from equisweep.sweeps.boundaries.boundaries import boundaries
from equisweep.sweeps.cube.lazy import ok, where
from equisweep.sweeps.cube.query import query_text
from equisweep.sweeps.cube.reduce import reduce
from equisweep.sweeps.cube.select import select
from equisweep.sweeps.cube.sql import sql
from equisweep.sweeps.discover.discover import discover
from equisweep.sweeps.plots.plot import plot
from equisweep.sweeps.sensitivity import sensitivity
from helpers.products import some

FUNCTIONS = {
    "table": query_text, "plot": plot, "select": select, "where": where, "ok": ok, "reduce": reduce,
    "sql": sql, "sensitivity": sensitivity, "boundaries": boundaries, "discover": discover,
}  # fmt: skip


def parameters(function):
    """Name, way and default of every argument but the first, the Dataset."""
    return [(p.name, p.kind, p.default) for p in list(inspect.signature(function).parameters.values())[1:]]


@pytest.mark.parametrize(("name", "function"), FUNCTIONS.items())
def test_a_method_takes_what_its_function_takes(name, function):
    assert parameters(getattr(Equisweep, name)) == parameters(function)


def test_every_method_says_what_it_takes_returns_and_raises():
    methods = {n: m for n, m in inspect.getmembers(Equisweep, inspect.isfunction) if not n.startswith("_")}
    assert methods.keys() == FUNCTIONS.keys() | {"sel", "explore", "explore_html"}
    for name, method in methods.items():
        text = inspect.getdoc(method)
        for parameter, _, _ in parameters(method):
            assert re.search(rf"\b{parameter}\b", text), (name, parameter)
        assert "Returns" in text, name
        assert "Raises SweepError" in text, name


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    path = tmp_path_factory.mktemp("two") / "cube.zarr"
    run(Sweep("contract", axes={"T_total": [1.0, 2.0]}), path)
    return path


@pytest.mark.parametrize("opened", some(["equisweep.sweeps", "equisweep.sweeps.run"], ["equisweep.sweeps"]))
def test_a_cube_that_was_opened_can_be_asked(opened, two):
    """In a process that has imported nothing else."""
    code = f"from {opened} import open_cube\nprint(open_cube({str(two)!r}).equisweep.ok().sizes['T_total'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
