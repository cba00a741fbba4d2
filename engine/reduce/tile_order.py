"""In which order the tiles of a grid are computed that make a tile of the reduced cube."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from ..tiles import Tile
from .reduction import Layouts


@dataclass(frozen=True)
class Step:
    """One tile of the grid on its way into a tile of the cube.

    Attributes
    ----------
    tile
        Of the grid.
    region
        Which cells of the cube's tile it falls into.
    last
        Whether these cells are finished with it.
    """

    tile: Tile
    region: tuple[slice, ...]
    last: bool


def steps(layouts: Layouts, target: Tile, done: int = 0) -> Iterator[Step]:
    """The tiles of the grid for a tile of the cube, but for those `done`: cell by cell, each part by part."""
    return islice(_all(layouts, target), done, None)


def count(layouts: Layouts, target: Tile) -> int:
    """How many of them there are."""
    result = layouts.parts
    for numbers in _kept_keys(layouts, target):
        result *= len(numbers)
    return result


def _all(layouts: Layouts, target: Tile) -> Iterator[Step]:
    grid, kept = layouts.grid, layouts.kept
    parts = list(product(*map(range, grid.counts[kept:])))
    for key in product(*_kept_keys(layouts, target)):
        for number, part in enumerate(parts):
            tile = grid.at((*key, *part))
            ends = zip(tile.start[:kept], tile.stop[:kept], target.start, strict=False)
            region = tuple(slice(start - origin, stop - origin) for start, stop, origin in ends)
            yield Step(tile, region or (slice(0, 1),), number == len(parts) - 1)


def _kept_keys(layouts: Layouts, target: Tile) -> list[range]:
    """Numbers of the grid's tiles along each axis that remains."""
    lengths = layouts.grid.tile[: layouts.kept]
    ends = zip(target.start, target.stop, lengths, strict=False)
    return [range(start // length, -(-stop // length)) for start, stop, length in ends]
