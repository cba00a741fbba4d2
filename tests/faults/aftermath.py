"""What holds when something went wrong: nothing committed is lost, nothing wrong is read, a run goes on."""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from equisweep.engine.store.cube import Cube
from equisweep.engine.store.read import Reader
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube, pack, run_report
from helpers.cube_files import contents

from .cubes import TILE_POINTS, Kind
from .scenarios import OLD_FILE, Scenario, packed_beside

Key = tuple[int, ...]


def wrong_numbers(cube: Path, kinds: Iterable[Kind]) -> str:
    """What is wrong with the numbers of a cube that holds one of these kinds; empty where nothing is.

    Every point is right, or its status says that it was not computed. Raises CubeError where the cube is
    refused.
    """
    return seen(cube, kinds).wrong


@dataclass(frozen=True)
class Seen:
    """Which kind of cube was read, what is wrong with its numbers, and whether all points are computed."""

    kind: Kind | None
    wrong: str
    whole: bool


def seen(cube: Path, kinds: Iterable[Kind]) -> Seen:
    """Read all of a cube, which holds one of these kinds. Raises CubeError where it is refused."""
    dataset = open_cube(cube).load()
    wrong, whole = {}, bool((dataset["status"] != 0).all())
    for kind in kinds:
        wrong[kind.name] = _difference(dataset, kind)
        if not wrong[kind.name]:
            return Seen(kind, "", whole)
    return Seen(None, "; ".join(f"no {name}, for {why}" for name, why in wrong.items()), whole)


def _difference(dataset: Any, kind: Kind) -> str:
    space, right = kind.space(), kind.right()
    if dict(dataset.sizes) != dict(zip(space.dims, space.shape, strict=True)):
        return f"its shape is {dict(dataset.sizes)}"
    for axis in space.axes:
        for name, values in axis.values.items():
            if not np.array_equal(dataset[name].values, values):
                return f"the coordinate {name} is wrong"
    computed = dataset["status"].values != 0
    for name, values in right.items():
        there = dataset[name].values
        if not np.array_equal(there[computed], values[computed]):
            return f"{name} is wrong at {int((there != values)[computed].sum())} points"
        if there.dtype.kind == "f" and not np.isnan(there[~computed]).all():
            return f"{name} has numbers where nothing is computed"
    attributes = dataset.attrs.get("sweep", "")
    return "" if attributes == kind.text else "the stored sweep is another one"


def computed(cube: Path) -> np.ndarray:
    """At which points something was computed."""
    reader = Reader(cube)
    return reader.read("status", [slice(None)] * len(reader.cube.layout.grid)) != 0


@dataclass(frozen=True)
class ScenarioPaths:
    """Paths of a scenario: its sweep, the cube as it was before, and as it is where nothing goes wrong."""

    sweep: Path
    template: Path | None
    clean: Path


def aftermath(
    scenario: Scenario, cube: Path, paths: ScenarioPaths, reported: Sequence[Key], careless: bool
) -> list[str]:
    """Problems after a trial of a scenario, in which these tiles were committed.

    `careless`: tiles may be lost, and said to be, as long as no number is wrong and a run computes them.
    """
    kinds = [scenario.kind, *([scenario.before] if scenario.before else [])]
    holds, problems = _read(scenario, cube, kinds, careless)
    known = set() if careless else set(map(tuple, reported))
    if holds == scenario.kind:
        now = computed(cube)
        whole = {tile.key for tile in Cube(cube).layout if now[tile.region].all()}
        problems += [f"committed and lost: {sorted(known - whole)}"] if known - whole else []
        problems += [] if careless else _points_lost(scenario, paths.template, now)
        known = whole
    if scenario.verb == "pack":
        problems += _pack_again(scenario, cube, packed_beside(paths.clean))
    problems += _finish(scenario, cube, paths.sweep, holds, known)
    return problems or _compare(cube, paths.clean, scenario.kind)


