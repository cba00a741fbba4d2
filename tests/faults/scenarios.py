"""What is being done to a cube when something goes wrong: one command, on a cube in one state."""

import errno
import os
import posix
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from equisweep.engine import writer
from equisweep.engine.store import durable
from equisweep.engine.store.recorder import Recorder
from equisweep.sweeps import CubeError
from helpers.old_cubes import made_old

from .children import Child, command
from .cubes import TILE_POINTS, Kind, copy

CUBE = "cube.zarr"
HALF_WRITTEN = "0.00000000-1-1.partial"
OLD_FILE = b"what lies where a cube is packed"
GRID, OTHER = Kind(400), Kind(300)
LOW, HIGH = Kind(400, rows=7), Kind(400, rows=12)
FEW, MANY = Kind(400, samples=4), Kind(400, samples=16)


@dataclass(frozen=True)
class Scenario:
    """A command on a cube.

    Attributes
    ----------
    name
        What the command does, in the words of the table.
    kind
        What the cube is to hold afterwards.
    before
        What it holds before; None where there is no cube.
    state
        Of the cube before: "whole"; "half" where its run was killed; "unsynced", whole but never synced.
    options
        Of ``equisweep run``.
    verb
        "run", "verify", "pack" or "read".
    copied
        Whether the cube is a copy, so that its manifest does not vouch for inodes and times.
    old
        Whether version 0.1.0 wrote it, without a manifest.
    damaged
        Whether a shard of it is damaged.
    exchange
        Whether the system can exchange two names.
    links
        Whether the file system has hard links, and renames that replace nothing.
    parts
        In how many parts the sweep is run, one after another; 0: whole.
    """

    name: str
    kind: Kind = GRID
    before: Kind | None = None
    state: str = "whole"
    options: tuple[str, ...] = ()
    verb: str = "run"
    copied: bool = False
    old: bool = False
    damaged: bool = False
    exchange: bool = True
    links: bool = True
    parts: int = 0

    @property
    def overwrites(self) -> bool:
        """Whether the command replaces a cube."""
        return self.verb == "run" and "--overwrite" in self.options

    @property
    def grows(self) -> bool:
        """Whether the command adds points to a cube."""
        old, new = self.before, self.kind
        return old is not None and (new.samples > old.samples or new.rows > old.rows)

    @property
    def careless(self) -> bool:
        """Whether nothing was promised to be on the disk."""
        return "--no-sync" in self.options or self.state == "unsynced"


SCENARIOS = (
    Scenario("a new cube"),
    Scenario("a run that goes on", before=GRID, state="half"),
    Scenario("a cube that grows", kind=MANY, before=FEW),
    Scenario("a half-done cube that grows", kind=MANY, before=FEW, state="half"),
    Scenario("an axis that grows", kind=HIGH, before=LOW),
    Scenario("a half-done cube whose axis grows", kind=HIGH, before=LOW, state="half"),
    Scenario("overwriting", before=OTHER, options=("--overwrite",)),
    Scenario("overwriting in two steps", before=OTHER, options=("--overwrite",), exchange=False),
    Scenario("parts of a new cube", parts=3),
    Scenario("parts of a half-done cube that grows", kind=MANY, before=FEW, state="half", parts=2),
    Scenario("parts of a cube of 0.1.0", before=GRID, state="half", old=True, parts=2),
    Scenario("parts that compute damaged tiles again", before=GRID, damaged=True, parts=2),
    Scenario("a run of a complete cube", before=GRID),
    Scenario("a run of a copied cube", before=GRID, copied=True),
    Scenario("a run of a cube of 0.1.0", before=GRID, state="half", old=True),
    Scenario("syncing what was not synced", before=GRID, state="unsynced"),
    Scenario("computing damaged tiles again", before=GRID, damaged=True),
    Scenario("verify --repair", before=GRID, verb="verify", damaged=True),
    Scenario("verify --repair of a cube of 0.1.0", before=GRID, verb="verify", old=True),
    Scenario("packing", before=GRID, verb="pack"),
    Scenario("packing without hard links", before=GRID, verb="pack", links=False),
    Scenario("packing over a file", before=GRID, verb="pack", options=("--overwrite",)),
    Scenario("reading", before=GRID, verb="read"),
    Scenario("reading a copied cube", before=GRID, verb="read", copied=True),
)


