"""Read back every shard of a cube: checksums, completeness, commit marks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..tiles import Tile
from .commit import revoke
from .cube import Cube, open_cube_for_reading
from .durable import clear_disk_errors, only_writer
from .identity import damaged_coordinate


@dataclass
class Verdict:
    """What reading a cube back showed.

    Attributes
    ----------
    tiles, shards, bytes
        How many tiles the cube has, and how many shards and bytes were read.
    uncommitted
        Tiles without commit mark: the next run computes them.
    damaged
        What is wrong, by the path of each damaged shard.
    repaired
        How many tiles lost their commit mark, to be computed again.
    coordinate
        What is wrong with a coordinate; empty where all are sound.
    """

    tiles: int = 0
    shards: int = 0
    bytes: int = 0
    uncommitted: list[Tile] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)
    repaired: int = 0
    coordinate: str = ""

    @property
    def sound(self) -> bool:
        """Whether every tile is committed and every shard reads back."""
        return not self.damaged and not self.uncommitted and not self.coordinate


def verify(
    root: Path, *, repair: bool = False, on_tile: Callable[[Tile], None] = lambda tile: None
) -> Verdict:
    """Read every shard of the cube at `root` and check it.

    Parameters
    ----------
    root
        The cube.
    repair
        Take the commit mark from tiles with a damaged shard, so that running the same sweep again computes
        them anew.
    on_tile
        Called after each tile.

    Raises
    ------
    CubeError
        Where there is no cube, or, to repair it, another run is writing to it.
    """
    cube = open_cube_for_reading(root)
    verdict = Verdict(tiles=len(cube.layout), coordinate=damaged_coordinate(cube))
    damaged_tiles = []
    for tile in cube.layout:
        if not cube.shard("status", tile).exists():
            verdict.uncommitted.append(tile)
        elif _damage(cube, tile, verdict):
            damaged_tiles.append(tile)
        on_tile(tile)
    if repair and damaged_tiles:
        with clear_disk_errors(root), only_writer(root):
            for tile in damaged_tiles:
                revoke(cube, tile)
        verdict.repaired = len(damaged_tiles)
    return verdict


def _damage(cube: Cube, tile: Tile, verdict: Verdict) -> bool:
    """Read one committed tile; note what is wrong with it."""
    before = len(verdict.damaged)
    for name in cube.names:
        path = cube.shard(name, tile)
        if not path.exists():
            verdict.damaged[path] = "the file is missing although its tile is committed"
            continue
        verdict.shards += 1
        verdict.bytes += path.stat().st_size
        if not cube.is_whole(name, tile):
            verdict.damaged[path] = "is cut short or lacks chunks"
            continue
        try:
            values = cube.read(name, tile)
        except Exception as error:  # whatever a codec raises on broken bytes
            verdict.damaged[path] = f"cannot be read back: {type(error).__name__}: {error}"
            continue
        if name == "status" and not values.all():
            verdict.damaged[path] = "marks points as not computed although its tile is committed"
    return len(verdict.damaged) > before
