"""SIGINT, SIGTERM and SIGHUP at a random moment of a command: it ends in good order and says how to go on."""

import itertools
import os
import posix
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from equisweep.engine import writer
from equisweep.engine.feedback import stop_flag
from equisweep.engine.store.commit import digests
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.shared.parts import part_of, tiles_of_part
from equisweep.sweeps.commands import main as main_module

from ..aftermath import seen
from ..children import CRASHED, Child, call, command
from ..cubes import Kind
from ..scenarios import GRID, SCENARIOS, Bench
from ..suite import Outcome
from ..trial import Action, Trial
from .writers import slowly

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
_SLOW = 0.4  # seconds that each tile takes longer, one after another, so that a swallowed signal shows
_LONGEST = 0.6  # seconds after the beginning of a command until which signals are sent
_AS_GOOD_AS_OVER = 2  # tiles that a command commits at most after a signal that reaches it too late
_STOPPED = (
    "The same command goes on where this one stopped.",
    "the same command starts anew, or goes on where it was",
    "ended at once; committed tiles are intact",
)


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end: every scenario and every command that reads, in turn."""
    writing = [one for one in SCENARIOS if one.verb != "read"]
    for number in itertools.count():
        way = _WAYS[number % len(_WAYS)]
        sent = Sent(_signals(way, chance), chance, ignored="ignored" in way)
        if number % 3 == 2:
            name = list(_READING)[number // 3 % len(_READING)]
            verb, *rest = _READING[name]
            child = Child(sent.marked(command(verb, bench.template(GRID), *rest)), sent.ignoring)
            sent.send(child)
            problems = sent.wrong(child.wait(), child.said)
            yield Outcome(f"reading, {way}", 1, [f"{name}, {sent.signals}: {one}" for one in problems])
            continue
        scenario = writing[number // 3 % len(writing)]
        trial = Trial(bench, scenario, f"signal {number}")
        running = trial.start(
            lambda action, sent=sent: sent.marked(slowly(action, _SLOW, writers=1)), sent.ignoring
        )
        sent.send(running.child)
        problems = [*sent.wrong(running.wait(), trial.said), *_miscounted(trial)]
        named = [f"{scenario.name}, {trial.name}, {sent.signals}: {one}" for one in problems]
        yield Outcome(f"{scenario.verb}, {way}", 1, [*named, *trial.judge()])


class Sent:
    """Signals that a command is sent once it has begun, and what became of it."""

    def __init__(self, signals: list[signal.Signals], chance: random.Random, ignored: bool) -> None:
        self.signals, self.chance = signals, chance
        self.ignoring = (signal.SIGHUP,) if ignored else ()
        self._read, self._write = os.pipe()
        self._over = False

    def marked(self, action: Action) -> Action:
        """The same, which writes a letter when the command has begun (b), when it is over (e), for each tile
        that it commits (t), and whenever it looks whether to stop and is asked to (s).
        """

        def marked() -> int:
            begin, run, commit = main_module._parser, main_module.main, writer.commit
            asked = stop_flag.stop_requested
            heard = {number: signal.getsignal(number) for number in _NUMBERS}

            def committed(*given: Any) -> None:
                posix.write(self._write, b"t")
                commit(*given)

            def looked() -> bool:
                answer = asked()
                if answer:
                    posix.write(self._write, b"s")
                return answer

            def parser(commands: Any) -> Any:
                posix.write(self._write, b"b")
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _NUMBERS)
                return begin(commands)

            def main(arguments: Any, **how: Any) -> int:
                # Of several commands in one process each begins as in a process of its own.
                signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)
                for number, handler in heard.items():
                    signal.signal(number, handler)
                code = run(arguments, **how)
                posix.write(self._write, b"e")
                return code

            main_module._parser, main_module.main = parser, main
            writer.commit, stop_flag.stop_requested = committed, looked
            return action()

        return marked

    def send(self, child: Child) -> None:
        """Send the signals, the first at a random moment after the command has begun."""
        os.close(self._write)
        if os.read(self._read, 1):
            time.sleep(self.chance.uniform(0, _LONGEST))
        os.set_blocking(self._read, False)
        marks = b"b" + self._marks()
        self._over = marks.rfind(b"e") > marks.rfind(b"b")
        for number in self.signals:
            child.send(number)
            time.sleep(self.chance.choice([0, self.chance.uniform(0, 0.05)]))

    def wrong(self, code: int, said: str) -> list[str]:
        """What is wrong with how the command ended."""
        marks = self._marks()
        os.close(self._read)
        until = marks.partition(b"e")[0]  # of a later command that it did not reach it says nothing
        after = until.count(b"t"), until.count(b"s")
        if "Traceback" in said or code == CRASHED:
            return [f"ended with {code} and:\n{said}"]
        if self.ignoring:
            good = code in (0, 1)
        elif code == 130 or (len(self.signals) > 1 and any(text in said for text in _STOPPED)):
            # A second one ends a process that has said it, here by its number.
            good = any(text in said for text in _STOPPED) and code in (130, *(-n for n in self.signals))
        else:  # it was over, or as good as over
            unheard = after[0] <= _AS_GOOD_AS_OVER and not after[1]
            good = self._over or (b"e" in marks and (code < 0 or unheard))
        wrong = f"ended with {code} {after} tiles and looks after the signal and said {said!r}"
        return [] if good else [wrong]

    def _marks(self) -> bytes:
        """What the command has written since this was asked before."""
        with suppress(BlockingIOError):
            return os.read(self._read, 2**16)
        return b""


def _miscounted(trial: Trial) -> list[str]:
    """What is wrong with how many tiles a stopped run says are committed."""
    said = re.search(
        r"stopped; ([\d,]+) of ([\d,]+) tiles(?: of part (\d+/\d+)| of (the new cube))? are committed",
        trial.said,
    )
    if said is None:
        return []
    if said[4]:  # the cube that was to be replaced must be there, whole
        before = trial.scenario.before
        assert before is not None
        is_before = call(whole, trial.cube, before)
        return [] if is_before else [f"{trial.scenario.name}, {trial.name}: what was there is not as it was"]
    there = list(call(tiles, trial.cube, said[3] or "1/1"))
    counts = [int(number.replace(",", "")) for number in said.groups()[:2]]
    return [] if there == counts else [f"{trial.scenario.name}, {trial.name}: says {counts}, and {there} are"]


def whole(cube: Path, kind: Kind) -> bool:
    """Whether a cube is of this kind and whole."""
    there = seen(cube, [kind])
    return there.kind == kind and there.whole


def tiles(cube: Path, part: str) -> tuple[int, int]:
    """How many tiles of a part are committed, and how many it has."""
    opened = Cube(cube)
    every = list(opened.layout)
    own = [every[place] for place in tiles_of_part(opened.layout, part_of(part))]
    # One with a damaged shard has its mark until it is computed again, and is no longer committed.
    return sum(digests(opened, tile) is not None for tile in own), len(own)


def _signals(way: str, chance: random.Random) -> list[signal.Signals]:
    first = signal.SIGHUP if "ignored" in way else chance.choice(_NUMBERS)
    return [first, chance.choice(_NUMBERS[:2])] if "twice" in way else [first]
