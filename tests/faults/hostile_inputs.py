"""Every hostile input, and whether it was refused: in one clear line, soon, in little memory.

``python -m faults.hostile_inputs`` prints a table of all of them; ``--every N`` takes one of N.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .hostile import (
    arguments,
    beside,
    declarations,
    inputs,
    joins,
    models,
    places,
    surroundings,
    tables,
    texts,
)
from .hostile.case import CPU_SECONDS, Case, complaint
from .hostile.made import Made, make
from .hostile.runner import outcome_of, warm_up

CATALOGUE = (places, declarations, texts, inputs, models, arguments, beside, tables, joins, surroundings)
NAME = "hostile inputs"
KINDS = {
    "files": "pipes, devices, folders, sparse files in the place of files",
    "sizes": "metadata that declare too much, or are none",
    "texts": "escape sequences, formulas and megabytes as text",
    "sweeps": "sweep files",
    "models": "model files",
    "structures": "matrices of factors",
    "arguments": "arguments of commands",
    "beside": "what lies beside the numbers, and commands that ask no cube",
    "tables": "tables, networks, statistics and correlations that a sweep names",
    "joins": "a second cube, or another sweep for one",
    "surroundings": "environment, limits, streams, addresses",
    "python": "arguments of Python's functions",
}


def catalogue(made: Made) -> list[Case]:
    """All hostile inputs, in an order in which any part of them has something of every kind."""
    cases = [case for module in CATALOGUE for case in module.cases(made)]
    random.Random(0).shuffle(cases)
    return cases


def tried(
    cases: Sequence[Case],
    folder: Path,
    seconds: float,
    cpu_seconds: float,
    show: bool = False,
    log: Path | None = None,
) -> tuple[Counter[str], dict[str, str]]:
    """Try cases until the time is up: how many of each kind, and what is wrong with those that fell short.

    `cpu_seconds` is what a command may take. Each is written into `log` at once, if there is one.
    """
    count: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    until = time.monotonic() + seconds
    for number, case in enumerate(cases):
        if time.monotonic() > until:
            break
        here = folder / str(number)
        here.mkdir()
        outcome = outcome_of(case.prepare(here), here)
        count[case.kind] += 1
        reason = complaint(case, outcome, cpu_seconds)
        if reason:
            wrong[f"{case.kind}: {case.name}"] = reason
        if log:
            reasons = [f"{case.name}: {reason}"] if reason else []
            with log.open("a") as file:
                file.write(json.dumps([KINDS[case.kind], 1, reasons]) + "\n")
        if show and reason:
            print(
                f"{case.kind}: {case.name}: {reason} [{outcome.cpu:.1f} s, {outcome.megabytes:.0f} MB]",
                flush=True,
            )
        places.remove(here)
    return count, wrong


def main(
    minutes: float = 20.0,
    every: int = 1,
    match: str = "",
    cpu_seconds: float = CPU_SECONDS,
    show: bool = False,
    log: Path | None = None,
) -> list[tuple[str, int, int]]:
    """Try every hostile input, or what the time allows: of each kind how many were tried, and held."""
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder))
        cases = [case for case in catalogue(made) if match in f"{case.kind}: {case.name}"][::every]
        count, wrong = tried(cases, Path(folder), minutes * 60, cpu_seconds, show, log)
    lost = Counter(name.partition(":")[0] for name in wrong)
    for name, reason in wrong.items():
        print(f"{name}: {reason}", file=sys.stderr)
    return [(KINDS[kind], number, number - lost[kind]) for kind, number in count.items()]


def _command() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--match", default="")
    parser.add_argument("--cpu-seconds", type=float, default=CPU_SECONDS, help="that a command may take")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    rows = main(options.minutes, options.every, options.match, options.cpu_seconds, options.show, options.log)
    if options.json:
        print(json.dumps(rows))
    else:
        print("| hostile inputs | tried | held |\n|---|---:|---:|")
        for row in rows:
            print("| {} | {} | {} |".format(*row))
    return int(any(number != held for _, number, held in rows))


if __name__ == "__main__":
    sys.exit(_command())
