"""Reduced grids and designs that are not stored: what is under way is killed, stopped or damaged.

Gone on with, each ends in the bytes of a run that nothing happened to.
"""

import itertools
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from equisweep.engine.reduce import loop
from equisweep.engine.reduce.checkpoint import FOLDER
from helpers.cube_files import contents

from ..children import CRASHED, Child, command
from ..scenarios import CUBE, Bench
from ..suite import Outcome
from .damage import BY_A_PROGRAM

NAME = "checkpoints of what is not stored"
_REDUCED = """
model = "external"
outputs = ["investment"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 3 }
beta = { start = 0.01, stop = 1.0, num = 80 }
[fixed]
L = 400
[reduce]
over = ["beta"]
investment = ["mean", "std", "max", "argmax", "quantiles(0.5)"]
"""
_STREAMED = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
n = [2, 3]
[fixed]
L = 400
[design]
kind = "sobol"
samples = 32
store = false
parameters = { alpha = { uniform = [0.1, 0.9] }, beta = { uniform = [0.1, 0.9] } }
"""
_FOLDED = _REDUCED.replace(', "quantiles(0.5)"', "")  # by the machine code that computes the points
_SWEEPS = {
    "a reduced grid": _REDUCED,
    "a grid folded as it is computed": _FOLDED,
    "indices of a design": _STREAMED,
}
_PAUSE = 0.004  # seconds that each tile takes longer
_WAYS = ("SIGKILL", "SIGKILL", "stopped", "SIGKILL, then damage")
_HARMS = ("a flipped bit", "zeros", "noise", "cut short", "made longer", "deleted", "its folder deleted")


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end."""
    clean: dict[str, tuple[dict[str, bytes], float]] = {}
    for number in itertools.count():
        name = list(_SWEEPS)[number % len(_SWEEPS)]
        way = _WAYS[number // len(_SWEEPS) % len(_WAYS)]
        if name not in clean:
            began = time.monotonic()
            cube = _folder(bench, f"clean {name}", _SWEEPS[name])
            child = Child(_run(cube))
            if child.wait():
                raise RuntimeError(f"{name} fails by itself: {child.said}")
            clean[name] = contents(cube), time.monotonic() - began
        right, seconds = clean[name]
        cube = _folder(bench, f"checkpoint {number}", _SWEEPS[name])
        tried, problems = _trial(cube, way, seconds, chance)
        if not problems and contents(cube) != right:
            differ = [
                path for path in {*right} | {*contents(cube)} if contents(cube).get(path) != right.get(path)
            ]
            problems = [f"other bytes in {sorted(differ)}"]
        if not problems:
            shutil.rmtree(cube.parent)
        yield Outcome(f"{name}, {way}", tried, [f"{name}, {way}, {number}: {one}" for one in problems])


def _trial(cube: Path, way: str, seconds: float, chance: random.Random) -> tuple[int, list[str]]:
    """Interrupt the run up to three times; how often, and what is wrong with how it ended."""
    tried = 0
    for _ in range(3):
        child = Child(_run(cube))
        time.sleep(chance.uniform(0.1, 0.9) * seconds)
        number = chance.choice([signal.SIGINT, signal.SIGTERM]) if way == "stopped" else signal.SIGKILL
        child.send(number)
        code = child.wait()
        tried += code in (130, -signal.SIGKILL)
        if code not in (0, 130, -signal.SIGKILL) and not (way == "stopped" and code in (-2, -15, 130, 143)):
            return tried, [f"ended with {code} and said {child.said!r}"]
        if "Traceback" in child.said or code == CRASHED:
            return tried, [child.said]
        files = sorted(path for path in (cube / FOLDER).rglob("*") if path.is_file())
        if "damage" in way and files:
            BY_A_PROGRAM[chance.choice(_HARMS)](chance.choice(files), chance)
            tried += 1
        if not code:
            break
    child = Child(_run(cube))
    code = child.wait()
    return tried, [f"in the end {code}: {child.said}"] if code else []


def _folder(bench: Bench, name: str, sweep: str) -> Path:
    folder = bench.folder / name
    folder.mkdir()
    (folder / "sweep.toml").write_text(sweep)
    return folder / CUBE


def _run(cube: Path) -> Callable[[], int]:
    words = ("run", cube.parent / "sweep.toml", "-o", cube, "-q", "--no-sync", "--tile-points", "8")
    action = command(*words)

    def slow() -> int:
        look = loop.stop_if_requested

        def paused() -> None:
            time.sleep(_PAUSE)
            look()

        loop.stop_if_requested = paused  # pyright: ignore[reportPrivateImportUsage]
        loop._SECONDS, loop._SHARE = 0.0, 1e9
        return action()

    return slow
