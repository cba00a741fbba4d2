"""Cut a grid into tiles: pure integer arithmetic.

A tile is a hyper-rectangle of the grid and one whole shard of every array. All tiles of a sweep have
one shape, the last along an axis being padded, so that one compiled function computes them all.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil, prod
from typing import overload

# Measured on 2 cores: shards of about 8 MB and chunks of about 2 MB write fastest (CHANGELOG, 0.1.0).
MOST_POINTS = 2**20
FEWEST_POINTS = 2**16
CHUNK_NUMBERS = 2**18
MOST_BYTES = 2**25


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its `key` (position in the grid of tiles) and its region, from `start` to before `stop`."""

    key: tuple[int, ...]
    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def region(self) -> tuple[slice, ...]:
        """The tile's region of the grid, clipped to it."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the clipped region."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    @property
    def points(self) -> int:
        """Number of grid points inside."""
        return prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """How a grid of shape `grid` is cut into tiles of shape `tile`.

    It has a length, how many tiles there are, and runs over them in order, the last axis first.
    """

    grid: tuple[int, ...]
    tile: tuple[int, ...]

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of tiles along each axis."""
        return tuple(ceil(n / t) for n, t in zip(self.grid, self.tile, strict=True))

    def __len__(self) -> int:
        return prod(self.counts)

    def __iter__(self) -> Iterator[Tile]:
        return (self.at(key) for key in product(*map(range, self.counts)))

    def key_of(self, index: int) -> tuple[int, ...]:
        """The key of the tile with this number in the order; that there is one is not looked at."""
        key = []
        for count in reversed(self.counts):
            index, k = divmod(index, count)
            key.append(k)
        return tuple(reversed(key))

    def at(self, key: tuple[int, ...]) -> Tile:
        """The tile with this key, one number below `counts` for each axis, which is not looked at."""
        start = tuple(k * t for k, t in zip(key, self.tile, strict=True))
        stop = tuple(min(a + t, n) for a, t, n in zip(start, self.tile, self.grid, strict=True))
        return Tile(key, start, stop)


class TileList(Sequence[Tile]):
    """Tiles of a layout by their numbers in its order: 8 bytes each, where a million tiles take 300 MB."""

    def __init__(self, layout: Layout, indices: Iterable[int] = ()) -> None:
        self.layout, self.indices = layout, array("q", indices)

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Tile: ...
    @overload
    def __getitem__(self, index: slice) -> "TileList": ...
    def __getitem__(self, index: int | slice) -> "Tile | TileList":
        if isinstance(index, slice):
            return TileList(self.layout, self.indices[index])
        return self.layout.at(self.layout.key_of(self.indices[index]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def plan_layout(
    grid: Sequence[int],
    static: Sequence[bool],
    bytes_per_point: int,
    most_points: int = MOST_POINTS,
    groups: Sequence[int] = (),
) -> Layout:
    """Choose the tile shape.

    A tile is a run of whole rows, like memory: leading axes have length 1, one axis is cut, trailing
    axes are whole. What does not depend on a trailing axis is then computed once per tile. Static axes
    always have length 1. An axis is cut evenly, and longer parts are rounded up to a multiple of 4 so
    that chunks divide them: padding is at most a point a part, or four where parts have 16 or more. Where
    `groups` says that an axis is a design of groups of points, parts hold whole groups and, if they can,
    divide it, so that the tiles of a design that is extended stay as they are.
    """
    wanted = min(max(prod(grid) // 8, FEWEST_POINTS), most_points, max(MOST_BYTES // bytes_per_point, 1))
    tile, most = [1] * len(grid), wanted
    for axis in reversed(range(len(grid))):
        if static[axis]:
            continue
        group = groups[axis] if groups else 0
        tile[axis] = _whole_groups(grid[axis], most, group) if group else _even_length(grid[axis], most)
        most //= tile[axis]
        if tile[axis] < grid[axis]:
            break
    return Layout(tuple(grid), tuple(tile))


def chunk_shape(tile: Sequence[int], inner: Sequence[int]) -> tuple[int, ...]:
    """Chunks of a shard of shape ``(*tile, *inner)``: square-ish, about `CHUNK_NUMBERS`, dividing it."""
    chunk = [*tile, *inner]
    while prod(chunk) > CHUNK_NUMBERS:
        even = [axis for axis in range(len(tile)) if chunk[axis] % 2 == 0]
        if not even:
            break
        longest = max(even, key=lambda axis: chunk[axis])
        chunk[longest] //= 2
    return tuple(chunk)


def _even_length(size: int, most: int) -> int:
    """Length of equal parts of `size` that fit into `most` points (at least 1)."""
    if most < 1:
        return 1
    parts = ceil(size / most)
    length = ceil(size / parts)
    rounded = ceil(length / 4) * 4
    return rounded if length >= 16 else length


def _whole_groups(size: int, most: int, group: int) -> int:
    """Length of parts of `size` in whole groups that fit into `most` points (at least one group).

    The largest that divides `size`; but where that would be less than half of what fits, what fits.
    """
    count, fitting = size // group, max(most // group, 1)
    if fitting >= count:
        return size
    dividing = next(k for k in range(fitting, 0, -1) if count % k == 0)
    return group * (dividing if 2 * dividing >= fitting else fitting)
