"""When a tile is committed: its outputs are on the disk first, and its status is written last.

The shard of `status` is the commit mark. A tile counts where all its shards are whole and no point of its
status is `not_computed`; every other tile is missing, and the next run computes it.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from ..tiles import Tile
from .cube import Cube
from .durable import sync, sync_below


def commit(cube: Cube, tile: Tile, values: Mapping[str, np.ndarray], durable: bool = True) -> None:
    """Write one tile: its outputs, then (they being on the disk) its status.

    `values` maps every variable to its values in the tile, clipped to the grid. Not `durable`: nothing waits
    for the disk. Raises OSError where the disk refuses; the tile is then not committed.
    """
    if not _holds_earlier_points(cube, tile):
        for name in cube.names:
            # Nothing is merged with what an interrupted or damaged run may have left here.
            cube.shard(name, tile).unlink(missing_ok=True)
    outputs = [name for name in cube.names if name != "status"]
    for names in (outputs, ["status"]):
        for name in names:
            cube.write_shard(name, tile, values[name])
        for name in names if durable else ():
            sync_below(cube.shard(name, tile), cube.root)


def is_committed(cube: Cube, tile: Tile) -> bool:
    """Whether all the tile's shards are whole, and its status has no uncomputed point."""
    if not all(cube.is_whole(name, tile) for name in reversed(cube.names)):
        return False
    try:
        return bool(cube.read("status", tile).all())
    except Exception:  # any decoding failure means the mark cannot be trusted: compute it again
        return False


def missing_tiles(cube: Cube) -> Iterable[Tile]:
    """Tiles that are not committed, in order."""
    return (tile for tile in cube.layout if not is_committed(cube, tile))


def revoke(cube: Cube, tile: Tile) -> None:
    """Take back a tile's commit mark, so that the next run computes it again."""
    shard = cube.shard("status", tile)
    shard.unlink(missing_ok=True)
    sync(shard.parent)


def _holds_earlier_points(cube: Cube, tile: Tile) -> bool:
    """Whether the tile holds sound points of before the cube grew; they are then replaced in place."""
    try:
        if not cube.shard("status", tile).exists() or not cube.read("status", tile).any():
            return False
        return all(cube.shard(name, tile).exists() and cube.read(name, tile).size for name in cube.names)
    except Exception:  # any decoding failure: nothing here is to be kept
        return False
