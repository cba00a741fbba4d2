"""What is under way of a reduced sweep, in one file that is there whole or not at all.

A line of JSON says what it is: the cube, its tile, how many tiles of the grid are in it, and the names,
shapes and types of the arrays, whose bytes follow. The line begins with a digest of all that comes after it.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..gate.documents import parse_json
from ..gate.files import DATA
from ..store.resume import UNDER_WAY as FOLDER
from ..store.storage.files import storage_of
from ..store.storage.links import require_no_links

NAME = "tree"
_DIGEST = 64  # hexadecimal digits of SHA-256
_FORMAT = 3


@dataclass(frozen=True)
class Checkpoint:
    """A tile of the cube under way.

    Attributes
    ----------
    cube
        What the manifest calls the cube.
    key
        Of the tile.
    done
        How many tiles of the grid are in it.
    arrays
        Finished cells and partial results, by name.
    """

    cube: str
    key: tuple[int, ...]
    done: int
    arrays: Mapping[str, np.ndarray]


def write_checkpoint(root: Path, checkpoint: Checkpoint, durable: bool, part: str = "") -> None:
    """Replace the file of the cube at `root`, or of a part of its sweep.

    Raises OSError where the disk refuses.
    """
    require_no_links(root, [FOLDER])
    storage = storage_of(root)
    arrays = {name: np.ascontiguousarray(values) for name, values in checkpoint.arrays.items()}
    about = {
        "partial": _FORMAT,
        "cube": checkpoint.cube,
        "key": checkpoint.key,
        "done": checkpoint.done,
        "arrays": [(name, values.dtype.str, values.shape) for name, values in arrays.items()],
    }
    parts = [json.dumps(about).encode() + b"\n", *(values.tobytes() for values in arrays.values())]
    digest = hashlib.sha256()
    for one in parts:
        digest.update(one)
    path, written = root / FOLDER / _name(part), [digest.hexdigest().encode() + b" ", *parts]
    while True:
        storage.make_folder(root, FOLDER)  # raises where the cube is gone
        with suppress(FileNotFoundError):  # another part has dropped its own, and the empty folder with it
            storage.put(path, written, durable)
            break
    if durable:
        storage.sync(root / FOLDER)


def read_checkpoint(root: Path, cube: str, part: str = "") -> Checkpoint | None:
    """What is under way of the cube at `root`; None where nothing is, or what is there cannot be trusted."""
    try:
        raw = storage_of(root).read(root / FOLDER / _name(part), DATA, follow=False)
    except OSError:
        return None
    try:
        if hashlib.sha256(raw[_DIGEST + 1 :]).hexdigest().encode() != raw[:_DIGEST]:
            return None
        line, _, rest = raw[_DIGEST + 1 :].partition(b"\n")
        said = parse_json(line)
        if said["partial"] != _FORMAT or said["cube"] != cube:
            return None
        return Checkpoint(cube, tuple(said["key"]), said["done"], _arrays(said["arrays"], rest))
    except (ValueError, KeyError, TypeError):
        return None


def drop_checkpoint(root: Path, part: str = "") -> None:
    """Delete the file, if it is there."""
    storage_of(root).delete(str(root / FOLDER / _name(part)))
    with suppress(OSError):  # what other parts have under way lies there, too
        (root / FOLDER).rmdir()


def _name(part: str) -> str:
    return f"{NAME}-{part.replace('/', '-')}" if part else NAME


def _arrays(listed: Any, raw: bytes) -> dict[str, np.ndarray]:
    arrays, offset = {}, 0
    for name, dtype, shape in listed:
        count = int(np.prod(shape, dtype=int))
        arrays[name] = np.frombuffer(raw, np.dtype(dtype), count, offset).reshape(shape).copy()
        offset += arrays[name].nbytes
    return arrays
