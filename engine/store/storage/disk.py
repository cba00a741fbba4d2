"""The disk of this host, and what is mounted there, as a `Storage`."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...gate.files import METADATA, digest_of, read_regular
from ..durable import make_folder, open_own, remove, sync, sync_all, sync_below, write_file
from .interface import FileStamp, Place

_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # the last of links that lead nowhere


class Disk:
    """A `Storage` of files; what it promises is in `durable`."""

    at_once = 1

    names = staticmethod(os.listdir)
    digest = staticmethod(digest_of)
    put = staticmethod(write_file)
    delete = staticmethod(remove)
    stat = staticmethod(os.stat)
    make_folder = staticmethod(make_folder)
    sync = staticmethod(sync)
    sync_below = staticmethod(sync_below)
    sync_all = staticmethod(sync_all)

    def touch(self, path: Place) -> None:
        """Write the first byte of a file again.

        Of a disk of another host that is what asks its clock; what os.utime sets may be this host's.
        """
        descriptor = open_own(path, os.O_RDWR)
        try:
            os.pwrite(descriptor, os.pread(descriptor, 1, 0), 0)
        finally:
            os.close(descriptor)

    def exists(self, path: Place) -> bool:
        """Whether there is a file of this name; os.path.exists says no where the disk does not answer."""
        return self._exists(path)

    @staticmethod
    def _exists(path: Place, folder: int | None = None) -> bool:
        try:
            os.stat(path, dir_fd=folder)
        except ValueError:  # no file can have this name
            return False
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise
            return False
        return True

    def arrays(self, root: Path) -> list[str]:
        """Names of folders with metadata."""
        return [path.parent.name for path in root.glob("*/zarr.json")]

    def files(self, folder: Path) -> list[str]:
        """Paths of all regular files, and of links to such."""
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]

    def changed(self, folder: Place, files: Iterable[tuple[str, FileStamp]]) -> list[bool]:
        """Which files are not what is known of them, asked one by one from an open folder."""
        # A hundred thousand tiles are usual, so this does the least it can.
        changed, ask = [], os.stat
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return [True for _ in files]
        try:
            for path, known in files:
                try:
                    file = ask(path, dir_fd=opened)
                except OSError:
                    changed.append(True)
                    continue
                changed.append((file.st_size, file.st_ino, file.st_mtime_ns, file.st_ctime_ns) != known)
        finally:
            os.close(opened)
        return changed

    def read(
        self,
        path: Place,
        most: int = METADATA,
        start: int = 0,
        stop: int | None = None,
        follow: bool = True,
    ) -> bytes:
        """The bytes of a regular file, which is opened once."""
        return read_regular(path, most, start, stop, 0 if follow else os.O_NOFOLLOW)

    def append(self, path: Place, text: str) -> None:
        """Write at the end of a file that is no link."""
        descriptor = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with open(descriptor, "a", encoding="utf-8") as file:  # noqa: PTH123  (a descriptor)
            file.write(text)

    def bytes_below(self, folder: Path, without: Iterable[str] = ()) -> int:
        """Bytes of all regular files; links are not followed."""
        skipped, size, folders = {str(folder / name) for name in without}, 0, [str(folder)]
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders += [entry.path] if entry.path not in skipped else []
                    elif entry.is_file(follow_symlinks=False):
                        size += entry.stat(follow_symlinks=False).st_size
        return size

    def commit(self, what: str) -> None:
        """Others see what is written at once."""

    @contextmanager
    def at_one_moment(self, root: Path) -> Iterator[Mapping[str, bytes]]:
        """A disk is asked again each time: what it holds is in memory already."""
        del root
        yield {}
