"""The directory of a zip file from outside, which says where the files in it lie: stored as they are, apart.

Nothing is ever decompressed, so that no small file becomes a large one; and no two files share bytes, so that
all of them together are no larger than the zip file.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .files import read_range

MOST_DIRECTORY = 2**30  # bytes; of ten million files
_END, _END_64, _AT_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_ENCRYPTED, _UTF_8, _FULL, _FULL_16 = 0x1, 0x800, 2**32 - 1, 2**16 - 1
_LONGEST_END = _END.size + _FULL_16  # with a comment
_SIZE_64 = 1  # of an extra field: sizes and places that 32 bits do not hold
_AS_IT_IS = "pack it anew, or zip it with -0, which stores files as they are"


class NoDirectory(ValueError):
    """Why a file is no zip file whose files can be read where they lie."""


@dataclass(frozen=True)
class Entry:
    """A file in a zip file: where its header lies, its length and CRC-32, and where it ends at the latest."""

    header: int
    size: int
    crc: int
    end: int


def directory(descriptor: int) -> dict[str, Entry]:
    """All files of an open zip file by their names. Raises `NoDirectory`, and OSError."""
    length = os.fstat(descriptor).st_size
    count, size, start, stop = _end(descriptor, length)
    if start + size > stop or size > MOST_DIRECTORY or count * _ENTRY.size > size:
        raise NoDirectory("its directory lies outside it, or is too large")
    raw, headers = _read(descriptor, start, start + size), {}
    for name, header, held, crc in _entries(raw, count):
        if name in headers:
            raise NoDirectory(f"holds two files that are called {name[:80]!r}")
        headers[name] = (header, held, crc)
    return _apart(headers, start)


def data_of(descriptor: int, name: str, entry: Entry) -> int:
    """Where the bytes of a file begin. Raises `NoDirectory` where its header belies the directory."""
    header = _read(descriptor, entry.header, entry.header + _LOCAL.size)
    mark, _, flags, method, *_, name_length, extra = _LOCAL.unpack(header)
    begin = entry.header + _LOCAL.size
    said = _read(descriptor, begin, begin + name_length)
    begin += name_length + extra
    if (
        mark != b"PK\3\4"
        or method
        or flags & _ENCRYPTED
        or said != name.encode()
        or begin + entry.size > entry.end
    ):
        raise NoDirectory("a file in it is not where, or not what, its directory says")
    return begin


def _end(descriptor: int, length: int) -> tuple[int, int, int, int]:
    """How many files there are; length and place of the directory; and where it ends at the latest."""
    first = max(length - _LONGEST_END, 0)
    tail = _read(descriptor, first, length)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise NoDirectory("is no zip file, or was cut short")
    _, disk, other, here, count, size, start, _ = _END.unpack_from(tail, at)
    stop = first + at
    if disk == other == _FULL_16 or count == _FULL_16 or _FULL in (size, start):
        if stop < _AT_64.size:
            raise NoDirectory("is no zip file, or was cut short")
        mark, _, offset, _ = _AT_64.unpack(_read(descriptor, stop - _AT_64.size, stop))
        if mark != b"PK\6\7" or offset + _END_64.size > stop:
            raise NoDirectory("the end of its directory is damaged")
        mark, _, _, _, disk, other, here, count, size, start = _END_64.unpack(
            _read(descriptor, offset, offset + _END_64.size)
        )
        stop = offset
        if mark != b"PK\6\6":
            raise NoDirectory("the end of its directory is damaged")
    if disk or other or here != count:
        raise NoDirectory("is one of several parts")
    return count, size, start, stop


def _entries(raw: bytes, count: int) -> Iterator[tuple[str, int, int, int]]:
    """Name, place of the header, length and CRC-32 of each file that a directory lists."""
    at = 0
    for _ in range(count):
        if at + _ENTRY.size > len(raw):
            raise NoDirectory("its directory is cut short")
        (
            mark,
            _,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            size,
            name_length,
            extra_length,
            comment,
            _,
            _,
            _,
            header,
        ) = _ENTRY.unpack_from(raw, at)
        at += _ENTRY.size
        if mark != b"PK\1\2":
            raise NoDirectory("its directory is damaged")
        name = _name(raw[at : at + name_length], flags)
        extra = raw[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment
        if _FULL in (size, packed, header):
            size, packed, header = _full(extra, size, packed, header)
        if name.endswith("/") and not size:
            continue
        if method or flags & _ENCRYPTED or packed != size:
            raise NoDirectory(f"holds compressed or encrypted files; {_AS_IT_IS}")
        yield name, header, size, crc


def _full(extra: bytes, *said: int) -> list[int]:
    """The sizes and places that 32 bits do not hold, in their order."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _SIZE_64:
            there = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack_from(f"<{len(there) // 8}Q", there))
            try:
                return [next(numbers) if one == _FULL else one for one in said]
            except StopIteration:
                break
        at += 4 + length
    raise NoDirectory("its directory is damaged")


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF_8 else "ascii")
    except UnicodeDecodeError:
        raise NoDirectory("holds a file whose name is no text in UTF-8") from None
    if not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        raise NoDirectory(f"holds a file that would lie outside it: {name[:80]!r}")
    return name


def _apart(headers: dict[str, tuple[int, int, int]], stop: int) -> dict[str, Entry]:
    """The entries with where each ends; refused where two share bytes, or one reaches into the directory."""
    entries: dict[str, Entry] = {}
    for name, (header, size, crc) in sorted(headers.items(), key=lambda one: one[1][0], reverse=True):
        if header + _LOCAL.size + len(name.encode()) + size > stop:
            raise NoDirectory("its files overlap, or reach beyond its end")
        entries[name] = Entry(header, size, crc, stop)
        stop = header
    return entries


def _read(descriptor: int, start: int, stop: int) -> bytes:
    raw = read_range(descriptor, start, stop)
    if raw is None:
        raise NoDirectory("was cut short")
    return raw
