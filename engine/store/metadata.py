"""The metadata files of a cube: its root's, which hold a copy of every array's, and each array's own.

xarray reads the root's copy, so replacing that one file changes the cube (`grow`). The arrays' own files
follow it; a run that finds them behind, because one before it was killed, begins with that.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .durable import sync


def read_metadata(folder: Path) -> dict[str, Any]:
    """The metadata of a group or array in a folder."""
    return json.loads((folder / "zarr.json").read_text(encoding="utf-8"))


def replace_metadata(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file of metadata whole, or not at all."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(document, indent=2), encoding="utf-8")
    sync(partial)
    partial.replace(path)
    sync(path.parent)


def copies(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every array's metadata as the root's hold them, by name."""
    return document["consolidated_metadata"]["metadata"]


def half_grown(root: Path) -> dict[str, Any]:
    """Metadata, by name, of arrays that a killed run left shorter than the cube's root says."""
    behind = {}
    with suppress(
        OSError, ValueError, KeyError, TypeError, AttributeError
    ):  # Cube says better what is damaged
        for name, copy in copies(read_metadata(root)).items():
            own = read_metadata(root / name)
            if len(own["shape"]) == len(copy["shape"]) and own["shape"] != copy["shape"]:
                behind[name] = own | {"shape": copy["shape"]}
    return behind


def finish_growth(root: Path) -> None:
    """Bring every array's own metadata up to what the cube's root says of it."""
    for name, document in half_grown(root).items():
        replace_metadata(root / name / "zarr.json", document)
