"""What the store asks of the place where a cube lies."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

Place = str | os.PathLike[str]
# Length, inode and times of a file, by which it is told without being read; of an object its length and tag.
FileStamp = tuple[int, int, int, int]


class Stat(Protocol):
    """What is known of a file without reading it; as of `os.stat`."""

    @property
    def st_size(self) -> int: ...
    @property
    def st_ino(self) -> int: ...
    @property
    def st_mtime(self) -> float: ...
    @property
    def st_mtime_ns(self) -> int: ...
    @property
    def st_ctime_ns(self) -> int: ...


class Storage(Protocol):
    """Files by their paths.

    Each method raises FileNotFoundError where there is no such file, and another OSError where the storage
    refuses, or does not answer.
    """

    @property
    def at_once(self) -> int:
        """How many files are best read or written at once by one thread that would wait for each."""
        ...

    def names(self, folder: Place, /) -> list[str]:
        """Names of all that lies directly in a folder, in no order."""
        ...

    def arrays(self, root: Path, /) -> list[str]:
        """Names of the folders of a cube that hold an array, in no order."""
        ...

    def files(self, folder: Path, /) -> list[str]:
        """Paths of all files below a folder, from there, in no order."""
        ...

    def changed(self, folder: Place, files: Iterable[tuple[str, FileStamp]], /) -> list[bool]:
        """Which files, by their paths from the folder, are not there or not what is known of them."""
        ...

    def read(
        self, path: Place, /, most: int = ..., start: int = 0, stop: int | None = None, follow: bool = True
    ) -> bytes:
        """The bytes of a file, or those from `start` to `stop`; a negative `start` counts from the end.

        `Unfit`, an OSError, where they are more than `most`, for what is no regular file, and, unless it is
        to `follow` them, for links.
        """
        ...

    def digest(self, path: Place, /, most: int = ...) -> str:
        """SHA-256 of a file, in hexadecimal."""
        ...

    def put(self, path: Place, parts: Iterable[bytes], /, durable: bool = False) -> None:
        """Write a file that is there whole or not at all, in the place of one that is there.

        `durable`: it is on the disk when this returns, and its name is after `sync` of its folder.
        """
        ...

    def append(self, path: Place, text: str, /) -> None:
        """Write at the end of a file, which is made where there is none."""
        ...

    def touch(self, path: Place, /) -> None:
        """Renew the time of a file that is there."""
        ...

    def delete(self, path: Place, /) -> None:
        """Delete a file, if it is there."""
        ...

    def stat(self, path: Place, /) -> Stat:
        """What is known of a file without reading it."""
        ...

    def exists(self, path: Place, /) -> bool:
        """Whether there is a file of this name."""
        ...

    def bytes_below(self, folder: Path, /, without: Iterable[str] = ()) -> int:
        """Bytes of all files below a folder, but for those below its folders `without`."""
        ...

    def at_one_moment(self, root: Path, /) -> AbstractContextManager[Mapping[str, bytes]]:
        """What is read of a cube's metadata in this context is read once, where reading takes long."""
        ...

    def commit(self, what: str, /) -> None:
        """Let others see what was written, where they do not see it at once; `what` did it, to people.

        Raises Overtaken, a CubeError, where they have changed meanwhile what the cube is.
        """
        ...

    # What is a matter of disks; object storage has nothing to do.

    def make_folder(self, root: Place, inside: str, /) -> None:
        """Make a folder below `root`, and all that lead to it; CubeError where one of them is a link."""
        ...

    def sync(self, path: Place, /) -> None:
        """Force a file's bytes, or a folder's names, onto the disk."""
        ...

    def sync_below(self, path: str, root: str, /) -> None:
        """Force the name of a file, and of all folders that lead to it from `root`, onto the disk."""
        ...

    def sync_all(self, root: Path, /) -> None:
        """Force everything that was written at `root` onto the disk, by whichever process."""
        ...
