"""SIGKILL at a random moment of a command, and, of half of those, again while it is gone on with."""

import random
from collections.abc import Iterator

from ..file_calls import install
from ..scenarios import SCENARIOS, Bench, Scenario
from ..suite import Outcome
from ..trial import Action, Trial, seconds_of

NAME = "SIGKILL at a random moment"


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end."""
    durations: dict[Scenario, float] = {}
    number = 0
    while True:
        for scenario in SCENARIOS:
            number += 1
            if scenario not in durations:
                durations[scenario] = seconds_of(bench, scenario)
            trial, kills = Trial(bench, scenario, f"kill {number}"), 0
            while True:
                code = trial.start(without_syncing).kill_after(chance.uniform(0, 1.1 * durations[scenario]))
                kills += code == -9
                if code != -9 or chance.random() < 0.5:
                    break
            if kills:
                yield Outcome(scenario.name, kills, trial.judge())


def without_syncing(action: Action) -> Action:
    """The same without waiting for the disk, since a kill alone loses nothing that was written."""

    def quick() -> int:
        install(lambda name, real, *given, **named: None if name == "fsync" else real(*given, **named))
        return action()

    return quick
