"""Whether files are those that were recorded, by what the system says of them without reading them."""

import os

import numpy as np

from .cube import Cube
from .manifest import Manifest


def changed_files(cube: Cube, manifest: Manifest, name: str) -> np.ndarray:
    """Of which records the shard of a variable is not there, or not the file that was recorded."""
    fields = ("length", "inode", "mtime", "ctime")
    recorded = (manifest.shards(cube.names.index(name), field).tolist() for field in fields)
    changed, stat = np.zeros(len(manifest), bool), os.stat
    # A hundred thousand tiles are usual, so this loop does the least it can.
    for i, (path, *known) in enumerate(zip(cube.paths(name, manifest["key"]), *recorded, strict=True)):
        try:
            file = stat(path)
        except OSError:
            changed[i] = True
            continue
        if [file.st_size, file.st_ino, file.st_mtime_ns, file.st_ctime_ns] != known:
            changed[i] = True
    return changed
