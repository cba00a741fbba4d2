"""What a command loads: most of the time of a small one. Told by what is there, not by a clock."""

import json
import subprocess
import sys

import pytest
from equisweep.sweeps.commands.main import main

# Each takes from a tenth of a second to a second to load.
HEAVY = frozenset(
    {"jax", "dask.array", "matplotlib", "duckdb", "pyarrow", "scipy", "xarray", "zarr", "pandas"}
)
# xarray needs pandas, which loads pyarrow where there is one.
TABLES = frozenset({"xarray", "pandas", "pyarrow"})

PROGRAM = """
import json, sys
from equisweep.sweeps.commands.main import main
for command in json.loads(sys.argv[1]):
    try:
        code = main(command)
    except SystemExit as ended:
        code = ended.code
    assert not code, (command, code)
print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]), file=sys.stderr)
"""

SWEEP = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
mechanism = ["sharing", "noncooperation"]
alpha = { start = 0.1, stop = 0.9, num = 5 }
beta = [0.1, 0.2, 0.3]
"""

CASES = {
    "nothing": (
        frozenset(),
        ["--help"],
        ["query", "--help"],
        ["info", "cube.zarr"],
        ["verify", "cube.zarr"],
        ["run", "sweep.toml", "-o", "cube.zarr"],
    ),
    "query": (
        TABLES,
        ["query", "cube.zarr"],
        ["query", "cube.zarr", "--sel", "alpha=0.1", "--sel", "mechanism=sharing", "--format", "json"],
        ["query", "cube.zarr", "--where", "alpha > 0.2 and investment > 0 and mechanism == \"sharing\""],
        *(["query", "cube.zarr", "--reduce", how] for how in ("mean", "std:alpha", "argmax", "count")),
        ["query", "cube.zarr", "--where", "beta < 0.3", "--reduce", "min:beta", "-o", "least.csv"],
    ),
    "sql": (
        TABLES | {"duckdb"},
        ["sql", "cube.zarr", "select alpha, max(investment) from cube group by alpha"],
    ),
    "plot": (
        TABLES | {"matplotlib"},
        ["plot", "cube.zarr", "--var", "investment", "--x", "alpha", "--hue", "mechanism",
         "--sel", "beta=0.1", "-o", "lines.svg"],
        ["plot", "cube.zarr", "--var", "investment", "--x", "alpha", "--y", "beta", "--facet", "mechanism",
         "-o", "map.png"],
    ),
    "plan": (frozenset({"jax"}), ["models"], ["plan", "sweep.toml"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a small cube and its sweep file."""
    root = tmp_path_factory.mktemp("loading")
    (root / "sweep.toml").write_text(SWEEP)
    assert main(["run", str(root / "sweep.toml"), "-o", str(root / "cube.zarr"), "-q", "--no-sync"]) == 0
    return root


@pytest.mark.parametrize("name", CASES)
def test_a_command_loads_what_it_uses_and_no_more(name, folder):
    allowed, *commands = CASES[name]
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands), json.dumps(sorted(HEAVY))],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    assert set(json.loads(child.stderr.splitlines()[-1])) <= allowed
