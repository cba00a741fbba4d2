"""Cubes as equisweep 0.1.0 wrote them: each tile is a shard with an index, and there is no manifest."""

import json
import shutil
from pathlib import Path

import google_crc32c

_INDEX_CODECS = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]


def made_old(cube: Path) -> Path:
    """Turn a cube into one of version 0.1.0, in place."""
    shutil.rmtree(cube / "status" / "manifest")
    path = cube / "zarr.json"
    document = json.loads(path.read_text())
    document["attributes"]["equisweep_format"] = 1
    for name, array in document["consolidated_metadata"]["metadata"].items():
        if [codec["name"] for codec in array["codecs"]] == ["bytes", "blosc", "crc32c"]:
            _with_index(cube / name, array)
    path.write_text(json.dumps(document, indent=2))
    return cube


def _with_index(folder: Path, array: dict) -> None:
    """Turn an array of plain chunks into one of shards of a chunk each, `array` being its metadata."""
    inside = {
        "chunk_shape": array["chunk_grid"]["configuration"]["chunk_shape"],
        "codecs": array["codecs"],
        "index_codecs": _INDEX_CODECS,
        "index_location": "end",
    }
    array["codecs"] = [{"name": "sharding_indexed", "configuration": inside}]
    (folder / "zarr.json").write_text(json.dumps(array, indent=2))
    for file in (folder / "c").rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            index = bytes(8) + len(raw).to_bytes(8, "little")
            file.write_bytes(raw + index + google_crc32c.value(index).to_bytes(4, "little"))
