"""Files that survive: synced writes, and directories that appear whole.

A path begins at the open directory `folder`, where one is given, whatever bears its name by then.
"""

import ctypes
import errno
import glob
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import CubeError
from .shared.owner import abandoned, scratch_name, where
from .storage.failures import StorageError
from .storage.interface import Place
from .storage.links import require_no_link
from .storage.place import is_url
from .storage.reached import objects_at

# Of Linux alone; elsewhere there are slower ways.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_HERE, _RENAME_NOREPLACE, _RENAME_EXCHANGE = -100, 1, 2
# What a file system answers that has no hard links (FAT, some that are shared), or no such rename.
_CANNOT = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EMLINK}


class Appeared(CubeError):
    """Another process was faster in creating a cube."""


def sync(path: Place, folder: int | None = None) -> None:
    """Force a file's bytes, or a directory's names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY, dir_fd=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Place, parts: Iterable[bytes], durable: bool = False, folder: int | None = None) -> None:
    """Write a file that is there whole or not at all; `durable`: its bytes are on the disk, then its name is.

    Raises OSError where the disk refuses, and where there is no folder for it.
    """
    # A run writes a hundred thousand of these: names are texts, which take a tenth of the time of paths.
    partial = f"{path}.{where()}-{os.getpid()}-{threading.get_ident()}.partial"
    try:
        with open(open_own(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, folder), "wb") as file:
            file.writelines(parts)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        remove(partial, folder)
        raise


def remove(path: Place, folder: int | None = None) -> None:
    """Delete a file, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path, dir_fd=folder)


def open_own(path: Place, flags: int, folder: int | None = None) -> int:
    """Open a file of a cube; OSError where it is a link, whose target is not the cube's."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder)


def make_folder(root: Place, inside: str, folder: int | None = None) -> None:
    """Make a folder below `root`, which is there, and all that lead to it; `inside` is its path from `root`.

    CubeError where one of them is a link, which would lead out of the cube; OSError where the disk refuses.
    """
    step = os.fspath(root)
    for part in inside.split("/"):
        step = f"{step}/{part}"
        try:
            mode = os.stat(step, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            with suppress(FileExistsError):  # another thread was faster
                # No parents: a cube that was deleted is not begun anew.
                os.mkdir(step, dir_fd=folder)
            mode = os.stat(step, dir_fd=folder, follow_symlinks=False).st_mode
        require_no_link(step, mode)


def sync_below(path: str, root: str) -> None:
    """Force the name of a file, and the names of all folders that lead to it from `root`, onto the disk.

    The path begins with that of `root`.
    """
    while len(path) > len(root):
        path = path.rpartition("/")[0]
        sync(path)


def sync_tree(root: Path) -> None:
    """Force every file and directory below `root` onto the disk."""
    for folder, _, names in os.walk(root):
        for name in (*names, "."):
            sync(Path(folder) / name)


def sync_all(root: Path) -> None:
    """Force everything that was written on the disk of `root` onto it, by whichever process."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        if _LIBC is None or not hasattr(_LIBC, "syncfs") or _LIBC.syncfs(descriptor):
            os.sync()
    finally:
        os.close(descriptor)


def appear(partial: Path, final: Path, replace: bool) -> None:
    """Give a finished directory its final name, with `replace` in the place of what is there.

    Where the system can exchange two names there is no moment without a cube at `final`; elsewhere there is
    one, after which, if it fails or is killed, the old cube is put back (`put_back`). CubeError where
    something is there that is not to be replaced.
    """
    sync_tree(partial)
    doomed = final.with_name(f"{final.name}.deleted-{scratch_name()}")
    try:
        if not replace:
            partial.rename(final)
        elif _exchange(partial, final):
            partial.rename(doomed)
        else:
            final.rename(doomed)
            try:
                partial.rename(final)
            except BaseException:
                doomed.rename(final)
                raise
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise Appeared(f"{final}: appeared while this run was creating it; run again") from None
        raise
    sync(final.absolute().parent)
    remove_tree(doomed)


