"""Which code this process runs: a digest of equisweep's own sources, where they are what was loaded.

A program that is kept is a program of some code. A file that was edited after it was loaded, or a function
that was replaced in memory, would put one under the name of another: then there is no digest, and nothing is
kept or found.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .replaced import FOLDERS, replaced
from .replaced import ROOT as _ROOT

_LOADED = time.time()
# A file system's clock may be behind the processor's by a tick.
_TICK = 0.05


def code_digest() -> str | None:
    """A digest of all sources; None where this process may have loaded others, or has replaced functions."""
    paths = _sources()
    if not paths or any(_changed(path) >= _started() for path in paths) or replaced():
        return None
    return digest_of_sources()


def _sources() -> list[str]:
    """All files of code, in order; none where they are no files."""
    return sorted(_python_files(str(_ROOT / folder) for folder in FOLDERS))


def _python_files(folders: Iterator[str]) -> Iterator[str]:
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        yield from (entry.path for entry in entries if entry.name.endswith(".py"))
        yield from _python_files(e.path for e in entries if e.is_dir() and e.name != "__pycache__")


def _changed(path: str) -> float:
    """When a file was changed last, also where its time of modification was set back."""
    try:
        return os.stat(path).st_ctime + _TICK  # noqa: PTH116  (of 500 files for each sweep)
    except OSError:
        return float("inf")


@cache  # what a process runs was loaded once, whatever its files hold later
def digest_of_sources() -> str:
    """Digest of all code: two programs of one version differ while it is being made."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(os.path.relpath(path, _ROOT).encode())
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()


@cache
def _started() -> float:
    """When this process, or the one that it was forked from, had loaded nothing yet.

    Where the system does not say when a process began: when this file was loaded.
    """
    try:
        after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        ticks = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks
        return min(_LOADED, time.time() - age)
    except (OSError, ValueError, IndexError, AttributeError):
        return _LOADED
