"""``python -m faults``: every suite for its share of some minutes, or one of them; prints what survived."""

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .children import begin, warm_up
from .planted import PLANTED
from .suite import SEED, Row, drive

# Each is a module with NAME and `trials`; minutes of twenty that it gets, and trials of its short form.
SUITES = {
    "kills": (2.5, 30),
    "failing_calls": (5.5, 64),
    "power_cuts": (1.5, 42),
    "damage": (7.0, 150),
    "writers": (1.0, 8),
    "signals": (1.5, 24),
}
_HOSTILE, _HOSTILE_MINUTES = "hostile_inputs", 1.0
_MINUTES = _HOSTILE_MINUTES + sum(minutes for minutes, _ in SUITES.values())
_HEAD = "| what was tried | tried | survived |\n|---|---:|---:|"


def main() -> int:
    """Run the suites; 1 where anything did not survive."""
    options = _options()
    warm_up()
    if options.planted:
        PLANTED[options.planted][1]()
    failed = False
    print(_HEAD, flush=True)
    for name in options.suites or SUITES:
        rows = _run(name, options)
        failed |= _show(importlib.import_module(f"faults.{name}").NAME, rows)
    if not options.suites and not options.short and importlib.util.find_spec(f"faults.{_HOSTILE}"):
        failed |= _show("hostile inputs", _hostile(options.minutes * _HOSTILE_MINUTES / _MINUTES))
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"of {', '.join(SUITES)}; default: all")
    parser.add_argument("--minutes", type=float, default=20, help="for all suites together (default: 20)")
    parser.add_argument("--short", action="store_true", help="the same few trials every time")
    parser.add_argument("--count", type=int, help="so many trials of each suite")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 2), help="processes at once")
    parser.add_argument("--planted", choices=PLANTED, help="put this mistake into the store")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is random")
    options = parser.parse_args()
    if unknown := set(options.suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    return options


def _run(name: str, options: argparse.Namespace) -> list[Row]:
    """The rows of a suite, of all jobs together."""
    minutes, few = SUITES[name]
    whole = sum(SUITES[one][0] for one in options.suites) or _MINUTES
    share = options.minutes * minutes / whole
    count = few if options.short else options.count
    jobs = 1 if count else options.jobs
    pending = [begin(_job, name, count, None if count else share, options.seed + k) for k in range(jobs)]
    rows: dict[str, Row] = {}
    for one in pending:
        for what, tried, survived, problems in one.result():
            row = rows.setdefault(what, Row(what))
            row.tried, row.survived = row.tried + tried, row.survived + survived
            row.problems += problems
    return list(rows.values())


def _job(name: str, count: int | None, minutes: float | None, seed: int) -> list[Any]:
    trials = importlib.import_module(f"faults.{name}").trials
    rows = drive(trials, count=count, minutes=minutes, seed=seed)
    return [(row.what, row.tried, row.survived, row.problems) for row in rows]


def _show(name: str, rows: list[Row]) -> bool:
    """Print a suite's lines of the table, and what did not survive; returns whether anything did not."""
    total = sum(row.tried for row in rows), sum(row.survived for row in rows)
    print(f"| **{name}** | **{total[0]:,}** | **{total[1]:,}** |")
    for row in sorted(rows, key=lambda row: row.what):
        print(f"| {row.what} | {row.tried:,} | {row.survived:,} |", flush=True)
    for row in rows:
        for problem in row.problems:
            print(problem, file=sys.stderr, flush=True)
    return total[0] != total[1]


def _hostile(minutes: float) -> list[Row]:
    """Rows of the suite of hostile inputs, which computes, and so has an interpreter of its own."""
    program = (
        f"import json, sys; from faults.{_HOSTILE} import main; rows = main({minutes}); "
        "json.dump([list(row) for row in rows], open(sys.argv[1], 'w'))"
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "rows.json")
        result = subprocess.run([sys.executable, "-c", program, str(answer)], check=False)
        if result.returncode:
            took = time.monotonic() - began
            problem = f"the suite itself ended with {result.returncode} after {took:.0f} s"
            return [Row("hostile inputs", 1, 0, [problem])]
        return [Row(*row) for row in json.loads(answer.read_text())]


if __name__ == "__main__":
    sys.exit(main())
