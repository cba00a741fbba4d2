"""Time cases in turn: first call and steady state apart, CPU time beside wall time, errors achieved.

A benchmark lists its `Case`s; `measure` returns a row for each, as a plain dict that goes into the JSON.
A peer that does not import, fails or takes too long gets a row that says so.
"""

import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]  # from which makers of cases are imported
OURS, PROBE = "equisweep", "hashing threads"

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One way of doing one piece of work.

    Parameters
    ----------
    who : the peer, which has a process of its own.
    variant : how it is used: method, tolerance, threads.
    maker : ``"module:function"`` in this folder. ``function(**options)`` returns (run, check): ``run()``
        does the work and waits for it, ``check(result)`` returns numbers such as error and steps. A third
        function, if there is one, is called before each run and not timed.
    options : keywords of the maker, JSON values.
    size : pieces of work (lanes, points) that one call does.
    needs : modules without which the peer is "not installed".
    note : what a reader must know, such as that only a subsample is computed.
    """

    who: str
    variant: str
    maker: str
    options: dict[str, Any]
    size: int
    needs: tuple[str, ...] = ()
    note: str = ""


@dataclass
class Budget:
    """How long to measure: repeats, seconds of steady state per case, seconds until a call is given up."""

    repeats: int = 5
    seconds: float = 10.0
    limit: float = 300.0


@dataclass
class _Timing:
    first: float | None = None
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    checked: dict[str, Any] = field(default_factory=dict)
    status: str = "ok"


class Worker:
    """The process of one peer; see `worker`. `cache`: a folder for compilers, empty at first."""

    def __init__(self, cache: str) -> None:
        environment = os.environ | {
            "EQX_ON_ERROR": "nan",
            "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONWARNINGS": "ignore",
            "XDG_CACHE_HOME": cache,
        }
        command = [sys.executable, str(HERE / "tools" / "worker.py")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, limit: float, **request: Any) -> dict[str, Any]:
        """The answer to one request; where none comes within `limit` seconds, the process is ended."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            if select.select([process.stdout], [], [], limit)[0]:
                line = process.stdout.readline()
                if line:
                    return json.loads(line)
                return {"gone": f"its process ended with code {process.wait()}"}
            process.kill()
            return {"gone": f"stopped after {limit:g} s"}
        except BrokenPipeError:
            return {"gone": f"its process ended with code {process.wait()}"}

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def measure(cases: Sequence[Case], budget: Budget, log: Callable[[str], None] | None = None) -> list[Row]:
    """Measure all cases in turn: every case once, then every case again, until the repeats are done.

    The last row is that of `probe`, measured among them: how many cores other programs left.
    """
    cases = [*cases, Case(PROBE, "one per core", "tools.probe:hashing", {}, 1)]
    with tempfile.TemporaryDirectory(prefix="equisweep-cache-") as cache:
        session = _Session(cases, budget, log or _to_terminal, cache)
        try:
            session.first_calls()
            session.steady_state()
            session.check()
        finally:
            for worker in session.workers.values():
                worker.close()
    return [row(case, timing) for case, timing in zip(cases, session.timings, strict=True)]


class _Session:
    """One run: the processes, and what is known of each case so far."""

    def __init__(self, cases: Sequence[Case], budget: Budget, log: Callable[[str], None], cache: str) -> None:
        self.cases, self.budget, self.log, self.cache = cases, budget, log, cache
        self.workers: dict[str, Worker] = {}
        self.timings = [_Timing() for _ in cases]

    def first_calls(self) -> None:
        for i, (case, timing) in enumerate(zip(self.cases, self.timings, strict=True)):
            if case.who not in self.workers:
                self.workers[case.who] = Worker(self.cache)
            request = {"maker": case.maker, "options": case.options, "needs": list(case.needs)}
            answer = self._ask(i, do="make", **request)
            if answer:
                timing.first = answer["seconds"]
            outcome = timing.status if timing.first is None else f"first call {timing.first:.2f} s"
            self.log(f"  {case.who}: {case.variant}: {outcome}")

    def steady_state(self) -> None:
        for _ in range(self.budget.repeats):
            for i, timing in enumerate(self.timings):
                if timing.status == "ok" and _has_time(timing, self.budget):
                    answer = self._ask(i, do="run")
                    if answer:
                        timing.seconds.append(answer["seconds"])
                        timing.cpu.append(answer["cpu"])

    def check(self) -> None:
        for i, timing in enumerate(self.timings):
            if timing.status == "ok":
                timing.checked = self._ask(i, do="check") or {}

    def _ask(self, i: int, **request: Any) -> dict[str, Any] | None:
        """The answer of case i's process; None where something is wrong, which its status then says."""
        case, timing = self.cases[i], self.timings[i]
        answer = self.workers[case.who].ask(self.budget.limit, case=i, **request)
        if "gone" in answer:
            self.workers.pop(case.who).close()
            for other, known in zip(self.cases, self.timings, strict=True):
                if other.who == case.who and known.first is not None and known.status == "ok":
                    known.status = "failed: its process ended in another case"
        timing.status = _status(answer, case)
        return answer if timing.status == "ok" else None


def _status(answer: dict[str, Any], case: Case) -> str:
    if "missing" in answer and case.needs:
        return f"not installed: {answer['missing']}"
    if "missing" in answer or "failed" in answer:
        return f"failed: {answer.get('missing') or answer['failed']}"
    return answer.get("gone", "ok")


def _has_time(timing: _Timing, budget: Budget) -> bool:
    return not timing.seconds or sum(timing.seconds) + max(timing.seconds) <= budget.seconds


def row(case: Case, timing: Any) -> Row:
    """A case and its timing as one row of the results."""
    median = statistics.median(timing.seconds) if timing.seconds else None
    checked = dict(timing.checked)
    relative_range = None
    if median and len(timing.seconds) > 1:
        relative_range = (max(timing.seconds) - min(timing.seconds)) / median
    return {
        "who": case.who,
        "variant": case.variant,
        "options": case.options,
        "size": case.size,
        "steps": checked.pop("steps", None),
        "error": checked.pop("error", None),
        "error_999": checked.pop("error_999", None),
        "first_call": timing.first,
        "seconds": timing.seconds,
        "median": median,
        "spread": relative_range,
        "cpu": statistics.median(timing.cpu) if timing.cpu else None,
        "rate": case.size / median if median else None,
        "ratio": None,
        "cores": sum(timing.cpu) / sum(timing.seconds) if timing.seconds else None,
        "note": "; ".join(filter(None, [case.note, *(f"{k} {v}" for k, v in checked.items())])),
        "status": timing.status,
    }


def ratios(rows: Iterable[Row], ours: Callable[[Row], float | None]) -> None:
    """Fill in ``ratio``: our rate, as `ours` tells it for a row, over the row's."""
    for r in rows:
        mine = ours(r)
        r["ratio"] = mine / r["rate"] if mine and r["rate"] else None


def best(rows: Iterable[Row], who: str) -> Row | None:
    """The fastest row of a peer; None where it has none."""
    theirs = [r for r in rows if r["who"] == who and r["rate"]]
    return max(theirs, key=lambda r: r["rate"], default=None)


def _to_terminal(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
