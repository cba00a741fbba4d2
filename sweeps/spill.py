"""A private folder for what does not fit into memory, which is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..engine.store.shared.owner import abandoned, scratch_name, worked_with

_NAME = "equisweep-sql-"
# What lies here is on a disk, where /tmp may be memory.
_ON_DISK = Path("/var/tmp")


@contextmanager
def private_folder() -> Iterator[Path]:
    """An empty folder that only its owner may enter; it is deleted at the end, and what it holds.

    It lies where TMPDIR says, else in /var/tmp, else where the system has temporary files. Folders that
    killed processes of the same user left there are deleted, too.
    """
    base = _base()
    _remove_left(base)
    folder = base / f"{_NAME}{scratch_name()}"
    folder.mkdir(0o700)
    try:
        with worked_with(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """Where the folder is to lie."""
    if "TMPDIR" not in os.environ and os.access(_ON_DISK, os.W_OK | os.X_OK):
        return _ON_DISK
    return Path(tempfile.gettempdir())


def _remove_left(base: Path) -> None:
    """Delete folders of processes that have ended, here or, where hosts share the disk, elsewhere."""
    with suppress(OSError):
        for path in base.glob(f"{_NAME}*"):
            if path.lstat().st_uid == os.getuid() and abandoned(path):
                shutil.rmtree(path, ignore_errors=True)
