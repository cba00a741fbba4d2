"""The journal of runs: what wrote a cube and when, kept apart from its reproducible bytes.

A run appends a line to one file. A part of a sweep, beside which others write, has a file of its own: two
hosts that append to one file may lose each other's lines. Who is alone later joins them.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..gate.documents import parse_json
from ..gate.files import JOURNAL as MOST
from .iced.at import is_iced
from .storage.files import objects_of, storage_of

JOURNAL = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look
FOLDER = "status/runs"
_END = ".jsonl"
_MOST_TO_SHORTEN = 16 * MOST  # bytes that are read of one which grew before it was kept short


def log_run(root: Path, entry: Mapping[str, Any], beside_others: bool = False) -> None:
    """Append one line to the journal of the cube at `root`; `beside_others`: to a file of its own.

    On a disk that refuses it the line is dropped: the error that matters is the tile's.
    """
    storage = storage_of(root)
    own = beside_others or (objects_of(root) is not None and not is_iced(root))
    name = f"{FOLDER}/{secrets.token_hex(8)}{_END}" if own else JOURNAL
    with suppress(OSError):
        if own:
            storage.make_folder(root, FOLDER)
        storage.append(root / name, "\n" + json.dumps(entry))  # a line cut short by a crash spoils no other


def merge_journals(root: Path) -> None:
    """Join the files of parts with the one of runs, which is kept short; nobody else writes meanwhile."""
    files, storage = own_journals(root), storage_of(root)
    with suppress(OSError):
        if not files and _length(root) <= MOST:
            return
        known = _lines(root / JOURNAL, _MOST_TO_SHORTEN)
        new = dict.fromkeys(line for path in files for line in _lines(path) if line)
        for line in known:
            new.pop(line, None)
        added = "".join("\n" + line for line in new)
        if _length(root) + len(added.encode()) > MOST:
            lines = _shortened([*filter(None, known), *new], MOST // 2)
            storage.put(root / JOURNAL, ["".join("\n" + line for line in lines).encode()], durable=True)
        elif added:
            storage.append(root / JOURNAL, added)
        for path in files:
            storage.delete(str(path))
    if files:
        with suppress(OSError):
            (root / FOLDER).rmdir()


def _length(root: Path) -> int:
    try:
        return storage_of(root).stat(root / JOURNAL).st_size
    except FileNotFoundError:
        return 0


def _shortened(lines: Sequence[str], most: int) -> list[str]:
    """The last lines that fit into so many bytes, after one that says how many runs there were before.

    Of a part that was stopped, and not run again since, the line stays: `info` tells of it.
    """
    runs = sorted(((_entry_of(line) or {}, line) for line in lines), key=lambda run: _began(run[0]))
    entries, lines = [entry for entry, _ in runs], [line for _, line in runs]
    last = {str(entry["part"]): number for number, entry in enumerate(entries) if "part" in entry}
    stopped = [n for n in reversed(last.values()) if entries[n].get("tiles") != entries[n].get("of")]
    kept: set[int] = set()
    for number in (*stopped, *reversed(range(len(lines)))):
        if number not in kept and "earlier" not in entries[number]:
            most -= len(lines[number].encode()) + 1
            if most < 0:
                break
            kept.add(number)
    left = [entry for number, entry in enumerate(entries) if number not in kept]
    earlier = {
        "earlier": sum(_number(entry.get("earlier", 1)) for entry in left),
        "started": min(map(_began, left), default=0.0),
        "tiles": sum(_number(entry.get("tiles")) for entry in left),
        "seconds": sum(_number(entry.get("seconds")) for entry in left),
    }
    return [json.dumps(earlier), *(lines[number] for number in sorted(kept))]


def _number(value: Any) -> Any:
    """A number of a journal; 0 for what none has written."""
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15
    return value if sound else 0


def logged_runs(root: Path) -> list[dict[str, Any]]:
    """The runs that wrote the cube at `root`, oldest first; a line cut short by a crash is left out.

    Where there were very many, the first entry has the key "earlier": how many runs it stands for.
    """
    files = own_journals(root)
    lines = dict.fromkeys(line for path in (root / JOURNAL, *files) for line in _lines(path))
    entries = [entry for entry in map(_entry_of, lines) if entry is not None]
    return sorted(entries, key=_began)


def _entry_of(line: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        entry = parse_json(line)
        return entry if isinstance(entry, dict) else None
    return None


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


def _lines(path: Path, most: int | None = None) -> list[str]:
    """The lines of a journal; of one that is longer than anybody reads, its last ones."""
    most = most or MOST
    with suppress(FileNotFoundError):
        raw = storage_of(path).read(path, most, -most)
        lines = raw.decode(errors="replace").splitlines()
        return lines[1:] if len(raw) == most else lines
    return []
