"""Parts of one sweep at once, killed at random moments and begun again, some of them twice at a time."""

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from equisweep.engine.store.cube import Cube
from equisweep.engine.store.resume import missing_tiles

from .children import Child, call
from .scenarios import SCENARIOS, Bench, Scenario
from .suite import Outcome
from .trial import Trial
from .writers import slowly

NAME = "parts of a sweep at once"
_PARTS = 8


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end."""
    scenarios = [replace(one, parts=_PARTS) for one in SCENARIOS if one.parts]
    for number in itertools.count():
        yield _trial(bench, scenarios[number % len(scenarios)], chance, number)


def _trial(bench: Bench, scenario: Scenario, chance: random.Random, number: int) -> Outcome:
    """Begin all parts, kill some and begin those again; in the end all is there and in order."""
    trial = Trial(bench, scenario, f"parts {number}")
    left = {part: chance.choice([0, 0, 1, 2]) for part in range(1, _PARTS + 1)}
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
    return Outcome(f"{scenario.name}, {_PARTS} at once", _PARTS + kills, [*named, *trial.judge()])


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
