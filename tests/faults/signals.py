"""SIGINT, SIGTERM and SIGHUP at a random moment of a command: it ends in good order and says how to go on."""

import itertools
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from equisweep.engine.store.commit import is_committed
from equisweep.engine.store.cube import Cube

from .children import CRASHED, Child, call, command
from .scenarios import GRID, SCENARIOS, Bench
from .suite import Outcome
from .trial import Trial

NAME = "signals at a random moment"
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WAYS = ("once", "once", "twice in a row", "while SIGHUP is ignored")
_READING = {
    "info": ("info",),
    "query": ("query", "--var", "investment", "--reduce", "mean:alpha"),
    "conditions": ("query", "--where", "investment > 402 and alpha < 0.5"),
    "sql": ("sql", "select avg(investment) from cube"),
    "verify": ("verify",),
}
_STOPPED = (
    "The same command goes on where this one stopped.",
    "the same command starts anew, or goes on where it was",
    "ended at once; committed tiles are intact",
)


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end: every scenario and every command that reads, in turn."""
    writing = [one for one in SCENARIOS if one.verb != "read"]
    seconds: dict[str, float] = {}
    for number in itertools.count():
        way = _WAYS[number % len(_WAYS)]
        signals = _signals(way, chance)
        if number % 3 == 2:
            name = list(_READING)[number // 3 % len(_READING)]
            yield _reading(bench, name, way, signals, seconds, chance)
            continue
        scenario = writing[number // 3 % len(writing)]
        trial = Trial(bench, scenario, f"signal {number} {[s.name for s in signals]}")
        began = time.perf_counter()
        running = trial.start(ignoring=_ignored(way))
        _send(running.child, signals, seconds.get(scenario.name, 0.3), chance)
        code = running.wait()
        if code in (0, 1):
            seconds[scenario.name] = time.perf_counter() - began
        wrong = _wrong(code, trial.said, signals, way)
        problems = [f"{scenario.name}, {trial.name}, {way}: {wrong}"] if wrong else []
        problems += _miscounted(trial)
        yield Outcome(f"{scenario.verb}, {way}", 1, [*problems, *trial.judge()])


def _reading(
    bench: Bench,
    name: str,
    way: str,
    signals: list[signal.Signals],
    seconds: dict[str, float],
    chance: random.Random,
) -> Outcome:
    verb, *rest = _READING[name]
    began = time.perf_counter()
    child = Child(command(verb, bench.template(GRID), *rest), _ignored(way))
    _send(child, signals, seconds.get(name, 0.3), chance)
    code = child.wait()
    if code == 0:
        seconds[name] = time.perf_counter() - began
    wrong = _wrong(code, child.said, signals, way)
    return Outcome(f"reading, {way}", 1, [f"{name}, {[s.name for s in signals]}: {wrong}"] if wrong else [])


def _miscounted(trial: Trial) -> list[str]:
    """What is wrong with how many tiles a stopped run says are committed."""
    said = re.search(r"stopped; ([\d,]+) of ([\d,]+) tiles are committed", trial.said)
    if said is None:
        return []
    there = list(call(tiles, trial.cube))
    told = [int(number.replace(",", "")) for number in said.groups()]
    return [] if there == told else [f"{trial.scenario.name}, {trial.name}: says {told}, and {there} are"]


def tiles(cube: Path) -> tuple[int, int]:
    """How many tiles are committed, and how many there are."""
    opened = Cube(cube)
    return sum(is_committed(opened, tile) for tile in opened.layout), len(opened.layout)


def _ignored(way: str) -> tuple[signal.Signals, ...]:
    return (signal.SIGHUP,) if "ignored" in way else ()


def _signals(way: str, chance: random.Random) -> list[signal.Signals]:
    first = signal.SIGHUP if "ignored" in way else chance.choice(_NUMBERS)
    return [first, chance.choice(_NUMBERS[:2])] if "twice" in way else [first]


def _send(child: Child, signals: list[signal.Signals], seconds: float, chance: random.Random) -> None:
    time.sleep(chance.uniform(0, seconds))
    for number in signals:
        child.send(number)
        time.sleep(chance.choice([0, chance.uniform(0, 0.05)]))


def _wrong(code: int, said: str, signals: list[signal.Signals], way: str) -> str:
    """What is wrong with how a command ended that was sent signals."""
    if "Traceback" in said or code == CRASHED:
        return f"ended with {code} and:\n{said}"
    if code in (0, 1):  # it was over already, or hears no SIGHUP
        return ""
    if "ignored" in way:
        return f"ended with {code} although SIGHUP was ignored when it began: {said!r}"
    if code == 130 and any(text in said for text in _STOPPED):
        return ""
    if code in {-number for number in signals} or (code == 130 and not said):  # before the command, or after
        return ""
    return f"ended with {code} and said {said!r}"
