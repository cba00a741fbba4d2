"""What a command loads: most of the time of a small one. Told by what is there, not by a clock."""

import json
import subprocess
import sys

import pytest
from equisweep.sweeps.commands.main import main
from helpers.products import costs_seconds, some

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
        frozenset(),
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
        frozenset({"matplotlib"}),
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


ALONE = """
import json, sys
from equisweep.sweeps import light_imports
light_imports.import_lightly()
light_imports.load_figures()
from matplotlib import font_manager
assert font_manager.FontProperties("sans:bold").get_weight() == "bold"
from equisweep.sweeps.commands.main import main
late = {
    "fontTools.agl": "AGL2UV", "mpl_toolkits.mplot3d": "Axes3D", "matplotlib._mathtext": "Box"
}
words = "plot cube.zarr --var investment --x alpha --sel beta=0.1 --hue mechanism".split()
seen = []
for extra in ([], ["--xlabel", "$c_1^2$"]):
    assert main([*words, *extra, "-o", f"alone{len(extra)}.png"]) == 0
    found = [name for name in late if name in sys.modules]
    there = {name: object.__getattribute__(sys.modules[name], "__dict__") for name in found}
    seen.append([name for name, thing in late.items() if thing in there.get(name, ())])
import dateutil.parser, mpl_toolkits.mplot3d, numcodecs, zarr
from matplotlib import dviread
assert dviread.Dvi and mpl_toolkits.mplot3d.Axes3D and numcodecs.Blosc and dateutil.parser.parse("2020-02-01")
print(json.dumps(seen), file=sys.stderr)
"""


@costs_seconds
def test_a_process_of_its_own_loads_mathematics_where_a_label_has_some(folder):
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    plain, mathematics = json.loads(child.stderr.splitlines()[-1])
    assert plain == []
    assert "matplotlib._mathtext" in mathematics
    assert (folder / "alone0.png").read_bytes() != (folder / "alone2.png").read_bytes()


@pytest.mark.parametrize("name", some(CASES, ["nothing", "query", "sql"]))
def test_a_command_loads_what_it_uses_and_no_more(name, folder):
    allowed, *commands = CASES[name]
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands), json.dumps(sorted(HEAVY))],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    assert set(json.loads(child.stderr.splitlines()[-1])) <= allowed
