"""Several processes write and read one cube at once: all is done once, and nobody reads what is not so."""

import itertools
import random
import time
from collections.abc import Iterator

from equisweep.engine import writer
from equisweep.sweeps import CubeError

from .aftermath import wrong_numbers
from .children import Child
from .cubes import Kind
from .scenarios import SCENARIOS, Bench, Scenario
from .suite import Outcome
from .trial import Action, Trial, ended_badly

NAME = "several processes at once"
_READS = 40
_LONG = 0.1  # seconds that each tile takes longer, so that two who write do so at one time


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end: writers beside a writer, then readers beside a writer."""
    scenarios = [one for one in SCENARIOS if one.verb != "read"]
    for number in itertools.count():
        scenario = scenarios[number // 2 % len(scenarios)]
        if number % 2:
            yield _readers(bench, scenario, chance, number)
        else:
            yield _writers(bench, scenario, chance, number)


def _writers(bench: Bench, scenario: Scenario, chance: random.Random, number: int) -> Outcome:
    """Two or three commands begin at almost the same time."""
    trial = Trial(bench, scenario, f"writers {number}", careless=scenario.overwrites)
    running = []
    for _ in range(chance.choice([2, 2, 3])):
        running.append(trial.start(lambda action: slowly(action, _LONG, writers=1)))
        time.sleep(chance.choice([0, chance.uniform(0, 0.2)]))
    problems = []
    for one in running:
        wrong = ended_badly(one.wait(), trial.said)
        problems += [f"{scenario.name}, {trial.name}: {wrong}"] if wrong else []
    if not (scenario.overwrites or scenario.parts):  # these write what another has just written
        twice = [key for a, b in itertools.combinations(running, 2) for key in a.committed & b.committed]
        problems += [f"{scenario.name}, {trial.name}: written by two: {twice}"] if twice else []
    return Outcome(f"{len(running)} writers", 1, [*problems, *trial.judge()])


def _readers(bench: Bench, scenario: Scenario, chance: random.Random, number: int) -> Outcome:
    """Two readers read all of the cube, over and over, while it is written."""
    trial = Trial(bench, scenario, f"readers {number}")
    kinds = [scenario.kind, *([scenario.before] if scenario.before else [])]
    writing = trial.start(lambda action: slowly(action, chance.uniform(0.002, 0.03)))
    readers = [Child(lambda: _read_on(trial, kinds)) for _ in range(2)]
    wrong = ended_badly(writing.wait(), trial.said)
    problems = [wrong] if wrong else []
    for reader in readers:
        if reader.wait():
            problems.append(f"a reader {reader.said}")
    named = [f"{scenario.name}, {trial.name}: {problem}" for problem in problems]
    return Outcome("2 readers beside a writer", 2, [*named, *trial.judge()])


def _read_on(trial: Trial, kinds: list[Kind]) -> int:
    """Read while the cube is written: what is read is right, or is refused in a line."""
    for _ in range(_READS):
        try:
            wrong = wrong_numbers(trial.cube, kinds)
        except CubeError:
            time.sleep(0.005)
            continue
        if wrong:
            print(wrong)
            return 1
    return 0


def slowly(action: Action, seconds: float, writers: int = writer.WRITERS) -> Action:
    """The same, taking longer over each tile, as many of which are written at once."""

    def slow() -> int:
        real = writer.commit

        def commit(*given: object) -> None:
            time.sleep(seconds)
            real(*given)  # pyright: ignore[reportArgumentType]

        writer.WRITERS = writers
        writer.commit = commit  # pyright: ignore[reportAttributeAccessIssue]
        return action()

    return slow
