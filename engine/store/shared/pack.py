"""A cube as one file: a zip file of the same files, stored as they are, in an order of their own.

What it holds is what the cube is: metadata, coordinates, shards, a seal, and a manifest that knows files by
their checksums. What a host or a moment left there (times, places on the disk, leases, the journal of runs)
stays behind, so that a cube makes the same bytes wherever and whenever it is packed.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import CubeError
from ...feedback.stop_flag import stop_if_requested
from ...gate.files import CHUNK
from ..cube import Cube, open_cube_for_reading
from ..durable import clear_disk_errors
from ..identity import damaged_coordinate
from ..manifest import END, FOLDER, complete, key_of, sealed_record
from ..seal import seal_of, seal_text
from ..storage.place import place
from ..storage.zipped import packed
from ..verify import Verdict, verify

_TIMES = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say
_UNIX, _MODE = 3, 0o100644
_MANIFEST = f"{FOLDER}/00000001-00000000.tiles"
_SEAL = f"{FOLDER}/cube-00000001.json"


@dataclass(frozen=True)
class Packed:
    """What was packed: how many tiles and files, and the bytes of the zip file."""

    tiles: int
    files: int
    bytes: int


def pack(root: Path, file: Path) -> Packed:
    """Write the cube at `root` into a zip file, and read all of that back.

    Parameters
    ----------
    root
        A cube of which every tile was computed.
    file
        The zip file; one that is there is written over.

    Returns
    -------
    What was packed.

    Raises
    ------
    CubeError
        Where there is no cube, it is not whole or something of it is damaged, or a run changes it meanwhile.
        What was written until then is no packed cube.
    OSError
        Where the disk refuses to write.
    """
    with clear_disk_errors(root):
        cube = open_cube_for_reading(root)
        _require_whole(cube)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=True) as archive:
        with clear_disk_errors(root):
            _write(cube, archive)
        files = len(archive.namelist())
    with packed(str(file)) as url:
        verdict = verify(place(url))
    if not verdict.sound:
        raise CubeError(f"{root}: {_reason(verdict)}; nothing was packed")
    return Packed(len(cube.layout), files, file.stat().st_size)


def _require_whole(cube: Cube) -> None:
    manifest = cube.load_manifest()
    manifest.require_own(cube.root)
    missing = len(cube.layout) - int(complete(manifest, cube.layout).sum())
    wrong = damaged_coordinate(cube)
    if wrong:
        raise CubeError(f"{cube.root}: {wrong}")
    if missing:
        raise CubeError(
            f"{cube.root}: {missing:,} of {len(cube.layout):,} tiles are not computed, or not recorded: "
            "a packed cube cannot go on; run the sweep to its end first"
        )


def _write(cube: Cube, archive: zipfile.ZipFile) -> None:
    seal = seal_of(cube.root, cube.stamp.cube)
    for name, text in sorted(seal.texts.items(), key=lambda one: (one[0] != "zarr.json", one[0])):
        _put(archive, name, text.encode())
    for name in sorted(seal.digests):
        _put(archive, name, cube.storage.read(cube.root / name, CHUNK))
    _put(archive, _SEAL, seal_text(seal))
    _put(archive, _MANIFEST, b"".join(_records(cube, archive)))


def _records(cube: Cube, archive: zipfile.ZipFile) -> Iterator[bytes]:
    """Write every shard, and say of each tile what its shards are, as the zip file tells them."""
    yield cube.stamp.line()
    manifest, written, start = cube.load_manifest(), dict[str, int](), len(str(cube.root)) + 1
    for at in range(len(manifest)):
        stop_if_requested()
        record = manifest.at(np.array([at]))[0].copy()
        key = key_of(int(manifest.indices[at]), manifest.counts)
        for i, variable in enumerate(cube.sharded):
            path = cube.path(variable, key)
            name = path[start:]
            if name not in written:  # several tiles share the columns of their samples
                written[name] = _put(archive, name, cube.storage.read(path, cube.forms[variable].most))
            shard = record["shards"][i]
            shard["inode"], shard["mtime"], shard["ctime"] = written[name], 0, 0
        record["synced"] = 1
        yield sealed_record(record)
    end = np.zeros((), cube.stamp.dtype)
    end["what"] = END
    yield sealed_record(end)


def _put(archive: zipfile.ZipFile, name: str, raw: bytes) -> int:
    """Write one file; its CRC-32."""
    info = zipfile.ZipInfo(name, _TIMES)
    info.create_system, info.external_attr = _UNIX, _MODE << 16
    archive.writestr(info, raw, zipfile.ZIP_STORED)
    return info.CRC


def _reason(verdict: Verdict) -> str:
    """What is wrong with what was packed: the cube was damaged before, or changed while it was read."""
    wrong = verdict.metadata | verdict.damaged
    if wrong:
        path, reason = next(iter(wrong.items()))
        return f"{path.name if path.suffix == '.json' else '/'.join(path.parts[-3:])}: {reason}"
    return verdict.coordinate or "was changed while it was read"
