"""What the wheel holds, and that the interface loads nothing slow before it is used."""

import shutil
import subprocess
import sys
import zipfile

from helpers.imports import FOLDERS, sources
from helpers.project import ROOT


def test_the_wheel_holds_the_packages_and_their_data(tmp_path):
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
        if path.suffix in (".csv", ".toml", ".txt")
    }
    expected |= {f"equisweep/{folder}/py.typed" for folder in FOLDERS}  # types are for users, too
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