def _points_lost(scenario: Scenario, template: Path | None, now: np.ndarray) -> list[str]:
    """What was computed before the command and is no more."""
    if template is None or scenario.overwrites:
        return []
    before = computed(template)
    if scenario.damaged:
        before[list(Cube(template).layout)[-1].region] = False
    lost = before & ~now[tuple(map(slice, before.shape))]
    return [f"{int(lost.sum())} points of before are lost"] if lost.any() else []


def _read(
    scenario: Scenario, cube: Path, kinds: Sequence[Kind], careless: bool
) -> tuple[Kind | None, list[str]]:
    """What the cube holds, and what is wrong with reading it."""
    try:
        there = seen(cube, kinds)
    except CubeError as error:
        allowed = careless or any(said in str(error) for said in _refusals(scenario))
        return None, [] if allowed else [f"reading afterwards: {error}"]
    return there.kind, [f"reading afterwards: {there.wrong}"] if there.wrong else []


def _refusals(scenario: Scenario) -> list[str]:
    """What reading may say until the next run has put things in order."""
    said = []
    if scenario.before is None:
        said.append("no such cube")
    if scenario.grows:
        said.append("was being extended when a run was killed; run the same sweep again first")
    if not scenario.exchange:
        said.append("an overwriting run that was killed left the old one as")
    if scenario.damaged:
        said += ["is another shard than was written here", "a chunk is not what was written"]
        said += ["is missing although its tile is committed"]  # it was taken back, which was not recorded yet
    return said


def _finish(scenario: Scenario, cube: Path, sweep: Path, holds: Kind | None, known: set[Key]) -> list[str]:
    """Run the same command again; what goes wrong. Of the `known` tiles none may be computed again."""
    overwrite = scenario.overwrites and holds != scenario.kind
    try:
        report = run_report(
            Sweep.from_file(sweep), cube, overwrite=overwrite, tile_points=TILE_POINTS, progress=False
        )
    except (CubeError, SweepError) as error:
        return [f"the next run: {error}"]
    missing = report.tiles - (0 if overwrite else len(known))
    if report.computed > missing:
        return [f"the next run computed {report.computed} tiles, and {missing} were missing"]
    return []


def _pack_again(scenario: Scenario, cube: Path, clean: Path) -> list[str]:
    """Pack the cube again; what is wrong with the packed one before that, and afterwards."""
    packed, problems = packed_beside(cube), []
    there = packed.read_bytes() if packed.exists() else None
    right = [clean.read_bytes(), OLD_FILE if scenario.options else None]
    if there not in right:
        problems.append(f"{packed.name} is neither what was there nor a whole cube")
    try:
        pack(cube, packed, overwrite=there is not None)
    except (CubeError, SweepError) as error:
        return [*problems, f"packing again: {error}"]
    if packed.read_bytes() != right[0]:
        problems.append("packed again it has other bytes")
    packed.unlink()  # of the cube's folder nothing else may be left
    return problems


def _contents(cube: Path) -> dict[str, bytes]:
    """The files of a cube. How often a seal was written does not count, but how many there are does."""
    files, seals = contents(cube), itertools.count(1)
    return {re.sub(r"cube-\d+", lambda _: f"seal-{next(seals)}", path): files[path] for path in sorted(files)}


def _compare(cube: Path, clean: Path, kind: Kind) -> list[str]:
    """What of the finished cube is not as where nothing went wrong."""
    wrong = wrong_numbers(cube, [kind])
    problems = [f"in the end: {wrong}"] if wrong else []
    if not verify(cube).sound:
        problems.append(f"in the end verify says {verify(cube)}")
    ours, theirs = _contents(cube), _contents(clean)
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path) != theirs.get(path):
            problems.append(f"in the end {path} is not as it should be")
    left = [path.name for path in cube.parent.iterdir() if path.name != cube.name]
    return [*problems, *([f"in the end there is {left} beside it"] if left else [])]
