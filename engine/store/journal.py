"""The journal of runs: what wrote a cube and when, kept apart from its reproducible bytes."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_JOURNAL = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look


def log_run(root: Path, entry: Mapping[str, Any]) -> None:
    """Append one line to the journal of the cube at `root`.

    On a disk that refuses it the line is dropped: the error that matters is the tile's.
    """
    with suppress(OSError), (root / _JOURNAL).open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(entry))  # a line cut short by a crash spoils no other


def logged_runs(root: Path) -> list[dict[str, Any]]:
    """The runs that wrote the cube at `root`, oldest first; a line cut short by a crash is left out."""
    entries = []
    with suppress(FileNotFoundError):
        for line in (root / _JOURNAL).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                entries.append(json.loads(line))
    return entries
