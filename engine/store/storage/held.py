"""A cube's own folder, held open while it is written, so that no shard goes into another one of its name.

A run whose host stalls for minutes may find its cube overwritten, and that is an exchange of names: what it
has just begun to write would become a shard of the other sweep. By the open folder it goes to the old cube.
"""

import os
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..cube import Cube
from ..durable import make_folder, remove, sync, write_file
from ..shared.lease import Lease
from .disk import Disk
from .files import objects_of
from .interface import Place


def hold(cube: Cube, lease: Lease) -> None:
    """From now on write tiles to the folder in which this lease is, and to no other one.

    In object storage nothing is exchanged. Raises CubeError where another cube has come in its place already,
    OSError where the folder has gone.
    """
    if objects_of(cube.root) is None:
        cube.storage = HeldDisk(cube.root)
        lease.require(anew=True)


class HeldDisk(Disk):
    """A disk, of which what lies below one folder is changed through that folder alone."""

    def __init__(self, root: Path) -> None:
        self._root, self._length = str(root), len(str(root)) + 1
        self._folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, _close, self._folder)

    def put(self, path: Place, parts: Iterable[bytes], /, durable: bool = False) -> None:
        """Write a file whole."""
        write_file(self._inside(path), parts, durable, self._folder)

    def delete(self, path: Place, /) -> None:
        """Delete a file, if it is there."""
        remove(self._inside(path), self._folder)

    def make_folder(self, root: Place, inside: str, /) -> None:
        """Make a folder, and all that lead to it."""
        make_folder(self._inside(root), inside, self._folder)

    def sync(self, path: Place, /) -> None:
        """Force a file's bytes, or a folder's names, onto the disk."""
        sync(self._inside(path), self._folder)

    def sync_below(self, path: str, root: str, /) -> None:
        """Force the names of all that leads to a file onto the disk."""
        while len(path) > len(root):
            path = path.rpartition("/")[0]
            self.sync(path)

    def exists(self, path: Place) -> bool:
        """Whether there is a file of this name."""
        return self._exists(self._inside(path), self._folder)

    def _inside(self, path: Place) -> str:
        """A path, from the folder on; one that does not lie below it stays what it is."""
        text = str(path)
        return (text[self._length :] or ".") if f"{text}/".startswith(f"{self._root}/") else text


def _close(folder: int) -> None:
    with suppress(OSError):
        os.close(folder)
