"""The records of a writer in object storage, where nothing can be appended to."""

import secrets
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..manifest import END, END_OF_PART, FOLDER, Manifest, Stamp, manifest_files, sealed_record
from ..recorder import Recorder
from .files import objects_of
from .objects import Objects

# Records are kept back for so long [s]: of a writer that is killed a later run reads these tiles once.
KEPT_BACK = 2.0


class RecorderInSegments(Recorder):
    """Puts records in segments, each an object of its own, and all of them into one when the writer ends."""

    def __init__(self, root: Path, stamp: Stamp, bucket: Objects) -> None:
        super().__init__(root, stamp)
        self._bucket = bucket
        self._all: list[bytes] = []
        self._segments: list[Path] = []
        self._kept_back, self._last = 0, 0.0

    @property
    def begun(self) -> bool:
        """Whether anything was recorded."""
        return bool(self._segments)

    def begin(self) -> None:
        """Put an object without records, which says that somebody has begun."""
        with self.lock:
            if not self._segments:
                self._put_segment([])

    def end(self, alone: bool = True) -> None:
        """Say that the writer ended in good order, in one object with all that it recorded."""
        record = np.zeros((), self.stamp.dtype)
        record["what"] = END if alone else END_OF_PART
        with self.lock:
            segments = list(self._segments)
            self._put_segment([*self._all, sealed_record(record)])
            self._bucket.each(self._bucket.delete, segments)
            self._forget()

    def put_on_disk(self) -> None:
        """A bucket has no power cuts."""

    def flush(self) -> None:
        """Put what was kept back. Raises OSError where the storage refuses."""
        with self.lock:
            if self._kept_back:
                self._put_segment(self._all[-self._kept_back :])

    def close(self) -> None:
        """Put what was kept back, and begin anew with the next record."""
        with self.lock:
            if self._kept_back:
                with suppress(OSError):  # a later run reads these tiles instead
                    self._put_segment(self._all[-self._kept_back :])
            self._forget()

    def rewrite(self, manifest: Manifest) -> None:
        """Put every record of a manifest into one object, and delete those that it was read from."""
        records = manifest.at(np.arange(len(manifest))).tobytes()
        with self.lock:
            self._all.insert(0, records)
            self._put_segment(self._all)
            self._bucket.each(self._bucket.delete, manifest.files)

    def _file(self, path: str) -> tuple[int, int, int]:
        """What the storage answered when this process wrote the object; or what it says now."""
        known = self._bucket.what_was_put(path)
        if known is None:
            try:
                known = self._bucket.stat(path).known
            except FileNotFoundError:
                return 0, 0, 0
        return known[1:]

    def _append(self, raw: bytes) -> None:
        with self.lock:
            self._all.append(raw)
            self._kept_back += 1
            if not self._segments or time.monotonic() - self._last > KEPT_BACK:
                self._put_segment(self._all[-self._kept_back :])

    def _put_segment(self, records: list[bytes]) -> None:
        files = manifest_files(self.root) if not self._segments else self._segments
        number = int(files[-1].name.partition("-")[0]) + 1 if files else 1
        path = self.root / FOLDER / f"{number:08d}-{secrets.token_hex(4)}.tiles"
        self._bucket.put(path, [self.stamp.line(), *records])
        self._segments.append(path)
        self._kept_back, self._last = 0, time.monotonic()

    def _forget(self) -> None:
        self._all, self._segments, self._kept_back = [], [], 0


def recorder_at(root: Path, stamp: Stamp) -> Recorder:
    """Who writes to the manifest of a cube, on a disk or in object storage."""
    bucket = objects_of(root)
    return Recorder(root, stamp) if bucket is None else RecorderInSegments(root, stamp, bucket)
