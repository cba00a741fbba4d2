"""Paths as people state them."""

import os
from pathlib import Path

from ..engine.errors import SweepError
from ..engine.gate.text import shown


def path_of(stated: str | os.PathLike[str]) -> Path:
    """The path that is meant: ``~`` at its beginning is the home folder, as in a shell.

    Raises SweepError where nothing is stated, and for what no file can be called.
    """
    text = os.fspath(stated)
    try:
        possible = bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise SweepError(f"{shown(text)} is no path; name a file or a folder")
    return Path(os.path.expanduser(text))  # noqa: PTH111  (Path raises where somebody has no home)
