"""The points of another cube that a sweep has, too, tile by tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Argument, SweepError
from ..run.portable import TAKEN, is_portable, mixing, platform_of, said_by
from ..space import Space
from ..store.cube import Cube
from ..store.manifest import complete
from ..store.read import Reader
from ..tiles import Layout, Tile
from ..values.columns import Column
from .agree import require_agreement
from .along import Along, along, coordinates_along, names_along


@dataclass(frozen=True)
class Taken:
    """Points of a tile that are taken over: all combinations of some positions along each axis.

    Attributes
    ----------
    ours
        These positions, along each axis of the sweep, counted from the tile's start.
    theirs
        The same points in the other cube, along the axes of the sweep.
    """

    ours: tuple[np.ndarray, ...]
    theirs: tuple[np.ndarray, ...]

    @property
    def points(self) -> int:
        """How many points."""
        return prod(len(positions) for positions in self.ours)

    def only(self, axis: int, kept: np.ndarray) -> "Taken":
        """Those of them whose position along an axis is among the `kept` ones."""
        ours, theirs = list(self.ours), list(self.theirs)
        ours[axis], theirs[axis] = ours[axis][kept], theirs[axis][kept]
        return Taken(tuple(ours), tuple(theirs))


class OldPoints:
    """Another cube, as far as a space has the same points.

    Parameters
    ----------
    root
        The cube's folder. It is only read.
    space
        What is swept.

    Raises
    ------
    SweepError
        Its points have other numbers, lie along other axes, or none of them is one of the sweep.
    CubeError
        There is no cube, or it is damaged.
    """

    def __init__(self, root: Path, space: Space) -> None:
        self.reader, self.space = Reader(root), space
        require_agreement(self.reader, space)
        dims = self.reader.cube.array("status").dims
        names = [names_along(self.reader, dim) for dim in dims]
        # The axis of the other cube that each of the sweep's is.
        self.order = [names.index(sorted(axis.values)) for axis in space.axes]
        self.along = [self._along(axis, dims[at]) for axis, at in zip(space.axes, self.order, strict=True)]
        for axis, one in zip(space.axes, self.along, strict=True):
            if not one.count:
                raise SweepError(
                    f"{root}: has no point in common with the sweep: none of its values of "
                    f"{', '.join(axis.values)} is one of the sweep's, to the last bit; run without ",
                    Argument("reuse"),
                )

    def require_device(self, device: Any) -> None:
        """Refuse points that were computed on a device of another kind, whose last bits are others."""
        there = str(self.reader.cube.attributes.get("device", device))
        if platform_of(there) != platform_of(str(device)) and not is_portable(self.reader.cube):
            raise SweepError(
                f"{self.reader.root}: was computed on {there} and the sweep is to be on {device}, whose last "
                "bits are others; choose ",
                Argument("device", platform_of(there)),
            )

    def why_not_portable(self, why_not: str, device: Any) -> str:
        """Why a cube is not portable that has these points and others, which are not for the reason given.

        Empty where it is. Raises SweepError where the others would have other bits than these.
        """
        cube = self.reader.cube
        problem = mixing(cube, why_not, device)
        if problem:
            raise SweepError(
                f"{cube.root}: {problem}; points taken from it could differ in their last bits from those "
                "that are computed: compute all anew, without ",
                Argument("reuse"),
            )
        return why_not or (TAKEN if said_by(cube) is None else "")

    def take(self, tile: Tile) -> Taken | None:
        """What can be taken of a tile; None where that is nothing.

        Of points of which some are not computed there, as many as lie in a grid that is computed whole.
        """
        pairs = [one.within(a, b) for one, a, b in zip(self.along, tile.start, tile.stop, strict=True)]
        taken = Taken(tuple(ours for ours, _ in pairs), tuple(theirs for _, theirs in pairs))
        taken = self.computed(taken)
        return taken if taken.points else None

    def computed(self, taken: Taken) -> Taken:
        """Of some points as many as are computed there and lie in a grid that is."""
        if not taken.points:
            return taken
        computed = self.read("status", taken) != 0
        return taken if computed.all() else _computed_whole(taken, computed)

    def read(self, name: str, taken: Taken) -> np.ndarray:
        """The numbers of a variable at these points, along the axes of the sweep and then its own."""
        array = self.reader.cube.array(name)
        there: list[Any] = [slice(None)] * array.ndim
        for at, positions in zip(self.order, taken.theirs, strict=True):
            there[at] = _as_slice(positions)
        inner = range(len(self.order), array.ndim)
        return self.reader.read(name, there).transpose([*self.order, *inner])

    def points(self, layout: Layout) -> int:
        """How many points will be taken over in all."""
        cube = self.reader.cube
        if int(complete(self.reader.manifest, cube.layout).sum()) == len(cube.layout):
            return prod(one.count for one in self.along)
        return sum(taken.points for taken in map(self.take, layout) if taken is not None)

    def _along(self, axis: Any, dim: str) -> Along:
        columns = [name for name, values in axis.values.items() if isinstance(values, Column)]
        if not columns:
            others = coordinates_along(self.reader, dim)
            return along(axis.values, others)
        cube: Cube = self.reader.cube
        size = cube.layout.grid[cube.array("status").dims.index(dim)]
        return Along(axis.size, first=min(axis.size, size) if self._same_design() else 0)

    def _same_design(self) -> bool:
        """Whether the samples of both are the first ones of one sequence."""
        held, now = (
            {key: text for key, text in identity.items() if key.startswith("design.")}
            for identity in (self.reader.cube.identity, self.space.identity())
        )
        return held | {"design.samples": ""} == now | {"design.samples": ""}


def _computed_whole(taken: Taken, computed: np.ndarray) -> Taken:
    """The larger part of some points that is a grid and computed: rows along one axis are left out."""
    best = None
    for axis in range(computed.ndim):
        others = tuple(k for k in range(computed.ndim) if k != axis)
        part = taken.only(axis, np.flatnonzero(computed.all(axis=others)))
        best = part if best is None or part.points > best.points else best
    assert best is not None
    return best


def _as_slice(positions: np.ndarray) -> "slice | np.ndarray":
    """Positions that follow one another as a slice, which is read at once."""
    first, last = int(positions[0]), int(positions[-1])
    follow = last - first == len(positions) - 1 and bool((np.diff(positions) == 1).all())
    return slice(first, last + 1) if follow else positions


def boxes(taken: Sequence[np.ndarray], shape: Sequence[int]) -> list[tuple[np.ndarray, ...]]:
    """The points of a tile that are not taken, as grids: positions along each axis.

    The first lacks what is taken along the first axis, the second has it and lacks that along the second.
    """
    every = [np.arange(size) for size in shape]
    grids = []
    for axis, ours in enumerate(taken):
        rest = np.setdiff1d(every[axis], ours, assume_unique=True)
        if len(rest):
            grids.append((*taken[:axis], rest, *every[axis + 1 :]))
    return grids
