"""Join two cubes of one sweep whose tiles complete each other into a third, which appears whole."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import Argument, Call, CubeError
from ...feedback.stop_flag import stop_if_requested
from ...gate.files import CHUNK, DATA
from ...tiles import Tile
from ..commit import agrees, digests
from ..cube import Cube, open_cube_for_reading
from ..durable import appear, clear_disk_errors, discard, remove_leftovers_beside
from ..identity import damaged_coordinate, differences
from ..seal import seal_of, write_seal
from ..storage.appear import appear_in_bucket, is_begun
from ..storage.files import DISK, storage_of
from ..storage.place import is_url
from .owner import scratch_name, worked_with

Shards = Mapping[str, tuple[int, bytes]]


@dataclass(frozen=True)
class Merged:
    """What a cube was joined from.

    Attributes
    ----------
    tiles, missing
        Tiles of the cube, and how many of them neither of the two had.
    first, second, both
        Tiles that only the first had, only the second, and both.
    """

    tiles: int
    missing: int
    first: int
    second: int
    both: int


def merge(one: Path, other: Path, output: Path) -> Merged:
    """Join two cubes of one sweep at `output`; neither of them is changed.

    Parameters
    ----------
    one, other
        The cubes, cut into the same tiles. A tile that one lacks, or has damaged, is taken from the other;
        metadata are those of the first.
    output
        Where the third is to be; nothing may be there.

    Returns
    -------
    How many tiles came from where. Those that neither has are left to a run of the sweep.

    Raises
    ------
    CubeError
        The cubes are of two sweeps, or cut into other tiles; both have a tile, with other numbers; something
        is at `output`; the disk refuses.
    """
    with clear_disk_errors(output):
        if is_begun(output) if is_url(output) else os.path.lexists(output):
            raise CubeError(f"{output}: is there already; choose another output")
        first, second = open_cube_for_reading(one), open_cube_for_reading(other)
        _require_one_sweep(first, second)
        if is_url(output):
            with tempfile.TemporaryDirectory() as folder:
                scratch = Path(folder) / "cube.zarr"
                scratch.mkdir()
                merged = _join(first, second, _empty(first, scratch))
                appear_in_bucket(scratch, output)
                storage_of(output).commit(f"merge of {one} and {other}")
            return merged
        remove_leftovers_beside(output)
        scratch = output.with_name(f"{output.name}.partial-{scratch_name()}")
        try:
            scratch.mkdir()
            with worked_with(scratch):
                merged = _join(first, second, _empty(first, scratch))
                appear(scratch, output, replace=False)
        except BaseException:
            discard(scratch)
            raise
    return merged


def _require_one_sweep(first: Cube, second: Cube) -> None:
    different = differences(first.identity, second.identity)
    if different:
        named = f" in {first.root.name}", f" in {second.root.name}"
        texts = (text.replace(" in the cube", named[0]).replace(" now", named[1]) for text in different)
        raise CubeError(f"{second.root}: is a cube of another sweep than {first.root} ({'; '.join(texts)})")
    if first.layout != second.layout or first.sharded != second.sharded:
        raise CubeError(
            f"{second.root}: is cut into other tiles than {first.root} ({second.layout.tile} and "
            f"{first.layout.tile} points): cubes are joined tile by tile; run both with the same tile_points"
        )
    if [form.layout for form in first.forms.values()] != [form.layout for form in second.forms.values()]:
        raise CubeError(
            f"{second.root}: has its tiles in other files than {first.root}: one is of another version of "
            "equisweep; run the sweep of one again, from the points of the other, with ",
            Argument("reuse", second.root),
        )
    for cube in (first, second):
        wrong = damaged_coordinate(cube)
        if wrong:
            raise CubeError(f"{cube.root}: {wrong}")
        cube.load_manifest().require_own(cube.root)


def _empty(cube: Cube, scratch: Path) -> Cube:
    """A cube without tiles, of the metadata and coordinates of another one."""
    seal = seal_of(cube.root)
    for file in (*seal.texts, *seal.digests):
        folder = Path(file).parent.as_posix()
        if folder != ".":
            DISK.make_folder(scratch, folder)
        DISK.put(scratch / file, [cube.storage.read(cube.root / file, CHUNK)])
    copied = seal_of(scratch)
    if (copied.texts, copied.digests) != (seal.texts, seal.digests):
        raise CubeError(f"{cube.root}: was changed while it was read; try again")
    write_seal(scratch, copied)
    return open_cube_for_reading(scratch)


def _join(first: Cube, second: Cube, target: Cube) -> Merged:
    """Copy every tile that one of two cubes has."""
    reads, had = [_sound_tiles(first), _sound_tiles(second)], {"first": 0, "second": 0, "both": 0}
    try:
        for tile in target.layout:
            stop_if_requested()
            ours, theirs = (read(tile) for read in reads)
            if ours is not None and theirs is not None and ours != theirs:
                raise CubeError(
                    f"{second.root}: its tile {tile.key} has other numbers than that of {first.root}; ",
                    Call("diff", first.root, second.root),
                    " says where",
                )
            had["both" if ours and theirs else "first" if ours else "second"] += bool(ours or theirs)
            if ours is not None:
                _copy(first, target, tile, ours)
            elif theirs is not None:
                _copy(second, target, tile, theirs)
        target.recorder.end()
    finally:
        target.recorder.close()
    tiles = len(target.layout)
    return Merged(tiles, tiles - sum(had.values()), **had)


def _sound_tiles(cube: Cube) -> Callable[[Tile], Shards | None]:
    """What gives lengths and digests of a tile's shards; None where it is missing or not as recorded."""
    manifest = cube.load_manifest()

    def sound(tile: Tile) -> Shards | None:
        row, shards = manifest.find(tile.key), digests(cube, tile)
        return shards if shards is not None and agrees(cube, tile, row, shards) else None

    return sound


def _copy(source: Cube, target: Cube, tile: Tile, shards: Shards) -> None:
    """Copy a tile's shards, the status last, and record them."""
    target.make_folders(tile)
    for name in sorted(shards, key=lambda name: name == "status"):
        with target.recorder.shared(target.path(name, tile.key)) as written:
            if not written:
                raw = source.storage.read(source.path(name, tile.key), DATA)
                target.storage.put(target.path(name, tile.key), [raw])
                written.append(shards[name])
        if target.digest(name, tile) != shards[name]:
            raise CubeError(f"{source.root}: was changed while it was read; try again")
    paths = {name: target.path(name, tile.key) for name in target.sharded}
    target.recorder.commit(tile, shards, paths, target.read("status", tile), True)
