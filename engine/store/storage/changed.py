"""Which shards are there, and which not those that were recorded, asked of the storage for all at once."""

from collections.abc import Callable

import numpy as np

from ..cube import Cube
from ..manifest import Manifest
from .files import objects_of
from .interface import FileStamp
from .overwritten import was_overwritten

LISTED = 1000  # Objects that one listing tells of.
_BLOCK = 4096  # Tiles whose records are held as Python's numbers at once.
_FIELDS = ("length", "inode", "mtime", "ctime")


def changed_files(cube: Cube, manifest: Manifest, name: str) -> np.ndarray:
    """Of which records the shard of a variable is not there, or not the file that was recorded."""
    changed, folder = np.ones(len(manifest), bool), cube.root / name
    length = _BLOCK if cube.storage.at_once == 1 else max(len(manifest), 1)  # which one listing tells of
    for start in range(0, len(manifest), length):
        block = manifest.at(slice(start, start + length))
        files = zip(cube.inside(name, block["key"]), known_files(cube, block, name), strict=True)
        changed[start : start + length] = cube.storage.changed(folder, files)
    return changed


def known_files(cube: Cube, records: np.ndarray, name: str) -> list[FileStamp]:
    """What some records say of the files of a variable's shards."""
    shards = records["shards"][:, cube.sharded.index(name)]
    return list(zip(*(shards[field].tolist() for field in _FIELDS), strict=True))


def has_mark(cube: Cube, asked: int) -> Callable[[tuple[int, ...]], bool]:
    """What tells whether the tile with a key has its commit mark; `asked` says how many will be asked about.

    On a disk each is asked for; of a bucket one listing tells a thousand, unless few are asked about. Where
    another cube lay in a bucket, a mark without a record may be of a tile of that one: it does not count.
    """
    bucket = objects_of(cube.root)
    if bucket is not None and asked and was_overwritten(cube.root):
        return lambda key: False
    if bucket is None or asked * LISTED < len(cube.layout):
        return lambda key: cube.storage.exists(cube.path("status", key))
    folder = f"{cube.root}/status"
    marks = {f"{folder}/c/{path}" for path, _ in bucket.below(f"{folder}/c")} if asked else set[str]()
    return lambda key: cube.path("status", key) in marks
