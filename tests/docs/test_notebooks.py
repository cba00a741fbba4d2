"""The notebooks of the documentation run, and print what they show."""

import contextlib
import io
import json
from pathlib import Path

import pytest
from helpers.pages import agree
from helpers.project import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def run_cell(code: str, names: dict) -> str:
    """What a cell prints; one that begins with %%writefile writes a file, as in a notebook."""
    if code.startswith("%%writefile "):
        name, _, text = code.removeprefix("%%writefile ").partition("\n")
        Path(name).write_text(text, encoding="utf-8")
        return f"Writing {name}\n"
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        exec(compile(code, "cell", "exec"), names)
    return printed.getvalue()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_prints_what_it_shows(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "notebook"}
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    for number, cell in enumerate(cells, 1):
        assert cell["execution_count"] == number  # executed in order, from a fresh start
        shown = "".join("".join(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream")
        printed = run_cell("".join(cell["source"]), names)
        assert agree(shown, printed), f"{path.name}, cell {number} shows\n{shown}\nand prints\n{printed}"
    pictures = [o for c in cells for o in c["outputs"] if "image/png" in o.get("data", {})]
    assert len(pictures) >= 1


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["own_model", "sensitivity", "study"]
