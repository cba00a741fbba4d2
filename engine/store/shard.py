"""A shard of a Zarr array, encoded by the thread that writes it.

zarr takes every chunk of a process through one event loop, which copies it three times on the way and so
keeps one core waiting. Threads that encode whole shards need not wait for each other. What they write is what
zarr writes, but for the order of the chunks, and any reader of Zarr v3 reads it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import zarr
from numcodecs.blosc import SHUFFLE, compress  # pyright: ignore[reportMissingImports]

from ..gate.files import open_regular

# Place and length of a chunk that holds nothing.
ABSENT = np.iinfo(np.uint64).max
CHECKSUM = 4  # bytes of a checksum, below each chunk and below the index
DIGEST = 16  # bytes of a digest
_BLOSC = {"cname": "lz4", "clevel": 1, "shuffle": "shuffle"}


def encodes(array: zarr.Array) -> bool:
    """Whether shards of this array are in the one form that is written here."""
    form = [codec.to_dict() for codec in array.metadata.codecs]  # pyright: ignore[reportAttributeAccessIssue]
    if [codec["name"] for codec in form] != ["sharding_indexed"]:
        return False
    inside: Any = form[0]["configuration"]
    names = [[codec["name"] for codec in inside[key]] for key in ("codecs", "index_codecs")]
    if names != [["bytes", "blosc", "crc32c"], ["bytes", "crc32c"]] or inside["index_location"] != "end":
        return False
    blosc = inside["codecs"][1]["configuration"]
    return {key: blosc[key] for key in _BLOSC} == _BLOSC


def encode(array: zarr.Array, values: np.ndarray) -> Iterator[bytes]:
    """The bytes of a shard, part by part: its chunks, where they lie, and a checksum of that.

    `values` are those of the shard that lie inside the array; its chunks outside are left out.
    """
    assert array.shards is not None
    if any(have > most for have, most in zip(values.shape, array.shards, strict=True)):
        raise ValueError(f"{values.shape} numbers for a shard of {array.shards}")
    dtype, fill = array.dtype.newbyteorder("<"), array.fill_value
    counts = [shard // chunk for shard, chunk in zip(array.shards, array.chunks, strict=True)]
    index, place = np.full((*counts, 2), ABSENT, "<u8"), 0
    for key in product(*map(range, counts)):
        start = [k * length for k, length in zip(key, array.chunks, strict=True)]
        part = values[tuple(slice(a, a + length) for a, length in zip(start, array.chunks, strict=True))]
        if not part.size:
            continue
        encoded = compress(_whole(part, array.chunks, dtype, fill), b"lz4", 1, SHUFFLE, 0)
        yield encoded
        yield checksum(encoded)
        index[key] = place, len(encoded) + CHECKSUM
        place += len(encoded) + CHECKSUM
    table = index.tobytes()
    yield table
    yield checksum(table)


def digest(table: bytes, checksums: Iterable[bytes]) -> bytes:
    """The digest of a shard: of its index and of the checksums of its chunks, in the order of the index.

    With the checksums it says what all bytes are, and yet it costs nothing while they are written. A checksum
    of the whole file would say little: CRC-32C of a text with its own CRC-32C below is always the same.
    """
    return hashlib.blake2b(b"".join(checksums) + table, digest_size=DIGEST).digest()


@dataclass
class Passing:
    """The parts of a shard on their way into a file; afterwards their length and digest."""

    length: int = 0
    _checksums: list[bytes] = field(default_factory=list)
    _last: bytes = b""

    def through(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The parts of `encode`, as they are: each is followed by its checksum, the index being the last."""
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
        return digest(self._last, self._checksums[:-1])


def holds_all_chunks(path: Path, array: zarr.Array, inside: Sequence[int]) -> bool:
    """Whether the file is a shard with all the chunks that lie inside the array, of shape `inside`.

    A shard ends with its index, an (offset, length) pair of uint64 per chunk, all ones for a chunk
    that was never written, and the index's checksum.
    """
    assert array.shards is not None
    expected = prod(-(-size // chunk) for size, chunk in zip(inside, array.chunks, strict=True))
    chunks = prod(s // c for s, c in zip(array.shards, array.chunks, strict=True))
    try:
        with open(open_regular(path), "rb") as file:  # noqa: PTH123  (a descriptor)
            file.seek(-(16 * chunks + CHECKSUM), os.SEEK_END)
            index = np.frombuffer(file.read(16 * chunks), "<u8").reshape(-1, 2)
    except (OSError, ValueError):
        return False
    return int((index[:, 1] != ABSENT).sum()) >= expected


def checksum(encoded: bytes) -> bytes:
    """CRC-32C, as the codec of this name writes it."""
    return google_crc32c.value(encoded).to_bytes(CHECKSUM, "little")


def _whole(part: np.ndarray, chunk: Sequence[int], dtype: np.dtype, fill: Any) -> np.ndarray:
    """A chunk in full, side by side in memory: what lies outside the array is filled."""
    if part.shape == tuple(chunk):
        return np.ascontiguousarray(part, dtype)
    whole = np.full(chunk, fill, dtype)
    whole[tuple(map(slice, part.shape))] = part
    return whole
