"""Data files that a model reads belong to its sweep, and it says which they are."""

import sys
from pathlib import Path

import jax
import pytest
from equisweep.engine.user_model.data_files_read import files_read, undeclared
from equisweep.sweeps import CubeError, Sweep, SweepError, run
from helpers.aside import Aside

MODEL = """
import json, os, pathlib
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

HERE = pathlib.Path(__file__).parent
{load}
@model(parameters=[Parameter("x", "x", "1", 1.0, Domain(), "a number")],
       outputs=[Output("y", "y", "1", "its product")], {files})
def game(p):
    {trace}
    return {{"y": TABLE * p["x"]}}
"""
READS = {
    "open": "TABLE = float(open(HERE / 'game.csv').read())",
    "read_text": "TABLE = float((HERE / 'game.csv').read_text())",
    "os.open": "TABLE = float(os.read(os.open(str(HERE / 'game.csv'), os.O_RDONLY), 9))",
    "loadtxt": "import numpy; TABLE = float(numpy.loadtxt(HERE / 'game.csv'))",
    "in a folder": "TABLE = float((HERE / '.' / 'game.csv').read_bytes())",
}


def sweep_of(folder: Path, load: str = "", trace: str = "pass", files: str = "") -> Sweep:
    (folder / "game.csv").write_text("2.0")
    (folder / "game.py").write_text(MODEL.format(load=load, trace=trace, files=files))
    return Sweep("game.py:game", axes={"x": [1.0, 2.0]}, folder=folder)


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("when", ["load", "trace"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_file_that_is_not_declared_is_refused(tmp_path, how, when):
    with pytest.raises(
        SweepError, match=r"reads .*game\.csv, which it does not declare; write files=\['game.csv'\]"
    ):
        sweep_of(tmp_path, **{when: READS[how]}).space()
    sweep_of(tmp_path, **{when: READS[how]}, files="files=['game.csv']").space()


def test_a_changed_file_makes_another_sweep(tmp_path):
    sweep = sweep_of(tmp_path, load=READS["read_text"], files="files=['game.csv']")
    cube = run(sweep, tmp_path / "cube.zarr")
    assert cube["y"].values.tolist() == [2.0, 4.0]
    (tmp_path / "game.csv").write_text("3.0")
    with pytest.raises(CubeError, match=r"holds another sweep.*model file"):
        run(sweep, tmp_path / "cube.zarr")
    (tmp_path / "game.csv").write_text("2.0")
    run(sweep, tmp_path / "cube.zarr")


def test_a_declared_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SweepError, match=r"files: cannot read .*none\.csv \(No such file"):
        sweep_of(tmp_path, load="TABLE = 2.0", files="files=['none.csv']").space()


def test_what_is_written_and_what_python_itself_reads_is_no_data(tmp_path):
    load = "import decimal, zoneinfo; open(HERE / 'log.txt', 'w').close(); TABLE = 2.0"
    sweep_of(tmp_path, load=load).space()


def test_other_threads_are_not_watched(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1")
    with files_read() as opened:
        with Aside(file.read_text):
            pass
        assert undeclared(opened, []) == []
        file.read_text()
        assert undeclared(opened, []) == [file]
        assert undeclared(opened, [str(file)]) == []
    file.read_text()
    assert len(opened) == 1


def test_lines_of_the_running_script_are_code_whatever_its_ending(tmp_path, monkeypatch):
    script = tmp_path / "equisweep"
    script.write_text("print('not run')")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    with files_read() as opened:
        script.read_text()  # as a library does that says which line called it
    assert len(opened) == 1
    assert undeclared(opened, []) == []


def test_where_jax_keeps_what_it_compiles_is_no_data_wherever_that_is(tmp_path):
    before = jax.config.jax_compilation_cache_dir
    kept = tmp_path / "jit_f-cache"
    kept.write_text("a program")
    assert undeclared([kept], []) == [kept.resolve()]
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    try:
        assert undeclared([kept], []) == []
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
