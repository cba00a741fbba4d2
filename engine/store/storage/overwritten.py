"""A place in a bucket where another cube lay before: only tiles with a record are those of this cube.

A run that was stalled, with its host, may send a tile of the cube that lay here when another one is here. On
a disk it writes into the folder that it holds open; a bucket has no such thing. Records name their cube.
"""

from pathlib import Path

from ...errors import Argument, CubeError
from ..iced.at import is_iced
from .files import objects_of

OVERWRITTEN = "status/overwritten.json"
_ROOT = "zarr.json"


def was_overwritten(root: Path) -> bool:
    """Whether another cube lay in this place of a bucket."""
    bucket = objects_of(root)
    return bucket is not None and not is_iced(root) and bucket.exists(root / OVERWRITTEN)


def is_half_overwritten(root: Path) -> bool:
    """Whether a run was killed, or is at work, that puts another cube in the place of one in a bucket."""
    return was_overwritten(root) and not objects_of(root).exists(root / _ROOT)  # pyright: ignore[reportOptionalMemberAccess]


def require_not_half_overwritten(root: Path) -> None:
    """CubeError where a run is not done with overwriting."""
    if is_half_overwritten(root):
        again = Argument("overwrite", True)
        raise CubeError(
            f"{root}: is being overwritten, or was when a run was killed; run it again with ", again
        )
