"""The manifest of a cube: for each committed tile the lengths and digests of its shards.

It lies in `FOLDER`, in files that are written from start to end, each by one writer: a line that says whose
cube it is, then records of one size, each with a checksum. Of two records of a tile the later one counts, in
the later file. One listing finds it all. docs/design/store.md says what rests on it. Here is its form, and
how it is read; `recorder` writes it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from ..errors import Argument, Call, CubeError
from ..tiles import Layout
from .shard import DIGEST
from .storage.failures import StorageError
from .storage.files import opened, storage_of
from .storage.records import Records

FOLDER = "status/manifest"  # inside an array's folder, where listing a zarr group does not look
STATUSES = 32  # Codes of statuses that a record counts.
COMMITTED, REVOKED = 1, 2
# A writer ended in good order: one that was alone, who has seen to what others before it left; one of many.
END, END_OF_PART = 3, 4
_NAME = re.compile(r"\d{8}-[0-9a-f]{8}\.tiles")
_FORMAT, _BLOCK = 1, 4096  # and how many records are copied at once, to be checked
_LONGEST_LINE = 2**20
FOREIGN = "belongs to another cube"
_MOST_RECORDS = 32  # of a tile, in all files: many runs that each wrote it again


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
    """What the files of a manifest say: the latest record of each tile that is committed, in order.

    Attributes
    ----------
    indices
        Number of each record's tile in that order (`Layout`).
    damaged
        What is wrong with a file, by its path.
    files
        All files of records, the oldest first.
    ended
        Whether one that was alone has seen to what others left, and all that came later ended in good order.
    """

    counts: tuple[int, ...]
    indices: np.ndarray
    damaged: Mapping[Path, str]
    files: Sequence[Path]
    ended: bool
    _all: Records
    _rows: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, field: str) -> np.ndarray:
        """One field of every record, but for counts of statuses."""
        return self._all[field][self._rows]

    def shards(self, variable: int, field: str) -> np.ndarray:
        """One field of a variable's shards."""
        return self._all["shards"][field][:, variable][self._rows]

    def at(self, positions: np.ndarray | slice) -> np.ndarray:
        """The records at these positions, or where this is true."""
        return self._all.at(self._rows[positions])

    def find(self, key: tuple[int, ...]) -> Any:
        """The record of a tile; None where it has none."""
        index = 0
        for k, count in zip(key, self.counts, strict=True):
            index = index * count + k
        at = int(np.searchsorted(self.indices, index))
        return self.at(slice(at, at + 1))[0] if at < len(self) and self.indices[at] == index else None

    def positions(self, keys: np.ndarray) -> np.ndarray:
        """Where the records of tiles, whose keys are the rows of an array, lie in the order; -1: nowhere."""
        if not len(self):
            return np.full(len(keys), -1)
        indices = np.asarray(np.ravel_multi_index(tuple(keys.T), self.counts))
        at = np.minimum(np.searchsorted(self.indices, indices), len(self) - 1)
        return np.where(self.indices[at] == indices, at, -1)

    def only(self, indices: np.ndarray) -> "Manifest":
        """The same of some tiles, by their numbers in the order."""
        kept = np.isin(self.indices, indices)
        return replace(self, indices=self.indices[kept], _rows=self._rows[kept])

    def require_own(self, root: Path) -> None:
        """CubeError where a file is of another cube: so may be the shards, which only records tell apart."""
        for path, reason in self.damaged.items():
            if reason == FOREIGN:
                raise CubeError(
                    f"{path}: {reason}; where its shards are right, ",
                    Call("verify", root, Argument("repair", True)),
                    " writes the manifest anew",
                )

    @property
    def records(self) -> int:
        """Number of all records, of which some count no more."""
        return len(self._all)

    @property
    def settled(self) -> bool:
        """Whether no file of a tile can be left half-written: the writer ended, and all was synced."""
        return self.ended and bool((self["synced"] != 0).all())

    @property
    def bytes(self) -> int:
        """Length of all recorded shards together."""
        return int(self._all["shards"]["length"][self._rows].sum())


def complete(manifest: Manifest, layout: Layout) -> np.ndarray:
    """Which recorded tiles have all the points that they have in the layout: a cube may have grown since."""
    starts = range(0, len(manifest), _BLOCK)
    parts = [of_complete(manifest.at(slice(start, start + _BLOCK)), layout) for start in starts]
    return np.concatenate(parts) if parts else np.empty(0, bool)


def of_complete(records: np.ndarray, layout: Layout) -> np.ndarray:
    """Which records are of tiles of which all points were recorded."""
    tile, grid = np.array(layout.tile), np.array(layout.grid)
    start = records["key"].astype(np.int64) * tile
    points = (np.minimum(start + tile, grid) - start).prod(axis=1)
    return records["statuses"][:, 1:].sum(axis=1, dtype=np.int64) == points


