"""The journal of runs: what wrote a cube and when, kept apart from its reproducible bytes."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..gate.documents import parse_json
from ..gate.files import JOURNAL as MOST
from ..gate.files import read_text
from .durable import open_own

JOURNAL = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look


def log_run(root: Path, entry: Mapping[str, Any]) -> None:
    """Append one line to the journal of the cube at `root`.

    On a disk that refuses it the line is dropped: the error that matters is the tile's.
    """
    with suppress(OSError), _opened(root) as file:
        file.write("\n" + json.dumps(entry))  # a line cut short by a crash spoils no other


def _opened(root: Path) -> IO[str]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return open(open_own(root / JOURNAL, flags), "a", encoding="utf-8")  # noqa: PTH123


def logged_runs(root: Path) -> list[dict[str, Any]]:
    """The runs that wrote the cube at `root`, oldest first; a line cut short by a crash is left out."""
    entries = []
    with suppress(FileNotFoundError, ValueError):
        for line in read_text(root / JOURNAL, MOST).splitlines():
            with suppress(ValueError):
                entry = parse_json(line)
                entries += [entry] if isinstance(entry, dict) else []
    return entries
