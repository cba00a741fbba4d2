"""A job script for SLURM: what it asks for, and that bash runs each of its parts."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from equisweep.engine.cores import cores
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.resume import missing_tiles
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.commands.running.slurm_script import job_script
from equisweep.sweeps.plan import Plan
from helpers.products import costs_seconds

TEXT = """
model = "external"
outputs = ["investment"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 10 }
beta = { start = 0.01, stop = 1, num = 20 }
"""
PLAN = Plan(
    points=1, shape={}, tiles=64, tile_shape=(), variables=(), bytes=1, free=1, memory=400_000_000,
    seconds=36_000.0, compilations=1, compile_seconds=30.0,
)  # fmt: skip


def lines_of(script):
    return dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(.*))?$", script, re.M))


def test_it_asks_for_what_the_plan_says_and_more():
    asked = lines_of(job_script(Path("s.toml"), Path("c.zarr"), 64, PLAN, cpus=cores()))
    assert asked["array"] == "1-64"
    assert asked["mem"] == "600M"
    # Four times half a minute of compiling and a 64th of the rest, and the notice: 41.5 minutes.
    assert asked["time"] == "00:45:00"
    assert {"requeue", "open-mode", "signal"} <= asked.keys()
    assert "gres" not in asked
    more = job_script(Path("s.toml"), Path("c.zarr"), 64, PLAN, cpus=2 * cores(), gpu=True, at_once=8)
    twice = lines_of(more)
    assert (twice["time"], twice["gres"], twice["array"]) == ("00:25:00", "gpu:1", "1-64%8")
    long = lines_of(job_script(Path("s.toml"), Path("c.zarr"), 1, PLAN, cpus=cores()))
    assert re.fullmatch(r"1-16:\d\d:00", long["time"])
    short = replace(PLAN, seconds=1.0, compile_seconds=0.5)
    assert lines_of(job_script(Path("s.toml"), Path("c.zarr"), 1, short))["time"] == "00:10:00"


@costs_seconds
def test_bash_runs_every_part_of_a_sweep_of_an_odd_name(tmp_path, capsys, monkeypatch):
    folder = tmp_path / 'my $HOME\'s "sweeps"'
    folder.mkdir()
    sweep, script = folder / "a sweep.toml", tmp_path / "job.sh"
    sweep.write_text(TEXT)
    monkeypatch.chdir(folder)
    asked = ["--parts", "2", "--no-trial", "--tile-points", "40"]
    assert main(["slurm", "a sweep.toml", "-o", "the cube.zarr", *asked]) == 0
    script.write_text(capsys.readouterr().out)
    assert lines_of(script.read_text())["job-name"] == "equisweep-a-sweep"
    given = [{**os.environ, "SLURM_ARRAY_TASK_ID": str(number)} for number in (1, 2)]
    started = [subprocess.Popen(["bash", script], env=one, cwd=tmp_path) for one in given]
    assert [process.wait() for process in started] == [0, 0]
    assert missing_tiles(Cube(folder / "the cube.zarr")) == []


def test_more_parts_than_tiles_are_refused(tmp_path, capsys):
    sweep = tmp_path / "sweep.toml"
    sweep.write_text(TEXT)
    command = ["slurm", str(sweep), "-o", str(tmp_path / "cube.zarr"), "--no-trial", "--parts"]
    assert main([*command, "6"]) == 2
    said = capsys.readouterr().err
    assert "6 parts of a cube of 1 tiles would leave some without any" in said
    enough = said.split()[-2:]
    assert enough[0] == "--tile-points"
    assert main([*command, "6", *enough]) == 0  # what is advised does
    capsys.readouterr()
    assert main([*command, "100000"]) == 2
    assert capsys.readouterr().err.endswith("ask for at most 1\n")  # there are fewer points than that
    sweep.write_text(TEXT + '[reduce]\nover = ["beta"]\ninvestment = ["mean"]\n')
    assert main([*command, "2", "--tile-points", "20"]) == 2
    assert capsys.readouterr().err.endswith("ask for at most 1\n")  # few cells are one tile, however small


def test_tiles_are_counted_as_the_device_of_the_jobs_cuts_them(tmp_path, capsys):
    """A GPU takes larger tiles, by its memory, which is not known: the jobs are told what was counted."""
    sweep = tmp_path / "sweep.toml"
    sweep.write_text(TEXT.replace("num = 10", "num = 4000").replace("num = 20", "num = 4000"))
    command = ["slurm", str(sweep), "-o", str(tmp_path / "cube.zarr"), "--no-trial", "--parts"]
    assert main([*command, "12"]) == 0
    assert "--tile-points" not in capsys.readouterr().out
    assert main([*command, "12", "--gpu"]) == 2
    assert "12 parts of a cube of 8 tiles" in capsys.readouterr().err
    assert main([*command, "8", "--gpu"]) == 0
    assert f"--device gpu --tile-points {2**24}" in capsys.readouterr().out
    assert main([*command, "12", "--gpu", "--tile-points", "1000000"]) == 0
    assert "--device gpu --tile-points 1000000" in capsys.readouterr().out


@pytest.mark.parametrize("parts", ["0", "x", "-3"])
def test_a_number_of_parts_that_is_none_is_refused(parts, capsys):
    with pytest.raises(SystemExit):
        main(["slurm", "sweep.toml", "-o", "cube.zarr", "--parts", parts])
    assert "should be a whole number" in capsys.readouterr().err
