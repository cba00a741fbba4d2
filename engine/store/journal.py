"""The journal of runs: what wrote a cube and when, kept apart from its reproducible bytes.

A run appends a line to one file. A part of a sweep, beside which others write, has a file of its own: two
hosts that append to one file may lose each other's lines. Who is alone later joins them.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..gate.documents import parse_json
from ..gate.files import JOURNAL as MOST
from ..gate.files import read_regular
from .durable import make_folder, open_own, remove

JOURNAL = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look
FOLDER = "status/runs"
_END = ".jsonl"


def log_run(root: Path, entry: Mapping[str, Any], beside_others: bool = False) -> None:
    """Append one line to the journal of the cube at `root`; `beside_others`: to a file of its own.

    On a disk that refuses it the line is dropped: the error that matters is the tile's.
    """
    name = f"{FOLDER}/{secrets.token_hex(8)}{_END}" if beside_others else JOURNAL
    with suppress(OSError):
        if beside_others:
            make_folder(root, FOLDER)
        with _opened(root / name) as file:
            file.write("\n" + json.dumps(entry))  # a line cut short by a crash spoils no other


def _opened(path: Path) -> IO[str]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return open(open_own(path, flags), "a", encoding="utf-8")  # noqa: PTH123


def merge_journals(root: Path) -> None:
    """Join the files of parts with the one of runs; nobody else writes to the cube meanwhile."""
    files = own_journals(root)
    known = set(_lines(root / JOURNAL)) if files else set()
    for path in files:
        with suppress(OSError):
            new = [line for line in _lines(path) if line and line not in known]
            with _opened(root / JOURNAL) as file:
                file.writelines("\n" + line for line in new)
            remove(os.fspath(path))
    if files:
        with suppress(OSError):
            (root / FOLDER).rmdir()


def logged_runs(root: Path) -> list[dict[str, Any]]:
    """The runs that wrote the cube at `root`, oldest first; a line cut short by a crash is left out."""
    entries, files = [], own_journals(root)
    for line in dict.fromkeys(line for path in (root / JOURNAL, *files) for line in _lines(path)):
        with suppress(ValueError):
            entry = parse_json(line)
            entries += [entry] if isinstance(entry, dict) else []
    return sorted(entries, key=_began)


def _began(entry: Mapping[str, Any]) -> float:
    began = entry.get("started")
    return began if isinstance(began, int | float) else 0.0


def own_journals(root: Path) -> list[Path]:
    """The files of parts whose lines were not joined with those of runs yet."""
    try:
        return sorted(root / FOLDER / name for name in os.listdir(root / FOLDER) if name.endswith(_END))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def _lines(path: Path) -> list[str]:
    """The lines of a journal; of one that is longer than anybody reads, its last ones."""
    with suppress(FileNotFoundError):
        raw = read_regular(path, MOST, start=-MOST)
        lines = raw.decode(errors="replace").splitlines()
        return lines[1:] if len(raw) == MOST else lines
    return []
