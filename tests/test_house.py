"""The house rules: who may import whom, how long files are, and what no file does."""

import ast
import re
from fnmatch import fnmatchcase

import pytest
from equisweep import sweeps as public
from equisweep.sweeps.commands.main import COMMANDS
from helpers.imports import FOLDERS, circles, done_at_import, imports, name_of, of_others, parsed, sources
from helpers.project import ROOT

# Floors of each folder, the lowest first. A file imports from floors below its own and from files under its
# own pattern; patterns on one floor stand side by side and know nothing of each other. `folder/*` is all that
# lies in a folder, however deep, but for what a longer pattern names. A new file needs a place here: a word
# on a floor above all that it imports.
FLOORS = {
    "kernels": [
        "status outputs unit_quotient",
        "flow",
        "model",
        "numerics/* replicator",
        "faces",
        "declare games/*",
        "__init__",
    ],
    "engine": [
        "gate/* identity call_stack scan_counts store/shared/owner cores",
        "called",
        "codegen/live_code errors feedback/* kept/environment user_model/* gpus/*",
        "store/storage/schemes store/storage/failures store/storage/interface",
        "store/storage/stat store/iced/repository store/iced/calls",
        "store/storage/objects",
        "store/storage/zipped store/iced/cube",
        "store/iced/at",
        "store/storage/reached",
        "store/storage/place",
        "store/storage/links",
        "store/storage/urls",
        "kept/folder codegen/traced_once grid/windows grid/threads grid/launches",
        "tiles values/* wide/* store/spans",
        "xla/* device grid/later",
        "space grid/vmap",
        "user_model/check grid/batches grid/said_of_model store/durable",
        "store/storage/disk store/storage/records",
        "store/storage/files",
        "store/storage/overwritten",
        "store/shard",
        "store/journal store/metadata store/decode store/manifest",
        "store/stored store/shared/signs store/shared/parts",
        "store/shared/lease",
        "store/recorder store/seal store/require_cube store/storage/appear",
        "store/storage/segments",
        "store/create store/cube",
        "store/storage/changed store/storage/held store/shared/opened",
        "store/commit",
        "store/grow store/identity store/read",
        "store/resume writer",
        "store/verify store/shared/merge",
        "store/shared/pack",
        "codegen/ops/*",
        "codegen/ir",
        "codegen/lower/* codegen/schedule codegen/lanes codegen/decompose codegen/ordering codegen/ends",
        "codegen/folds",
        "codegen/route/*",
        "codegen/backend",
        "codegen/llvm/*",
        "codegen/cpu/* codegen/gpu/*",
        "codegen/backends codegen/how_compiled",
        "codegen/grid_loop codegen/lane_loop codegen/lane_call",
        "codegen/lane_route",
        "codegen/fold_loop",
        "ode/differences ode/scale ode/steps/rough",
        "ode/rest/* ode/followed",
        "ode/steps/*",
        "ode/switching/*",
        "ode/vanishing/*",
        "ode/extrema",
        "ode/lane",
        "ode/attractor ode/ending ode/rounds",
        "ode/walk",
        "ode/closed_orbit",
        "ode/method",
        "ode/bound",
        "ode/look",
        "ode/integration",
        "ode/reached",
        "ode/arrival",
        "ode/report",
        "kept/*",
        "ode/kept_lanes",
        "ode/trajectory",
        "point",
        "kept/key",
        "grid/made_before",
        "grid/function grid/chosen",
        "grid/evaluate",
        "grid/by_matrix",
        "run/portable trial",
        "reuse/*",
        "reduce/*",
        "run/*",
        "recompute",
        "crew/*",
        "__init__",
    ],
    "sweeps": [
        "spill text file_paths light_imports square_matrix starter/*",
        "scratch",
        "spec/*",
        "cube/*",
        "sensitivity/* plots/* boundaries/*",
        "explore/* discover/* sensitivity/picture",
        "accessor reduced/*",
        "plan provenance machine recompute packing soundness",
        "cluster/*",
        "run",
        "papers/*",
        "__init__ offers",
        "commands/*",
    ],
    # Loaded before all others, which it loads.
    "entry": ["__init__"],
}

# What the engine takes from the kernels: declarations, no game.
DECLARATIONS = {f"kernels/{name}" for name in ("model", "flow", "outputs", "status", "unit_quotient")}
LINES, FILES = 300, 20


def graph(folder: str) -> dict[str, set[str]]:
    """What each file of a folder imports. An `__init__` that only says what its package is stands nowhere."""
    files = {name_of(file): imports(file) for file in sources(folder)}
    return {name: imported for name, imported in files.items() if imported or not name.endswith("__init__")}


