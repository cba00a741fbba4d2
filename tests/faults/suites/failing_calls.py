"""The Nth file call of a command fails, is cut short, or is the last one before SIGKILL."""

import errno
import itertools
import os
import posix
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..file_calls import CHANGES, Inside, install
from ..scenarios import SCENARIOS, Bench, Scenario
from ..suite import Outcome
from ..trial import Action, Trial, ended_badly

NAME = "the Nth file call"
FAULTS = (
    "ENOSPC",
    "ENOSPC from then on",
    "EIO",
    "EIO from then on",
    "EINTR",
    "short",
    "killed",
    "killed after",
)


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end, at a random call: in time every fault in every scenario."""
    calls: dict[Scenario, int] = {}
    for number in itertools.count():
        again, at = divmod(number, len(SCENARIOS))
        fault, scenario = FAULTS[(at + again) % len(FAULTS)], SCENARIOS[at]
        if scenario not in calls:
            calls[scenario] = _calls(bench, scenario)
        yield trial(bench, scenario, fault, chance.randrange(calls[scenario]) + 1)


def trial(bench: Bench, scenario: Scenario, fault: str, nth: int) -> Outcome:
    """One trial, repeatable by its fault and the number of its call."""
    # What cannot be read is damaged, and a repair gives it to the next run.
    careless = scenario.verb == "verify" and fault.startswith("EIO")
    one = Trial(bench, scenario, f"{fault} at call {nth}", careless=careless)
    running = one.start(lambda action: failing(action, one.cube.parent, nth, fault))
    code = running.wait()
    wrong = "" if code == -signal.SIGKILL and fault.startswith("killed") else ended_badly(code, one.said)
    problems = [f"{scenario.name}, {one.name}: {wrong}"] if wrong else []
    return Outcome(f"{fault}", 1, [*problems, *one.judge()])


def failing(action: Action, folder: Path, nth: int, fault: str) -> Action:
    """The same, with a fault at the Nth call that concerns a folder (at the next one that can have it)."""

    def faulty() -> int:
        install(_Faulty(folder, nth, fault))
        return action()

    return faulty


class _Faulty:
    """A hook that lets one call fail, or that one and all that change the disk later on."""

    def __init__(self, folder: Path, nth: int, fault: str) -> None:
        self.inside = Inside(folder)
        self.nth, self.fault = nth, fault.partition(" ")[0]
        self.forever, self.after = fault.endswith("from then on"), fault.endswith("after")
        self.count, self.done = 0, False
        self.lock = threading.Lock()

    def __call__(self, name: str, real: Any, *given: Any, **named: Any) -> Any:
        with self.lock:
            inside = self.inside.concerns(name, given, named)
            self.count += inside
            due = inside and self.count >= self.nth and self._can_be(name, given)
            hit = due and (self.forever or not self.done)
            self.done |= hit
        if hit:
            return self._fail(name, real, given, named)
        result = None if name == "fsync" else real(*given, **named)
        self.inside.note(name, result, given, named)
        return result

    def _can_be(self, name: str, given: tuple[Any, ...]) -> bool:
        """Whether this call can have this fault: a full disk lets files be read."""
        if self.fault == "short":
            return name in ("write", "read", "pread", "readv")
        if self.fault == "ENOSPC" or self.forever:
            return name in CHANGES and not (name == "open" and not _writes(given[1]))
        return True

    def _fail(self, name: str, real: Any, given: tuple[Any, ...], named: Any) -> Any:
        if self.fault == "killed":
            if self.after:
                real(*given, **named)
            posix.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "short":
            return real(given[0], _half(name, given[1]), *given[2:], **named)
        number = getattr(errno, self.fault)
        if name == "close":  # which closes all the same
            real(*given, **named)
            self.inside.note(name, None, given, named)
        raise OSError(number, os.strerror(number))


def _writes(mode: int | str) -> bool:
    if isinstance(mode, str):
        return mode != "r"
    return bool(mode & (os.O_WRONLY | os.O_RDWR))


def _half(name: str, data: Any) -> Any:
    """Half of what was to be written, or half of the room that was to be read into."""
    if isinstance(data, int):
        return data if data < 0 else max(data // 2, 1)
    if data is None:
        return None
    view = memoryview(data).cast("B")
    return view[: max(len(view) // 2, min(len(view), 1))]


def _calls(bench: Bench, scenario: Scenario) -> int:
    """How many file calls the scenario's command makes."""
    one = Trial(bench, scenario, "counted")
    counted = _Faulty(one.cube.parent, 10**9, "EIO")

    def counting(action: Action) -> Action:
        def counted_action() -> int:
            install(counted)
            code = action()
            print(f"calls {counted.count}")
            return code

        return counted_action

    one.start(counting).wait()
    return int(one.said.rpartition("calls ")[2])
