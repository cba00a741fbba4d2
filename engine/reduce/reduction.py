"""What a sweep is reduced to, and the space of the cube that results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..device import most_points
from ..grid.batches import POINTS as BATCH
from ..grid.by_matrix import Order
from ..space import Space, Variable
from ..tiles import MOST_BYTES, MOST_POINTS, Layout, plan_layout
from ..values.axis import Axis
from .lanes import RUN
from .measure import Measure, why_values_are_needed

# The dimension of a cube in which every axis is reduced, and its one label.
WHOLE, LABEL = "whole", "all points"
# The attribute of a cube that says how the grid is cut into tiles, its reduced axes last.
REDUCED_IN = "reduced_in"
# The one that says in which order values are added up (`lanes`), and this order.
SUMMED_IN, ORDER = "summed_in", "lanes of 32"
# A reduction that may end early is asked first after a tile: at least so many make a cell.
_STEPS = 64
# Numbers of the partial results of a tile's cells together.
_MOST_NUMBERS = 2**22


@dataclass(frozen=True)
class Reduction:
    """How a grid becomes a cube over fewer axes.

    Attributes
    ----------
    over
        The dimensions that go.
    measures
        What is kept; one of them gives the status.
    text
        What is asked for, as flat text: part of the identity of the cube.
    until
        From so many points of a cell on, and each time that these are doubled, a cell is finished where all
        measures have `enough`; 0: with all points.
    order
        In which order measures add up the samples of a design that are rows of matrices, if they do nothing
        else with its points; None where they do.
    """

    over: tuple[str, ...]
    measures: tuple[Measure, ...]
    text: Mapping[str, str]
    until: int = 0
    order: Order | None = None

    @property
    def numbers(self) -> int:
        """How many numbers the partial results hold for each cell."""
        return sum(measure.numbers for measure in self.measures)

    @property
    def summed(self) -> bool:
        """Whether anything of it depends on the order in which values are added up."""
        return any(measure.summed for measure in self.measures)


@dataclass(frozen=True)
class ReducedSpace(Space):
    """The space of the cube that results: its points are cells, its variables what `reduction` gives."""

    reduction: Reduction = field(kw_only=True)
    reduced: tuple[Axis, ...] = field(kw_only=True)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """As of `Space`, the status last."""
        given = [variable for measure in self.reduction.measures for variable in measure.variables]
        return (
            *(one for one in given if one.name != "status"),
            *(one for one in given if one.name == "status"),
        )

    def identity(self, held: Mapping[str, str] | None = None) -> dict[str, str]:
        """As of `Space`; the axes that are reduced are part of it under a name that no coordinate has.

        Labels of bins, classes and so on follow from what is asked for.
        """
        own = {f"labels.{dim}" for measure in self.reduction.measures for dim in measure.labels}
        flat = {key: text for key, text in super().identity(held).items() if key not in own}
        for axis in self.reduced:
            like = {name: (held or {}).get(f"reduced.{name}", "") for name in axis.values}
            flat |= {f"reduced.{name}": text for name, text in axis.described_like(like).items()}
        return flat | {f"reduce.{name}": text for name, text in self.reduction.text.items()}


def reduced_last(space: Space, over: Sequence[str]) -> Space:
    """The same space with the axes that are reduced last, in their order."""
    kept = [axis for axis in space.axes if axis.dim not in over]
    return replace(space, axes=(*kept, *(axis for axis in space.axes if axis.dim in over)))


def reduced_space(space: Space, reduction: Reduction) -> ReducedSpace:
    """The space of the cube that a reduction of `space` gives."""
    kept = tuple(axis for axis in space.axes if axis.dim not in reduction.over)
    labels = dict(space.labels)
    for measure in reduction.measures:
        labels |= measure.labels
    used = {dim for measure in reduction.measures for one in measure.variables for dim in one.inner_dims}
    own: dict[str, Any] = {one.name: getattr(space, one.name) for one in fields(Space)}
    own |= {
        "axes": kept or (Axis(WHOLE, {WHOLE: np.array([LABEL])}),),
        "labels": {dim: values for dim, values in labels.items() if dim in used},
    }
    return ReducedSpace(
        **own, reduction=reduction, reduced=tuple(a for a in space.axes if a.dim in reduction.over)
    )


@dataclass(frozen=True)
class Layouts:
    """How the grid is cut into tiles that are computed, and the cube into tiles that are stored.

    Attributes
    ----------
    grid
        Of the grid, its axes that remain first.
    cube
        Of the cube: each of its tiles holds whole tiles of the grid's first axes.
    kept
        How many axes remain.
    numbers, growing
        How many numbers the partial results have for each cell, and how many of them are values of points.
    bytes_per_cell
        Bytes of each cell of the cube.
    """

    grid: Layout
    cube: Layout
    kept: int
    numbers: int
    growing: int
    bytes_per_cell: int

    @property
    def bytes_under_way(self) -> int:
        """Most bytes of partial results, and of cells that are not stored yet."""
        levels = self.parts.bit_length() + 1 if self.parts > 1 else 2
        partial = (self.numbers - self.growing) * levels + 2 * self.growing
        return 8 * partial * prod(self.grid.tile[: self.kept]) + 2 * self.bytes_per_cell * prod(
            self.cube.tile
        )

    @property
    def parts(self) -> int:
        """In how many tiles of the grid a cell's points lie."""
        return prod(self.grid.counts[self.kept :])