def place(name: str) -> tuple[int, str]:
    """Number of the floor and pattern of a file; floor -1 where it has none."""
    folder, _, rest = name.partition("/")
    patterns = [(number, one) for number, floor in enumerate(FLOORS[folder]) for one in floor.split()]
    fitting = [place for place in patterns if fnmatchcase(rest, place[1])]
    return max(fitting, key=lambda place: len(place[1]), default=(-1, ""))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_a_floor_and_every_pattern_files(folder):
    floors = {name: place(name) for name in graph(folder)}
    assert [name for name, (number, _) in floors.items() if number < 0] == []
    patterns = {(number, pattern) for number, floor in enumerate(FLOORS[folder]) for pattern in floor.split()}
    assert patterns - set(floors.values()) == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_imports_from_a_higher_floor(folder):
    wrong = []
    for name, imported in graph(folder).items():
        number, pattern = place(name)
        for other in sorted(other for other in imported if other.startswith(f"{folder}/")):
            other_number, other_pattern = place(other)
            if other_number >= number and other_pattern != pattern:
                wrong.append(f"{name} imports {other}")
    assert wrong == []


def test_no_files_import_each_other():
    whole = {name: imported for folder in FOLDERS for name, imported in graph(folder).items()}
    assert circles(whole) == []


def test_kernels_import_jax_and_nothing_of_ours():
    for name, imported in graph("kernels").items():
        assert of_others(imported) <= {"jax"}, name
        assert {other.split("/")[0] for other in imported if "/" in other} <= {"kernels"}, name


def test_the_engine_knows_no_game_and_no_sweep_file():
    for name, imported in graph("engine").items():
        for other in imported:
            assert "/" not in other or other.startswith("engine/") or other in DECLARATIONS, (
                f"{name}: {other}"
            )


@pytest.mark.parametrize("folder", [*FOLDERS, "tests", "benchmarks"])
def test_files_are_short_and_folders_small(folder):
    long = {name_of(file) for file in sources(folder) if len(file.read_text("utf-8").splitlines()) > LINES}
    assert not long
    for inside in {file.parent for file in sources(folder)}:
        assert len(list(inside.glob("*.py"))) <= FILES, inside


def test_files_of_tests_that_are_to_begin_first_are_there(request):
    conftest = next(
        one
        for one in request.config.pluginmanager.get_plugins()
        if getattr(one, "__file__", None) == str(ROOT / "tests" / "conftest.py")
    )
    assert [name for name in conftest._LONGEST if not (ROOT / "tests" / name).is_file()] == []
    assert len(conftest._LONGEST) > 10


FLAG = re.compile(r"(?<![\w-])(--[a-z]|-o\b)")
# Written as code a command may be named: in docstrings, and in what a paper's report says of itself.
AS_CODE = re.compile(r"``equisweep [^`]*``|`equisweep [^`]*`")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_library_speaks_python_and_leaves_flags_to_the_commands(folder):
    command = re.compile(rf"\bequisweep ({'|'.join(one.name for one in COMMANDS)})\b")
    for file in sources(folder):
        if file.is_relative_to(ROOT / "sweeps" / "commands"):
            continue
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = AS_CODE.sub("", node.value)
                assert not FLAG.search(text), f"{file}:{node.lineno}"
                assert not command.search(text), f"{file}:{node.lineno}: say `errors.Call`"


def test_a_message_that_names_a_call_names_a_command_that_is_a_function():
    calls = {
        node.args[0].value
        for folder in FOLDERS
        for file in sources(folder)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Call"
    }
    assert calls
    assert calls <= {one.name for one in COMMANDS} & set(public.__all__)


# What of JAX is called when a file is imported, and makes no array.
DECLARES = {"jit", "custom_jvp", "custom_vjp", "custom_batching", "dtype", "finfo", "iinfo"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_computes_with_jax_when_it_is_imported(folder):
    """It would begin XLA, with its threads: in every command, and in processes that are to be forked."""
    for file in sources(folder):
        for node in done_at_import(file):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                of_jax = re.match(r"(jax|jnp|lax|jsp)\.", called)
                assert not of_jax or called.split(".")[1] in DECLARES, f"{file}:{node.lineno}: {called}"


def test_nothing_unpickles_or_evaluates():
    for folder in (*FOLDERS, "benchmarks"):
        for file in sources(folder):
            tree = parsed(file)
            called = {
                n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            }
            assert not called & {"eval", "exec"}, file
            assert not imports(file) & {"pickle", "yaml", "dill", "cloudpickle"}, file
