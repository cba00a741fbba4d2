"""The gallery: its commands work as they stand, and nothing in their pictures is cut or covered."""

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.commands.analysing import plot as command_plot
from equisweep.sweeps.commands.main import COMMANDS, _parser
from equisweep.sweeps.cube.select import select
from equisweep.sweeps.plots.accessor import Plotted
from equisweep.sweeps.plots.kinds import KINDS
from equisweep.sweeps.plots.plot import note_of
from equisweep.sweeps.plots.view import MOST_DRAWN
from helpers.pictures import cut_or_overlapping, not_run
from helpers.project import ROOT

GALLERY = ROOT / "docs" / "gallery"


def _load():
    spec = importlib.util.spec_from_file_location("gallery", GALLERY / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


gallery = _load()
PLOTS = {line[line.index("-o") + 1]: line for line in gallery.commands() if line[0] == "plot"}
MECHANISMS = ["noncooperation", "sharing"]
RESTS = ["rest point: stable", "rest point: unstable", "rest point: saddle"]
PATH = "path, from its start"
# Titles of panels, entries of the legend, how the note begins.
EXPECTED = {
    "lines.png": (MECHANISMS, [f"n = {n}" for n in (2, 3, 4, 6, 8)], "1 of 490 points is left out"),
    "many_lines.png": (MECHANISMS, [], "486 of 4,802 points are left out (lines break there): 486 corner."),
    "variables.png": (
        [""],
        [f"{v}, {m}" for v in ("investment", "expected loss") for m in MECHANISMS],
        "10 of 98 points are left out (lines break there): 10 corner. The same of each variable.",
    ),
    "heat.png": (MECHANISMS, [], "486 of 4,802 points are left out (hatched grey): 486 corner."),
    "grid.png": (
        [*MECHANISMS, *[""] * 4], [], "1,461 of 14,406 points are left out (hatched grey): 1,461 corner.",
    ),
    "scatter.png": (MECHANISMS, ["no result"], "194 of 800 points are left out (grey crosses): 194 corner."),
    "over_input.png": (MECHANISMS, [], "194 of 800 points are left out (not drawn): 194 corner."),
    "contour.png": (MECHANISMS, [], "Drawn though not ok: 486 corner."),
    "classes.png": (
        [rf"$\mathregular{{c_{{1}}}}$ = {c} money" for c in (2, 5, 8, 10)],
        ["absent", "stable node", "stable focus", "centre", "unstable node",
         "unstable focus", "r = f"],
        "",
    ),
    "status.png": (MECHANISMS, ["ok", "corner"], ""),
    "phase.png": (["r = 4 money", "r = 16 money"], [*RESTS, PATH], ""),
    "simplex.png": ([f"win = {w}" for w in ("0.8", "1", "1.25")], [*RESTS, "rest point: centre", PATH], ""),
    "hawks.png": ([f"V = {v} fitness" for v in ("1", "2.5", "5")], RESTS[:2], ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def cubes(tmp_path_factory):
    """A folder with the gallery's cubes, and by name those of motions: a portrait needs the field alone."""
    folder = tmp_path_factory.mktemp("gallery")
    sweeps = {
        Path(line[1]).stem: Sweep.from_file(ROOT / line[1]) for line in gallery.commands() if line[0] == "run"
    }
    for name in ("external", "regimes", "sampled"):
        run(sweeps[name], folder / f"{name}.zarr", durable=False)
    result = {}
    angle = np.linspace(0, 6, 50)
    x, y = 0.3 + 0.1 * np.cos(angle), 0.3 + 0.1 * np.sin(angle)
    over = ("r", "x0", "time")
    result["orbits"] = not_run(
        sweeps["orbits"],
        x_path=(over, np.broadcast_to(x, (2, 3, 50))),
        y_path=(over, np.broadcast_to(y, (2, 3, 50))),
    )
    shares = np.broadcast_to(np.stack([x, y, 1 - x - y], axis=-1), (3, 50, 3))
    result["strategies"] = not_run(sweeps["strategies"], share_path=(("win", "time", "strategy"), shares))
    result["hawks"] = not_run(sweeps["hawks"])
    return folder, result


@pytest.mark.parametrize("picture", PLOTS)
def test_a_picture_says_what_it_should_and_none_of_it_is_cut(cubes, monkeypatch, picture):
    folder, result = cubes
    options = _parser(COMMANDS).parse_args(gallery.placed(PLOTS[picture], Path(), Path()))
    name = Path(options.cube).stem
    if name in result:
        monkeypatch.setattr(
            command_plot, "open_part", lambda options, plain: select(result[name], options.sel)
        )
    monkeypatch.chdir(folder)
    figure = command_plot.picture_of(options).figure
    titles, entries, note = EXPECTED[picture]
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert [axes.get_title() for axes in panels] == titles
    shown = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert shown == entries
    assert note_of(figure).startswith(note)
    assert bool(note) == bool(note_of(figure))
    assert figure.get_suptitle()
    if picture != "simplex.png":
        assert panels[0].get_ylabel()
        assert panels[-1].get_xlabel()
    assert cut_or_overlapping(figure) == ([], [])


def test_the_gallery_shows_every_picture_it_makes():
    text = (GALLERY / "index.md").read_text(encoding="utf-8")
    assert set(EXPECTED) == set(PLOTS)
    for picture in PLOTS:
        assert f"({picture})" in text
        assert (GALLERY / picture).stat().st_size > 10_000
    assert {Path(line[1]).name for line in gallery.commands() if line[0] == "run"} == {
        path.name for path in GALLERY.glob("*.toml")
    }


def test_every_kind_has_a_limit_a_line_in_the_pages_and_a_word_in_the_help():
    assert {*MOST_DRAWN, "phase"} == {*KINDS}
    page = (ROOT / "docs" / "howto" / "pictures.md").read_text(encoding="utf-8")
    parser = argparse.ArgumentParser()
    command_plot.COMMAND.arguments(parser)
    help_text = next(action.help for action in parser._actions if action.dest == "kind")
    for kind in KINDS:
        assert f"| `{kind}` |" in page
        assert f"{kind}, " in help_text or f"{kind} or " in help_text
        assert f'"{kind}"' in Plotted.plot.__doc__


def test_text_that_is_cut_or_covered_would_be_seen():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0.9, 0.5, "far too long for what is left")
    figure.text(0.1, 0.5, "below")
    figure.text(0.1, 0.51, "above")
    figure.text(0.1, 0.9, "apart")
    assert cut_or_overlapping(figure) == (["far too long for what is left"], [("above", "below")])
