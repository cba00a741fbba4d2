"""Tiles of a cube computed anew, on this machine, and compared with what is stored."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import CubeError
from ..engine.store.read import Reader
from .file_paths import cube_path
from .text import count_of, short

if TYPE_CHECKING:
    from ..engine.recompute import Recomputed
    from ..engine.space import Space


def recompute(
    path: str | Path,
    share: float = 0.01,
    *,
    sweep_file: str | Path | None = None,
    device: str = "auto",
    progress: bool = False,
) -> "Recomputed":
    """Compute a share of a cube's tiles anew and compare every number with the stored one, bit for bit.

    Parameters
    ----------
    path : the cube; nothing is written to it.
    share : of its tiles, above 0 and at most 1, evenly spread over the cube; at least one.
    sweep_file : the cube's sweep file. Only with it a model from a Python file of the user's is run.
    device : where to compute now, as of `run`.
    progress : whether to say on standard error how far it is.

    Returns
    -------
    Recomputed
        How many tiles were tried and, by variable, what differs; empty `differences` where nothing does.

    Raises
    ------
    SweepError
        The share is none, the device is not there, or the model is a Python file and no `sweep_file` given.
    CubeError
        There is no cube or no computed tile, a shard is damaged, or only reduced results are stored.
    """
    from ..engine.recompute import recompute as compared

    reader = Reader(cube_path(path))
    return compared(_space(reader, path, sweep_file), reader, share, device, progress)


def require_comparable(path: str | Path, sweep_file: str | Path | None = None) -> None:
    """Refuse what `recompute` would refuse by a cube's sweep, before a cube is read for long.

    Raises as `recompute` does. A cube that cannot be opened passes: `verify` says what is wrong with it.
    """
    try:
        reader = Reader(cube_path(path))
    except CubeError:
        return
    _space(reader, path, sweep_file)


def _space(reader: Reader, path: str | Path, sweep_file: str | Path | None) -> "Space":
    from .cube.open import dataset_of
    from .cube.source import space_of, sweep_of
    from .reduced.indices import stored

    dataset = dataset_of(reader)
    sweep = sweep_of(dataset, f"{path}")
    if sweep.reduce or not stored("design", sweep.design or {}):
        raise CubeError(f"{path}: holds no points but what they were reduced to: there is nothing to compare")
    return space_of(dataset, sweep_file=sweep_file, origin=f"{path}")


def recompute_text(recomputed: "Recomputed") -> str:
    """For people: what was tried and, a line a variable, what differs."""
    points = count_of(recomputed.points, "point")
    tried = (
        f"{recomputed.tried:,} of {recomputed.tiles:,} tiles ({points}) computed anew "
        f"on {recomputed.device} by {recomputed.how}"
    )
    if not recomputed.differences:
        return f"{tried}: every bit is the same"
    lines = [f"{tried}: not the same"]
    for name, d in recomputed.differences.items():
        size = (
            f"by up to {short(d.largest)} ({d.relative:.1e} of the number)"
            if d.largest == d.largest
            else "in class"
        )
        first = ", ".join(f"{axis} = {short(value)}" for axis, value in d.first.items())
        differ = "1 point differs" if d.points == 1 else f"{d.points:,} points differ"
        lines.append(f"  {name}: {differ} {size}, the first at {first}")
    return "\n".join(lines)
