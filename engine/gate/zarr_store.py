"""A folder of Zarr as zarr reads it, through the gate: no pipe, no device, nothing endless."""

import asyncio
from collections.abc import Iterable
from typing import Any

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer.core import default_buffer_prototype
from zarr.storage import LocalStore

from .files import CHUNK, METADATA, read_regular


class PlainStore(LocalStore):
    """A `LocalStore` whose reads see regular files of a bounded size only; `Unfit` for others."""

    def _read(self, key: str, prototype: Any, byte_range: Any) -> Any:
        most = METADATA if key.endswith("zarr.json") else CHUNK
        start, stop = 0, None
        match byte_range:
            case RangeByteRequest():
                start, stop = byte_range.start, byte_range.end
            case OffsetByteRequest():
                start = byte_range.offset
            case SuffixByteRequest():
                start = -byte_range.suffix
        try:
            raw = read_regular(self.root / key, most, start, stop)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return (prototype or default_buffer_prototype()).buffer.from_bytes(raw)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Bytes of a key, None where there is none."""
        return self._read(key, prototype, byte_range)

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """The same, in a thread."""
        return await asyncio.to_thread(self._read, key, prototype, byte_range)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]) -> list[Any]:
        """The same of several keys, in order."""
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]
