"""The journal of runs: what wrote a cube and when, kept apart from its reproducible bytes.

A run appends a line to one file. A part of a sweep, beside which others write, has a file of its own: two
hosts that append to one file may lose each other's lines. Who is alone later joins them.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..gate.documents import parse_json
from ..gate.files import JOURNAL as MOST
from .storage.files import objects_of, storage_of

JOURNAL = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look
FOLDER = "status/runs"
_END = ".jsonl"


def log_run(root: Path, entry: Mapping[str, Any], beside_others: bool = False) -> None:
    """Append one line to the journal of the cube at `root`; `beside_others`: to a file of its own.

    On a disk that refuses it the line is dropped: the error that matters is the tile's.
    """
    storage, own = storage_of(root), beside_others or objects_of(root) is not None
    name = f"{FOLDER}/{secrets.token_hex(8)}{_END}" if own else JOURNAL
    with suppress(OSError):
        if own:
            storage.make_folder(root, FOLDER)
        storage.append(root / name, "\n" + json.dumps(entry))  # a line cut short by a crash spoils no other


def merge_journals(root: Path) -> None:
    """Join the files of parts with the one of runs; nobody else writes to the cube meanwhile."""
    files, storage = own_journals(root), storage_of(root)
    known = set(_lines(root / JOURNAL)) if files else set()
    for path in files:
        with suppress(OSError):
            new = [line for line in _lines(path) if line and line not in known]
            storage.append(root / JOURNAL, "".join("\n" + line for line in new))
            storage.delete(str(path))
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
        names = storage_of(root).names(root / FOLDER)
        return sorted(root / FOLDER / name for name in names if name.endswith(_END))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _lines(path: Path) -> list[str]:
    """The lines of a journal; of one that is longer than anybody reads, its last ones."""
    with suppress(FileNotFoundError):
        raw = storage_of(path).read(path, MOST, -MOST)
        lines = raw.decode(errors="replace").splitlines()
        return lines[1:] if len(raw) == MOST else lines
    return []
