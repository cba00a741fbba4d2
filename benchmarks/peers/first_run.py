"""The command, whole, in a process of its own: where nothing is compiled, and where all is kept."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# Of `supervision` every output, and a path of 101 times, under all four mechanisms: so many orbits by 4.
SWEEP = """
model = "supervision"
times = {{ start = 0, stop = 100, num = 101 }}

[axes]
reward = ["static", "dynamic"]
punishment = ["static", "dynamic"]
r = {{ start = 2, stop = 20, num = {rewards} }}
f = {{ start = 2, stop = 20, num = {fines} }}
"""


def command(rewards: int, fines: int, again: bool) -> tuple[Any, Any, Any]:
    """Case: ``equisweep run`` of that sweep; `again`: what the first call compiled is kept."""
    folder = Path(tempfile.mkdtemp(prefix="equisweep-first-"))
    sweep, cube, kept = folder / "orbits.toml", folder / "orbits.zarr", folder / "kept"
    sweep.write_text(SWEEP.format(rewards=rewards, fines=fines), encoding="utf-8")
    program = Path(sys.executable).with_name("equisweep")
    took = [0.0]

    def prepare() -> None:
        shutil.rmtree(cube, ignore_errors=True)
        if not again:
            shutil.rmtree(kept, ignore_errors=True)

    def run() -> None:
        before = _cpu_of_children()
        environment = os.environ | {"XDG_CACHE_HOME": str(kept), "HOME": str(folder)}
        subprocess.run([program, "run", sweep, "-o", cube, "-q"], check=True, env=environment)
        took[0] = _cpu_of_children() - before

    def check(_: None) -> dict[str, str]:
        shutil.rmtree(folder)
        return {"CPU s of the command": f"{took[0]:.2f}"}

    return run, check, prepare


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
