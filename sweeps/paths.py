"""Paths as people state them."""

import os
from pathlib import Path

from ..engine.errors import SweepError
from ..engine.gate.text import shown
from ..engine.store.storage.place import ObjectPath, place
from ..engine.store.storage.urls import url_of


def cube_path(stated: str | os.PathLike[str]) -> Path:
    """The place of a cube: a folder, as of `path_of`, or a place in object storage, asked as a path is.

    Raises SweepError as `path_of` does, and for what is no place there.
    """
    if isinstance(stated, ObjectPath):
        return place(str(stated))
    text = os.fspath(stated)
    return place(url_of(text)) if "://" in text else path_of(stated)


def path_of(stated: str | os.PathLike[str]) -> Path:
    """The path that is meant: ``~`` at its beginning is the home folder, as in a shell.

    Raises SweepError where nothing is stated, and for what no file can be called.
    """
    text = str(stated) if isinstance(stated, ObjectPath) else os.fspath(stated)
    if "://" in text:
        raise SweepError(
            f"{shown(text.partition('://')[0])}://...: only a cube may lie in object storage; name a file or "
            "a folder of this host"
        )
    try:
        possible = bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise SweepError(f"{shown(text)} is no path; name a file or a folder")
    return Path(os.path.expanduser(text))  # noqa: PTH111  (Path raises where somebody has no home)
