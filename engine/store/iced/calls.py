"""How a store of Zarr is called from threads, and where files lie that are no chunks of its arrays."""

import secrets
from typing import Any

GROUP = "equisweep-files"  # no output can be called like this
FILES, MANY = f"{GROUP}/files", 2**31 - 1
NOWHERE = f"{MANY}/{MANY}"  # beyond the end of the array
GROUP_OF_FILES = {"zarr_format": 3, "node_type": "group", "attributes": {}}
ARRAY_OF_FILES = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [MANY, MANY],
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes"}],
    "attributes": {},
}


def somewhere() -> str:
    """A place for a file: of as many as there are, no two who know nothing of each other choose the same."""
    return f"{secrets.randbelow(MANY)}/{secrets.randbelow(MANY)}"


def sync(work: Any) -> Any:
    """What an asynchronous call returns."""
    from zarr.core.sync import sync as waited_for

    return waited_for(work)


def listed(keys: Any) -> list[str]:
    """All that an asynchronous listing gives."""

    async def all_of() -> list[str]:
        return [key async for key in keys]

    return sync(all_of())


def buffers() -> Any:
    """The kind of buffers that Zarr passes on."""
    from zarr.core.buffer import default_buffer_prototype

    return default_buffer_prototype()


def buffer(raw: bytes) -> Any:
    """Bytes in one."""
    return buffers().buffer.from_bytes(raw)


async def part_of(store: Any, key: str, start: int, stop: int) -> Any:
    """A part of a chunk, as far as the chunk goes; None where there is none.

    From its version 2 on Icechunk refuses a part that ends beyond the chunk.
    """
    from zarr.abc.store import RangeByteRequest

    try:
        return await store.get(key, buffers(), RangeByteRequest(start, stop))
    except Exception as error:
        if type(error).__name__ != "InvalidInputError":
            raise
    whole = await store.get(key, buffers())
    return None if whole is None else whole[start:stop]


def is_array(key: str) -> bool:
    """Whether this belongs to an array, or is metadata of one or of the cube; all else is a file beside."""
    name, _, rest = key.partition("/")
    return name == "zarr.json" or rest in ("", "c", "zarr.json") or rest.startswith("c/")
