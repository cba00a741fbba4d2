"""A grid loop whose numbers are folded as they are computed, and never written."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .folds import RUN_BITS, Fold, Rows, folding
from .grid_loop import Coordinates, GridLoop, axis_lengths
from .ir import Graph, Scalar, Unsupported, order_of

# The numbers of a point, by output.
Numbers = Mapping[str, tuple[Scalar, ...]]
# LLVM takes as long for a fold as for some dozen operations.
MOST_FOLDS = 256
# What `values_of` has found.
_VALUES: "WeakKeyDictionary[Scalar, frozenset[int] | None]" = WeakKeyDictionary()


class FoldLoop:
    """What a `GridLoop` computes, folded.

    Parameters
    ----------
    loop : whose numbers are folded.
    folds : ``folds(graph, numbers)`` makes them of the numbers of a point; only with operations that every
        back end has as they are, since nothing here takes them apart.
    inner : along which axis points are computed side by side, the others being nested in their order.
    strided : as of `Folding`.

    Raises
    ------
    Unsupported
        The back end has no such code, or the folds are too many.
    RuntimeError
        The compiler failed.
    """

    def __init__(
        self, loop: GridLoop, folds: Callable[[Graph, Numbers], Sequence[Fold]], inner: int, strided: bool
    ) -> None:
        numbers = dict(zip(loop.outputs, loop.grid.fields, strict=True))
        wanted = folds(Graph(), numbers)
        if len(wanted) > MOST_FOLDS:
            raise Unsupported(f"more than {MOST_FOLDS} statistics of a point")
        self.folding = folding(loop.grid, wanted, inner, strided)
        self._loop, self._dtypes = loop, loop.dtypes
        self._program: Any = loop.backend.folded(self.folding)

    @property
    def traced(self) -> bool:
        """Whether JAX computes it where the back end's devices are."""
        return self._loop.traced

    def __call__(self, coordinates: Coordinates, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Accumulators and counters of the points at these coordinates.

        Shapes (rows of accumulators, blocks, lanes), integers as their bits, and (cells, counters, n): n is
        the length of the innermost axis where that remains, and else 1. Raises ValueError where coordinates
        or rows are not those that the loop is made for: it would write anywhere.
        """
        inputs = [c[name] for c in coordinates for name in sorted(c)]
        lengths = axis_lengths(coordinates)
        of = [lengths[axis] for axis in self.folding.grid.along]
        if [v.dtype for v in inputs] != self._dtypes or [len(v) for v in inputs] != of or 0 in lengths:
            raise ValueError("coordinates of other lengths or dtypes than those of the folding")
        _require_fits(rows, lengths, self.folding.grid.order[-1], self.folding.strided)
        if self.traced:
            fields = list(self._loop(*coordinates).values())
            return self._program(fields, lengths, rows)
        return self._program(inputs, lengths, rows)


def _require_fits(rows: Rows, lengths: Sequence[int], inner: int, strided: bool) -> None:
    count, last, blocks = rows.fits
    more = (lengths[inner] - 1 >> RUN_BITS) if strided else 0
    if count * lengths[inner] != prod(lengths) or last + more >= blocks:
        raise ValueError("rows that do not fit the coordinates of a folding")


def values_of(scalar: Scalar) -> frozenset[int] | None:
    """The integers that a number can be, where it is chosen among constants; None where that is unknown."""
    if scalar not in _VALUES:
        by_scalar: dict[Scalar, frozenset[int] | None] = {}
        for s in order_of([scalar]):
            by_scalar[s] = _values(s, by_scalar)
        _VALUES[scalar] = by_scalar[scalar]
    return _VALUES[scalar]


def _values(s: Scalar, of: Mapping[Scalar, frozenset[int] | None]) -> frozenset[int] | None:
    if s.constant:
        return frozenset({int(s.value)}) if s.dtype[0] != "f" else None
    if s.op in ("select", "max", "min"):
        ways = [of.get(a) for a in s.args[-2:]]
        known = [way for way in ways if way is not None]
        return frozenset[int]().union(*known) if len(known) == len(ways) else None
    if s.op == "convert" and s.args[0].dtype[0] != "f":
        inside = of.get(s.args[0])
        fits = inside is not None and all(0 <= one < 128 for one in inside)
        return inside if fits else None
    return None
