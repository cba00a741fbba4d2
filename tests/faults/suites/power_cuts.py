"""The power fails: what was not synced is dropped, and the cube is opened again."""

import ast
import itertools
import os
import posix
import random
import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cubes import vouch
from ..disk import Disk, Operation
from ..file_calls import Inside, install
from ..scenarios import HIGH, LOW, SCENARIOS, Bench, Scenario
from ..suite import Outcome
from ..trial import Action, Trial

NAME = "power cuts, which drop what was not synced"
_MORE = (
    Scenario("a new cube, not synced", options=("--no-sync",)),
    Scenario("an axis that grows, not synced", kind=HIGH, before=LOW, options=("--no-sync",)),
)


@dataclass(frozen=True)
class Recording:
    """What a scenario's command did to the disk, which was like this before."""

    before: Disk
    operations: list[Operation]


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end: a power cut at a random moment of every scenario in turn."""
    scenarios = [one for one in (*SCENARIOS, *_MORE) if one.verb != "read"]
    recordings = {scenario: record(bench, scenario) for scenario in scenarios}
    for number in itertools.count():
        scenario = scenarios[number % len(scenarios)]
        recording = recordings[scenario]
        moment = chance.choice([chance.randint(0, len(recording.operations)), len(recording.operations)])
        yield Outcome(scenario.name, 1, cut(bench, scenario, recording, moment, chance, number))


def cut(
    bench: Bench, scenario: Scenario, recording: Recording, moment: int, chance: random.Random, number: int
) -> list[str]:
    """Problems after a power cut at one moment of a recorded command."""
    trial = Trial(
        bench, scenario, f"power cut {number} at {moment}", prepared=False, careless=scenario.careless
    )
    disk = deepcopy(recording.before)
    for operation in recording.operations[:moment]:
        if operation[0] == "committed":
            trial.reported.add(operation[1])
        else:
            disk.apply(operation)
    inodes = disk.after_a_power_cut(trial.cube.parent, chance)
    if not scenario.damaged and trial.cube.exists():
        vouch(trial.cube, inodes=inodes)
    return trial.judge()


def record(bench: Bench, scenario: Scenario) -> Recording:
    """Run the scenario's command, and record every change of its folder."""
    trial = Trial(bench, scenario, f"recorded {scenario.name}")
    folder, log = trial.cube.parent, bench.folder / "log"
    before = Disk(folder, synced=scenario.state != "unsynced")
    trial.start(lambda action: _recorded(action, folder, log)).wait()
    return Recording(before, ast.literal_eval(log.read_text()))


def _recorded(action: Action, folder: Path, log: Path) -> Action:
    def recorded() -> int:
        from equisweep.engine import writer

        recorder = _Recorder(folder)
        install(recorder)
        real = writer.commit

        def commit(cube: Any, tile: Any, *rest: Any) -> None:
            real(cube, tile, *rest)
            recorder.committed(tile.key)

        writer.commit = commit
        code = action()
        recorder.on = False
        log.write_text(repr(recorder.operations))
        return code

    return recorded


class _Recorder:
    """A hook that writes down what succeeds, one call at a time, and waits for no disk."""

    def __init__(self, folder: Path) -> None:
        self.inside, self.on = Inside(folder), True
        self.operations: list[Operation] = []
        self.lock = threading.RLock()

    def __call__(self, name: str, real: Any, *given: Any, **named: Any) -> Any:
        with self.lock:
            concerns = self.on and self.inside.concerns(name, given, named)
            folder = named.get("dir_fd", named.get("src_dir_fd"))
            path = self.inside.path(given[0], folder) if concerns else ""
            result = None if name == "fsync" else real(*given, **named)
            self.inside.note(name, result, given, named)
            operation = self._operation(name, path, result, given, named) if concerns else None
            if operation is not None:
                self.operations.append(operation)
        return result

    def committed(self, key: tuple[int, ...]) -> None:
        """Write down that a tile is committed."""
        with self.lock:
            self.operations.append(("committed", key))

    def _operation(
        self, name: str, path: str, result: Any, given: tuple[Any, ...], named: dict[str, Any]
    ) -> Operation | None:
        """What a call did, as a `Disk` does it again; None where it changed nothing."""
        match name:
            case "open":
                number = result if isinstance(result, int) else result.fileno()
                return ("open", number, path, *_how(given[1]), posix.fstat(number).st_ino)
            case "write":
                place = os.lseek(given[0], 0, os.SEEK_CUR) - result
                return "write", given[0], place, bytes(memoryview(given[1]).cast("B")[:result])
            case "rename" | "replace" | "link":
                how = "link" if name == "link" else "rename"
                return how, path, self.inside.path(given[1], named.get("dst_dir_fd"))
            case "renameat2":
                return ("exchange", *map(self.inside.path, given[1:4:2])) if result == 0 else None
            case "unlink" | "remove" | "rmdir":
                return "unlink", path
            case "close" | "fsync" | "ftruncate":
                return (name, *given)
            case "mkdir":
                return "mkdir", path
            case "syncfs":
                return ("syncfs",)
        return None


def _how(mode: int | str) -> tuple[bool, bool]:
    """Whether opening a file creates it, and empties it."""
    if isinstance(mode, str):
        return mode[0] in "wax", mode[0] == "w"
    return bool(mode & os.O_CREAT), bool(mode & os.O_TRUNC)
