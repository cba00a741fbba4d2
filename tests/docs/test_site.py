"""The documentation site builds without a warning, and a browser that shows it needs no network."""

import hashlib
import html.parser
import re
import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest
from equisweep.sweeps.commands.main import COMMANDS
from helpers.products import costs_seconds
from helpers.project import ROOT

TOOLS = ("sphinx", "myst-parser", "myst-nb", "furo", "ziamath", "latex2mathml")


def digest():
    """Of all that the site is made from, and by which tools."""
    made_from = [sys.version, *(f"{name} {version(name)}" for name in TOOLS)]
    files = [path for path in ROOT.iterdir() if path.suffix in (".md", ".toml")]
    for folder in ("docs", "kernels", "engine", "sweeps", "examples", "benchmarks"):
        files += [
            path for path in (ROOT / folder).rglob("*") if not {"_build", "__pycache__"} & {*path.parts}
        ]
    for path in sorted(path for path in files if path.is_file()):
        made_from += [str(path), hashlib.sha256(path.read_bytes()).hexdigest()]
    return hashlib.sha256("\n".join(made_from).encode()).hexdigest()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built without a warning: now, or by an earlier run from the very same files."""
    kept, now = ROOT / ".cache" / "site", digest()
    if not (kept / now).is_dir():
        folder = tmp_path_factory.mktemp("site")
        build = [
            sys.executable,
            "-m",
            "sphinx",
            "--fail-on-warning",
            "--quiet",
            str(ROOT / "docs"),
            str(folder),
        ]
        subprocess.run(build, check=True)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept / "part")
        (kept / "part").rename(kept / now)
    return kept / now


def test_what_a_site_leaves_beside_it_is_no_page_of_the_next():
    """Notebooks come into the folder above the site's, and one that nothing leads to is a warning."""
    command = next(line for line in (ROOT / "Makefile").read_text().splitlines() if " -m sphinx " in line)
    above = (ROOT / command.split()[-1]).parent
    names: dict[str, list[str]] = {}
    config = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    exec(next(line for line in config.splitlines() if line.startswith("exclude_patterns")), names)
    assert above.parent == ROOT / "docs"
    assert above.name in names["exclude_patterns"]
    assert f"/{above.relative_to(ROOT)}/" in (ROOT / ".gitignore").read_text().splitlines()


class Loaded(html.parser.HTMLParser):
    """What a browser loads for a page: scripts, styles, pictures, frames; not where a link leads."""

    def __init__(self):
        super().__init__()
        self.values = []

    def handle_starttag(self, tag, attrs):
        names = {"link": "href", "a": None}.get(tag, "src")
        self.values += [value for name, value in attrs if name == names and value]


@costs_seconds
def test_a_browser_needs_no_network(site):
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.values
        assert not [address for address in loaded.values if re.match(r"(https?:)?//", address)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import\s+)[\"']?(https?:)?//", style.read_text(encoding="utf-8")), (
            style
        )


@costs_seconds
def test_formulas_are_rendered(site):
    for name in ("external", "internal", "supervision", "contract", "menu", "network", "external_combined"):
        text = (site / "models" / f"{name}.html").read_text(encoding="utf-8")
        formulas = re.findall(r"<math .*?</math>", text, re.DOTALL)
        assert len(formulas) > 10
        # A command that the converter does not know would be left as it was typed.
        assert not [formula for formula in formulas if re.search(r"\\[a-z]|<mi>&</mi>", formula)]
        assert "$" not in re.sub(r"<(script|pre|style).*?</\1>", "", text, flags=re.DOTALL)


@costs_seconds
def test_what_the_code_declares_is_shown(site):
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f'id="equisweep-{command.name}"' in commands
    assert "propagates one hop" in (site / "models" / "external.html").read_text(encoding="utf-8")
    python = (site / "reference" / "python.html").read_text(encoding="utf-8")
    assert 'id="equisweep.sweeps.Sweep"' in python
    assert 'id="equisweep.kernels.declare.flow_model"' in python
