"""What the README and the documentation say holds, beyond what their examples print."""

import contextlib
import io
import re
import tomllib
from dataclasses import fields

import numpy as np
import pytest
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, open_cube
from equisweep.sweeps.commands.main import COMMANDS, main
from equisweep.sweeps.spec.distributions.distribution import KINDS
from equisweep.sweeps.spec.presets import PRESETS
from helpers.pages import PAGES, blocks
from helpers.project import ROOT

DOCS = ROOT / "docs"


def block(page, language, holding):
    """The one code block of a page in that language with that text in it."""
    (result,) = (b for b in blocks(page) if b.language == language and holding in b.code)
    return result


def test_the_own_model_is_swept_as_written(tmp_path):
    page = DOCS / "howto/own_models.md"
    (tmp_path / "my_game.py").write_text(block(page, "python", "# my_game.py").code)
    (tmp_path / "my_sweep.toml").write_text(block(page, "toml", "my_game").code)
    assert main(["run", str(tmp_path / "my_sweep.toml"), "-o", str(tmp_path / "cube.zarr"), "-q"]) == 0
    cube = open_cube(tmp_path / "cube.zarr").load()
    a, d = cube["attack"], cube["defence"]
    np.testing.assert_allclose(cube["breach"], (a / (a + d)).transpose(*cube["breach"].dims))
    np.testing.assert_allclose(
        cube["d_breach_d_defence"], (-a / (a + d) ** 2).transpose(*cube["breach"].dims)
    )


def test_the_vector_sweep_is_accepted():
    sweep = block(DOCS / "howto/vectors.md", "toml", '"v.data"').code
    space = Sweep.from_table(tomllib.loads(sweep)).space()
    assert space.dims == ("v.data", "M")
    assert space.labels["factor"] == ("data", "application_systems")


def test_algorithm_1_prints_what_is_shown():
    example, shown = block(DOCS / "howto/contracts.md", "python", "allocate"), io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(example.code, {})
    assert shown.getvalue() == example.shown


def test_every_preset_is_named():
    text = (DOCS / "howto/presets.md").read_text(encoding="utf-8")
    for path in PRESETS.glob("*.toml"):
        assert f"`{path.name}`" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("http") or (page.parent / target).exists(), target
    for picture in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text):
        assert (page.parent / picture).stat().st_size > 10_000


def test_the_reference_of_the_sweep_file_names_every_key_with_its_default():
    text = (DOCS / "reference/sweep_file.md").read_text(encoding="utf-8")
    for key in (f.name for f in fields(Sweep) if f.name not in ("origin", "folder", "text")):
        assert f"\n## {key}\n" in text
    for option in fields(Method):
        (shown,) = re.findall(rf"^\| `{option.name}` \| [^|]+ \| `?(.*?)`? \|", text, re.MULTILINE)
        default = list(option.default) if isinstance(option.default, tuple) else option.default
        assert (None if shown == "none" else tomllib.loads(f"it = {shown}")["it"]) == default
    words = set(re.findall(r"\w+", text))
    assert words >= {*SOLVERS, *KINDS, "second_order", "batch", "levels"}
    assert words >= {"start", "stop", "num", "step", "scale"}


def test_models_and_the_how_to_pages_are_all_listed():
    for name in MODELS:
        assert (DOCS / f"models/{name}.md").exists()
        assert f"({name}.md)" in (DOCS / "models/index.md").read_text(encoding="utf-8")
    index = (DOCS / "howto/index.md").read_text(encoding="utf-8")
    for page in (DOCS / "howto").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index


def test_a_page_of_documentation_names_each_command_and_status():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for command in COMMANDS:
        assert f"equisweep {command.name}" in text
    for status in Status:
        assert f"`{status.name}`" in text or status in (Status.not_computed, Status.out_of_domain)


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATH = re.compile(r"`((?:kernels|engine|sweeps|benchmarks|docs|tests)/[\w./]*)`")


def test_the_paths_that_contributing_names_are_there():
    paths = PATH.findall(CONTRIBUTING)
    assert len(paths) > 25
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_contributing_has_a_row_for_every_folder():
    sources = [file for name in ("kernels", "engine", "sweeps") for file in ROOT.glob(f"{name}/*/**/*.py")]
    result = {"/".join(file.relative_to(ROOT).parts[:2]) for file in sources}
    assert result - {path.rstrip("/") for path in PATH.findall(CONTRIBUTING)} == set()


def test_a_table_that_contributing_says_to_add_to_is_in_one_of_the_files_beside():
    rows = [row for row in CONTRIBUTING.splitlines() if row.startswith("| a")]
    assert len(rows) > 20
    for row in rows:
        files = [ROOT / path for path in PATH.findall(row) if path.endswith(".py")]
        text = "".join(file.read_text(encoding="utf-8") for file in files)
        beside = {file.parent for file in files}
        files = [folder / name for folder in beside for name in re.findall(r"`(\w+\.py)`", row)]
        text += "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
        for name in re.findall(r"`(_?[A-Z][A-Z_]{3,})`", row):
            assert re.search(rf"^{name}\b", text, re.MULTILINE) or name in ("PAPER", "COMMAND"), (row, name)
