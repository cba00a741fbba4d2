"""How a store of Zarr is called from threads, and the array in which files lie that are no chunks."""

from typing import Any

GROUP = "equisweep-files"  # no output can be called like this
FILES, MANY = f"{GROUP}/files", 2**31 - 1
GROUP_OF_FILES = {"zarr_format": 3, "node_type": "group", "attributes": {}}
ARRAY_OF_FILES = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [MANY],
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes"}],
    "attributes": {},
}


def sync(work: Any) -> Any:
    """What an asynchronous call returns."""
    from zarr.core.sync import sync as waited_for

    return waited_for(work)


def listed(found: Any) -> list[str]:
    """All that an asynchronous listing gives."""

    async def all_of() -> list[str]:
        return [key async for key in found]

    return sync(all_of())


def buffers() -> Any:
    """The kind of buffers that Zarr passes on."""
    from zarr.core.buffer import default_buffer_prototype

    return default_buffer_prototype()


def buffer(raw: bytes) -> Any:
    """Bytes in one."""
    return buffers().buffer.from_bytes(raw)


def part_of(start: int, stop: int) -> Any:
    """A part of a chunk, as it is asked for."""
    from zarr.abc.store import RangeByteRequest

    return RangeByteRequest(start, stop)
