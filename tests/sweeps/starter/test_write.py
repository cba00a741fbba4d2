"""A starter runs as it is: its sweep, its model file and its Makefile."""

import shlex
import subprocess

import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, open_cube
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.starter.write import write_starter


def make(folder, *targets):
    """Do in this process what `make` would."""
    command = ["make", "--dry-run", "--no-print-directory", "EQUISWEEP=equisweep", *targets]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        assert main(shlex.split(line)[1:]) == 0, line


def test_a_game_of_ones_own_runs_as_it_is_written(tmp_path, capsys, monkeypatch):
    study = tmp_path / "study"
    assert main(["init", str(study), "--model", "contest"]) == 0
    output = capsys.readouterr().out
    assert all(str(study / name) in output for name in ("contest.py", "contest.toml", "Makefile"))
    monkeypatch.chdir(study)
    make(study)
    make(study, "table")
    assert (study / "contest.png").stat().st_size > 10_000
    assert len((study / "contest.csv").read_text().splitlines()) == 1 + 91 * 61
    cube = open_cube(study / "contest.zarr").load()
    threat, loss = np.meshgrid(cube.threat, cube.loss, indexing="ij")
    spent = np.linspace(0, 200, 20_001)  # the least loss, sought on a grid of spendings
    at = threat[30, 40] * loss[30, 40] * np.exp(-0.05 * spent) + spent
    assert abs(float(cube.investment[30, 40]) - spent[np.argmin(at)]) <= 0.01
    assert (np.asarray(cube.status) == np.where(0.05 * threat * loss > 1, Status.ok, Status.corner)).all()
    assert np.isfinite(cube.d_investment_d_threat).all()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_that_ships_has_a_sweep_with_all_its_parameters(tmp_path, name):
    sweep, makefile = write_starter(tmp_path, name)
    text = sweep.read_text("utf-8")
    for parameter in MODELS[name].parameters:
        assert f"{parameter.name} = " in text
    assert Sweep.from_file(sweep).space().shape == (9, 9)
    head, fixed = text.split("[fixed]\n")
    sweep.write_text(f"{head}[fixed]\n" + "\n".join(line.removeprefix("# ") for line in fixed.splitlines()))
    assert Sweep.from_file(sweep).space().shape == (9, 9)  # with every default taken in hand
    assert f"{name}.zarr" in makefile.read_text("utf-8")


@pytest.mark.parametrize("name", ["my game", "class", "2x", "", "../x", "a.b", "é", "x" * 99, "my_game\n"])
def test_names_that_no_function_can_have_are_refused(tmp_path, name):
    with pytest.raises(SweepError, match="cannot be the name of a function; take letters"):
        write_starter(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced_and_nothing_half_written(tmp_path):
    (tmp_path / "Makefile").write_text("all:\n")
    with pytest.raises(SweepError, match="Makefile: there already, and nothing is replaced"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]
    with pytest.raises(SweepError, match=r"Makefile.*cannot be written"):
        write_starter(tmp_path / "Makefile" / "study")