def name_anew(partial: Path, final: Path) -> None:
    """Give a finished file its final name, where nothing lies: FileExistsError where something does.

    In one step, by a hard link, whose first name is left to its writer, or a rename that replaces nothing;
    where the file system has neither, by a look and a rename. Raises OSError where the disk refuses.
    """
    try:
        return os.link(partial, final)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    failed = _renamed(partial, final, _RENAME_NOREPLACE)
    if failed in _CANNOT and not os.path.lexists(final):
        partial.rename(final)
    elif failed:
        reason = errno.EEXIST if failed in _CANNOT else failed
        raise OSError(reason, os.strerror(reason), str(final))


def put_back(root: Path) -> None:
    """Put the cube back that an overwriting run, killed between two names, has left beside `root`."""
    if is_url(root) or os.path.lexists(root):
        return
    if left := _left_beside(root, "deleted"):
        max(left, key=lambda path: path.stat().st_mtime_ns).rename(root)
        sync(root.absolute().parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    return _renamed(one, other, _RENAME_EXCHANGE) == 0


def _renamed(one: Path, other: Path, flag: int) -> int:
    """Rename as Linux alone does, by one of its flags: 0, or the number of the error."""
    if _LIBC is None or not hasattr(_LIBC, "renameat2"):
        return errno.ENOSYS
    failed = _LIBC.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), flag)
    return (ctypes.get_errno() or errno.EIO) if failed else 0


def remove_leftovers(root: Path, inside: bool = True) -> None:
    """Delete what killed runs left: half-made or half-deleted cubes beside, half-written files inside.

    Not `inside`: shards, which may be many, are known to have been written in good order.
    """
    if not is_url(root):
        _remove_partial(str(root), inside)
        remove_leftovers_beside(root)


def remove_leftovers_beside(root: Path) -> None:
    """Delete what killed runs left beside a cube, or beside the place of one."""
    for path in _left_beside(root, "partial", "deleted"):
        remove_tree(path)


def has_leftovers_beside(root: Path) -> bool:
    """Whether killed runs left half-made or half-deleted cubes beside this one."""
    return not is_url(root) and bool(_left_beside(root, "partial", "deleted"))


def _remove_partial(folder: str, shards: bool) -> None:
    gone = False
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if shards or entry.name != "c":
                    _remove_partial(entry.path, shards)
            elif entry.name.endswith(".partial"):
                remove(entry.path)
                gone = True
    if gone:  # before it is recorded that nothing is left: nobody will look again
        sync(folder)


def _left_beside(root: Path, *kinds: str) -> list[Path]:
    """Folders that killed runs have left beside `root`."""
    names = [f"{glob.escape(root.name)}.{kind}-*" for kind in kinds]
    return [path for name in names for path in root.absolute().parent.glob(name) if abandoned(path)]


def remove_tree(root: Path) -> None:
    """Delete a directory, if it is there."""
    with suppress(FileNotFoundError):
        shutil.rmtree(root)


def withdraw(root: Path) -> None:
    """Delete a cube whose writer lock is held: its name is free at once, the rest as the disk allows."""
    if is_url(root):
        objects_at(str(root)).delete_below(root, first=["zarr.json"])
        return
    doomed = root.with_name(f"{root.name}.deleted-{scratch_name()}")
    root.rename(doomed)
    discard(doomed)


def discard(scratch: Path) -> None:
    """Delete a scratch folder as far as the disk allows: what is left, a later run deletes."""
    with suppress(OSError):
        if is_url(scratch):
            objects_at(str(scratch)).delete_below(scratch)
        else:
            shutil.rmtree(scratch)


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
        errno.ELOOP: "is a link, and a cube is written into its own folder only",
        errno.ENAMETOOLONG: "the name is too long; choose another output",
    }
    try:
        yield
    except StorageError as error:
        kept = "; committed tiles are intact, the same command goes on"
        raise CubeError(f"{error.filename}: {error.strerror}{kept}") from None
    except OSError as error:
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        if error.errno == errno.ENOENT and (is_url(root) or root.parent.is_dir()):
            reason = "it, or a part of it, was moved or deleted meanwhile"
        whole = False
        with suppress(OSError):
            whole = root.is_dir() and error.errno != errno.ENOENT
        kept = "; committed tiles are intact, the same command goes on" if whole else ""
        raise CubeError(f"{root}: {reason}{kept}") from error
