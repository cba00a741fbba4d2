"""Several processes write and read one cube at once: all is done, and nobody reads what is not so."""

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from equisweep.engine import writer
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.resume import missing_tiles
from equisweep.sweeps import CubeError

from ..aftermath import wrong_numbers
from ..children import Child, call
from ..cubes import Kind
from ..scenarios import SCENARIOS, Bench, Scenario
from ..suite import Outcome
from ..trial import Action, Trial, ended_badly

NAME = "several processes at once"
_READS = 40
_MANY = 8  # parts at once
_LONG = 0.1  # seconds that each tile takes longer, so that two who write do so at one time


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end: writers beside a writer, readers beside a writer, parts."""
    scenarios = [one for one in SCENARIOS if one.verb != "read"]
    of_parts = [replace(one, parts=_MANY) for one in SCENARIOS if one.parts]
    for number in itertools.count():
        scenario = scenarios[number // 3 % len(scenarios)]
        if number % 3 == 0:
            yield _writers(bench, scenario, chance, number)
        elif number % 3 == 1:
            yield _readers(bench, scenario, chance, number)
        else:
            yield _parts(bench, of_parts[number // 3 % len(of_parts)], chance, number)


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


def _parts(bench: Bench, scenario: Scenario, chance: random.Random, number: int) -> Outcome:
    """Begin all parts, kill some and begin those again; in the end all is there and in order."""
    trial = Trial(bench, scenario, f"parts {number}")
    left = {part: chance.choice([0, 0, 1, 2]) for part in range(1, _MANY + 1)}
    kills, problems = sum(left.values()), []
    under_way = [_begin(trial, part, chance) for part in (*left, *chance.choices(list(left), k=2))]
    chance.shuffle(under_way)
    while under_way:
        part, child = under_way.pop(0)
        if left[part]:
            time.sleep(chance.uniform(0, 0.1))
            if not child.over():
                child.send(9)
            left[part] -= 1
        code = child.wait()
        if code == -9:
            under_way.append(_begin(trial, part, chance))
        elif code:
            problems.append(f"part {part} ended with {code}: {child.said}")
    problems += _unfinished(trial)
    named = [f"{scenario.name}, {trial.name}: {problem}" for problem in problems]
    return Outcome(f"{scenario.name}, {_MANY} at once", _MANY + kills, [*named, *trial.judge()])


def _begin(trial: Trial, part: int, chance: random.Random) -> tuple[int, Child]:
    command = trial.bench.part(trial.scenario, trial.cube, part)
    return part, Child(slowly(command, chance.uniform(0, 0.02)))


def _unfinished(trial: Trial) -> list[str]:
    """What parts left for others to do, though all of them ended."""
    return call(_left, str(trial.cube))


def _left(cube: str) -> list[str]:
    opened = Cube(Path(cube))
    missing = missing_tiles(opened)
    there = [path.name for path in opened.root.rglob("*") if path.suffix in (".partial", ".writer")]
    problems = {
        f"{len(missing)} tiles are missing": bool(missing),
        f"{there} is left": bool(there),
        "nobody has put it in order": not opened.load_manifest().settled,
    }
    return [problem for problem, holds in problems.items() if holds]


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
