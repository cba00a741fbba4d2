"""A private folder for what does not fit into memory, which is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..engine.store.shared.owner import is_running

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
    folder = Path(tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """Where the folder is to lie."""
    if "TMPDIR" not in os.environ and os.access(_ON_DISK, os.W_OK | os.X_OK):
        return _ON_DISK
    return Path(tempfile.gettempdir())


def _remove_left(base: Path) -> None:
    """Delete folders of processes that have ended."""
    with suppress(OSError):
        for path in base.glob(f"{_NAME}*-*"):
            owner = path.name.removeprefix(_NAME).partition("-")[0]
            if owner.isdigit() and path.lstat().st_uid == os.getuid() and not is_running(int(owner)):
                shutil.rmtree(path, ignore_errors=True)
