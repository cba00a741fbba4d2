"""Entries of the folder in which functions are kept: a head in JSON, and bytes.

What is not there, is damaged, or was written by something else reads as nothing: it is made anew.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .code import code_digest
from .folder import keep, kept, kept_folder

_MOST = 2**28
_OFF = [0]


def entries_wanted() -> bool:
    """Whether functions are kept in this process."""
    return not _OFF[0] and kept_folder() is not None


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Within it no function is kept or found: for whoever changes equisweep in memory."""
    _OFF[0] += 1
    try:
        yield
    finally:
        _OFF[0] -= 1


def write_entry(name: str, head: Mapping[str, Any], body: bytes = b"") -> None:
    """Keep an entry. Nothing happens where nothing is kept, or where code was changed meanwhile.

    Nor for what has no such form.
    """
    if entries_wanted() and code_digest() is not None:
        try:
            text = json.dumps(head).encode()
        except (TypeError, ValueError, RecursionError):
            return
        keep(name, len(text).to_bytes(8, "little") + zlib.compress(text + body, 1))


def read_entry(name: str) -> tuple[dict[str, Any], bytes] | None:
    """An entry's head and bytes; None where there is none, or no sound one."""
    data = kept(name) if entries_wanted() else None
    if data is None or len(data) < 8:
        return None
    end = int.from_bytes(data[:8], "little")
    try:
        unpacking = zlib.decompressobj()
        whole = unpacking.decompress(data[8:], _MOST)
        head = json.loads(whole[:end]) if unpacking.eof else None
    except (zlib.error, ValueError, RecursionError):
        return None
    return (head, whole[end:]) if isinstance(head, dict) else None
