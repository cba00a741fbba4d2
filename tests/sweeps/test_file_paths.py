"""Paths as people state them: a tilde is the home folder, and nothing is no path."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from equisweep.sweeps import (
    CubeError,
    Structure,
    Sweep,
    SweepError,
    audit,
    draw_structure,
    open_cube,
    reproduce,
    run,
    verify,
)
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.export import check_output
from equisweep.sweeps.file_paths import path_of, require_outside_cubes
from equisweep.sweeps.packing import pack
from equisweep.sweeps.plots.save import save
from helpers.old_cubes import made_old
from matplotlib.figure import Figure


def test_a_tilde_is_the_home_folder_in_python_and_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "here.toml").write_text('model = "~/game.py:x"\n[axes]\na = [1]\n')
    assert path_of("~/c.zarr") == path_of(Path("~/c.zarr")) == tmp_path / "c.zarr"
    assert path_of("a/~/b") == Path("a/~/b")
    with pytest.raises(CubeError, match=f"{tmp_path}/no.zarr: no such cube"):
        open_cube("~/no.zarr")
    with pytest.raises(CubeError, match=f"{tmp_path}/no.zarr: no such cube"):
        verify("~/no.zarr")
    with pytest.raises(SweepError, match=f"cannot read {tmp_path}/game.py"):
        Sweep.from_file("~/here.toml").space()
    assert main(["info", "~/no.zarr"]) == 2
    assert f"{tmp_path}/no.zarr: no such cube" in capsys.readouterr().err


@pytest.mark.parametrize("stated", ["", "a\0b", "a\ud800b"])
def test_what_no_file_can_be_called_is_refused(stated):
    with pytest.raises(SweepError, match="is no path"):
        path_of(stated)


SMALL = Sweep("external", {"alpha": [0.1, 0.2], "beta": [0.1, 0.2]}, outputs=["investment"])


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("cube") / "c.zarr"
    run(SMALL, path)
    (path.parent / "sweep.toml").write_text('model = "external"\n[axes]\nalpha = [1]\n')
    return path


WRITING = {
    "run": ["run", "sweep.toml", "-o", "c.zarr/inner.zarr"],
    "merge": ["merge", "c.zarr", "c.zarr", "-o", "c.zarr/both.zarr"],
    "export": ["export", "c.zarr", "c.zarr/part.zarr"],
    "pack": ["pack", "c.zarr", "c.zarr/investment/c.zip"],
    "query": ["query", "c.zarr", "-o", "c.zarr/status/rows.csv"],
    "sql": ["sql", "c.zarr", "select 1", "-o", "c.zarr/rows.csv"],
    "plot": ["plot", "c.zarr", "-o", "c.zarr/a.png"],
    "data": ["plot", "c.zarr", "-o", "a.png", "--data", "c.zarr/a.csv"],
    "explore": ["explore", "c.zarr", "--html", "c.zarr/a.html"],
    "init": ["init", "c.zarr/study"],
}


@pytest.mark.parametrize("command", WRITING)
def test_nothing_is_written_into_the_folder_of_a_cube(cube, command, monkeypatch, capsys):
    monkeypatch.chdir(cube.parent)
    before = sorted(cube.parent.rglob("*"))
    assert main(WRITING[command]) == 2
    said = capsys.readouterr().err
    assert said.startswith("equisweep: ")  # and no usage before it, as of other refusals
    assert said.count("\n") == said.count("would lie in the folder of the cube") == 1
    assert sorted(cube.parent.rglob("*")) == before


@pytest.mark.parametrize("error", [InterruptedError, PermissionError])
def test_what_cannot_be_looked_at_is_left_to_who_writes_there(cube, error, monkeypatch):
    def refuse(_: Path) -> bool:
        raise error

    with monkeypatch.context() as refused:
        refused.setattr(Path, "is_file", refuse)
        assert require_outside_cubes(cube / "a.csv") == cube / "a.csv"
    with pytest.raises(SweepError, match="would lie in"):
        require_outside_cubes(cube / "a.csv")


IN_PYTHON = {
    "run": lambda cube: run(SMALL, cube / "inner.zarr"),
    "run anew": lambda cube: run(SMALL, cube / "status" / "inner.zarr", overwrite=True),
    "pack": lambda cube: pack(cube, cube / "c.zip"),
    "export": lambda cube: check_output("zarr", cube / "part.zarr", overwrite=False),
    "save": lambda cube: save(Figure(), cube / "a.png"),
    "audit": lambda cube: audit("external", cube / "audit"),
    "reproduce": lambda cube: reproduce("external", cube / "figures"),
    "draw_structure": lambda cube: draw_structure(Structure(("a",), np.zeros((1, 1), int)), cube / "a.png"),
}


@pytest.mark.parametrize("writer", IN_PYTHON)
def test_python_writes_nothing_there_either(cube, writer):
    before = sorted(cube.parent.rglob("*"))
    with pytest.raises(SweepError, match="would lie in the folder of the cube"):
        IN_PYTHON[writer](cube)
    assert sorted(cube.parent.rglob("*")) == before
    assert check_output("zarr", cube.parent / "part.zarr", overwrite=False) == "zarr"


def test_nor_into_the_folder_of_a_cube_of_before(cube, tmp_path):
    """It has no manifest; a group of somebody else's may hold cubes."""
    old = made_old(Path(shutil.copytree(cube, tmp_path / "old.zarr")))
    with pytest.raises(SweepError, match="would lie in the folder of the cube"):
        run(SMALL, old / "inner.zarr")
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    assert require_outside_cubes(tmp_path / "inner.zarr") == tmp_path / "inner.zarr"


def test_a_place_is_in_a_cube_as_it_lies_and_not_as_it_is_called(cube, monkeypatch):
    link = cube.parent / "link"
    link.symlink_to(cube / "status")
    with pytest.raises(SweepError, match="would lie in the folder of the cube"):
        require_outside_cubes(link / "a.csv")
    for outside in (cube / ".." / "a.csv", cube / "status" / ".." / ".." / "a.csv"):
        assert require_outside_cubes(outside) == outside
    monkeypatch.chdir(cube)
    assert require_outside_cubes(Path("../a.csv")) == Path("../a.csv")
    with pytest.raises(SweepError, match="would lie in"):
        require_outside_cubes(Path("a.csv"))


def test_an_empty_path_is_refused_by_commands(capsys):
    assert main(["info", ""]) == main(["plan", ""]) == 2
    assert capsys.readouterr().err == "equisweep: '' is no path; name a file or a folder\n" * 2


def test_a_name_that_is_no_text_in_utf_8_is_written_with_escapes(capsys):
    assert main(["info", "caf\udce9.zarr"]) == 2
    assert "caf\\udce9.zarr: no such cube" in capsys.readouterr().err
