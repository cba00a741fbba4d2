"""An array of a cube, by its metadata, in the one way in which equisweep stores arrays.

A cube holds arrays in that way only, whichever version wrote it: what another program has stored otherwise is
refused by name (`gate.array_metadata` says so first, in more words), and zarr is not loaded to ask a cube.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from ..gate.array_metadata import CHUNK_CODECS, NUMBERS
from ..gate.files import CHUNK
from .decode import Damaged
from .metadata import read_metadata
from .shard import CHECKSUM, Form, checksum
from .storage.files import storage_of

_FILLS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}


@dataclass(frozen=True)
class Stored:
    """An array or coordinate.

    Attributes
    ----------
    folder
        Where it lies.
    shape, dtype, fill_value
        Of its numbers; and of what was never written.
    files
        Shape of what one file holds.
    dims, attributes
        Names of its dimensions, and what it says of itself.
    form
        How its shards, or plain chunks, are laid out; None of a coordinate, which has chunks of numbers or
        texts, each with a checksum.
    """

    folder: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    fill_value: Any
    files: tuple[int, ...]
    dims: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    form: Form | None = None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def values(self) -> np.ndarray:
        """All of a coordinate. Raises `Damaged` or OSError where it cannot be read."""
        length, parts, storage = self.files[0], [], storage_of(self.folder)
        for k in range(ceil(self.shape[0] / length)):
            raw = storage.read(self.folder / "c" / str(k), CHUNK)
            if checksum(raw[:-CHECKSUM]) != raw[-CHECKSUM:]:
                raise Damaged("is not what was written")
            parts.append(_texts(raw) if self.dtype.kind == "T" else self._numbers(raw))
            if len(parts[-1]) != length:
                raise Damaged("holds more or fewer values than it should")
        return np.concatenate(parts)[: self.shape[0]] if parts else np.empty(0, self.dtype)

    def _numbers(self, raw: bytes) -> np.ndarray:
        return np.frombuffer(raw[:-CHECKSUM], self.dtype.newbyteorder("<")).astype(self.dtype)


def stored_array(folder: Path) -> Stored:
    """The array in a folder. Raises OSError, or ValueError where its metadata are not as a cube's."""
    document = read_metadata(folder)
    try:
        stored = _written_here(folder, document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        stored = None
    if stored is None:
        raise ValueError(f"the array {folder.name!r} is stored in another way than a cube's arrays are")
    return stored


def _written_here(folder: Path, document: Mapping[str, Any]) -> Stored | None:
    """The array, if its metadata are as equisweep writes them."""
    said, shape = str(document["data_type"]), tuple(map(int, document["shape"]))
    grid, keys, codecs = document["chunk_grid"], document["chunk_key_encoding"], document["codecs"]
    dims = document.get("dimension_names") or [""] * len(shape)
    files = tuple(map(int, grid["configuration"]["chunk_shape"]))
    same = (
        document["node_type"] == "array"
        and document["zarr_format"] == 3
        and not document.get("storage_transformers")
        and grid["name"] == "regular"
        and (keys["name"], (keys.get("configuration") or {}).get("separator", "/")) == ("default", "/")
        and all(isinstance(dim, str) for dim in dims)
        and (said in NUMBERS or said == "string")
        and len(dims) == len(shape) == len(files)
        and min(files, default=1) > 0 <= min(shape, default=0)
    )
    if not same:
        return None
    dtype = np.dtype(np.dtypes.StringDType()) if said == "string" else np.dtype(said)
    fill = document["fill_value"]
    if dtype.kind == "f":
        fill = dtype.type(_FILLS.get(fill, fill))
    elif dtype.kind != "T":
        fill = dtype.type(fill)
    about = folder, shape, dtype, fill, files, tuple(dims), document.get("attributes") or {}
    named = [codec["name"] for codec in codecs]
    if named == ["sharding_indexed"] and said != "string":
        form = _form(codecs[0]["configuration"], files, dtype, fill)
        return Stored(*about, form) if form else None
    if named == CHUNK_CODECS and _little(codecs[0]) and said != "string":
        return Stored(*about, Form(dtype.newbyteorder("<"), fill, files, files, plain=True))
    plain = named == ["vlen-utf8" if said == "string" else "bytes", "crc32c"] and _little(codecs[0])
    return Stored(*about) if plain and len(shape) == 1 else None


def _form(inside: Mapping[str, Any], files: tuple[int, ...], dtype: np.dtype, fill: Any) -> Form | None:
    """How shards are laid out, if they are as `shard.encode` writes them.

    What blosc was asked for need not be the same: each chunk says how to decompress it.
    """
    codecs, index, chunk = inside["codecs"], inside["index_codecs"], tuple(map(int, inside["chunk_shape"]))
    same = (
        [codec["name"] for codec in codecs] == CHUNK_CODECS
        and [codec["name"] for codec in index] == ["bytes", "crc32c"]
        and inside.get("index_location", "end") == "end"
        and all(map(_little, (codecs[0], index[0])))
        and len(chunk) == len(files)
        and all(length > 0 and shard % length == 0 for shard, length in zip(files, chunk, strict=True))
    )
    return Form(dtype.newbyteorder("<"), fill, files, chunk) if same else None


def _little(codec: Mapping[str, Any]) -> bool:
    return (codec.get("configuration") or {}).get("endian", "little") == "little"


def _texts(raw: bytes) -> np.ndarray:
    """Texts as Zarr's codec vlen-utf8 writes them: their number, then each with its length before it."""
    texts, offset = [], 4
    for _ in range(int.from_bytes(raw[:4], "little")):
        length = int.from_bytes(raw[offset : offset + 4], "little")
        offset += 4 + length
        if offset > len(raw) - CHECKSUM:
            raise Damaged("is cut short")
        texts.append(raw[offset - length : offset].decode())
    return np.array(texts, np.dtypes.StringDType())
