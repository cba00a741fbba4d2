"""The one who writes a manifest: a record for every tile that is committed or taken back."""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..tiles import Tile
from .decode import NO_FILE, can_be_held, what_is
from .durable import make_folder, open_own, sync
from .manifest import (
    COMMITTED,
    END,
    END_OF_PART,
    FOLDER,
    REVOKED,
    STATUSES,
    Manifest,
    Stamp,
    manifest_files,
    sealed_record,
)

Digests = Mapping[str, tuple[int, bytes]]  # Length and digest of each variable's shard.
_MOST_FILES = 16


class Recorder:
    """Appends to a file of its own, which it begins with the first record. Threads may share it."""

    def __init__(self, root: Path, stamp: Stamp) -> None:
        self.root, self.stamp = root, stamp
        self.lock = threading.Lock()
        self.descriptor = -1
        self.path = root
        self.offset = 0
        self._shared: dict[str, tuple[threading.Lock, list[tuple[int, bytes]]]] = {}

    @property
    def begun(self) -> bool:
        """Whether anything was recorded."""
        return self.descriptor >= 0

    def begin(self) -> None:
        """Begin the file before anything else is written, so that a run that is killed then shows.

        Its name is on the disk when this returns, whether the run syncs or not: else a power cut could leave
        what was half-written beside a manifest that says all is in order.
        """
        with self.lock:
            if not self.begun:
                self._begin()
        sync(self.path.parent)

    def commit(
        self, tile: Tile, shards: Digests, paths: Mapping[str, str], status: np.ndarray, synced: bool
    ) -> None:
        """Say that a tile is committed, by what was written: its shards, and the status of its points."""
        record = np.zeros((), self.stamp.dtype)
        record["what"], record["synced"], record["key"] = COMMITTED, synced, tile.key
        record["statuses"] = _counts(status)
        for i, name in enumerate(self.stamp.names):
            length, digest = shards[name]
            record["shards"][i] = (length, digest, *self._file(paths[name]))
        self._append(sealed_record(record))

    @contextmanager
    def shared(self, path: str) -> Iterator[list[tuple[int, bytes]]]:
        """One thread at a time writes a file that several tiles share; the list has what the first wrote."""
        with self.lock:
            lock, written = self._shared.setdefault(path, (threading.Lock(), []))
        with lock:
            yield written

    def revoke(self, tile: Tile) -> None:
        """Say that nothing is known of a tile any more, because it will be written again."""
        record = np.zeros((), self.stamp.dtype)
        record["what"], record["key"] = REVOKED, tile.key
        self._append(sealed_record(record))

    def end(self, alone: bool = True) -> None:
        """Say that the writer ended in good order, and put all it wrote on the disk.

        `alone`: nobody else wrote, and what killed writers of before left was seen to.
        """
        record = np.zeros((), self.stamp.dtype)
        record["what"] = END if alone else END_OF_PART
        self._append(sealed_record(record))
        os.fsync(self.descriptor)
        sync(self.root / FOLDER)
        self.close()

    def put_on_disk(self) -> None:
        """See to it that what was recorded survives a power cut."""
        os.fsync(self.descriptor)

    def flush(self) -> None:
        """Write what was kept back: nothing, but in object storage."""

    def close(self) -> None:
        """Close the file, if it was begun."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def rewrite(self, manifest: Manifest) -> None:
        """Write every record of a manifest into the file at hand, and delete the files it was read from."""
        self._append(manifest.at(np.arange(len(manifest))).tobytes())
        os.fsync(self.descriptor)
        for path in manifest.files:
            path.unlink(missing_ok=True)

    @staticmethod
    def wants_rewriting(manifest: Manifest) -> bool:
        """Whether many runs left many files, or many records that count no more, or one is damaged."""
        stale = manifest.records - len(manifest)
        return (
            len(manifest.files) > _MOST_FILES or stale > len(manifest) // 2 + 1000 or bool(manifest.damaged)
        )

    def _file(self, path: str) -> tuple[int, int, int]:
        """Inode and times of a file; those of none where another writer takes it away just now."""
        try:
            file = what_is(os.stat(path))  # noqa: PTH116
        except FileNotFoundError:
            return NO_FILE[1:]
        return file[1:] if can_be_held(file) else NO_FILE[1:]

    def _append(self, raw: bytes) -> None:
        with self.lock:
            if self.descriptor < 0:
                self._begin()
            try:
                _write(self.descriptor, raw)
            except BaseException:
                # What follows half a record could not be read: without it, or into another file.
                try:
                    os.ftruncate(self.descriptor, self.offset)
                except OSError:
                    self.close()
                raise
            self.offset += len(raw)

    def _begin(self) -> None:
        make_folder(self.root, FOLDER)
        files = manifest_files(self.root)
        number = int(files[-1].name.partition("-")[0]) + 1 if files else 1
        path, line = self.root / FOLDER / f"{number:08d}-{secrets.token_hex(4)}.tiles", self.stamp.line()
        descriptor = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        try:
            _write(descriptor, line)
        except BaseException:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self.path, self.descriptor, self.offset = path, descriptor, len(line)


def _write(descriptor: int, raw: bytes) -> None:
    """Write all of it, as a system call alone may not."""
    written = os.write(descriptor, raw)
    while written < len(raw):
        written += os.write(descriptor, raw[written:])


def _counts(status: np.ndarray) -> np.ndarray:
    """How many points have each status: by comparing bytes, since np.bincount widens them to 64 bits."""
    counts, left = np.zeros(STATUSES, np.uint32), status.size
    for code in range(1, STATUSES):
        counts[code] = np.count_nonzero(status == code)
        left -= int(counts[code])
        if not left:
            return counts
    counts[0] = np.count_nonzero(status == 0)
    if left != counts[0]:
        raise ValueError(f"status {status.max()} is larger than {STATUSES - 1}")
    return counts
