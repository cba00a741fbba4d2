"""Cubes as equisweep 0.1.0 wrote them: the same shards and metadata, and no manifest."""

import json
import shutil
from pathlib import Path


def made_old(cube: Path) -> Path:
    """Turn a cube into one of version 0.1.0, in place."""
    shutil.rmtree(cube / "status" / "manifest")
    path = cube / "zarr.json"
    document = json.loads(path.read_text())
    document["attributes"]["equisweep_format"] = 1
    path.write_text(json.dumps(document, indent=2))
    return cube
