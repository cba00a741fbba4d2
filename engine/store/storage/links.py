"""Links inside a cube, which would lead its writers out of it, are refused."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ...errors import CubeError
from .place import is_url


def require_no_links(root: Path, inside: Iterable[str]) -> None:
    """Refuse a cube in which one of these paths, or a folder that leads to it, is a link."""
    if is_url(root):
        return
    for path in inside:
        step = root
        for part in Path(path).parts:
            step = step / part
            with suppress(FileNotFoundError, NotADirectoryError):
                require_no_link(step, os.lstat(step).st_mode)


def require_no_link(path: str | Path, mode: int) -> None:
    """Refuse a path whose `mode` is that of a link, with a CubeError."""
    if stat.S_ISLNK(mode):
        raise CubeError(
            f"{path}: is a link, and a cube is written into its own folder only; put what it links to there"
        )
