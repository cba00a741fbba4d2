"""A real run in a process of its own, killed and then stopped; thousands of kills are in tests/faults/."""

import re
import signal
import subprocess
from pathlib import Path

from equisweep.engine.store.commit import is_committed
from equisweep.engine.store.cube import Cube
from equisweep.sweeps import Sweep, run
from helpers.cube_files import contents
from helpers.runs_to_kill import PATIENCE, shards, start_run, wait_until

TEXT = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 401 }
beta = { start = 0.01, stop = 1, num = 501 }
"""
TILE = 500


def start(sweep: Path, cube: Path) -> subprocess.Popen[str]:
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    return start_run(sweep, cube, "--tile-points", str(TILE), slowed=True, **streams)


def committed(cube: Path) -> set[tuple[int, ...]]:
    """Tiles whose status shard is there. A run that is killed may not take one of them back."""
    return {tuple(map(int, path.relative_to(cube / "status" / "c").parts)) for path in shards(cube, "status")}


def test_a_run_that_is_killed_then_stopped_then_finished_is_as_one_that_was_not(tmp_path):
    sweep, cube = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    sweep.write_text(TEXT)
    process = start(sweep, cube)
    wait_until(lambda: len(committed(cube)) > 0, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    killed, opened = committed(cube), Cube(cube)
    assert all(is_committed(opened, opened.layout.at(key)) for key in killed)

    process = start(sweep, cube)
    wait_until(lambda: len(committed(cube)) > len(killed) + 2, process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "The same command goes on" in error
    assert "Traceback" not in error
    assert killed <= committed(cube)
    done = sum(is_committed(opened, tile) for tile in opened.layout)
    assert re.search(rf"{done} of {len(opened.layout)} tiles are committed", error)

    run(Sweep.from_file(sweep), cube)
    run(Sweep.from_file(sweep), tmp_path / "whole.zarr", tile_points=TILE)
    assert contents(cube) == contents(tmp_path / "whole.zarr")
