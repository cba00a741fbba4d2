"""The house rules: who may import whom, and what the wheel holds."""

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.project import ROOT

FOLDERS = ("kernels", "engine", "sweeps")
STANDARD = sys.stdlib_module_names
DECLARATIONS = ("kernels.model", "kernels.flow", "kernels.outputs", "kernels.status")


def imports(file: Path) -> set[str]:
    """Dotted names a file imports; relative ones begin with their folder ("kernels.model")."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            package = file.relative_to(ROOT).parent.parts
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join((*base, *filter(None, [node.module]))))
    return found


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("file", sources("kernels"), ids=lambda file: str(file.relative_to(ROOT)))
def test_kernels_import_jax_and_nothing_of_ours(file):
    for name in imports(file):
        assert name.split(".")[0] in STANDARD | {"jax", "kernels"}, name


@pytest.mark.parametrize("file", sources("engine"), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_engine_knows_no_model_and_no_sweep_file(file):
    for name in imports(file):
        assert not name.startswith("sweeps"), name
        assert not name.startswith("kernels") or name in DECLARATIONS, name


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_hold_at_most_20_files_and_files_are_short(folder):
    for place in {file.parent for file in sources(folder)}:
        assert len(list(place.glob("*.py"))) <= 20, place
    for file in sources(folder):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 300, file


FLAG = re.compile(r"(?<![\w-])(--[a-z]|-o\b)")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_library_speaks_python_and_leaves_flags_to_the_commands(folder):
    for file in sources(folder):
        if file.is_relative_to(ROOT / "sweeps" / "commands"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = re.sub(r"``equisweep [^`]*``", "", node.value)  # which names the command as such
                assert not FLAG.search(text), f"{file}:{node.lineno}"


def test_nothing_unpickles_or_evaluates():
    for folder in (*FOLDERS, "benchmarks"):
        for file in sources(folder):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            called = {
                n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            }
            assert not called & {"eval", "exec"}, file
            assert not imports(file) & {"pickle", "yaml", "dill", "cloudpickle"}, file


def test_the_wheel_holds_the_three_packages_and_their_data(tmp_path):
    # A copy, so that no build folder of an earlier day slips into the wheel, nor a new one into the tree.
    tree = tmp_path / "tree"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(tree)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("equisweep-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"equisweep/{path.relative_to(ROOT)}" for folder in FOLDERS for path in sources(folder)}
    expected |= {
        f"equisweep/{path.relative_to(ROOT)}"
        for path in (ROOT / "sweeps").glob("*/*.*")
        if path.suffix in (".csv", ".toml")
    }
    held = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert held == expected
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "from equisweep.sweeps.papers.external import tables as r\n"
        "print(r.__file__, len(r.compare(r.PUBLISHED[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{code}"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert done.stdout.split()[-1] == "18"


def test_importing_the_interface_loads_neither_jax_nor_xarray():
    code = (
        "import sys; from equisweep.sweeps import Sweep, plan, run; import equisweep.sweeps as s; dir(s); "
        "print({'jax', 'xarray', 'zarr', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
