"""Files from outside: regular ones only, of a bounded size, each opened once."""

import errno
import hashlib
import os
import stat
from pathlib import Path

MEGABYTE = 10**6
METADATA = 32 * MEGABYTE  # A file of metadata: most of it is the sweep's text.
SEAL = 64 * MEGABYTE  # A seal, which holds them all.
JOURNAL = 4 * MEGABYTE
TEXT = 8 * MEGABYTE  # A sweep file, a model, a matrix.
DATA = 2**31  # A data file that a model declares, of which only the digest is taken.
CHUNK = 2**26  # A part of a coordinate.
_BLOCK = 2**20

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class Unfit(OSError):
    """A file that is not read: it is no regular file, or too large. ``strerror`` says which."""


def open_regular(path: str | os.PathLike[str], flags: int = 0) -> int:
    """Open a regular file for reading; returns its descriptor.

    What was opened is looked at, not what bears the name: nothing can be exchanged between the two. And
    opening waits for nobody, as a pipe does for its writer.

    Raises `Unfit` for anything but a regular file, OSError where there is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | flags)
    except ValueError:  # a zero byte, or half a character
        raise Unfit(errno.EINVAL, "no file can have this name", os.fspath(path)) from None
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket cannot be opened
            raise Unfit(errno.EINVAL, _only("a socket"), os.fspath(path)) from None
        raise
    try:
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if kind != stat.S_IFREG:
            raise Unfit(errno.EINVAL, _only(_KINDS.get(kind, "something else")), os.fspath(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_range(descriptor: int, start: int, stop: int) -> bytes | None:
    """The bytes of an open file from `start` to `stop`; None where it ends before."""
    parts = []
    while start < stop:  # one call reads 2 GB at most
        parts.append(os.pread(descriptor, stop - start, start))
        start += len(parts[-1])
        if not parts[-1]:
            return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _only(what: str) -> str:
    return f"is {what}, and only a regular file is read"


def read_regular(
    path: str | os.PathLike[str],
    most: int = METADATA,
    start: int = 0,
    stop: int | None = None,
    flags: int = 0,
) -> bytes:
    """The bytes of a regular file, or those from `start` to `stop`; a negative `start` counts from the end.

    Raises `Unfit` for anything else, and where they are more than `most`; OSError where it cannot be read.
    """
    with open(open_regular(path, flags), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = max(size + start, 0) if start < 0 else min(start, size)
        length = (size if stop is None else min(stop, size)) - start
        if length > most:
            raise _too_large(path, length, most)
        file.seek(start)
        return file.read(max(length, 0))


def read_text(path: Path, most: int = TEXT, encoding: str = "utf-8") -> str:
    """The text of a regular file, whose lines end with a line feed alone.

    Raises as `read_regular`, and UnicodeDecodeError.
    """
    text = read_regular(path, most).decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest_of(path: str | os.PathLike[str], most: int = DATA) -> str:
    """SHA-256 of a regular file in hexadecimal, read block by block. Raises as `read_regular`."""
    digest = hashlib.sha256()
    with open(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise _too_large(path, size, most)
        while size > 0 and (block := file.read(min(_BLOCK, size))):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest()


def _too_large(path: str | os.PathLike[str], length: int, most: int) -> Unfit:
    larger = f"has {length / MEGABYTE:,.0f} MB; at most {most / MEGABYTE:,.0f} MB are read"
    return Unfit(errno.EFBIG, larger, os.fspath(path))


def says_nothing_of_the_file(error: Exception) -> bool:
    """Whether an error tells of the process, or of the machine as it is now: the file may well be sound."""
    return isinstance(error, OSError) and error.errno in {
        errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EINTR, errno.EAGAIN,
        errno.ENOTSUP,
    }  # fmt: skip
