"""Compute some tiles of a finished cube anew and compare them, bit for bit, with what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from .errors import Argument, CubeError, SweepError
from .feedback.progress import Progress, Silence
from .grid.evaluate import Evaluator, computed_tiles
from .run.where import where
from .space import Space
from .store.read import Reader
from .store.resume import missing_tiles
from .tiles import Tile


@dataclass
class Deviation:
    """At how many points a variable differs, by how much at most, and at which values of the axes first.

    `largest` and `relative` are of numbers; NaN where a number stands beside none, or classes differ.
    """

    points: int = 0
    largest: float = 0.0
    relative: float = 0.0
    first: dict[str, Any] = field(default_factory=dict)


@dataclass
class Recomputed:
    """What computing tiles anew showed: how many were tried, on which device and how, and what differs."""

    tiles: int
    tried: int
    points: int
    device: str
    how: str
    differences: dict[str, Deviation]


def recompute(
    space: Space,
    reader: Reader,
    share: float,
    device: str = "auto",
    progress: bool = False,
) -> Recomputed:
    """Compute a share of a cube's committed tiles anew, evenly spread over it, and compare every number.

    Parameters
    ----------
    space : what the cube was computed from.
    reader : of the cube, which is not changed.
    share : of the committed tiles, above 0 and at most 1; at least one tile is tried.
    device : where to compute now, as of `execute`; the cube may have been computed elsewhere.
    progress : whether to say on standard error how far it is.

    Raises
    ------
    SweepError
        The share is none, or the device is not there.
    CubeError
        No tile is committed, or a shard cannot be read (`verify` says more).
    """
    if not 0 < share <= 1:
        raise SweepError(
            f"{share:g} is no share of the tiles; give one above 0, up to 1: ", Argument("recompute", 0.01)
        )
    cube = reader.cube
    missing = {tile.key for tile in missing_tiles(cube)}
    committed = [tile for tile in cube.layout if tile.key not in missing]
    if not committed:
        raise CubeError(f"{cube.root}: no tile is computed yet")
    count = ceil(share * len(committed))
    chosen = [committed[i] for i in np.linspace(0, len(committed) - 1, count).round().astype(int)]
    result = Recomputed(len(cube.layout), count, 0, "", "", {})
    points = sum(tile.points for tile in chosen)
    here = where(device, space, cube.root, points=points).device
    evaluator = Evaluator(space, cube.layout, here)
    shown = (Progress if progress else Silence)(points)
    shown.begin()
    try:
        for tile, started, values in computed_tiles(evaluator, chosen, ahead=evaluator.batches.devices):
            for name in cube.sharded:
                along = [cube.axis_of(name)] if name in cube.columns else list(range(len(tile.region)))
                inner = [slice(None)] * (values[name].ndim - len(along))
                stored = reader.read(name, [*(tile.region[axis] for axis in along), *inner])
                _compare(result.differences, name, stored, values[name], _Location(space, tile, along))
            result.points += tile.points
            evaluator.batches.give_back(started)
            shown.add(tile.points)
    finally:
        evaluator.batches.close()
        shown.close()
    result.device = f"{here.platform}:{here.id}"
    result.how = ", ".join(sorted(map(str, evaluator.computed)))
    return result


@dataclass(frozen=True)
class _Location:
    """Where the numbers of a tile stand: along which axes of the grid."""

    space: Space
    tile: Tile
    along: Sequence[int]

    def values(self, indices: Sequence[int]) -> dict[str, Any]:
        """What these axes are at a point of the tile."""
        at = {}
        for number, i in zip(self.along, indices, strict=True):
            axis, first = self.space.axes[number], self.tile.start[number]
            if axis.static:
                at[axis.dim] = self.space.choices_at({axis.dim: first + int(i)})[axis.dim]
            else:
                at |= {name: values[first + i : first + i + 1][0] for name, values in axis.values.items()}
        return at


def _compare(
    differences: dict[str, Deviation], name: str, stored: np.ndarray, now: np.ndarray, location: _Location
) -> None:
    """Enter where two arrays of one variable have not the same bits; NaN is NaN whatever its bits."""
    bits, now = f"V{stored.dtype.itemsize}", now.astype(stored.dtype, copy=False)
    differs = np.ascontiguousarray(stored).view(bits) != np.ascontiguousarray(now).view(bits)
    if stored.dtype.kind == "f":
        differs &= ~(np.isnan(stored) & np.isnan(now))
    if not differs.any():
        return
    at = differs.any(axis=tuple(range(len(location.along), differs.ndim)))
    difference = differences.setdefault(name, Deviation())
    if not difference.points:
        difference.first = location.values(np.argwhere(at)[0])
    difference.points += int(at.sum())
    if stored.dtype.kind != "f":
        difference.largest = difference.relative = float("nan")
        return
    apart = np.abs(stored[differs] - now[differs])
    size = np.maximum(np.abs(stored[differs]), np.abs(now[differs]))
    difference.largest = float(np.maximum(difference.largest, apart.max()))
    difference.relative = float(np.maximum(difference.relative, (apart / size).max()))
