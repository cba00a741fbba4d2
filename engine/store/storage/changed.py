"""Which shards are no longer those that were recorded, asked of the storage for all at once."""

import numpy as np

from ..cube import Cube
from ..manifest import Manifest
from .interface import Known

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


def known_files(cube: Cube, records: np.ndarray, name: str) -> list[Known]:
    """What some records say of the files of a variable's shards."""
    shards = records["shards"][:, cube.sharded.index(name)]
    return list(zip(*(shards[field].tolist() for field in _FIELDS), strict=True))
