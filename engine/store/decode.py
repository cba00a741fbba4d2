"""Shards read back: a part of one, or all of it with its digest; what is wrong with one is said.

zarr reads a shard that is missing, and a chunk that is missing in one, as fill values, and takes a
millisecond a shard. Here a shard is read whole or not at all, in some ten microseconds.
"""

import os
from collections.abc import Sequence
from itertools import product
from struct import Struct

import numpy as np
from numcodecs.blosc import decompress  # pyright: ignore[reportMissingImports]

from ..gate.files import open_regular, read_range
from .shard import ABSENT, CHECKSUM, Form, checksum, digest, table_of
from .storage.interface import FileStamp, Stat
from .storage.objects import Objects
from .storage.reached import objects_at

_WHOLE = 2**18  # Bytes of a file up to which it is read at once,
_WHOLE_TO_CHECK = 2**25  # and of one of which every byte is looked at.
_FIRST = 2**13  # Bytes that are read before the length of a file is known: most small shards are shorter.
_ENTRY = Struct("<QQ")  # Place and length of a chunk, as the index has them.
_LEAST = CHECKSUM + 16  # Bytes that a chunk has more than: its header, and its checksum.


NO_FILE: FileStamp = (0, 0, 0, 0)  # No file has inode 0: what is recorded so is always read.


def what_is(file: Stat) -> FileStamp:
    """What a record holds of a file. Whatever changes the file changes one of these numbers."""
    return file.st_size, file.st_ino, file.st_mtime_ns, file.st_ctime_ns


def can_be_held(known: FileStamp) -> bool:
    """Whether a record can hold these: it has 64 bits for a time, nanoseconds that end in the year 2262."""
    return all(abs(time) < 2**63 for time in known[2:])


class Damaged(ValueError):
    """A shard does not hold what it should; the message says what is wrong with it."""


def why(error: Exception) -> str:
    """What was wrong with a shard, as part of a sentence."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def read_part(
    path: str, form: Form, region: Sequence[slice], known: FileStamp | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The numbers of a shard in a region of it, and where in the region they are missing (None: nowhere).

    Raises Damaged where the file is cut short, its checksums fail, or it is not the `known` one,
    FileNotFoundError where there is none.
    """
    with _chunks(path, form, known=known) as chunks:
        if form.chunks == 1:
            chunk = chunks.get(0)
            if chunk is not None:
                return chunk[tuple(region)], None
        return _assembled(chunks, form, region)


