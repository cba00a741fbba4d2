"""What the wheel holds, and that the interface loads nothing slow before it is used."""

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

from helpers.imports import FOLDERS, sources
from helpers.products import costs_seconds
from helpers.project import ROOT


@costs_seconds
def test_wheel_and_source_hold_the_packages_and_their_data(tmp_path):
    # A copy, so that no build folder of an earlier day slips into the wheel, nor a new one into the tree.
    tree = tmp_path / "tree"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(tree)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("equisweep-*.whl")
    (source,) = tmp_path.glob("equisweep-*.tar.gz")
    checked = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source)]
    assert subprocess.run(checked, capture_output=True, text=True).stdout.count("PASSED") == 2
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"equisweep/{path.relative_to(ROOT)}" for folder in FOLDERS for path in sources(folder)}
    expected |= {
        f"equisweep/{path.relative_to(ROOT)}"
        for path in (ROOT / "sweeps").glob("*/*.*")
        if path.suffix in (".csv", ".toml", ".txt")
    }
    expected |= {f"equisweep/{folder}/py.typed" for folder in FOLDERS}  # types are for users, too
    page = ROOT / "sweeps" / "explore" / "page"
    expected |= {f"equisweep/{path.relative_to(ROOT)}" for path in page.iterdir()}
    held = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert held == expected
    with tarfile.open(source) as archive:  # the wheel was made of it, so it holds all that the wheel does
        assert {"README.md", "LICENSE", "pyproject.toml"} <= {
            name.partition("/")[2] for name in archive.getnames()
        }
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


def test_the_citation_file_names_the_version_and_licence_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    cited = (ROOT / "CITATION.cff").read_text("utf-8").splitlines()
    assert f"version: {project['version']}" in cited
    assert f"license: {project['license']}" in cited
    assert [f"  - name: {author['name']}" in cited for author in project["authors"]] == [True]
