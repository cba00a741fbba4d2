"""A function of one point, computed over a grid through XLA: nested vmap, one level per axis.

The general path: any function, any device. Each axis has its own vmap, so what does not depend on an axis is
not recomputed along it, unless XLA fuses it into what does.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from .inline_lapack import holds_lapack, inline_lapack
from .windows import put

Arrays = Mapping[str, Any]


class GridVmap:
    """Parameters as those of `grid_loop.GridLoop`; `traced` is called whenever XLA compiles."""

    def __init__(
        self,
        point: Callable[..., Arrays],
        coordinates: Sequence[Arrays],
        device: Any,
        traced: Callable[[], None],
    ) -> None:
        count = len(coordinates)

        def counted(*coordinates: Arrays) -> Arrays:
            traced()  # runs while tracing only
            return vmapped(point, count)(*coordinates)

        self._function = jax.jit(counted)
        self._device = None if device == jax.devices()[0] else device  # it goes there by itself, and sooner
        trace = self._function.trace(*coordinates)
        if device.platform == "cpu" and holds_lapack(trace.jaxpr.jaxpr):
            self._function = jax.jit(inline_lapack(counted))
        self.outputs = {n: (v.shape[count:], np.dtype(v.dtype)) for n, v in trace.out_info.items()}
        self._compiling = threading.Lock()
        self._compiled: set[tuple[int, ...]] = set()

    def begin(self, coordinates: Sequence[Arrays]) -> Arrays:
        """The outputs at these coordinates, which may still be on their way."""
        if self._device is not None:
            coordinates = jax.device_put(coordinates, self._device)
        lengths = tuple(len(values) for c in coordinates for values in c.values())
        if lengths in self._compiled:
            return self._function(*coordinates)
        with self._compiling:  # once, not by every thread
            result = self._function(*coordinates)
            self._compiled.add(lengths)
        return result

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Sequence[Arrays]) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates."""
        put(outputs, self.begin(coordinates))


def vmapped(point: Callable[..., Arrays], count: int) -> Callable[..., Arrays]:
    """Vectorise a function of `count` coordinates over the grid they span, one vmap per axis."""
    function = point
    for i in reversed(range(count)):
        function = jax.vmap(function, in_axes=tuple(0 if j == i else None for j in range(count)))
    return function
