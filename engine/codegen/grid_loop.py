"""A function of one point, computed over a grid by machine code of its own.

XLA computes every output of a vmapped function anew from the start, because each is a loop of its own. Here
the function is traced for one point, lowered to scalars, and compiled as one nest of loops in which each
number is computed once, along those axes only on which it depends (`schedule`). Numbers at a point do not
depend on which tile the point lies in.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import islice
from typing import Any

import jax
import numpy as np

from .backend import Backend, primitives
from .backends import cpu_backend
from .how_compiled import Compiled, by_machine_code
from .ir import Graph, Scalar, Unsupported, dtype_name, operations, with_loops
from .lower.walk_jaxpr import lower_jaxpr
from .schedule import Grid, scheduled, table_sizes
from .traced_once import TracedOnce

Coordinates = Sequence[Mapping[str, np.ndarray]]
# Shape at a point and dtype of each output.
Outputs = dict[str, tuple[tuple[int, ...], np.dtype]]

# LLVM takes seconds for as many.
_MOST_OPERATIONS = 10_000


class GridLoop:
    """A function of coordinates, one a named number along each axis, over grids of given lengths.

    Parameters
    ----------
    point : point(*coordinates) -> outputs by name, as `grid.vmap.vmapped` takes it.
    coordinates : of one grid: an array for each name along each axis.
    backend : makes the program; the CPU's if not given.

    Attributes
    ----------
    grid, dtypes : what it computes, and the dtypes of coordinates.
    outputs : shape at a point and dtype of each.
    backend : as given.

    Raises
    ------
    Unsupported
        The function has no such form; the reason in words.
    """

    def __init__(
        self,
        point: Callable[..., Mapping[str, Any]],
        coordinates: Coordinates,
        backend: Backend | None = None,
    ) -> None:
        self.backend = backend or cpu_backend()
        self.grid, self.outputs = _lowered(point, coordinates, axis_lengths(coordinates), self.backend)
        self.dtypes = [v.dtype for v in _in_order(coordinates)]
        self.backend.require(self.grid)

    @classmethod
    def of_graph(
        cls,
        along: tuple[int, ...],
        fields: tuple[tuple[Scalar, ...], ...],
        outputs: Outputs,
        dtypes: list[np.dtype],
        coordinates: Coordinates,
        backend: Backend,
    ) -> "GridLoop":
        """The loop that another one's graph makes: of its `grid`, its `outputs` and its `dtypes`.

        Raises ValueError where the coordinates are not those that it was made of.
        """
        lengths = axis_lengths(coordinates)
        if [v.dtype for v in _in_order(coordinates)] != dtypes or along != _along(coordinates):
            raise ValueError("coordinates of another loop")
        loop = cls.__new__(cls)
        loop.backend, loop.outputs, loop.dtypes = backend, outputs, dtypes
        loop.grid = scheduled(along, fields, lengths, backend.width)
        return loop

    def link(self) -> "GridLoop":
        """Compile, unless that is done; else `fill` does it. Raises RuntimeError where the compiler fails."""
        _ = self._program
        return self

    def of_lengths(self, coordinates: Coordinates) -> "GridLoop":
        """The same function, its loops nested as they are best for a grid of these coordinates."""
        lengths = axis_lengths(coordinates)
        grid = scheduled(self.grid.along, self.grid.fields, lengths, self.backend.width)
        if grid.nested_like(self.grid):
            return self
        other = copy(self)
        other.__dict__.pop("_program", None)
        other.grid = grid
        return other

    @property
    def compiled(self) -> Compiled:
        """How it is computed: by machine code, and by which functions of a library."""
        return by_machine_code(with_loops(s for field in self.grid.fields for s in field))

    @property
    def linked(self) -> bool:
        """Whether it is compiled."""
        return "_program" in self.__dict__

    @cached_property
    def _program(self) -> Any:
        return self.backend.grid(self.grid)

    def compile(self, coordinates: Coordinates) -> int:
        """Compile, unless that is done: the bytes of the tables of a grid of these coordinates."""
        self.link()
        return sum(table_sizes(self.grid, axis_lengths(coordinates), self.backend.width))

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates.

        The windows lie alike in their arrays. Raises ValueError where anything does not fit what the loop was
        made for: it would write anywhere.
        """
        lengths, inputs = axis_lengths(coordinates), _in_order(coordinates)
        arrays = [outputs[name] if coordinates else outputs[name][np.newaxis] for name in self.outputs]
        expected = [((*lengths, *inner), dtype) for inner, dtype in self.outputs.values()]
        if [v.dtype for v in inputs] != self.dtypes or [(a.shape, a.dtype) for a in arrays] != expected:
            raise ValueError("arrays of other shapes or dtypes than those of the grid loop")
        if not all(array.flags.writeable for array in arrays):
            raise ValueError("outputs that may not be written to")
        self._program(inputs, arrays, lengths)

    @property
    def traced(self) -> bool:
        """Whether JAX computes it, by a call, where the back end's devices are; else there is `fill`."""
        return self.backend.traced_grids

    def __call__(self, *coordinates: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs at these coordinates, of a loop that is `traced`."""
        lengths = axis_lengths(coordinates)
        results = self._program(_in_order(coordinates), lengths)
        shapes = [inner for inner, _ in self.outputs.values()]
        front = lengths if coordinates else []
        return {
            name: numbers.reshape((*front, *inner))
            for name, numbers, inner in zip(self.outputs, results, shapes, strict=True)
        }


def axis_lengths(coordinates: Coordinates) -> list[int]:
    """The length of each axis; of a single point, which has none, one that its loops run along."""
    if not coordinates:
        return [1]
    sizes = [{len(values) for values in c.values()} for c in coordinates]
    if any(len(of_axis) != 1 or 0 in of_axis for of_axis in sizes):
        raise ValueError("coordinates of one axis that differ in length, or are none")
    return [of_axis.pop() for of_axis in sizes]


def _in_order(coordinates: Coordinates) -> list[np.ndarray]:
    """The coordinates as they are numbered."""
    return [c[name] for c in coordinates for name in sorted(c)]


def _lowered(
    point: Callable[..., Mapping[str, Any]], coordinates: Coordinates, lengths: list[int], backend: Backend
) -> tuple[Grid, Outputs]:
    """The function as a grid for a back end, and the shape and dtype of each output at a point."""
    shapes = [{n: jax.ShapeDtypeStruct((), v.dtype) for n, v in c.items()} for c in coordinates]
    once = point if isinstance(point, TracedOnce) else TracedOnce(point)
    trace, result = once.trace(*shapes)
    graph = Graph()
    inputs = [graph.inputs((), dtype_name(leaf.dtype), k) for k, leaf in enumerate(jax.tree.leaves(shapes))]
    arrays = lower_jaxpr(graph, trace.jaxpr, trace.consts, inputs)
    scalars = [s for array in arrays for s in array.ravel()]
    if operations(scalars) > _MOST_OPERATIONS:
        raise Unsupported(f"more than {_MOST_OPERATIONS} scalar operations at a point")
    primitive = iter(primitives(scalars, backend))
    fields = tuple(tuple(islice(primitive, array.size)) for array in arrays)
    outputs = {name: (value.shape, np.dtype(value.dtype)) for name, value in sorted(result.items())}
    return scheduled(_along(coordinates), fields, lengths, backend.width), outputs


def _along(coordinates: Coordinates) -> tuple[int, ...]:
    """The axis of each coordinate, as they are numbered."""
    return tuple(axis for axis, c in enumerate(coordinates) for _ in c)
