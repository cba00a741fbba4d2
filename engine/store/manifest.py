"""The manifest of a cube: for each committed tile the lengths and digests of its shards.

It lies in `FOLDER`, in files that are written from start to end, each by one writer: a line that says whose
cube it is, then records of one size, each with a checksum. Of two records of a tile the later one counts, in
the later file. Nothing is renamed and nothing is replaced, and one listing finds it all. docs/design/store.md
says what rests on it.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from ..tiles import Layout
from .shard import DIGEST

FOLDER = "status/manifest"  # inside an array's folder, where listing a zarr group does not look
STATUSES = 32  # Codes of statuses that a record counts.
COMMITTED, REVOKED, END = 1, 2, 3
_NAME = re.compile(r"\d{8}-[0-9a-f]{8}\.tiles")
_FORMAT = 1


def record_type(rank: int, variables: int) -> np.dtype:
    """A record: what it says, of which tile, and of each variable's shard in it.

    `synced`: the tile was on the disk before this was written. `inode`, `mtime` and `ctime` (ns) are those
    of the file when its digest was taken: while they are the same it need not be read to be trusted.
    """
    shard = [
        ("length", "<u8"),
        ("digest", f"V{DIGEST}"),
        ("inode", "<u8"),
        ("mtime", "<i8"),
        ("ctime", "<i8"),
    ]
    return np.dtype(
        [
            ("what", "u1"),
            ("synced", "u1"),
            ("spare", "u1", (2,)),
            ("key", "<u4", (rank,)),
            ("statuses", "<u4", (STATUSES,)),
            ("shards", shard, (variables,)),
            ("checksum", "<u4"),
        ]
    )


@dataclass(frozen=True)
class Stamp:
    """What a file of records begins with: the cube it belongs to, and the shape of a record."""

    cube: str
    names: tuple[str, ...]
    rank: int

    @property
    def dtype(self) -> np.dtype:
        """The type of a record."""
        return record_type(self.rank, len(self.names))

    def line(self) -> bytes:
        """The first line of the file."""
        said = {"manifest": _FORMAT, "cube": self.cube, "variables": self.names, "rank": self.rank}
        text = json.dumps(said).encode()
        return text + b" %08x\n" % google_crc32c.value(text)


@dataclass
class Manifest:
    """What the files of a manifest say, the latest record of each tile.

    Attributes
    ----------
    records
        One a tile that is committed, in the order of tiles (`Layout`).
    places
        Number of each record's tile in that order.
    damaged
        What is wrong with a file, by its path.
    files
        All files of records, the oldest first.
    ended
        Whether the last writer ended in good order: no file of a tile is left half-written.
    """

    stamp: Stamp
    counts: tuple[int, ...]
    records: np.ndarray
    places: np.ndarray
    damaged: Mapping[Path, str] = field(default_factory=dict)
    files: Sequence[Path] = ()
    ended: bool = False

    def find(self, key: tuple[int, ...]) -> Any:
        """The record of a tile; None where it has none."""
        place = 0
        for k, count in zip(key, self.counts, strict=True):
            place = place * count + k
        at = int(np.searchsorted(self.places, place))
        return self.records[at] if at < len(self.places) and self.places[at] == place else None

    @property
    def bytes(self) -> int:
        """Length of all recorded shards together."""
        return int(self.records["shards"]["length"].sum())


def complete(manifest: Manifest, layout: Layout) -> np.ndarray:
    """Which recorded tiles have all the points that they have in the layout: a cube may have grown since."""
    tile, grid = np.array(layout.tile), np.array(layout.grid)
    start = manifest.records["key"].astype(np.int64) * tile
    points = (np.minimum(start + tile, grid) - start).prod(axis=1)
    return manifest.records["statuses"][:, 1:].sum(axis=1, dtype=np.int64) == points


def load_manifest(root: Path, stamp: Stamp, counts: tuple[int, ...]) -> Manifest:
    """Read the manifest of the cube at `root`, whose tiles are `counts` along each axis.

    What cannot be read is left out and named in `damaged`: tiles without record are looked at themselves.
    """
    files = manifest_files(root)
    parts, damaged, ended = [], {}, False
    for path in files:
        records, wrong = _read(path, stamp)
        if wrong:
            damaged[path] = wrong
        ended = len(records) > 0 and records["what"][-1] == END
        parts.append(records)
    records = np.concatenate(parts) if len(parts) > 1 else [*parts, np.empty(0, stamp.dtype)][0]
    return Manifest(stamp, counts, *_latest(records, counts), damaged, files, ended)


def manifest_files(root: Path) -> list[Path]:
    """Files of records of the cube at `root`, the oldest first."""
    try:
        names = sorted(filter(_NAME.fullmatch, os.listdir(root / FOLDER)))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [root / FOLDER / name for name in names]


def sealed_record(record: np.ndarray) -> bytes:
    """The bytes of one record, with its checksum."""
    raw = record.tobytes()
    return raw[:-4] + google_crc32c.value(raw[:-4]).to_bytes(4, "little")


def _read(path: Path, stamp: Stamp) -> tuple[np.ndarray, str]:
    """The sound records of a file, and what is wrong with it; a last one cut short is no damage."""
    dtype = stamp.dtype
    try:
        raw = path.read_bytes()
    except OSError as error:
        return np.empty(0, dtype), f"cannot be read ({error.strerror})"
    first = stamp.line()
    if not raw.startswith(first):
        torn = first.startswith(raw)  # by a kill before the first record
        return np.empty(0, dtype), "" if torn else "belongs to another cube, or its first line is damaged"
    size, count = dtype.itemsize, (len(raw) - len(first)) // dtype.itemsize
    records = np.frombuffer(raw, dtype, count, len(first)) if count else np.empty(0, dtype)
    crc, start = google_crc32c.value, len(first)
    computed = [crc(raw[a : a + size - 4]) for a in range(start, start + count * size, size)]
    sound = records["checksum"] == np.array(computed, np.uint64)
    wrong = int((~sound).sum())
    if not wrong:
        return records, ""
    return records[sound], f"{wrong} of {count} records are damaged"


def _latest(records: np.ndarray, counts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The last record of each tile that was not taken back, in the order of tiles; and their places."""
    of_tiles = (records["what"] != END) & (records["key"] < np.array(counts, np.uint64)).all(axis=1)
    rows = np.flatnonzero(of_tiles)
    if not len(rows) or prod(counts) > np.iinfo(np.int64).max:
        return records[:0], np.empty(0, np.int64)
    keys = records["key"][rows].astype(np.int64)
    places = np.asarray(np.ravel_multi_index(tuple(keys.T), counts))
    order = np.argsort(places, kind="stable")
    order = order[np.append(np.diff(places[order]) != 0, True)]
    order = order[records["what"][rows[order]] == COMMITTED]
    rows, places = rows[order], places[order]
    # A cube that one run wrote in order is not copied: its records may be large.
    in_order = len(rows) > 0 and rows[-1] == len(rows) - 1 and bool((np.diff(rows) == 1).all())
    return records[: len(rows)] if in_order else records[rows], places
