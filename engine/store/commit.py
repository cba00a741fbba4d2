"""When a tile is committed: outputs are on the disk first, the status is written last, then it is recorded.

The shard of `status` is the commit mark, for a reader of any version. A tile counts where all its shards are
whole and no point of its status is `not_computed`; every other tile is missing, and the next run computes it.
The record in the manifest says what was written, so that nothing needs to be read to know that it is whole.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np

from ..gate.files import says_nothing_of_the_file
from ..tiles import Tile
from .cube import Cube
from .decode import Damaged, what_is
from .shard import Passing, encode
from .storage.files import objects_of

T = TypeVar("T")


def commit(cube: Cube, tile: Tile, values: Mapping[str, np.ndarray], durable: bool = True) -> None:
    """Write one tile: its outputs, then (they being on the disk) its status, then its record.

    `values` maps every variable to its values in the tile, clipped to the grid, and every column to those of
    the tile's samples. Not `durable`: nothing waits for the disk.

    Raises OSError where the disk refuses. Then the tile is not committed, unless only its record could not be
    written: it counts, and whoever looks at it reads it whole.
    """
    paths, root, storage = _paths(cube, tile), str(cube.root), cube.storage
    cube.make_folders(tile)
    marked = storage.exists(paths["status"])
    if not (marked and _holds_earlier_points(cube, tile, paths)):
        if marked:
            # The mark goes before what it marks; the rest, which may be another writer's, is replaced.
            storage.delete(paths["status"])
        for name in cube.names if not durable else ():
            _drop(cube, paths[name])
    shards = {name: _write_column(cube, name, tile, values[name], durable) for name in cube.columns}
    outputs = [name for name in cube.names if name != "status"]
    for names in ([*cube.columns, *outputs], ["status"]):
        for name in names:
            if name not in shards:
                shards[name] = cube.write_shard(name, tile, values[name], durable)
        for name in names if durable else ():
            storage.sync_below(paths[name], root)
    cube.recorder.commit(tile, shards, paths, values["status"], durable)


def _write_column(cube: Cube, name: str, tile: Tile, values: np.ndarray, durable: bool) -> tuple[int, bytes]:
    """Write a column's shard, unless another tile that shares it has: a file that is written anew would no
    longer be the one that its tiles' records tell.
    """
    with cube.recorder.shared(cube.path(name, tile.key)) as written:
        if not written:
            held = _held(cube, name, tile, values)
            if held and durable:  # whoever wrote it may not have synced it
                cube.storage.sync(cube.path(name, tile.key))
            if not held and not durable:
                _drop(cube, cube.path(name, tile.key))
            written.append(held or cube.write_shard(name, tile, values, durable))
        return written[0]


def _drop(cube: Cube, path: str) -> None:
    """Take away a file that is about to be replaced without being synced, for good.

    With the power it could else come back, whole as it is, beside a status that tells of the new one.
    """
    if objects_of(path) is None and cube.storage.exists(path):
        cube.storage.delete(path)
        cube.storage.sync(path.rpartition("/")[0])


def _held(cube: Cube, name: str, tile: Tile, values: np.ndarray) -> tuple[int, bytes] | None:
    """Length and digest of a shard that is there and has these values already; None where none has."""
    if not cube.storage.exists(cube.path(name, tile.key)):
        return None
    passing = Passing(cube.forms[name])
    for _ in passing.through(encode(cube.forms[name], values)):
        pass
    new = passing.length, passing.digest
    try:
        return new if cube.digest(name, tile) == new else None
    except (Damaged, OSError):
        return None


def record(cube: Cube, tile: Tile, shards: Mapping[str, tuple[int, bytes]], synced: bool) -> None:
    """Record a tile that is committed already, by the lengths and digests of its shards."""
    cube.recorder.commit(tile, shards, _paths(cube, tile), cube.read("status", tile), synced)


def is_committed(cube: Cube, tile: Tile) -> bool:
    """Whether all the tile's shards are whole, and its status has no uncomputed point."""
    if not all(cube.is_whole(name, tile) for name in reversed(cube.sharded)):
        return False
    try:
        return bool(cube.read("status", tile).all())
    except Exception as error:  # any decoding failure means the mark cannot be trusted: compute it again
        if says_nothing_of_the_file(error):
            raise
        return False