@dataclass
class Bench:
    """A folder in which trials are made: templates of cubes, and a folder for each trial.

    Templates and clean cubes that the bench `made` has are taken from there: several suites share them.
    """

    folder: Path
    made: "Bench | None" = None
    _clean: dict[str, Path] = field(default_factory=dict)

    def sweep_file(self, kind: Kind) -> Path:
        """The sweep file of a kind of cube."""
        path = self.folder / f"{kind.name}.toml"
        if not path.exists():
            path.write_text(kind.text)
        return path

    def template(self, kind: Kind, state: str = "whole") -> Path:
        """A cube of this kind in this state, made once."""
        name = f"{kind.name}-{state}"
        if self.made is not None and (self.made.folder / name).exists():
            return self.made.folder / name / CUBE
        cube = self.folder / name / CUBE
        if not cube.exists():
            cube.parent.mkdir(parents=True)
            action = self._run(kind, cube, ("--no-sync",) if state == "unsynced" else ())
            killed = Child(_killed_half_way(action) if state == "half" else action).wait()
            if killed:  # while another thread was at work
                cube.joinpath("investment", "c", HALF_WRITTEN).write_bytes(b"half of a shard")
        return cube

    def prepare(self, scenario: Scenario, name: str) -> Path:
        """A cube as a trial of the scenario finds it, or the place for a new one, in a new folder."""
        cube = self.folder / name / CUBE
        shutil.rmtree(cube.parent, ignore_errors=True)
        cube.parent.mkdir(parents=True)
        if scenario.before is not None:
            template = self.template(scenario.before, scenario.state)
            (shutil.copytree if scenario.copied else copy)(template, cube)
        if scenario.old:
            made_old(cube)
        if scenario.damaged:
            shard = sorted((cube / "investment" / "c").rglob("0"))[-1]
            raw = bytearray(shard.read_bytes())
            raw[len(raw) // 2] ^= 8
            shard.write_bytes(bytes(raw))
        if scenario.verb == "pack" and scenario.options:
            packed_beside(cube).write_bytes(OLD_FILE)
        return cube

    def action(self, scenario: Scenario, cube: Path) -> Callable[[], int]:
        """The scenario's command."""
        if scenario.parts:
            action = in_order([self.part(scenario, cube, k) for k in range(1, scenario.parts + 1)])
        elif scenario.verb == "run":
            action = self._run(scenario.kind, cube, scenario.options)
        elif scenario.verb == "verify":
            action = command("verify", cube, "--repair")
        elif scenario.verb == "pack":
            action = command("pack", cube, packed_beside(cube), *scenario.options)
        else:
            action = reading(cube, scenario.kind)
        if not scenario.links:
            return _without_links(action)
        return action if scenario.exchange else _without_exchange(action)

    def part(self, scenario: Scenario, cube: Path, number: int) -> Callable[[], int]:
        """The command of one part."""
        return self._run(scenario.kind, cube, ("--part", f"{number}/{scenario.parts}"))

    def clean(self, scenario: Scenario) -> Path:
        """The cube as it is after the scenario's command, and a run after that, where nothing goes wrong."""
        if self.made is not None and scenario.name in self.made._clean:
            return self.made._clean[scenario.name]
        if scenario.name not in self._clean:
            cube = self.prepare(scenario, f"clean {scenario.name}")
            actions = [self.action(scenario, cube), self._run(scenario.kind, cube, ())]
            for action in actions:
                child = Child(action)
                if child.wait() not in (0, 1):
                    raise RuntimeError(f"{scenario.name} fails by itself: {child.said}")
            self._clean[scenario.name] = cube
        return self._clean[scenario.name]

    def make_all(self) -> None:
        """Make what suites share, before they begin. What fails by itself is left to them, which say so."""
        for scenario in SCENARIOS:
            with suppress(RuntimeError):
                self.clean(scenario)

    def _run(self, kind: Kind, cube: Path, options: tuple[str, ...]) -> Callable[[], int]:
        words = ("run", self.sweep_file(kind), "-o", cube, "-q", "--tile-points", str(TILE_POINTS))
        return command(*words, *options)


def in_order(actions: Sequence[Callable[[], int]]) -> Callable[[], int]:
    """An action: several, until one fails."""

    def action() -> int:
        return next((code for code in (one() for one in actions) if code), 0)

    return action


def reading(cube: Path, kind: Kind) -> Callable[[], int]:
    """An action: read all of a cube; exit code 0 where all is right, 2 where it is refused."""

    def action() -> int:
        from .aftermath import wrong_numbers

        try:
            wrong = wrong_numbers(cube, [kind])
        except CubeError as error:
            print(error)
            return 2
        if wrong:
            raise AssertionError(wrong)
        return 0

    return action


def _killed_half_way(action: Callable[[], int]) -> Callable[[], int]:
    """The same, that ends as by SIGKILL after two tiles, and before the third has its record."""

    def killed() -> int:
        real, seen = Recorder.commit, []

        def commit(self: Recorder, *arguments: object) -> None:
            seen.append(1)
            if len(seen) == 3:
                posix._exit(137)
            real(self, *arguments)  # pyright: ignore[reportArgumentType]

        Recorder.commit = commit  # pyright: ignore[reportAttributeAccessIssue]
        return action()

    return killed


def _without_exchange(action: Callable[[], int]) -> Callable[[], int]:
    def two_steps() -> int:
        durable._exchange = lambda *_: False
        return action()

    return two_steps


def _without_links(action: Callable[[], int]) -> Callable[[], int]:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    def looked_first() -> int:
        os.link = no_links
        durable._renamed = lambda *_: errno.EINVAL
        return action()

    return looked_first


def packed_beside(cube: Path) -> Path:
    """Where the scenario's command packs a cube."""
    return cube.with_name(f"{cube.name}.zip")


def reporting(action: Callable[[], int], descriptor: int) -> Callable[[], int]:
    """The same, that writes a line for every tile that is committed, once it is."""

    def reported() -> int:
        real = writer.commit

        def commit(cube: object, tile: object, *rest: object) -> None:
            real(cube, tile, *rest)  # pyright: ignore[reportArgumentType]
            key = ",".join(map(str, tile.key))  # pyright: ignore[reportAttributeAccessIssue]
            posix.write(descriptor, f"{key}\n".encode())

        writer.commit = commit  # pyright: ignore[reportAttributeAccessIssue]
        return action()

    return reported
