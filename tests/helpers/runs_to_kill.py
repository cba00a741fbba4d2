"""Sweeps in processes of their own, slow enough to be killed on the way, and what they left on the disk."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# A child inherits which signals its parent ignores: SIGHUP under nohup, SIGINT in a shell's background.
_HEARING = """
import signal, sys
from equisweep.sweeps.commands.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
"""

# Each tile takes a fiftieth of a second longer: on a fast machine a run would be over before it is killed.
_SLOWED = """
import time
from equisweep.engine import writer

commit = writer.commit

def slowly(*given, **named):
    time.sleep(0.02)
    commit(*given, **named)

writer.commit = slowly
"""

# Nothing waits that long: the limit ends a test that would hang, also on a machine with much else to do.
PATIENCE = 600


def start_run(
    sweep: Path, cube: Path, *more: str, slowed: bool = True, **popen: Any
) -> subprocess.Popen[str]:
    """``equisweep run``, begun, hearing signals as in the foreground of a terminal; `slowed`: as above."""
    program = _HEARING + (_SLOWED if slowed else "") + "sys.exit(main())"
    command = [sys.executable, "-c", program, "run", str(sweep), "-o", str(cube), *more]
    return subprocess.Popen(command, text=True, **popen)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until the condition holds; an error where the process ends before, or `PATIENCE` passes."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, f"the run ended before, with exit code {process.returncode}"
        assert time.monotonic() < until, f"the run takes more than {PATIENCE} s"
        time.sleep(0.05)  # a look at a folder costs time, too


def shards(cube: Path, *names: str) -> list[Path]:
    """Files that hold tiles of these variables, without those that a killed run left half-written."""
    result = (path for name in names for path in (cube / name / "c").rglob("*"))
    return [path for path in result if path.is_file() and path.suffix != ".partial"]
