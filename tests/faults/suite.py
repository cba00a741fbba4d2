"""Suites of trials: how they are driven, for a number of trials or for a time, and what comes out."""

import random
import shutil
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


Trials = Callable[[Bench, random.Random], Iterator[Outcome]]


def drive(
    trials: Trials, *, count: int | None = None, minutes: float | None = None, seed: int = SEED
) -> list[Row]:
    """Rows of a suite, by what was tried: of `count` trials, or of as many as `minutes` allow."""
    rows: dict[str, Row] = {}
    until = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    folder = Path(tempfile.mkdtemp(prefix="equisweep-faults-", dir=_memory()))
    try:
        for number, outcome in enumerate(trials(Bench(folder), random.Random(seed)), 1):
            row = rows.setdefault(outcome.what, Row(outcome.what))
            row.tried += outcome.tried
            row.survived += 0 if outcome.problems else outcome.tried
            for problem in outcome.problems:
                row.problems.append(problem)
            if number == count or time.monotonic() > until:
                break
    finally:
        if not any(row.problems for row in rows.values()):
            shutil.rmtree(folder, ignore_errors=True)
    return list(rows.values())


def _memory() -> str | None:
    """A folder in memory, where there is one: what is not synced is dropped by hand here."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
