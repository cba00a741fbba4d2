"""Suites of trials: how they are driven, to a number of trials or for a time, and what comes out."""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .scenarios import Bench

SEED = 2026


@dataclass(frozen=True)
class Outcome:
    """One trial: what was tried, how many faults it had, and what did not hold."""

    what: str
    tried: int
    problems: list[str]


@dataclass
class Row:
    """A line of the table: what was tried, how often, and how often all held."""

    what: str
    tried: int = 0
    survived: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count a trial."""
        self.tried += outcome.tried
        self.survived += 0 if outcome.problems else outcome.tried
        self.problems += outcome.problems


Trials = Callable[[Bench, random.Random], Iterator[Outcome]]


@dataclass(frozen=True)
class Share:
    """What one process is to do of a suite, in a folder that it keeps where anything did not hold.

    `made` holds what it shares with others. `trials` or `faults` (of which a trial may have several) are as
    many as it tries; `until`, in seconds of the monotonic clock, is when it ends in any case.
    """

    folder: Path
    seed: int
    made: Bench | None = None
    trials: float = float("inf")
    faults: float = float("inf")
    until: float = float("inf")


def drive(trials: Trials, share: Share, log: Path) -> float:
    """Try so many trials of a suite; each is written into `log` at once. Returns seconds of the processor."""
    tried = 0
    with log.open("a") as file:
        for number, outcome in enumerate(
            trials(Bench(share.folder, share.made), random.Random(share.seed)), 1
        ):
            file.write(json.dumps([outcome.what, outcome.tried, outcome.problems]) + "\n")
            file.flush()
            tried += outcome.tried
            if number >= share.trials or tried >= share.faults or time.monotonic() > share.until:
                break
    return sum(os.times()[:4])


def rows_of(logs: list[Path]) -> list[Row]:
    """The rows of a suite, by what was tried: of all that its processes have written so far."""
    rows: dict[str, Row] = {}
    for log in logs:
        for line in log.read_text().splitlines(keepends=True) if log.exists() else ():
            if line.endswith("\n"):
                outcome = Outcome(*json.loads(line))
                rows.setdefault(outcome.what, Row(outcome.what)).add(outcome)
    return sorted(rows.values(), key=lambda row: row.what)


def scratch() -> Path:
    """A new folder, in memory where there is some: what is not synced is dropped by hand here."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    return Path(tempfile.mkdtemp(prefix="equisweep-faults-", dir=memory))
