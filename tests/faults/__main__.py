"""``python -m faults``: every suite to its goal, within some minutes; the table of what survived.

The table is written anew every few seconds, so that a run that is stopped, by whatever, leaves what it tried.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .children import Pending, begin, warm_up
from .planted import PLANTED
from .scenarios import Bench
from .suite import SEED, Row, Share, drive, rows_of, scratch


@dataclass(frozen=True)
class Part:
    """What a suite is to reach, its share of the time until then, and trials of its short form.

    `jobs`: how many processes it takes at once, for each that was asked for: signals and writers wait more
    than they compute. `shares`: whether it takes templates and clean cubes of every scenario.
    """

    goal: int
    weight: float
    few: int
    jobs: int = 1
    shares: bool = True


# In this order. What one leaves of its time is the others': the last ones take the most. A share is as long
# as a suite takes to its goal on two cores that are free, as measured, and a tenth more.
SUITES = {
    "signals": Part(150, 0.7, 20, jobs=2),
    "writers": Part(100, 1.0, 9, jobs=2),
    "power_cuts": Part(500, 1.1, 28),
    "failing_calls": Part(1500, 4.6, 30),
    "kills": Part(1000, 2.8, 15),
    "checkpoints": Part(200, 0.8, 8, shares=False),
    "merges": Part(300, 0.6, 10, shares=False),
    "damage": Part(10_000, 7.8, 50, shares=False),
}
_HOSTILE = "hostile_inputs", Part(500, 3.8, 0)
_EVERY = 5.0  # seconds after which the table is written anew
_HEAD = "| what was tried | tried | survived |\n|---|---:|---:|"


def main() -> int:
    """Run the suites; 1 where anything did not survive, 130 where they were stopped."""
    options = _options()
    table = Table(options.table)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder, code = scratch(), 130
    try:
        warm_up()
        if options.planted:
            PLANTED[options.planted][1]()
        made = _made(options, folder)
        if options.short:
            _short(options, folder, table, made)
        else:
            _long(options, folder, table, made)
        code = 0
    except KeyboardInterrupt:
        print("stopped; the table is of what was done so far", file=sys.stderr)
    finally:
        table.finish()
    if table.failed:
        print(f"what did not survive lies in {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code or int(table.failed)


class Table:
    """The rows of all suites so far, as Markdown: in a file while they are tried, printed in the end."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.logs = path, dict[str, list[Path]]()

    @property
    def failed(self) -> bool:
        """Whether anything did not survive."""
        return any(row.tried != row.survived for logs in self.logs.values() for row in rows_of(logs))

    def text(self) -> str:
        """The table."""
        lines = [_HEAD]
        for name, logs in self.logs.items():
            rows = rows_of(logs)
            total = Row(f"**{_name(name)}**", sum(r.tried for r in rows), sum(r.survived for r in rows))
            lines.append(f"| {total.what} | **{total.tried:,}** | **{total.survived:,}** |")
            lines += [f"| {row.what} | {row.tried:,} | {row.survived:,} |" for row in rows]
        return "\n".join(lines) + "\n"

    def save(self) -> None:
        """Write it to its file, if it has one."""
        if self.path is not None:
            partial = self.path.with_name(f"{self.path.name}.partial")
            partial.write_text(self.text(), encoding="utf-8")
            partial.replace(self.path)

    def finish(self) -> None:
        """Print it, and on standard error what did not survive."""
        self.save()
        print(self.text(), flush=True)
        for logs in self.logs.values():
            for row in rows_of(logs):
                for problem in row.problems:
                    print(problem, file=sys.stderr, flush=True)


def _module(suite: str) -> Any:
    return importlib.import_module(f"faults.{'' if suite == _HOSTILE[0] else 'suites.'}{suite}")


def _name(suite: str) -> str:
    return _module(suite).NAME


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    known = [*SUITES, _HOSTILE[0]]
    parser.add_argument("suites", nargs="*", help=f"of {', '.join(known)}; default: all")
    parser.add_argument("--minutes", type=float, default=20, help="for all suites together (default: 20)")
    parser.add_argument("--short", action="store_true", help="the same few trials every time")
    parser.add_argument("--count", type=int, help="so many trials of each suite")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 2), help="processes at once")
    parser.add_argument("--table", type=Path, metavar="FILE", help="where the table is written, too")
    parser.add_argument("--planted", choices=PLANTED, help="put this mistake into the store")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is random")
    options = parser.parse_args()
    if unknown := set(options.suites) - set(known):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    options.suites = options.suites or ([*SUITES] if options.short or options.count else known)
    if options.table:
        options.table.parent.mkdir(parents=True, exist_ok=True)
    return options


