"""Whether files are those that were recorded, by what the system says of them without reading them."""

import os

import numpy as np

from .cube import Cube


def changed_files(cube: Cube, records: np.ndarray, name: str) -> np.ndarray:
    """Of which records the shard of a variable is not there, or not the file that was recorded."""
    shards = records["shards"][:, cube.names.index(name)]
    known = zip(*(shards[part].tolist() for part in ("length", "inode", "mtime", "ctime")), strict=True)
    changed = np.zeros(len(records), bool)
    for i, (key, said) in enumerate(zip(records["key"].tolist(), known, strict=True)):
        try:
            file = os.stat(cube.path(name, key))  # noqa: PTH116
        except OSError:
            changed[i] = True
            continue
        if (file.st_size, file.st_ino, file.st_mtime_ns, file.st_ctime_ns) != said:
            changed[i] = True
    return changed
