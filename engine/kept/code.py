"""Which code this process runs: a digest of equisweep's own sources, where they are what was loaded.

A program that is kept is a program of some code. A file that was edited after it was loaded, or a function
that was replaced in memory, would put one under the name of another: then there is no digest, and nothing is
kept or found.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .replaced import FOLDERS, replaced
from .replaced import ROOT as _ROOT

_LOADED = time.time()
# A file system's clock may be behind the processor's by a tick.
_TICK = 0.05


def code_digest() -> str | None:
    """A digest of all sources; None where this process may have loaded others, or has replaced functions."""
    paths = _sources()
    if not paths or _changed(paths) >= _started() or replaced():
        return None
    return digest_of_sources()


def _sources() -> list[str]:
    """All files of code, in order; none where they are no files."""
    return sorted(path for folder in FOLDERS for path in _python_files(str(_ROOT / folder)))


class _Listed(NamedTuple):
    """What a folder held when it had been changed `at` last, in seconds: files of code, and other folders."""

    at: float
    files: list[str]
    folders: list[str]


_LISTED: dict[str, _Listed] = {}


def _python_files(folder: str) -> Iterator[str]:
    listed = _LISTED.get(folder)
    try:
        at = os.stat(folder).st_mtime  # noqa: PTH116  (of 100 folders whenever something is kept)
        if listed is None or listed.at != at:
            listed = _list(folder, at)
    except OSError:
        return
    yield from listed.files
    for inner in listed.folders:
        yield from _python_files(inner)


def _list(folder: str, at: float) -> _Listed:
    began, entries = time.time(), list(os.scandir(folder))
    files = [entry.path for entry in entries if entry.name.endswith(".py")]
    folders = [entry.path for entry in entries if entry.is_dir() and entry.name != "__pycache__"]
    listed = _Listed(at, files, folders)
    if at < began - _TICK:  # else a file that comes now may leave the folder's time as it is
        _LISTED[folder] = listed
    return listed


def _changed(paths: Iterable[str]) -> float:
    """When one of these was changed last, also where its time of modification was set back."""
    try:
        return max(status.st_ctime for status in map(os.stat, paths)) + _TICK
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
