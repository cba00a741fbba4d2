"""Whether a cube is as it was written."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .file_paths import cube_path

if TYPE_CHECKING:
    from ..engine.store.verify import Verdict
    from ..engine.tiles import Tile


def verify(
    cube: str | Path, *, repair: bool = False, on_tile: "Callable[[Tile], None] | None" = None
) -> "Verdict":
    """Read every shard of a cube and check it, and its metadata.

    Parameters
    ----------
    cube
        The cube, as `open_cube` takes it.
    repair
        Write metadata as they were, and the manifest anew; take the commit mark from tiles with a damaged
        shard, so that running the same sweep again computes them anew.
    on_tile
        Called after each tile, if given.

    Returns
    -------
    Verdict
        What is wrong. Where metadata are damaged, and not repaired, no shard is read: nobody knows its shape.

    Raises
    ------
    CubeError
        Where there is no cube, or, to repair it, another run is writing to it; where the system refuses to
        read for reasons of its own.
    """
    from ..engine.store.verify import verify

    return verify(cube_path(cube), repair=repair, on_tile=on_tile)
