"""A computed tile of the grid as a block of cells by points."""

from collections.abc import Mapping
from math import prod

import numpy as np

from ..space import Space
from ..tiles import Layout, Tile
from .lanes import Lanes
from .measure import Block


def block_of(space: Space, kept: int, layout: Layout, tile: Tile, values: Mapping[str, np.ndarray]) -> Block:
    """The block of a tile of a grid of which the first `kept` axes remain."""
    cells, points = prod(tile.shape[:kept]), prod(tile.shape[kept:])
    variables = {one.name for one in space.variables}
    by_cell = {
        name: array.reshape(cells, points, *array.shape[len(tile.shape) :])
        for name, array in values.items()
        if name in variables
    }
    sampled = {name for axis in space.axes[kept:] if axis.group for name in axis.values}
    columns = {name: values[name] for name in sampled if name in values}
    first = int(indices_in_cell(space, kept, tile, np.zeros(1, np.int64))[0])
    return Block(
        cells, points, by_cell["status"], by_cell, columns, first,
        lambda at: indices_in_cell(space, kept, tile, at),
        lanes_of(space, kept, layout), numeric(space, tile.shape),
    )  # fmt: skip


def indices_in_cell(space: Space, kept: int, tile: Tile, at: np.ndarray) -> np.ndarray:
    """From numbers of points in a tile to those among all points of a cell, along the reduced axes."""
    inside = np.unravel_index(at, tile.shape[kept:]) if kept < len(tile.shape) else ()
    result = np.zeros(at.shape, np.int64)
    for one, start, size in zip(inside, tile.start[kept:], space.shape[kept:], strict=True):
        result = result * size + (one + start)
    return result


def lanes_of(space: Space, kept: int, layout: Layout) -> Lanes:
    """How points of the tiles of a layout are added up."""
    remain = sum(not axis.static for axis in space.axes[:kept])
    return Lanes(numeric(space, layout.tile), remain)


def numeric(space: Space, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of the lengths of a tile's axes those along which choices do not vary; one where there are none."""
    return tuple(n for axis, n in zip(space.axes, shape, strict=True) if not axis.static) or (1,)
