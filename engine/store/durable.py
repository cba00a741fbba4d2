"""Files that survive: synced writes, directories that appear whole, one writer at a time."""

import errno
import fcntl
import glob
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import CubeError


def sync(path: Path) -> None:
    """Force a file's bytes, or a directory's names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        with partial.open("wb") as file:
            file.writelines(parts)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


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


def appear(partial: Path, final: Path, replace: bool) -> None:
    """Rename a finished directory to its final name, with `replace` in the place of what is there.

    CubeError where something is there that is not to be replaced.
    """
    sync_tree(partial)
    doomed = final.with_name(f"{final.name}.deleted-{os.getpid()}")
    if replace:
        final.rename(doomed)
    try:
        partial.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise CubeError(f"{final}: appeared while this run was creating it; run again") from None
        raise
    sync(final.absolute().parent)
    remove_tree(doomed)


@contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Hold the directory's writer lock; CubeError where another run holds it.

    Raises OSError where the directory cannot be opened. The lock belongs to the directory itself, not to
    a file in it, and the system drops it when the process ends in whatever way.
    """
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CubeError(f"{root}: another run is writing to it; wait for that one to end") from None
        if not os.path.samestat(os.fstat(descriptor), root.stat()):
            raise CubeError(f"{root}: was replaced by another run just now; run again")
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(root: Path) -> None:
    """Delete what killed runs left: half-written files inside, half-made or half-deleted cubes beside."""
    for path in root.rglob("*.partial"):
        path.unlink(missing_ok=True)
    for kind in ("partial", "deleted"):
        for path in root.absolute().parent.glob(f"{glob.escape(root.name)}.{kind}-*"):
            owner = path.name.rpartition("-")[2]
            if owner.isdigit() and not _is_running(int(owner)):
                remove_tree(path)


def remove_tree(root: Path) -> None:
    """Delete a directory, if it is there."""
    with suppress(FileNotFoundError):
        shutil.rmtree(root)


@contextmanager
def clear_disk_errors(root: Path) -> Iterator[None]:
    """Turn what the disk refuses into a CubeError of one line that says what to do."""
    reasons = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "the disk quota is used up; free some space",
        errno.EROFS: "the file system is read-only; choose another output",
        errno.EACCES: "permission denied; choose another output",
        errno.EPERM: "permission denied; choose another output",
        errno.ENOENT: f"the folder {root.parent} does not exist; create it first",
        errno.ENOTDIR: "is not a folder; choose another output",
        errno.EEXIST: "is not a folder; choose another output",
        errno.ENAMETOOLONG: "the name is too long; choose another output",
    }
    try:
        yield
    except OSError as error:
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        if error.errno == errno.ENOENT and root.parent.is_dir():
            reason = "it, or a part of it, was moved or deleted meanwhile"
        try:
            whole = root.is_dir() and error.errno != errno.ENOENT
            kept = "; committed tiles are intact, the same command goes on" if whole else ""
        except OSError:
            kept = ""
        raise CubeError(f"{root}: {reason}{kept}") from error


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