def _made(options: argparse.Namespace, folder: Path) -> Bench | None:
    """What suites share, made now where there are several of those."""
    if sum(SUITES[name].shares for name in options.suites if name in SUITES) < 2:
        return None
    bench = Bench(_folder(folder, "made"))
    bench.make_all()
    return bench


def _short(options: argparse.Namespace, folder: Path, table: Table, made: Bench | None) -> None:
    """One suite after another; those that wait more than they compute do so beside them."""
    waiting: list[Job] = []
    try:
        for name in sorted(options.suites, key=lambda name: -SUITES[name].jobs):
            trials = SUITES[name].few
            share = Share(_folder(folder, name), options.seed, made, trials=trials)
            job = _begin(name, share, table)
            if SUITES[name].jobs > 1:
                waiting.append(job)
            else:
                _wait([job], table)
    finally:
        _wait(waiting, table)


def _long(options: argparse.Namespace, folder: Path, table: Table, made: Bench | None) -> None:
    """One suite after another, each to its goal or to the end of its share of the time that is left."""
    end = time.monotonic() + 60 * options.minutes
    parts = {name: SUITES.get(name, _HOSTILE[1]) for name in options.suites}
    for place, (name, part) in enumerate(parts.items()):
        left = sum(one.weight for one in [*parts.values()][place:])
        now = time.monotonic()
        until = now + (end - now) * part.weight / left
        if name == _HOSTILE[0]:
            log = folder / f"{name}.log"
            table.logs[name] = [log]
            _wait([Job(name, Interpreter(log, (until - now) / 60))], table)
            continue
        count = 1 if options.count else options.jobs * part.jobs
        shares = [
            Share(
                _folder(folder, f"{name}-{k}"),
                options.seed + k,
                made,
                trials=options.count or float("inf"),
                faults=float("inf") if options.count else -(-part.goal // count),
                until=float("inf") if options.count else until,
            )
            for k in range(count)
        ]
        _wait([_begin(name, share, table) for share in shares], table)


class Interpreter:
    """The suite of hostile inputs, which computes, and so has an interpreter of its own."""

    def __init__(self, log: Path, minutes: float) -> None:
        command = [
            sys.executable,
            "-m",
            f"faults.{_HOSTILE[0]}",
            "--minutes",
            str(minutes),
            "--log",
            str(log),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def over(self) -> bool:
        """As of a `Pending`."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """As of a `Pending`."""
        self._process.kill()
        self._process.wait()

    def result(self) -> float:
        """Seconds of the processor, its own and those of its children; RuntimeError where it failed."""
        if self._process.wait() not in (0, 1):
            raise RuntimeError(f"it ended with {self._process.returncode}")
        return sum(os.times()[2:4])


@dataclass
class Job:
    """A process that tries trials of a suite."""

    suite: str
    pending: Pending | Interpreter


def _folder(folder: Path, name: str) -> Path:
    inside = folder / name
    inside.mkdir()
    return inside


def _begin(name: str, share: Share, table: Table) -> Job:
    log = share.folder.with_suffix(".log")
    table.logs.setdefault(name, []).append(log)
    return Job(name, begin(_job, name, share, log))


def _job(name: str, share: Share, log: Path) -> float:
    return drive(_module(name).trials, share, log)


def _wait(jobs: Sequence[Job], table: Table) -> None:
    """Wait for processes, and write the table meanwhile; they end when waiting is interrupted."""
    try:
        saved = time.monotonic()
        while not all(job.pending.over() for job in jobs):
            time.sleep(0.05)
            if time.monotonic() - saved > _EVERY:
                table.save()
                saved = time.monotonic()
        seconds: dict[str, Any] = {}
        for job in jobs:
            try:
                spent = job.pending.result()
            except RuntimeError as error:
                spent = 0.0
                with table.logs[job.suite][0].open("a") as log:
                    log.write(json.dumps(["the suite itself", 1, [str(error)]]) + "\n")
            seconds[job.suite] = seconds.get(job.suite, 0.0) + spent
        for suite, spent in seconds.items():
            tried = sum(row.tried for row in rows_of(table.logs[suite]))
            print(f"{suite}: {tried:,} in {spent:.0f} s of the processor", file=sys.stderr, flush=True)
        table.save()
    except BaseException:
        for job in jobs:
            job.pending.kill()
        raise


if __name__ == "__main__":
    sys.exit(main())
