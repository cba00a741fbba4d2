"""One trial: a command in a child, to which something happens, and what must hold afterwards."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from .aftermath import ScenarioPaths, aftermath
from .children import CRASHED, Child, call
from .scenarios import CUBE, Bench, Scenario, reporting

Key = tuple[int, ...]
Action = Callable[[], int]


@dataclass
class Trial:
    """A scenario that is begun in a folder of its own, may be gone on with, and is judged in the end.

    `prepared`: the folder is made as the command finds it. `careless`: what was not synced may be lost.
    """

    bench: Bench
    scenario: Scenario
    name: str
    prepared: bool = True
    careless: bool = False

    def __post_init__(self) -> None:
        self.cube = self.bench.folder / self.name / CUBE
        if self.prepared:
            self.bench.prepare(self.scenario, self.name)
        self.reported: set[Key] = set()
        self.said = ""

    def start(
        self, around: Callable[[Action], Action] = lambda action: action, ignoring: Collection[int] = ()
    ) -> "Running":
        """Begin the command, or go on with it; `around` is put around it in the child."""
        return Running(self, around, ignoring)

    def judge(self) -> list[str]:
        """Problems; the trial's folder goes where there are none."""
        scenario, bench = self.scenario, self.bench
        template = bench.template(scenario.before, scenario.state) if scenario.before else None
        paths = ScenarioPaths(bench.sweep_file(scenario.kind), template, bench.clean(scenario))
        try:
            problems = call(aftermath, scenario, self.cube, paths, sorted(self.reported), self.careless)
        except RuntimeError as error:
            problems = [f"in the aftermath {error}"]
        if not problems:
            shutil.rmtree(self.cube.parent)
        return [f"{scenario.name}, {self.name}: {problem}" for problem in problems]


class Running:
    """The command of a trial while it runs; `committed` are the tiles that it says it wrote."""

    def __init__(self, trial: Trial, around: Callable[[Action], Action], ignoring: Collection[int]) -> None:
        self.trial = trial
        self.committed: set[Key] = set()
        if trial.scenario.overwrites:  # what was written before goes with the cube that is replaced
            trial.reported = set()
        self._read, write = os.pipe()
        action = reporting(trial.bench.action(trial.scenario, trial.cube), write)
        self.child = Child(around(action), ignoring)
        os.close(write)

    def kill_after(self, seconds: float) -> int:
        """SIGKILL after so long; the exit code, or minus the signal."""
        time.sleep(seconds)
        self.child.send(signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; the exit code, or minus the signal."""
        code = self.child.wait()
        with open(self._read, encoding="ascii") as lines:  # noqa: PTH123
            self.committed = {tuple(map(int, line.split(","))) for line in lines if line.endswith("\n")}
        self.trial.reported |= self.committed
        self.trial.said = self.child.said
        return code


def ended_badly(code: int, said: str) -> str:
    """What is wrong with how a command ended; empty where it did its work, or said in a line why not."""
    if code in (0, 1):
        return ""
    if code == CRASHED or "Traceback" in said:
        return f"ended with {code} and:\n{said}"
    if code == 2 and said.strip() and len(said.strip().splitlines()) <= 3:
        return ""
    return f"ended with {code} and said {said!r}"


def seconds_of(bench: Bench, scenario: Scenario) -> float:
    """How long the scenario's command takes."""
    trial = Trial(bench, scenario, "timed")
    began = time.perf_counter()
    trial.start().wait()
    return time.perf_counter() - began
