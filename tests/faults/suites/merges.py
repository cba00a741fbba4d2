"""Two halves of a sweep are joined while the merge is killed or stopped, or calls to the disk fail.

Whatever happens, the halves keep every byte, the output is there whole or not at all, and the same merge,
given again, makes the cube that one run makes and leaves nothing beside it.
"""

import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from equisweep.engine.store.shared import merge as module
from equisweep.engine.store.shared.owner import where
from helpers.cube_files import contents

from ..children import CRASHED, Child, command
from ..cubes import TILE_POINTS, copy
from ..scenarios import CUBE, GRID, Bench
from ..suite import Outcome
from .failing_calls import FAULTS, failing

NAME = "merges"
HALVES = ("one.zarr", "other.zarr")
_WAYS = ("SIGKILL", "stopped", *FAULTS)
_PAUSE = 0.01  # seconds that each tile takes longer, where a signal is to come in between
_CALLS = 150  # file calls of a merge, about


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end."""
    made = _halves(bench)
    right = contents(bench.template(GRID))
    for number in itertools.count():
        way, left = _WAYS[number % len(_WAYS)], number % 3 == 0
        folder = bench.folder / f"merge {number}"
        folder.mkdir()
        for half in HALVES:
            copy(made / half, folder / half)
        if left:  # of a merge that was killed before, with what it had made
            shutil.copytree(made / HALVES[0], folder / f"{CUBE}.partial-{where()}-01234567-{_ended()}")
        problems = _tried(folder, way, chance) or _afterwards(folder, made, right)
        if not problems:
            shutil.rmtree(folder)
        yield Outcome(way, 1, [f"{way}, merge {number}: {problem}" for problem in problems])


def _halves(bench: Bench) -> Path:
    """A folder with both halves, made once."""
    folder = bench.folder / "halves"
    if not folder.exists():
        folder.mkdir()
        for number, half in enumerate(HALVES, 1):
            words = ("run", bench.sweep_file(GRID), "-o", folder / half, "-q", "--tile-points", TILE_POINTS)
            child = Child(command(*map(str, words), "--part", f"{number}/2"))
            if child.wait():
                raise RuntimeError(f"half {number} fails by itself: {child.said}")
    return folder


def _tried(folder: Path, way: str, chance: random.Random) -> list[str]:
    """Merge, and let something happen; what is wrong with how the command ended."""
    action = _merging(folder)
    if way in FAULTS:
        child = Child(failing(action, folder, chance.randrange(_CALLS) + 1, way))
    else:
        child = Child(_slowly(action))
        time.sleep(chance.uniform(0, 0.4))
        child.send(signal.SIGKILL if way == "SIGKILL" else chance.choice([signal.SIGINT, signal.SIGTERM]))
        if way == "stopped" and chance.random() < 0.5:
            child.send(signal.SIGINT)
    code = child.wait()
    if "Traceback" in child.said or code == CRASHED:
        return [f"ended with {code} and:\n{child.said}"]
    killed = code < 0 and (way == "stopped" or way.startswith(("SIGKILL", "killed")))
    good = killed or code in (0, 130 if way == "stopped" else 2)
    return [] if good else [f"ended with {code} and said {child.said!r}"]


def _afterwards(folder: Path, made: Path, right: dict[str, bytes]) -> list[str]:
    """What is wrong with the halves and the output, now and once it is merged again."""
    for half in HALVES:
        if contents(folder / half) != contents(made / half):
            return [f"{half} was changed"]
    there = (folder / CUBE).exists()
    child = Child(_merging(folder))
    code = child.wait()
    if code != (2 if there else 0) or (there and "is there already" not in child.said):
        return [f"given again it ended with {code} and said {child.said!r}"]
    if there:  # what the first merge could not clear away any more, the next command that writes does
        words = ("run", made.parent / f"{GRID.name}.toml", "-o", folder / CUBE, "-q")
        Child(command(*map(str, words))).wait()
    if contents(folder / CUBE) != right:
        return ["in the end the cube is another one than a run makes"]
    beside = sorted(path.name for path in folder.iterdir() if path.name not in (CUBE, *HALVES))
    return [f"in the end there is {beside} beside it"] if beside else []


def _merging(folder: Path) -> Callable[[], int]:
    return command("merge", *(folder / half for half in HALVES), "-o", folder / CUBE)


def _slowly(action: Callable[[], int]) -> Callable[[], int]:
    look = module.stop_if_requested

    def paused() -> None:
        time.sleep(_PAUSE)
        look()

    def slow() -> int:
        module.stop_if_requested = paused  # pyright: ignore[reportPrivateImportUsage]
        return action()

    return slow


def _ended() -> int:
    """The number of a process that has ended."""
    process = os.fork()
    if not process:
        os._exit(0)
    os.waitpid(process, 0)
    return process
