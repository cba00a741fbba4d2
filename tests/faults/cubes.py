"""Cubes that cost nothing to compute: sweeps of a model that ships, with NumPy in the place of its kernel."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from equisweep.engine.space import Space
from equisweep.engine.store.manifest import Stamp, manifest_files, sealed_record
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep

TILE_POINTS = 60
_GRID = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 12 }
beta = { start = 0.01, stop = 1.0, num = 20 }
[fixed]
L = LOSS
"""
_DESIGN = """
model = "external"
outputs = ["investment", "equilibrium_count"]
[fixed]
L = LOSS
[design]
kind = "sobol"
samples = SAMPLES
parameters = { alpha = { uniform = [0.1, 0.9] }, beta = { uniform = [0.1, 0.9] } }
"""


@dataclass(frozen=True)
class Kind:
    """A sweep of these trials: a grid (of so many `rows`) or a design. `loss` tells two apart."""

    loss: int = 400
    samples: int = 0
    rows: int = 0

    @property
    def text(self) -> str:
        """The sweep file."""
        text = _DESIGN if self.samples else _GRID
        if self.rows:  # the first ones of which are those of a grid of fewer
            last = (self.rows - 1) * 5 / 100
            text = text.replace("stop = 1.0, num = 12", f"stop = {last}, num = {self.rows}")
        return text.replace("LOSS", str(self.loss)).replace("SAMPLES", str(self.samples))

    @property
    def name(self) -> str:
        """What its sweep file and its template are called."""
        return f"L{self.loss}-{self.samples}-{self.rows}"

    def space(self) -> Space:
        """What is swept."""
        return Sweep(**_parts(self.text)).space()

    def right(self) -> dict[str, np.ndarray]:
        """The right numbers of every variable at every point."""
        space = self.space()
        at = along_axes([axis.values for axis in space.axes])
        return {
            v.name: np.broadcast_to(numbers(v.name, space.fixed, at), space.shape).astype(v.dtype)
            for v in space.variables
        }


def _parts(text: str) -> dict[str, Any]:
    import tomllib

    return {**tomllib.loads(text), "text": text}


def along_axes(coordinates: Any) -> dict[str, np.ndarray]:
    """Each name's values, along its own dimension of the grid."""
    rank = len(coordinates)
    return {
        name: np.reshape(values, [-1 if k == i else 1 for k in range(rank)])
        for i, axis in enumerate(coordinates)
        for name, values in axis.items()
    }


def numbers(name: str, fixed: Mapping[str, Any], at: Mapping[str, np.ndarray]) -> np.ndarray:
    """What stands for the model: different at every point, for every variable and every loss."""
    x = 3 * at["alpha"] + 5 * at["beta"]
    if name == "status":
        return np.where(x % 1 < 0.3, Status.corner, Status.ok)
    return np.floor(20 * x) if name == "equilibrium_count" else x + fixed["L"]


class Numbers:
    """A function over a grid, as the engine wants it, that gives these numbers."""

    live_bytes = 1  # what a batch of it would hold at once

    def __init__(self, space: Space) -> None:
        self.fixed = space.fixed
        self.outputs = {v.name: ((), v.dtype) for v in space.variables}

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Any) -> None:
        """Compute the outputs at these coordinates."""
        at = along_axes(coordinates)
        for name, values in outputs.items():
            values[...] = numbers(name, self.fixed, at)


def copy(template: Path, cube: Path) -> None:
    """A copy of a cube whose manifest vouches for it: inodes and times that it names are the copy's."""
    shutil.copytree(template, cube)
    vouch(cube)


def vouch(cube: Path, lengths_too: bool = False, inodes: Mapping[Path, int] | None = None) -> None:
    """Let every record name inode and times of the file as it is now: as a disk that errs leaves it.

    `lengths_too`: also where the file no longer has its length. `inodes`: what each file had where it was
    recorded; a record of another file stays that of another.
    """
    for path in manifest_files(cube):
        raw = path.read_bytes()
        line, _, rest = raw.partition(b"\n")
        try:
            said = json.loads(line.rpartition(b" ")[0])
            dtype = Stamp(said["cube"], tuple(said["variables"]), said["rank"]).dtype
        except (ValueError, KeyError, TypeError):  # the first line is what was damaged
            continue
        count = len(rest) // dtype.itemsize
        records = np.frombuffer(rest[: count * dtype.itemsize], dtype).copy()
        for record in records:
            for name, shard in zip(said["variables"], record["shards"], strict=True):
                file = cube.joinpath(name, "c", *map(str, record["key"].tolist()))
                same = inodes is None or inodes.get(file) == shard["inode"]
                if same and file.is_file() and (lengths_too or file.stat().st_size == shard["length"]):
                    there = os.stat(file)  # noqa: PTH116
                    shard["inode"], shard["mtime"] = there.st_ino, there.st_mtime_ns
                    shard["ctime"] = there.st_ctime_ns
        tail = rest[count * dtype.itemsize :]
        path.write_bytes(line + b"\n" + b"".join(map(sealed_record, records)) + tail)