def key_of(index: int, counts: tuple[int, ...]) -> tuple[int, ...]:
    """The key of the tile with this number in the order of a `Layout`."""
    key = []
    for count in reversed(counts):
        index, k = divmod(index, count)
        key.append(k)
    return tuple(reversed(key))


def load_manifest(root: Path, stamp: Stamp, counts: tuple[int, ...]) -> Manifest:
    """Read the manifest of the cube at `root`, whose tiles are `counts` along each axis.

    What cannot be read is left out and named in `damaged`: tiles without record are looked at themselves.
    """
    files = manifest_files(root)
    size, first = stamp.dtype.itemsize, len(stamp.line())
    most = [max(_length(path) - first, 0) // size for path in files]
    damaged, allowed = {}, _MOST_RECORDS * (prod(counts) + _BLOCK)
    for i, path in enumerate(files):
        allowed -= most[i]
        if allowed < 0:
            damaged[path], most[i], allowed = "holds more records than a cube of this size has", 0, 0
    records, ended = Records(stamp.dtype, sum(most)), False
    for path, capacity in zip(files, most, strict=True):
        if path in damaged:
            continue
        filled = len(records)
        wrong = _read(path, stamp, records, capacity)
        if wrong:
            damaged[path] = wrong
        last = records["what"][-1] if len(records) > filled else COMMITTED
        ended = last == END or (ended and last == END_OF_PART)
    rows, indices = _latest(records, counts)
    return Manifest(counts, indices, damaged, files, bool(ended), records, rows)


def manifest_files(root: Path) -> list[Path]:
    """Files of records of the cube at `root`, the oldest first."""
    with suppress(FileNotFoundError, NotADirectoryError):
        names = filter(_NAME.fullmatch, storage_of(root).names(root / FOLDER))
        return [root / FOLDER / name for name in sorted(names)]
    return []


def sealed_record(record: np.ndarray) -> bytes:
    """The bytes of one record, with its checksum."""
    raw = record.tobytes()
    return raw[:-4] + google_crc32c.value(raw[:-4]).to_bytes(4, "little")


def _length(path: Path) -> int:
    with suppress(OSError):
        return storage_of(path).stat(path).st_size
    return 0


def _read(path: Path, stamp: Stamp, records: Records, capacity: int) -> str:
    """Add the sound ones of so many `records` of a file; what is wrong with the file, if anything is.

    A last record that was cut short is no damage: it was being written when the writer was killed.
    """
    first, size, count, wrong = stamp.line(), stamp.dtype.itemsize, 0, 0
    try:
        with opened(path) as file:
            line = file.read(len(first))
            if line != first:
                return "" if first.startswith(line) else _unlike(path)
            while count < capacity:
                raw = file.read(size * min(_BLOCK, capacity - count))
                block = np.frombuffer(raw, stamp.dtype, len(raw) // size)
                sound = _sound(block)
                records.append(block[sound])
                count, wrong = count + len(block), wrong + len(block) - int(sound.sum())
                if len(raw) < size * _BLOCK:
                    break
    except StorageError:  # which says nothing of the file
        raise
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return f"{wrong} of {count} records are damaged" if wrong else ""


def _unlike(path: Path) -> str:
    """What is wrong with a file whose first line is another one than this cube's."""
    return FOREIGN if first_line(path) else "its first line is damaged"


def first_line(path: Path) -> bytes:
    """What a file of records says of itself; empty where that is damaged."""
    with opened(path) as file:
        text, _, checksum = file.readline(_LONGEST_LINE).rpartition(b" ")
    return text if checksum == b"%08x\n" % google_crc32c.value(text) else b""


def _sound(records: np.ndarray) -> np.ndarray:
    """Which records have the checksum that they say."""
    size, crc, raw = records.dtype.itemsize, google_crc32c.value, records.tobytes()
    computed = [crc(raw[a : a + size - 4]) for a in range(0, len(raw), size)]
    return records["checksum"] == np.array(computed, np.uint32)


def _latest(records: Records, counts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the last record of each tile that was not taken back, in order; and indices of their tiles."""
    of_tiles = (records["what"] < END) & (records["key"] < np.array(counts, np.uint64)).all(axis=1)
    rows = np.flatnonzero(of_tiles)
    if not len(rows) or prod(counts) > np.iinfo(np.int64).max:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    indices = np.zeros(len(rows), np.int64)
    for axis, length in enumerate(counts):
        indices = indices * length + records["key"][rows, axis]
    order = np.argsort(indices, kind="stable")
    order = order[np.append(np.diff(indices[order]) != 0, True)]
    order = order[records["what"][rows[order]] == COMMITTED]
    return rows[order], indices[order]