def plan_layouts(space: Space, stored: ReducedSpace, device: Any, tile_points: int | None = None) -> Layouts:
    """Cut a grid, whose reduced axes are last, and the cube that results; `tile_points` as of `plan_space`.

    A tile holds as many whole cells as fit in it, or a part of one.
    """
    kept = len(space.axes) - len(stored.reduced)
    most = tile_points or most_points(device, space.bytes_per_point, space.needs_ode, space.points)
    if device.platform == "cpu" and not space.needs_ode and why_values_are_needed(stored.reduction.measures):
        most = min(most, BATCH)  # what a core has just computed it reduces while that is in its cache
    of_a_cell = prod(space.shape[kept:])
    most = min(most, of_a_cell * max(_MOST_NUMBERS // stored.reduction.numbers, 1))
    if stored.reduction.until:
        most = min(most, max(of_a_cell // _STEPS, stored.reduction.until))
    return layouts(_cut(space, kept, most), stored, kept)


def _cut(space: Space, kept: int, most: int) -> Layout:
    """Tiles of a grid, of at most so many points.

    Where a cell is cut its tiles are as long along the last axis as lanes take at once, and so longer along
    the others: what depends on the last axis alone would else be computed for few values of those.
    """
    static, groups = [axis.static for axis in space.axes], [axis.group for axis in space.axes]
    layout = plan_layout(space.shape, static, space.bytes_per_point, most, groups)
    gone = [axis for axis in range(kept, len(static)) if not static[axis]]
    if all(layout.tile[axis] == space.shape[axis] for axis in gone) or len(gone) < 2 or any(groups):
        return layout
    *rest, last = space.shape
    shape = (*rest, -(-last // -(-last // RUN)))
    tile = plan_layout(shape, static, space.bytes_per_point, most, groups).tile
    return Layout(space.shape, tile)


def layouts(grid: Layout, stored: ReducedSpace, kept: int, begun: Layout | None = None) -> Layouts:
    """The cube's tiles for a grid that is cut so: several of the grid's, as many as a shard is good for.

    `begun`: the tiles that a cube has already. Raises ValueError where they hold no whole ones of the grid.
    """
    growing = sum(measure.numbers for measure in stored.reduction.measures if measure.grows)
    cube, numbers = begun or _several(grid, stored, kept), stored.reduction.numbers
    of_grid = grid.tile[:kept] or (1,)
    if cube.grid != stored.shape or any(a % b for a, b in zip(cube.tile, of_grid, strict=True)):
        raise ValueError("tiles of a cube that hold no whole tiles of its grid")
    return Layouts(grid, cube, kept, numbers, growing, stored.bytes_per_point)


def _several(grid: Layout, stored: ReducedSpace, kept: int) -> Layout:
    """Tiles of a new cube."""
    tile, shape = list(grid.tile[:kept]) or [1], stored.shape
    left = max(min(MOST_BYTES // stored.bytes_per_point, MOST_POINTS) // prod(tile), 1)
    for axis in reversed(range(len(tile))):
        several = min(-(-shape[axis] // tile[axis]), left)
        tile[axis] *= several
        left //= several
        if tile[axis] < shape[axis]:
            break
    return Layout(shape, tuple(tile))
