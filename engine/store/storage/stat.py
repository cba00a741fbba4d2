"""What object storage says of an object, in the words of `os.stat`."""

import hashlib
from dataclasses import dataclass
from typing import Any

from .interface import FileStamp


@dataclass(frozen=True)
class ObjectStat:
    """What is known of an object. Where it has a tag, which changes with it, its time does not matter."""

    st_size: int
    st_ino: int
    st_mtime: float
    st_mtime_ns: int
    st_ctime_ns: int = 0

    @property
    def known(self) -> FileStamp:
        """As records hold it."""
        return self.st_size, self.st_ino, self.st_mtime_ns, self.st_ctime_ns


@dataclass(frozen=True)
class Got:
    """An object, or a part of it, as it was answered."""

    raw: bytes
    start: int
    stat: ObjectStat


def stat_of(meta: Any) -> ObjectStat:
    """What an answer says of an object."""
    tag, modified = meta.get("e_tag"), meta["last_modified"].timestamp()
    return ObjectStat(meta["size"], number_of(tag), modified, 0 if tag else int(modified) * 10**9)


def version_of(meta: Any) -> dict[str, str]:
    """What an object is told by where it is to be written over: S3 and Azure ask for its tag, Google for its
    generation; empty where the storage gives it neither.
    """
    return {key: meta[key] for key in ("e_tag", "version") if meta.get(key)}


def number_of(tag: str | None) -> int:
    """A tag as a number of 64 bits."""
    return int.from_bytes(hashlib.sha256(tag.encode()).digest()[:8], "little") if tag else 0
