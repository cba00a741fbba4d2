"""Bits are flipped, files cut, deleted and swapped: the cube is refused, or its numbers are right."""

import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, run_report
from helpers.old_cubes import made_old

from ..aftermath import computed, seen
from ..children import call
from ..cubes import TILE_POINTS, Kind, copy, vouch
from ..scenarios import CUBE, GRID, MANY, OTHER, Bench
from ..suite import Outcome

NAME = "damage"
OTHERS = (OTHER, Kind(OTHER.loss, MANY.samples))  # cubes of the same shapes
_BATCH = 10  # trials in one child
_RUNS = 10  # of so many trials one goes on to a run and a repair


def _flip(path: Path, chance: random.Random) -> None:
    raw = bytearray(path.read_bytes())
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    _in_place(path, raw)


def _zeros(path: Path, chance: random.Random) -> None:
    raw = bytearray(path.read_bytes())
    start = chance.randrange(len(raw) + 1)
    stop = chance.choice([len(raw), chance.randint(start, len(raw))])
    raw[start:stop] = bytes(stop - start)
    _in_place(path, raw)


def _noise(path: Path, chance: random.Random) -> None:
    raw = bytearray(path.read_bytes())
    start = chance.randrange(len(raw) + 1)
    length = min(len(raw) - start, chance.choice([4, 16, 512]))
    raw[start : start + length] = chance.randbytes(length)
    _in_place(path, raw)


def _cut(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    _in_place(path, path.read_bytes()[: chance.choice([0, size - 1, chance.randrange(size + 1)])])


def _longer(path: Path, chance: random.Random) -> None:
    _in_place(path, path.read_bytes() + chance.randbytes(chance.choice([1, 8, 300])))


def _in_place(path: Path, raw: bytes | bytearray) -> None:
    with path.open("r+b") as file:
        file.write(raw)
        file.truncate(len(raw))


def _delete(path: Path, _chance: random.Random) -> None:
    path.unlink()


def _delete_folder(path: Path, _chance: random.Random) -> None:
    shutil.rmtree(path.parent)


def _folder(path: Path, _chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _swap(path: Path, chance: random.Random) -> None:
    cube = next(above for above in path.parents if above.name == CUBE)
    near = cube / path.relative_to(cube).parts[0]
    other = chance.choice(_files(cube if near == path or chance.random() < 0.3 else near))
    one, two = path.read_bytes(), other.read_bytes()
    path.write_bytes(two)
    other.write_bytes(one)


def _other_cube(path: Path, _chance: random.Random) -> None:
    cube = next(above for above in path.parents if above.name == CUBE)
    for kind in OTHERS:
        other = cube.parent.parent / f"{kind.name}-whole" / CUBE / path.relative_to(cube)
        if other.is_file():
            shutil.copyfile(other, path)
            return
    path.unlink()


# What a disk may do to a file by itself: the file stays the one that it was, as far as the system tells.
BY_ITSELF: dict[str, Callable[[Path, random.Random], None]] = {
    "a flipped bit": _flip,
    "zeros": _zeros,
    "noise": _noise,
    "cut short": _cut,
}
BY_A_PROGRAM = {
    **BY_ITSELF,
    "made longer": _longer,
    "deleted": _delete,
    "its folder deleted": _delete_folder,
    "a folder in its place": _folder,
    "swapped with another file": _swap,
    "replaced by another cube's": _other_cube,
}
# A cube of 0.1.0 has no digests, and nothing can tell one whole shard from another one.
OF_OLD = {
    name: BY_A_PROGRAM[name] for name in (*BY_ITSELF, "made longer", "deleted", "a folder in its place")
}


def trials(bench: Bench, chance: random.Random) -> Iterator[Outcome]:
    """One trial after another, without end."""
    bench = Bench(bench.folder)  # other cubes' files are looked for beside a trial
    for kind in (GRID, MANY, *OTHERS):
        bench.template(kind)
    for number in itertools.count():
        for what, problems in call(_batch, bench, chance.randrange(2**32), number):
            yield Outcome(what, 1, problems)


def _batch(bench: Bench, seed: int, number: int) -> list[tuple[str, list[str]]]:
    chance = random.Random(seed)
    return [_trial(bench, chance, f"{number}-{k}") for k in range(_BATCH)]


def _trial(bench: Bench, chance: random.Random, name: str) -> tuple[str, list[str]]:
    kind, old = chance.choice([(GRID, False), (GRID, False), (MANY, False), (GRID, True)])
    cube = bench.folder / f"damage {name}" / CUBE
    cube.parent.mkdir()
    copy(bench.template(kind), cube)
    if old:
        made_old(cube)
    by_itself = not old and chance.random() < 0.4
    harms = OF_OLD if old else BY_ITSELF if by_itself else BY_A_PROGRAM
    what = chance.choice(list(harms))
    files = _files(cube)
    if old:
        files = [path for path in files if path.name.isdigit() and path.relative_to(cube).parts[0] in _SHARDS]
    path = chance.choice(files)
    harms[what](path, chance)
    if by_itself:
        vouch(cube, lengths_too=True)
    problems = _judge(cube, kind)
    if not problems and chance.randrange(_RUNS) == 0:
        problems = _mend(bench, cube, kind)
    where = f"{path.relative_to(cube)} of {kind.name}{' of 0.1.0' if old else ''}"
    if not problems:
        shutil.rmtree(cube.parent)
    row = f"{what}{', by the disk itself' if by_itself else ''}"
    return row, [f"{row}: {where} ({name}): {problem}" for problem in problems]


_SHARDS = ("investment", "equilibrium_count", "status")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _judge(cube: Path, kind: Kind) -> list[str]:
    """What is wrong with how a damaged cube is read and verified; nothing may raise more than a CubeError."""
    refused, whole = False, True
    try:
        there = seen(cube, [kind])
        if there.wrong:
            return [f"silently {there.wrong}"]
        whole = there.whole
    except CubeError:
        refused = True
    except Exception as error:
        return [f"reading raises {type(error).__name__}: {error}"]
    try:
        sound = verify(cube).sound
    except CubeError:
        sound = False
    except Exception as error:
        return [f"verify raises {type(error).__name__}: {error}"]
    if sound and (refused or not whole):
        return [f"verify finds nothing, and reading {'is refused' if refused else 'lacks points'}"]
    return []


def _mend(bench: Bench, cube: Path, kind: Kind) -> list[str]:
    """Go on with a damaged cube, then repair it and go on; nothing is silent, and what is mended is whole.

    A run trusts a file that is the one that was recorded, as far as the system tells; a repair reads it.
    """
    sweep, steps = Sweep.from_file(bench.sweep_file(kind)), ("a run", "a repair and a run")
    for step in steps:
        try:
            if step != "a run":
                verify(cube, repair=True)
            run_report(sweep, cube, tile_points=TILE_POINTS, progress=False)
        except CubeError:
            continue
        except Exception as error:
            return [f"{step} raises {type(error).__name__}: {error}"]
        problems = _judge(cube, kind)
        if not problems and step != "a run" and not (verify(cube).sound and computed(cube).all()):
            problems = ["not all is sound"]
        if problems:
            return [f"after {step}: {problem}" for problem in problems]
    return _judge(cube, kind)
