"""Files that survive: synced writes, directories that appear whole, one writer at a time."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import CubeError


def sync(path: Path) -> None:
    """Force a file's bytes, or a directory's names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_below(path: Path, root: Path) -> None:
    """Force a file, and the names of all directories that lead to it from `root`, onto the disk."""
    sync(path)
    for folder in path.parents:
        sync(folder)
        if folder == root:
            return


def sync_tree(root: Path) -> None:
    """Force every file and directory below `root` onto the disk."""
    for folder, _, names in os.walk(root):
        for name in (*names, "."):
            sync(Path(folder) / name)


def appear(partial: Path, final: Path) -> None:
    """Rename a finished directory to its final name; CubeError where something is there already."""
    sync_tree(partial)
    try:
        partial.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise CubeError(f"{final}: appeared while this run was creating it; run again") from None
        raise
    sync(final.absolute().parent)


@contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Hold the directory's writer lock; CubeError where another run holds it.

    The lock belongs to the directory itself, not to a file in it, and the system drops it when the
    process ends in whatever way.
    """
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CubeError(f"{root}: another run is writing to it; wait for that one to end") from None
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(root: Path) -> None:
    """Delete half-written files of a run that was killed (they end in .partial)."""
    for path in root.rglob("*.partial"):
        path.unlink(missing_ok=True)


def remove_tree(root: Path) -> None:
    """Delete a directory, under another name first so that it vanishes at once."""
    doomed = root.with_name(f"{root.name}.deleted-{os.getpid()}")
    with suppress(FileNotFoundError):
        root.rename(doomed)
        shutil.rmtree(doomed)
