"""A function of grid points in stages: which numbers are computed along which axes, and in which order.

A number is computed along those axes only on which it depends. All numbers of one set of axes are a *stage*;
what other stages need of it is kept in a table over its axes. Loops are nested from the longest axis to the
shortest, and the innermost runs along one axis, a vector of points at a time. A stage stands as deep in the
nest as the first axes that it has, so that its table holds only what is left of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .ir import Scalar, bytes_of, order_of

Axes = frozenset[int]


@dataclass(frozen=True)
class Grid:
    """A function of points in scalars: input number ``k`` is a coordinate along axis ``along[k]``.

    `fields` are the outputs: the numbers that each has at a point. `order` has all axes as they are nested.
    `lengths` decide along what those stages run that have not the innermost axis; the code serves others as
    well. In the outputs neighbours along the innermost axis lie side by side where `contiguous`.
    """

    along: tuple[int, ...]
    fields: tuple[tuple[Scalar, ...], ...]
    order: tuple[int, ...]
    lengths: tuple[int, ...]
    contiguous: bool

    @cached_property
    def stages(self) -> list["Stage"]:
        """In an order in which each finds what it needs."""
        everything = order_of([s for field in self.fields for s in field])
        axes_of = self._axes_of(everything)
        whole = frozenset(self.order)
        kept: dict[Axes, dict[Scalar, None]] = {}
        reads: dict[Axes, dict[Scalar, None]] = {whole: {}}
        ends = [(s, whole) for field in self.fields for s in field]
        for used, axes in [*ends, *((a, axes_of[s]) for s in everything for a in s.args)]:
            if used.constant or (axes_of[used] == axes and used.op != "input"):
                continue
            reads.setdefault(axes, {})[used] = None
            if used.op != "input":
                kept.setdefault(axes_of[used], {})[used] = None
        sets = sorted({*reads, *kept, whole}, key=lambda axes: (len(axes), sorted(axes)))
        return [
            Stage(
                axes,
                self._shape(axes),
                tuple(kept.get(axes, {})),
                tuple((s, axes_of[s]) for s in reads.get(axes, {})),
            )
            for axes in sets
        ]

    def nested_like(self, other: "Grid") -> bool:
        """Whether the code of this grid is that of another one of the same numbers, for other lengths."""
        if (self.order, self.contiguous) != (other.order, other.contiguous):
            return False
        return [s.shape for s in self.stages] == [s.shape for s in other.stages]

    def _axes_of(self, scalars: Sequence[Scalar]) -> dict[Scalar, Axes]:
        """The axes on which each scalar depends; arguments come before what is made of them."""
        axes_of: dict[Scalar, Axes] = {}
        for s in scalars:
            own = frozenset({self.along[s.value]}) if s.op == "input" else frozenset()
            axes_of[s] = own.union(*(axes_of[a] for a in s.args))
        return axes_of

    def _shape(self, axes: Axes) -> "Shape":
        inner = self.order[-1]
        if inner in axes:
            depth = next((d for d, axis in enumerate(self.order) if axis not in axes), len(self.order) - 1)
            return Shape(depth, tuple(a for a in self.order[depth:] if a in axes))
        if not axes:
            return Shape(0, ())
        along = max(sorted(axes), key=lambda a: self.lengths[a])
        return Shape(0, (*(a for a in self.order if a in axes and a != along), along))


@dataclass(frozen=True)
class Shape:
    """Where a stage stands: inside the first `depth` loops, over `span`, of which the last is vectorised."""

    depth: int
    span: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """All numbers that depend on the same axes: which are kept, and what is read from others."""

    axes: Axes
    shape: Shape
    kept: tuple[Scalar, ...]
    reads: tuple[tuple[Scalar, Axes], ...]


def scheduled(
    along: tuple[int, ...], fields: tuple[tuple[Scalar, ...], ...], lengths: Sequence[int], width: int
) -> Grid:
    """The grid of a function of points, its axes nested from the longest to the shortest.

    The innermost is the last one, where that is not shorter than `width`: most of each vector would be empty.
    """
    axes, last = range(len(lengths)), len(lengths) - 1
    inner = last if lengths[last] >= width else max(axes, key=lambda a: lengths[a])
    outer = sorted((a for a in axes if a != inner), key=lambda a: -lengths[a])
    return Grid(along, fields, (*outer, inner), tuple(lengths), inner == last)


def table_sizes(grid: Grid, lengths: Sequence[int], width: int) -> list[int]:
    """Bytes of each table, stage by stage, where so many points are computed side by side."""
    sizes = []
    for stage in grid.stages:
        *outer, along = stage.shape.span or (None,)
        numbers = width if along is None else -(-lengths[along] // width) * width
        for axis in outer:
            numbers *= lengths[axis]  # pyright: ignore[reportArgumentType, reportCallIssue]
        sizes += [numbers * bytes_of(s.dtype) for s in stage.kept]
    return sizes