def digests(cube: Cube, tile: Tile) -> dict[str, tuple[int, bytes]] | None:
    """Lengths and digests of the shards of a tile; None where it is not committed, or one is damaged.

    Every byte is read, and compared with the checksums beside it. Raises OSError where the system refuses for
    reasons of its own.
    """
    shards = _sound_shards(cube, tile)
    return shards if shards is not None and is_committed(cube, tile) else None


def earlier_points(cube: Cube, tile: Tile) -> dict[str, tuple[int, bytes]] | None:
    """Lengths and digests of the shards of a tile that holds points of before the cube grew, and is to be
    written anew in its place; None where it holds none, or not soundly. Raises as `digests`.
    """
    shards = _sound_shards(cube, tile)
    status = _unless_damaged(lambda: cube.read("status", tile))
    return shards if status is not None and status.any() and not status.all() else None


def _sound_shards(cube: Cube, tile: Tile) -> dict[str, tuple[int, bytes]] | None:
    return _unless_damaged(lambda: {name: cube.digest(name, tile) for name in cube.sharded})


def _unless_damaged(read: Callable[[], T]) -> T | None:
    """What is read; None where it is damaged. Raises where the system says nothing of the file."""
    try:
        return read()
    except Damaged:
        return None
    except OSError as error:
        if says_nothing_of_the_file(error):
            raise
        return None


def recorded_shards(cube: Cube, row: Any) -> dict[str, tuple[int, bytes]]:
    """Length and digest of each variable's shard, as a record has them."""
    shards = row["shards"]
    return {
        name: (int(one["length"]), one["digest"].tobytes())
        for name, one in zip(cube.sharded, shards, strict=True)
    }


def points_of(row: Any) -> int:
    """How many points of a tile a record says were computed."""
    return int(row["statuses"][1:].sum())


def agrees(cube: Cube, tile: Tile, row: Any, shards: Mapping[str, tuple[int, bytes]]) -> bool:
    """Whether a committed tile with these `shards` is what its record says (None: it has none).

    A record of before the cube grew says which files the tile's must not be any more, and no more than that:
    a run may have been killed before it recorded what it had committed anew.
    """
    if row is None or points_of(row) == tile.points:
        return row is None or shards == recorded_shards(cube, row)
    return not outgrown_files(cube, tile, row, cube.read("status", tile))


def outgrown_files(cube: Cube, tile: Tile, row: Any, status: np.ndarray) -> list[str]:
    """Paths of outputs that are still the files of a record, though the status has more points than that.

    What was not synced may be lost with the power, and the earlier file be back under the later status.
    """
    if row is None or np.count_nonzero(status) <= points_of(row):
        return []
    then, paths, left = recorded_shards(cube, row), _paths(cube, tile), []
    for name, one in zip(cube.sharded, row["shards"], strict=True):
        if name not in cube.names:  # columns, which other tiles share: they grow along their own axis only
            continue
        with suppress(Damaged, OSError):  # which whoever reads the shard says
            same = (
                what_is(cube.storage.stat(paths[name])) == one[["length", "inode", "mtime", "ctime"]].item()
            )
            if same and cube.digest(name, tile) == then[name]:
                left.append(paths[name])
    return left


def revoke(cube: Cube, tile: Tile) -> None:
    """Take back a tile's commit mark and its record, so that the next run computes it again.

    OSError where the disk refuses: what is then there may still count.
    """
    shard = cube.shard("status", tile)
    with suppress(FileNotFoundError, NotADirectoryError):  # there is no mark, nor perhaps a folder for it
        cube.storage.delete(str(shard))
        cube.storage.sync(shard.parent)
    cube.recorder.revoke(tile)


def _paths(cube: Cube, tile: Tile) -> dict[str, str]:
    return {name: cube.path(name, tile.key) for name in cube.sharded}


def _holds_earlier_points(cube: Cube, tile: Tile, paths: Mapping[str, str]) -> bool:
    """Whether the tile holds sound points of before the cube grew; they are then replaced in place."""
    try:
        there = cube.storage.exists
        if not cube.read("status", tile).any():
            return False
        return all(there(paths[name]) and cube.read(name, tile).size for name in cube.names)
    except Exception:  # any decoding failure: nothing here is to be kept
        return False
