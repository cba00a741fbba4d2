"""An array of a cube, by its metadata: read here where it is stored as equisweep stores arrays, else by zarr.

Loading zarr takes a third of a second, which is most of what a question to a small cube may take. Whatever is
not as it is written here is left to zarr, which knows all forms.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..gate.files import CHUNK, read_regular
from .decode import Damaged
from .metadata import read_metadata
from .shard import BLOSC, CHECKSUM, Form, checksum

if TYPE_CHECKING:
    import zarr

_NUMBERS = {"bool", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_FILLS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}
_KEYS = {"name": "default", "configuration": {"separator": "/"}}


@dataclass(frozen=True)
class Stored:
    """An array or coordinate.

    Attributes
    ----------
    folder
        Where it lies.
    shape, dtype, fill_value
        Of its numbers; and of what was never written.
    files, chunks
        Shapes of what one file holds, and of the chunks in it: the same of an array without shards.
    dims, attributes
        Names of its dimensions, and what it says of itself.
    form
        How its shards are laid out; None where it has none, or another program chose another form than is
        written here.
    plain
        Whether it is a coordinate as it is written here: chunks of numbers or texts, each with a checksum.
    sharded
        Whether a file holds several chunks and an index.
    """

    folder: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    fill_value: Any
    files: tuple[int, ...]
    chunks: tuple[int, ...]
    dims: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    form: Form | None = None
    plain: bool = False
    sharded: bool = True

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @cached_property
    def by_zarr(self) -> "zarr.Array":
        """The same as zarr opens it."""
        return _opened(self.folder)

    def values(self) -> np.ndarray:
        """All of a coordinate. Raises `Damaged`, OSError, or what zarr raises, where it cannot be read."""
        if not self.plain:
            return np.asarray(self.by_zarr[:])
        length, parts = self.files[0], []
        for k in range(ceil(self.shape[0] / length)):
            raw = read_regular(self.folder / "c" / str(k), CHUNK)
            if checksum(raw[:-CHECKSUM]) != raw[-CHECKSUM:]:
                raise Damaged("is not what was written")
            parts.append(_texts(raw) if self.dtype.kind == "T" else self._numbers(raw))
            if len(parts[-1]) != length:
                raise Damaged("holds more or fewer values than it should")
        return np.concatenate(parts)[: self.shape[0]] if parts else np.empty(0, self.dtype)

    def _numbers(self, raw: bytes) -> np.ndarray:
        return np.frombuffer(raw[:-CHECKSUM], self.dtype.newbyteorder("<")).astype(self.dtype)


def stored_array(folder: Path) -> Stored:
    """The array in a folder. Raises OSError, KeyError, ValueError, ... where its metadata are not of one."""
    document = read_metadata(folder)
    try:
        here = _written_here(folder, document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        here = None
    return here or _by_zarr(folder)


def _written_here(folder: Path, document: Mapping[str, Any]) -> Stored | None:
    """The array, if its metadata are as equisweep writes them."""
    said, shape = str(document["data_type"]), tuple(map(int, document["shape"]))
    grid, codecs = document["chunk_grid"], document["codecs"]
    dims = document.get("dimension_names") or [""] * len(shape)
    same = (
        document["node_type"] == "array"
        and document["zarr_format"] == 3
        and not document.get("storage_transformers")
        and grid["name"] == "regular"
        and document["chunk_key_encoding"] == _KEYS
        and all(isinstance(dim, str) for dim in dims)
        and (said in _NUMBERS or said == "string")
    )
    files = tuple(map(int, grid["configuration"]["chunk_shape"]))
    if (
        not same
        or not len(dims) == len(shape) == len(files)
        or min(files, default=1) < 1
        or min(shape, default=1) < 0
    ):
        return None
    dtype = np.dtype(np.dtypes.StringDType()) if said == "string" else np.dtype(said)
    fill = document["fill_value"]
    if dtype.kind == "f":
        fill = dtype.type(_FILLS.get(fill, fill))
    elif dtype.kind != "T":
        fill = dtype.type(fill)
    named = [codec["name"] for codec in codecs]
    about: dict[str, Any] = {
        "folder": folder,
        "shape": shape,
        "dtype": dtype,
        "fill_value": fill,
        "files": files,
        "dims": tuple(dims),
        "attributes": document.get("attributes") or {},
    }
    if named == ["sharding_indexed"] and said != "string":
        form = _form(codecs[0]["configuration"], files, dtype, fill)
        return Stored(**about, chunks=form.chunk, form=form) if form else None
    plain = named == ["vlen-utf8" if said == "string" else "bytes", "crc32c"] and _little(codecs[0])
    return Stored(**about, chunks=files, plain=True, sharded=False) if plain and len(shape) == 1 else None


def _form(inside: Mapping[str, Any], files: tuple[int, ...], dtype: np.dtype, fill: Any) -> Form | None:
    """How shards are laid out, if they are as `shard.encode` writes them."""
    codecs, index, chunk = inside["codecs"], inside["index_codecs"], tuple(map(int, inside["chunk_shape"]))
    same = (
        [codec["name"] for codec in codecs] == ["bytes", "blosc", "crc32c"]
        and [codec["name"] for codec in index] == ["bytes", "crc32c"]
        and inside["index_location"] == "end"
        and all(map(_little, (codecs[0], index[0])))
        and {key: codecs[1]["configuration"][key] for key in BLOSC} == BLOSC
        and len(chunk) == len(files)
        and all(length > 0 and shard % length == 0 for shard, length in zip(files, chunk, strict=True))
    )
    return Form(dtype.newbyteorder("<"), fill, files, chunk) if same else None


def _little(codec: Mapping[str, Any]) -> bool:
    return (codec.get("configuration") or {}).get("endian", "little") == "little"


def _texts(raw: bytes) -> np.ndarray:
    """Texts as Zarr's codec vlen-utf8 writes them: their number, then each with its length before it."""
    texts, place = [], 4
    for _ in range(int.from_bytes(raw[:4], "little")):
        length = int.from_bytes(raw[place : place + 4], "little")
        place += 4 + length
        if place > len(raw) - CHECKSUM:
            raise Damaged("is cut short")
        texts.append(raw[place - length : place].decode())
    return np.array(texts, np.dtypes.StringDType())


def _by_zarr(folder: Path) -> Stored:
    array = _opened(folder)
    dims = getattr(array.metadata, "dimension_names", None) or ("",) * array.ndim
    return Stored(
        folder,
        array.shape,
        array.dtype,
        array.fill_value,
        files=array.shards or array.chunks,
        chunks=array.chunks,
        dims=tuple(map(str, dims)),
        attributes=dict(array.attrs),
        sharded=array.shards is not None,
    )


def _opened(folder: Path) -> "zarr.Array":
    import zarr

    from ..gate.zarr_store import PlainStore

    mode = "r+" if os.access(folder, os.W_OK) else "r"
    array = zarr.open_array(PlainStore(folder, read_only=mode == "r"), mode=mode)
    return array.with_config({"write_empty_chunks": True})
