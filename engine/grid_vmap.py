"""A function of one point, computed over a grid through XLA: nested vmap, one level per axis.

The general path: any function, any device. Each axis has its own vmap, so what does not depend on an axis is
not recomputed along it, unless XLA fuses it into what does.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import jax
import numpy as np

from .feedback.compiling import compiling
from .inline_lapack import holds_lapack, inline_lapack
from .windows import Coordinates, put

Array = Any
Arrays = Mapping[str, Array]


class GridVmap:
    """A function of coordinates over grids, compiled by XLA once for each combination of lengths.

    Parameters
    ----------
    point : point(*coordinates, *shared) -> outputs by name.
    coordinates : of one grid: an array, or its shape and dtype, for each name along each axis.
    device : where to compute.
    traced : called whenever XLA compiles.
    shared : arrays that are the same at every point.
    what : what is shown while it is compiled.
    """

    def __init__(
        self,
        point: Callable[..., Arrays],
        coordinates: Coordinates,
        device: Any,
        traced: Callable[[], None],
        shared: Sequence[Array] = (),
        what: str = "",
    ) -> None:
        count = len(coordinates)

        def counted(*arguments: Any) -> Arrays:
            traced()  # runs while tracing only
            return vmapped(point, count, len(shared))(*arguments)

        self._function = jax.jit(counted)
        self._device = None if device == jax.devices()[0] else device  # it goes there by itself, and sooner
        self._shared = tuple(shared)
        self._what = f"{what} through XLA".strip()
        trace = self._function.trace(*coordinates, *shared)
        if device.platform == "cpu" and holds_lapack(trace.jaxpr.jaxpr):
            self._function = jax.jit(inline_lapack(counted))
        self.outputs = {n: (v.shape[count:], np.dtype(v.dtype)) for n, v in trace.out_info.items()}
        self._compiling = threading.Lock()
        self._compiled: set[tuple[int, ...]] = set()

    def sharing(self, *shared: Array) -> "GridVmap":
        """The same compiled function with other `shared` arrays of the same shapes and dtypes."""
        other = copy(self)
        other._shared = shared
        return other

    def begin(self, coordinates: Coordinates) -> Arrays:
        """The outputs at these coordinates, which may still be on their way."""
        if self._device is not None:
            coordinates = jax.device_put(coordinates, self._device)
        lengths = tuple(len(values) for c in coordinates for values in c.values())
        if lengths in self._compiled:
            return self._function(*coordinates, *self._shared)
        with self._compiling, compiling(self._what):  # once, not by every thread
            outputs = self._function(*coordinates, *self._shared)
            self._compiled.add(lengths)
        return outputs

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates."""
        put(outputs, self.begin(coordinates))


def vmapped(point: Callable[..., Arrays], count: int, shared: int = 0) -> Callable[..., Arrays]:
    """Vectorise a function of `count` coordinates over the grid they span, one vmap per axis.

    `shared` arguments more are the same at every point.
    """
    function = point
    for i in reversed(range(count)):
        axes = tuple(0 if j == i else None for j in range(count + shared))
        function = jax.vmap(function, in_axes=axes)
    return function
