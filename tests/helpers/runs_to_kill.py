"""Sweeps in processes of their own, slow enough to be killed on the way, and what they left on the disk."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Each tile takes a fiftieth of a second longer: on a fast machine a run would be over before it is killed.
_SLOWED = """
import sys, time
from equisweep.engine.store.cube import Cube
from equisweep.sweeps.commands.main import main

write = Cube.write

def slowly(*given, **named):
    time.sleep(0.02)
    write(*given, **named)

Cube.write = slowly
sys.exit(main())
"""


def start_run(
    sweep: Path, cube: Path, *more: str, slowed: bool = True, **popen: Any
) -> subprocess.Popen[str]:
    """``equisweep run``, begun; `slowed`: as above."""
    program = ["-c", _SLOWED] if slowed else ["-m", "equisweep.sweeps.commands.main"]
    command = [sys.executable, *program, "run", str(sweep), "-o", str(cube), *more]
    return subprocess.Popen(command, text=True, **popen)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until the condition holds; an error where the process ends before, or two minutes pass."""
    until = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, f"the run ended before, with exit code {process.returncode}"
        assert time.monotonic() < until, "the run takes more than two minutes"
        time.sleep(0.005)


def shards(cube: Path, *names: str) -> list[Path]:
    """Files that hold tiles of these variables, without those that a killed run left half-written."""
    found = (path for name in names for path in (cube / name / "c").rglob("*"))
    return [path for path in found if path.is_file() and path.suffix != ".partial"]
