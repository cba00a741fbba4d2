"""The metadata files of a cube: its root's, which hold a copy of every array's, and each array's own.

xarray reads the root's copy, so replacing that one file changes the cube (`grow`). The arrays' own files
follow it; a run that finds them behind, because one before it was killed, begins with that.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..gate.documents import parse_json
from .storage.files import objects_of, storage_of


def read_metadata(folder: Path) -> dict[str, Any]:
    """The metadata of a group or array in a folder."""
    return parse_json(storage_of(folder).read(folder / "zarr.json"))


def identity_at(root: Path) -> dict[str, str]:
    """The identity of the cube that is there; empty where there is none, or nothing that reads as one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return dict(parse_json(read_metadata(root)["attributes"]["identity"]))
    return {}


def replace_metadata(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file of metadata whole, or not at all; in a bucket the one that is there now."""
    bucket = objects_of(path)
    if bucket is not None:
        bucket.replace(path, metadata_text(document).encode(), lambda: True)
        return
    storage = storage_of(path)
    storage.put(path, [metadata_text(document).encode()], durable=True)
    storage.sync(path.parent)


def metadata_text(document: Mapping[str, Any]) -> str:
    """Metadata as they are written."""
    return json.dumps(document, indent=2)


def copies(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every array's metadata as the root's hold them, by name."""
    return document["consolidated_metadata"]["metadata"]


def columns_of(attributes: Mapping[str, Any]) -> list[str]:
    """Names of the coordinates of a cube, by its root's attributes, that lie in shards beside the tiles."""
    return list(parse_json(attributes["columns"])) if "columns" in attributes else []


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


def contradictions(root: Path) -> dict[Path, str]:
    """What metadata say in two ways, by file: copies that differ, a sweep that is not its digest."""
    document, wrong = read_metadata(root), {}
    consolidated = document.get("consolidated_metadata") or {"metadata": {}}
    for name, copy in consolidated["metadata"].items():
        try:
            same = read_metadata(root / name) == copy
        except (OSError, ValueError) as error:
            wrong[root / name / "zarr.json"] = f"cannot be read ({type(error).__name__})"
        else:
            if not same:
                wrong[root / name / "zarr.json"] = "differs from the copy of it that the cube's root has"
    sweep, said = (document["attributes"].get(key) for key in ("sweep", "sweep_sha256"))
    if isinstance(sweep, str) and hashlib.sha256(sweep.encode()).hexdigest() != said:
        wrong[root / "zarr.json"] = "the stored sweep is not the one whose digest stands beside it"
    return wrong