def _assembled(
    chunks: "_Chunks", form: Form, region: Sequence[slice]
) -> tuple[np.ndarray, np.ndarray | None]:
    """A region put together from the chunks that it touches."""
    chunks.expect(region)
    shape = tuple(part.stop - part.start for part in region)
    values, missing = np.empty(shape, form.dtype), None
    spans = [
        range(part.start // length, -(-part.stop // length))
        for part, length in zip(region, form.chunk, strict=True)
    ]
    for key in product(*spans):
        number = 0
        for k, count in zip(key, form.counts, strict=True):
            number = number * count + k
        inside, target = _overlap(key, form.chunk, region)
        chunk = chunks.get(number)
        if chunk is None:
            missing = np.zeros(shape, bool) if missing is None else missing
            missing[target] = True
            values[target] = form.fill
        elif shape == form.chunk:
            return chunk, None
        else:
            values[target] = chunk[inside]
    return values, missing


def read_computed(
    path: str, form: Form, region: Sequence[slice], computed: np.ndarray | bool | None
) -> np.ndarray:
    """A region of a shard as its status has it: no number is missing that was `computed`, and none is there
    that was not, as the next points are where a run was killed before their status was written.

    `computed`: at which points, along the first axes of the region, or whether at all; None: nothing is asked
    and nothing left out. Raises as `read_part` does, and Damaged where computed numbers are not there.
    """
    values, missing = read_part(path, form, region)
    if computed is None:
        return values
    known = np.asarray(computed)
    known = known.reshape(known.shape + (1,) * (values.ndim - known.ndim))
    if missing is not None and (missing & known).any():
        raise Damaged("lacks chunks although its tile is committed")
    return values if known.all() else np.where(known, values, np.asarray(form.fill, values.dtype))


def read_digest(path: str, form: Form) -> tuple[int, bytes]:
    """Length and digest of a shard, all its checksums checked. Raises as `read_part` does."""
    quick = _quick_digest(path, form) if form.chunks == 1 and "://" not in path else None
    if quick is not None:
        return quick
    with _chunks(path, form, whole=True) as chunks:
        return chunks.size, chunks.digest()


def _quick_digest(path: str, form: Form) -> tuple[int, bytes] | None:
    """The same of a small shard that is one chunk; None where anything is unlike that, or not sound.

    There may be a hundred thousand of them, so this does the least it can.
    """
    descriptor = open_regular(path)
    try:
        raw = os.pread(descriptor, _FIRST, 0)
    finally:
        os.close(descriptor)
    size, end = len(raw), len(raw) - form.end
    if not end > _LEAST or size == _FIRST or size > form.most:
        return None
    table = table_of(size) if form.plain else raw[end:-CHECKSUM]
    checksum_of_chunk = raw[end - CHECKSUM : end]
    sound = (
        _ENTRY.unpack(table) == (0, end)
        and checksum(raw[: end - CHECKSUM]) == checksum_of_chunk
        and (form.plain or checksum(table) == raw[-CHECKSUM:])
    )
    return (size, digest(table, [checksum_of_chunk])) if sound else None


def _chunks(path: str, form: Form, whole: bool = False, known: FileStamp | None = None) -> "_Chunks":
    """A shard on the disk, or in object storage."""
    if "://" in path:
        return _ChunksOfObject(objects_at(path), path, form, whole, known)
    return _Chunks(path, form, whole, known)


def _numbers(form: Form, region: Sequence[slice]) -> list[int]:
    """Numbers of the chunks that a region touches."""
    spans = (
        range(part.start // length, -(-part.stop // length))
        for part, length in zip(region, form.chunk, strict=True)
    )
    return [int(np.ravel_multi_index(key, form.counts)) for key in product(*spans)]


def _overlap(
    key: Sequence[int], chunk: Sequence[int], region: Sequence[slice]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The part of a chunk that lies in a region, as it lies in the chunk and as it lies in the region."""
    inside, target = [], []
    for k, length, part in zip(key, chunk, region, strict=True):
        first, last = max(k * length, part.start), min(k * length + length, part.stop)
        inside.append(slice(first - k * length, last - k * length))
        target.append(slice(first - part.start, last - part.start))
    return tuple(inside), tuple(target)


class _Chunks:
    """An open shard, chunk by chunk."""

    def __init__(self, path: str, form: Form, whole: bool = False, known: FileStamp | None = None) -> None:
        self.form = form
        self.descriptor = open_regular(path)
        try:
            if known is not None and what_is(os.fstat(self.descriptor)) != known:
                raise Damaged("is not the file that was recorded")
            # Of a small file, and there may be a hundred thousand, this is all that is asked of the system.
            first = os.pread(self.descriptor, _FIRST, 0)
            small = len(first) < _FIRST
            self.size = len(first) if small else os.fstat(self.descriptor).st_size
            self._require_size()
            at_once = self.size <= (_WHOLE_TO_CHECK if whole else _WHOLE)
            self.raw = first if small else self._read(0, self.size) if at_once else None
            self._require_index()
        except BaseException:
            os.close(self.descriptor)
            raise

    def _require_size(self) -> None:
        self.end = self.size - self.form.end
        if self.end < (_LEAST + 1 if self.form.plain else 0):
            raise Damaged("is cut short" if self.size else "is empty")
        if self.size > self.form.most:
            raise Damaged("is larger than such a shard can be")

    def _require_index(self) -> None:
        if self.form.plain:
            self.table = table_of(self.size)
            return
        self.table = self._bytes(self.end, self.size - CHECKSUM)
        if checksum(self.table) != self._bytes(self.size - CHECKSUM, self.size):
            raise Damaged("its index is not what was written")

    def __enter__(self) -> "_Chunks":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def expect(self, region: Sequence[slice]) -> None:
        """Get ready for the chunks of a region: a disk is ready."""

    def get(self, number: int) -> np.ndarray | None:
        """The numbers of a chunk, by its number in the index; None where it was never written."""
        start, length = _ENTRY.unpack_from(self.table, 16 * number)
        if start == ABSENT and length == ABSENT:
            return None
        encoded = self._checked(start, length)
        # A header that promises more than the chunk holds is never given memory.
        if int.from_bytes(encoded[4:8], "little") != self.form.chunk_bytes:
            raise Damaged("a chunk holds more or fewer numbers than it should")
        try:
            return np.frombuffer(decompress(encoded), self.form.dtype).reshape(self.form.chunk)
        except (ValueError, RuntimeError) as error:
            raise Damaged(f"a chunk cannot be decompressed ({error})") from None

    def digest(self) -> bytes:
        """The digest of the file, which its chunks and its index must fill without a gap."""
        checksums, spans = [], []
        for start, length in _ENTRY.iter_unpack(self.table):
            if start == ABSENT and length == ABSENT:
                continue
            checksums.append(checksum(self._checked(start, length)))
            spans.append((start, start + length))
        spans.sort()
        if [start for start, _ in spans] + [self.end] != [0, *(end for _, end in spans)]:
            raise Damaged("holds bytes that belong to no chunk")
        return digest(self.table, checksums)

    def _checked(self, start: int, length: int) -> bytes:
        if length <= _LEAST or start + length > self.end:
            raise Damaged("its index names a place outside the file")
        encoded = self._bytes(start, start + length - CHECKSUM)
        if checksum(encoded) != self._bytes(start + length - CHECKSUM, start + length):
            raise Damaged("a chunk is not what was written")
        return encoded

    def _bytes(self, start: int, stop: int) -> bytes:
        return self._read(start, stop) if self.raw is None else self.raw[start:stop]

    def _read(self, start: int, stop: int) -> bytes:
        raw = read_range(self.descriptor, start, stop)
        if raw is None:
            raise Damaged("was cut while it was read")
        return raw


class _ChunksOfObject(_Chunks):
    """A shard in object storage: its end, which holds the index, is asked for first, the rest as needed."""

    def __init__(self, storage: Objects, path: str, form: Form, whole: bool, known: FileStamp | None) -> None:
        self.form, self._storage, self._path = form, storage, path
        most = form.most if whole or form.plain else max(_WHOLE, form.end)
        got = storage.get(path, most, -most)
        if known is not None and got.stat.known != known:
            raise Damaged("is not the file that was recorded")
        self.size, self._first, self._end = got.stat.st_size, got.start, got.raw
        self._held: dict[int, bytes] = {}
        self.raw = None
        self._require_size()
        self._require_index()

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def expect(self, region: Sequence[slice]) -> None:
        """Ask for all chunks that a region touches at once, but for those at the end, which are here."""
        starts, stops = [], []
        for number in _numbers(self.form, region):
            start, length = _ENTRY.unpack_from(self.table, 16 * number)
            if start < self._first and length > CHECKSUM + 16 and start + length <= self.end:
                starts.append(start)
                stops.append(start + length)
        if starts:
            for start, raw in zip(starts, self._storage.ranges(self._path, starts, stops), strict=True):
                self._held[start] = raw[:-CHECKSUM]
                self._held[start + len(raw) - CHECKSUM] = raw[-CHECKSUM:]

    def _bytes(self, start: int, stop: int) -> bytes:
        if start >= self._first:
            return self._end[start - self._first : stop - self._first]
        if start in self._held:
            return self._held[start][: stop - start]
        return self._storage.read(self._path, stop - start, start, stop)
