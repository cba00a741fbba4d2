"""A shard of a Zarr array, encoded by the thread that writes it; or a plain chunk, where one is all it holds.

zarr takes every chunk of a process through one event loop, which copies it three times on the way and so
keeps one core waiting. Threads that encode whole shards need not wait for each other. What they write is what
zarr writes, but for the order of the chunks, and any reader of Zarr v3 reads it.

A file of one chunk needs no index. Plain chunks are what xarray writes anew in any shape: it keeps the shape
of shards where a dimension is selected away, and then cannot write what is left.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

import google_crc32c
import numpy as np
from numcodecs.blosc import SHUFFLE, compress  # pyright: ignore[reportMissingImports]

from ..gate.files import says_nothing_of_the_file
from .storage.files import storage_of

# Place and length of a chunk that holds nothing.
ABSENT = 2**64 - 1
HEADER = 16  # bytes of blosc's header: at 4 how many the chunk holds, at 12 how many it takes
CHECKSUM = 4  # bytes of a checksum, below each chunk and below the index
DIGEST = 16  # bytes of a digest
_ADDED = 16  # Bytes that blosc adds at most to what it cannot compress.


@dataclass(frozen=True)
class Form:
    """How the shards of an array are laid out.

    Attributes
    ----------
    dtype, fill
        Of its numbers, and of what was never written.
    shard, chunk
        Their shapes; whole chunks fill a shard.
    plain
        Whether a file is one chunk, as long as a shard, without an index. What cubes were before has one.
    """

    dtype: np.dtype
    fill: float | int
    shard: tuple[int, ...]
    chunk: tuple[int, ...]
    plain: bool = False

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of chunks along each axis of a shard."""
        return tuple(s // c for s, c in zip(self.shard, self.chunk, strict=True))

    @cached_property
    def chunks(self) -> int:
        """Number of chunks of a shard."""
        return prod(self.counts)

    @cached_property
    def most(self) -> int:
        """Bytes of the largest file that a shard can be."""
        return prod(self.shard) * self.dtype.itemsize + self.chunks * (_ADDED + CHECKSUM + 16) + CHECKSUM

    @cached_property
    def chunk_bytes(self) -> int:
        """Length of a chunk's numbers."""
        return prod(self.chunk) * self.dtype.itemsize

    @property
    def end(self) -> int:
        """How many bytes of a file come after its chunks: the index and its checksum."""
        return 0 if self.plain else 16 * self.chunks + CHECKSUM

    @property
    def layout(self) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
        """What has to be alike for files of two arrays to be read alike."""
        return self.shard, self.chunk, self.plain


def encode(form: Form, values: np.ndarray) -> Iterator[bytes]:
    """The bytes of a shard, part by part: its chunks, where they lie, and a checksum of that.

    A plain one ends with its chunk.

    `values` are those of the shard that lie inside the array; its chunks outside are left out.
    """
    if any(have > most for have, most in zip(values.shape, form.shard, strict=True)):
        raise ValueError(f"{values.shape} numbers for a shard of {form.shard}")
    index, offset = np.full((*form.counts, 2), ABSENT, "<u8"), 0
    for key in product(*map(range, form.counts)):
        start = [k * length for k, length in zip(key, form.chunk, strict=True)]
        part = values[tuple(slice(a, a + length) for a, length in zip(start, form.chunk, strict=True))]
        if not part.size:
            continue
        encoded = compress(_whole(part, form), b"lz4", 1, SHUFFLE, 0)
        yield encoded
        yield checksum(encoded)
        index[key] = offset, len(encoded) + CHECKSUM
        offset += len(encoded) + CHECKSUM
    if form.plain:
        return
    table = index.tobytes()
    yield table
    yield checksum(table)


def table_of(length: int) -> bytes:
    """The index that a plain chunk of so many bytes, its checksum among them, would have."""
    return np.array([0, length], "<u8").tobytes()


def digest(table: bytes, checksums: Iterable[bytes]) -> bytes:
    """The digest of a shard: of its index and of the checksums of its chunks, in the order of the index.

    With the checksums it says what all bytes are, and yet it costs nothing while they are written. A checksum
    of the whole file would say little: CRC-32C of a text with its own CRC-32C below is always the same.
    """
    return hashlib.blake2b(b"".join(checksums) + table, digest_size=DIGEST).digest()


def digests_of(shards: np.ndarray) -> list[bytes]:
    """The digests in the shards of several records."""
    raw = np.ascontiguousarray(shards["digest"]).tobytes()
    return [raw[start : start + DIGEST] for start in range(0, len(raw), DIGEST)]


@dataclass
class Passing:
    """The parts of a shard on their way into a file; afterwards their length and digest."""

    form: Form
    length: int = 0
    _checksums: list[bytes] = field(default_factory=list)
    _last: bytes = b""

    def through(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The parts of `encode`, as they are: each is followed by its checksum, an index being the last."""
        for number, part in enumerate(parts):
            self.length += len(part)
            if number % 2:
                self._checksums.append(part)
            else:
                self._last = part
            yield part

    @property
    def digest(self) -> bytes:
        """The digest of the shard, once all its parts have passed."""
        if self.form.plain:
            return digest(table_of(self.length), self._checksums)
        return digest(self._last, self._checksums[:-1])


def holds_all_chunks(path: str, form: Form, inside: Sequence[int]) -> bool:
    """Whether the file is a shard with all the chunks that lie inside the array, of shape `inside`.

    A shard ends with its index, an (offset, length) pair of uint64 per chunk, all ones for a chunk
    that was never written, and the index's checksum. A plain chunk begins with blosc's header, which says how
    long it is.
    """
    if form.plain:
        return _is_whole_chunk(path, form)
    expected = prod(-(-size // length) for size, length in zip(inside, form.chunk, strict=True))
    length = form.end
    try:
        raw = storage_of(path).read(path, length, -length)
        if len(raw) < length:
            return False
        index = np.frombuffer(raw[: 16 * form.chunks], "<u8").reshape(-1, 2)
    except (OSError, ValueError) as error:
        if says_nothing_of_the_file(error):
            raise
        return False
    return int((index[:, 1] != ABSENT).sum()) >= expected


def _is_whole_chunk(path: str, form: Form) -> bool:
    try:
        storage = storage_of(path)
        size, header = storage.stat(path).st_size, storage.read(path, HEADER, 0, HEADER)
    except (OSError, ValueError) as error:
        if says_nothing_of_the_file(error):
            raise
        return False
    numbers, length = (int.from_bytes(header[at : at + 4], "little") for at in (4, 12))
    return numbers == form.chunk_bytes and length + CHECKSUM == size


def checksum(encoded: bytes) -> bytes:
    """CRC-32C, as the codec of this name writes it."""
    return google_crc32c.value(encoded).to_bytes(CHECKSUM, "little")


def _whole(part: np.ndarray, form: Form) -> np.ndarray:
    """A chunk in full, side by side in memory: what lies outside the array is filled."""
    if part.shape == form.chunk:
        return _with_one_nan(np.ascontiguousarray(part, form.dtype))
    whole = np.full(form.chunk, form.fill, form.dtype)
    whole[tuple(map(slice, part.shape))] = part
    return _with_one_nan(whole)


def _with_one_nan(numbers: np.ndarray) -> np.ndarray:
    """The same with NaN of one bit pattern: processors and formulas make several."""
    if numbers.dtype.kind != "f":
        return numbers
    missing = np.isnan(numbers)
    if not missing.any():
        return numbers
    nan, bits = np.array(np.nan, numbers.dtype), f"u{numbers.itemsize}"
    other = missing & (numbers.view(bits) != nan.view(bits))
    return np.where(other, nan, numbers) if other.any() else numbers
