"""A function of one point, computed over a grid by machine code of its own.

XLA computes every output of a vmapped function anew from the start, because each is a loop of its own. Here
the function is traced for one point, taken apart into scalars, and written as one nest of loops in which each
number is computed once, along those axes only on which it depends (`grid_code`). Numbers at a point do not
depend on which tile the point lies in.
"""

import ctypes
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from .cpu.grid import Grid, grid_code, table_sizes
from .cpu.types import WIDTH
from .ir import Graph, Unsupported, kind_of, operations
from .lower.lower import scalarise

Coordinates = Sequence[Mapping[str, np.ndarray]]

# LLVM takes seconds for as many.
_MOST_OPERATIONS = 10_000
# A shorter last axis would leave most of each vector empty.
_SHORTEST_ROW = WIDTH
_ALIGNED = 64


class GridLoop:
    """A function of coordinates, one a named number along each axis, over grids of given lengths.

    Parameters
    ----------
    point : point(*coordinates) -> outputs by name, as `grid_vmap.vmapped` takes it.
    coordinates : of one grid: an array for each name along each axis.

    Raises
    ------
    Unsupported
        The function has no such form, or there is no axis; the reason in words.
    """

    def __init__(self, point: Callable[..., Mapping[str, Any]], coordinates: Coordinates) -> None:
        lengths = _lengths(coordinates)
        self._grid, self.outputs = _taken_apart(point, coordinates, lengths)
        self._dtypes = [v.dtype for v in _in_order(coordinates)]
        self._call = _linked(self._grid)
        self._mine = threading.local()

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates.

        The windows lie alike in their arrays. Raises ValueError where anything does not fit what the loop was
        made for: it would write anywhere.
        """
        lengths = _lengths(coordinates)
        given = [_padded(values) for values in _in_order(coordinates)]
        arrays = [outputs[name] for name in self.outputs]
        kinds = [((*lengths, *inner), dtype) for inner, dtype in self.outputs.values()]
        if [v.dtype for v in given] != self._dtypes or [(a.shape, a.dtype) for a in arrays] != kinds:
            raise ValueError("arrays of other shapes or dtypes than those of the grid loop")
        if not all(array.flags.writeable for array in arrays):
            raise ValueError("outputs that may not be written to")
        strides = _strides([a for a in arrays if a.size], lengths)
        if self._grid.contiguous and strides[-1] not in (0, 1):
            raise ValueError("outputs whose last axis is no row in memory")
        tables = self._tables(lengths)
        self._call(
            _pointers(given),
            _pointers(arrays),
            _pointers(tables),
            _whole_numbers(lengths),
            _whole_numbers(strides),
        )

    def _tables(self, lengths: list[int]) -> list[np.ndarray]:
        """Room for numbers between stages: each thread has its own, and keeps it."""
        sizes = table_sizes(self._grid, lengths)
        if getattr(self._mine, "sizes", None) != sizes:
            self._mine.sizes, self._mine.tables = sizes, [_aligned(size) for size in sizes]
        return self._mine.tables


def why_not_a_grid_loop(point: Callable[..., Mapping[str, Any]], coordinates: Coordinates) -> str | None:
    """Why there is no `GridLoop` of a function; None where there is. Nothing is compiled."""
    try:
        grid, _ = _taken_apart(point, coordinates, _lengths(coordinates))
        grid_code(grid, "NAME")  # not every operation is there for every kind of number
    except Unsupported as reason:
        return str(reason)
    return None


def _lengths(coordinates: Coordinates) -> list[int]:
    sizes = [{len(values) for values in c.values()} for c in coordinates]
    if any(len(of_axis) != 1 or 0 in of_axis for of_axis in sizes):
        raise ValueError("coordinates of one axis that differ in length, or are none")
    return [of_axis.pop() for of_axis in sizes]


def _in_order(coordinates: Coordinates) -> list[np.ndarray]:
    """The coordinates as they are numbered."""
    return [c[name] for c in coordinates for name in sorted(c)]


def _taken_apart(
    point: Callable[..., Mapping[str, Any]], coordinates: Coordinates, lengths: list[int]
) -> tuple[Grid, dict[str, tuple[tuple[int, ...], np.dtype]]]:
    """The function in scalars, and the shape and dtype of each of its outputs at a point."""
    if not coordinates:
        raise Unsupported("no axis")
    shapes = [{n: jax.ShapeDtypeStruct((), v.dtype) for n, v in c.items()} for c in coordinates]
    trace, told = jax.make_jaxpr(point, return_shape=True)(*shapes)
    along = tuple(axis for axis, c in enumerate(coordinates) for _ in c)
    leaves = jax.tree.leaves(shapes)
    graph = Graph()
    inputs = [graph.inputs((), kind_of(leaf.dtype), k) for k, leaf in enumerate(leaves)]
    fields = [tuple(a.ravel()) for a in scalarise(graph, trace.jaxpr, trace.consts, inputs)]
    if operations([s for field in fields for s in field]) > _MOST_OPERATIONS:
        raise Unsupported(f"more than {_MOST_OPERATIONS} scalar operations at a point")
    outputs = {name: (value.shape, np.dtype(value.dtype)) for name, value in sorted(told.items())}
    return Grid(along, tuple(fields), *_layout(lengths)), outputs


def _layout(lengths: list[int]) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """How axes are nested, the same lengths, whether the innermost axis is the last."""
    last = len(lengths) - 1
    inner = last if lengths[last] >= _SHORTEST_ROW else max(range(len(lengths)), key=lambda a: lengths[a])
    outer = sorted((a for a in range(len(lengths)) if a != inner), key=lambda a: -lengths[a])
    return (*outer, inner), tuple(lengths), inner == last


def _linked(grid: Grid) -> Callable[..., None]:
    from .cpu.jit import link

    _, address = link(grid_code(grid, "NAME"))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(address)


def _strides(arrays: Sequence[np.ndarray], lengths: Sequence[int]) -> list[int]:
    """Points from one value of each axis to the next, the same in all arrays; 0 where there is no next."""
    found = {_steps(array, lengths) for array in arrays} or {(0,) * len(lengths)}
    if len(found) > 1:
        raise ValueError("outputs that do not lie alike in memory")
    return list(found.pop())


def _steps(array: np.ndarray, lengths: Sequence[int]) -> tuple[int, ...]:
    inner = array[(0,) * len(lengths)]
    steps = [s if length > 1 else 0 for s, length in zip(array.strides, lengths, strict=False)]
    if not inner.flags.c_contiguous or any(step % inner.nbytes for step in steps):
        raise ValueError("outputs whose numbers at a point do not lie side by side")
    return tuple(step // inner.nbytes for step in steps)


def _padded(values: np.ndarray) -> np.ndarray:
    """The last value again, so that whole vectors can be read."""
    return np.pad(values, (0, WIDTH - 1), mode="edge")


def _aligned(size: int) -> np.ndarray:
    room = np.empty(size + _ALIGNED, np.uint8)
    first = -room.ctypes.data % _ALIGNED
    return room[first : first + size]


def _pointers(arrays: Sequence[np.ndarray]) -> Any:
    return (ctypes.c_void_p * max(len(arrays), 1))(*[a.ctypes.data for a in arrays])


def _whole_numbers(values: Sequence[int]) -> Any:
    return (ctypes.c_int64 * len(values))(*values)
