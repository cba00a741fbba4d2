"""What a run finds in a cube that is there: tiles to compute, tiles to trust, tiles to look at.

A tile with a record is trusted as long as its files are those that were recorded: of the same length, inode
and times, as the system tells without reading them. Where they are not (a copied cube, a changed file)
its shards
are read and their digests compared. A tile without record is read, too, and recorded where it is sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ..tiles import Tile
from .commit import digests, record
from .cube import Cube
from .durable import sync_all
from .files import changed_files
from .manifest import Manifest, complete

Shards = Mapping[str, tuple[int, bytes]]


@dataclass
class Survey:
    """What is there of a cube.

    Attributes
    ----------
    missing
        Tiles that are not committed, or no longer sound, in order.
    stale
        Those among them that have a record.
    sound
        Tiles that were read and are sound, with the lengths and digests of their shards: their record is
        missing or no longer tells their files.
    """

    missing: list[Tile] = field(default_factory=list)
    stale: list[Tile] = field(default_factory=list)
    sound: list[tuple[Tile, Shards]] = field(default_factory=list)


def survey(cube: Cube, manifest: Manifest, durable: bool = False) -> Survey:
    """Look at every tile of a cube, and read those that the manifest does not vouch for. Writes nothing.

    `durable`: read those, too, that were recorded before they were on the disk: a power cut may have come
    in between, which leaves files their length, inode and times, and takes their bytes.
    """
    found, counts = Survey(), cube.layout.counts
    changed = changed_tiles(cube, manifest)
    if durable:
        changed = np.union1d(changed, manifest.places[manifest["synced"] == 0])
    unknown = _without_record(manifest, prod(counts))
    for place in np.union1d(unknown, changed).tolist():
        tile = cube.layout.at(tuple(map(int, np.unravel_index(place, counts))))
        row, shards = manifest.find(tile.key), digests(cube, tile)
        if shards is not None and (row is None or shards == recorded_shards(cube, row)):
            found.sound.append((tile, shards))
            continue
        found.missing.append(tile)
        if row is not None:
            found.stale.append(tile)
    return found


def missing_tiles(cube: Cube) -> list[Tile]:
    """Tiles that are not committed, or no longer sound, in order."""
    return survey(cube, cube.load_manifest()).missing


def tiles_to_compute(cube: Cube, manifest: Manifest, durable: bool = True) -> list[Tile]:
    """The `missing_tiles`; what was learnt on the way is written into the manifest.

    `durable`: what an earlier run left to the system to put on the disk is put there first. Raises OSError
    where the disk refuses.
    """
    found = survey(cube, manifest, durable)
    if found.missing:
        cube.recorder.begin(durable)
    for tile in found.stale:
        cube.recorder.revoke(tile)
    if durable and found.sound:
        sync_all(cube.root)
    for tile, shards in found.sound:
        record(cube, tile, shards, durable)
    return found.missing


def recorded_shards(cube: Cube, row: Any) -> Shards:
    """Length and digest of each variable's shard, as a record has them."""
    shards = row["shards"]
    return {
        name: (int(one["length"]), one["digest"].tobytes())
        for name, one in zip(cube.names, shards, strict=True)
    }


def changed_tiles(cube: Cube, manifest: Manifest) -> np.ndarray:
    """Places of recorded tiles that have grown, or of which a file is not there or not the recorded one."""
    changed = ~complete(manifest, cube.layout)
    for name in cube.names:
        changed |= changed_files(cube, manifest, name)
    return manifest.places[changed]


def _without_record(manifest: Manifest, tiles: int) -> np.ndarray:
    """Places of the tiles that have no record."""
    if len(manifest.places) == tiles:
        return np.empty(0, np.int64)
    return np.setdiff1d(np.arange(tiles), manifest.places, assume_unique=True)
