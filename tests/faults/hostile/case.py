"""One hostile input, and what has to be true of a command that meets it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# A command that is refused takes less than this: of the processor, with the processes that it starts; on the
# clock, since others may hold it up for long, and only waiting without end is a fault; and of memory beyond
# what a command takes that does nothing, which is some 120 MB.
CPU_SECONDS, WALL_SECONDS, MEGABYTES = 2.0, 40.0, 150
LONGEST_LINE = 2000
# A traceback's first line; a control character other than a line feed and a tab.
_BAD = re.compile(r"Traceback \(most recent|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Case:
    """A hostile input.

    Attributes
    ----------
    kind, name
        What sort of input it is, and which one.
    prepare
        Puts it into a folder of its own, and returns the arguments of a command that meets it there; or a
        function that is called instead, which raises SweepError or CubeError, or returns an exit code.
    right
        What the command prints where the input does not concern it; None where it has to be refused.
    """

    kind: str
    name: str
    prepare: Callable[[Path], list[str] | Callable[[], object]]
    right: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a command did: exit code, seconds, megabytes beyond what it began with, and what it printed."""

    code: int
    cpu: float
    wall: float
    megabytes: float
    out: str
    err: str


def complaint(case: Case, outcome: Outcome, cpu_seconds: float = CPU_SECONDS) -> str:
    """What is wrong with how a command met a hostile input in so many seconds; empty where nothing is."""
    if outcome.wall > WALL_SECONDS:
        return f"took {outcome.wall:.0f} s"
    if outcome.cpu > cpu_seconds:
        return f"took {outcome.cpu:.1f} s of CPU"
    if outcome.megabytes > MEGABYTES:
        return f"took {outcome.megabytes:.0f} MB"
    bad = _BAD.search(outcome.out + outcome.err)
    if bad:
        return f"printed {bad[0]!r}"
    if outcome.code == 0:
        if case.right is None or not case.right(outcome.out):
            return f"was not refused: {outcome.out[:200]!r}"
        return ""
    if outcome.code == 1 and outcome.out:  # verify, which names what is damaged
        return ""
    if outcome.code != 2:
        return f"ended with {outcome.code}: {outcome.err[-300:]!r}"
    lines = [line for line in outcome.err.splitlines() if line.startswith("equisweep")]
    if len(lines) != 1 or len(lines[0]) > LONGEST_LINE:
        return f"said {outcome.err[:300]!r}"
    return ""
