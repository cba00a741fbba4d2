"""Which storage a path lies in."""

import io
from pathlib import Path
from typing import Any

from ...gate.files import DATA, open_regular
from .disk import Disk
from .interface import Place, Storage
from .objects import Objects
from .reached import objects_at

DISK = Disk()


def storage_of(path: Place) -> Storage:
    """The storage of a path, or of the text of one."""
    # There may be a hundred thousand files, each asked for several times: this looks at a text.
    text = path if isinstance(path, str) else str(path)
    return objects_at(text) if "://" in text else DISK


def objects_of(path: Place) -> Objects | None:
    """The bucket in which a path lies; None where it lies on a disk."""
    text = path if isinstance(path, str) else str(path)
    return objects_at(text) if "://" in text else None


def opened(path: Path) -> Any:
    """A file that is to be read once, from its beginning."""
    bucket = objects_of(path)
    if bucket is None:
        return open(open_regular(path), "rb")  # noqa: PTH123  (a descriptor)
    return io.BytesIO(bucket.read(path, DATA))
