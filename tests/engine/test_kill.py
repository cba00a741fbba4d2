"""Real runs in processes of their own, killed and stopped; thousands of either are in tests/faults/."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from equisweep.engine.store.commit import is_committed
from equisweep.engine.store.cube import Cube
from equisweep.sweeps import Sweep, run
from helpers.cube_files import contents
from helpers.products import some
from helpers.runs_to_kill import PATIENCE, shards, start_run, wait_until

TEXT = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 401 }
beta = { start = 0.01, stop = 1, num = 501 }
"""
TILE = 500


def start(sweep: Path, cube: Path, slowed: bool = True) -> subprocess.Popen[str]:
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    return start_run(sweep, cube, "--tile-points", str(TILE), slowed=slowed, **streams)


def committed(cube: Path) -> set[tuple[int, ...]]:
    """Tiles whose status shard is there. A run that is killed may not take one of them back."""
    return {tuple(map(int, path.relative_to(cube / "status" / "c").parts)) for path in shards(cube, "status")}


@pytest.mark.parametrize("kills", some([1, 2], {1}))  # tests/faults/ goes on with this, many a second
def test_sigkill_at_random_moments_loses_no_committed_tile(tmp_path, kills):
    sweep, cube = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    sweep.write_text(TEXT)
    chance, before = random.Random(7), set()
    for _ in range(kills):
        process = start(sweep, cube)
        had = len(before)
        wait_until(lambda had=had: len(committed(cube)) > had, process)
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stderr.close()
        after = committed(cube)
        assert before <= after
        opened = Cube(cube)
        assert all(is_committed(opened, opened.layout.at(key)) for key in after)
        before = after
    finishing = start(sweep, cube, slowed=False)
    finishing.communicate()
    assert finishing.returncode == 0
    assert before <= committed(cube)
    run(Sweep.from_file(sweep), tmp_path / "whole.zarr", tile_points=TILE)
    assert contents(cube) == contents(tmp_path / "whole.zarr")


@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], {signal.SIGTERM}))
def test_ctrl_c_stops_within_a_tile_and_says_how_to_go_on(number, tmp_path):
    sweep, cube = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    sweep.write_text(TEXT)
    process = start(sweep, cube)
    wait_until(lambda: len(committed(cube)) > 2, process)
    process.send_signal(number)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "The same command goes on" in error
    assert "Traceback" not in error
    opened = Cube(cube)
    done = sum(is_committed(opened, tile) for tile in opened.layout)
    assert 2 < done < len(opened.layout)
    assert f"{done} of {len(opened.layout)} tiles are committed" in error
