"""Running the machine code of a grid on NumPy's arrays."""

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..schedule import Grid, table_sizes
from . import jit
from .grid_code import grid_code

_ALIGNED = 64


class CpuGridProgram:
    """A grid in machine code, and for each thread the tables that it needs."""

    def __init__(self, grid: Grid, width: int) -> None:
        self._grid, self._width = grid, width
        _, address = jit.link(grid_code(grid, "NAME", width))
        self._call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(address)
        self._own = threading.local()

    def __call__(
        self, coordinates: Sequence[np.ndarray], outputs: Sequence[np.ndarray], lengths: Sequence[int]
    ) -> None:
        """Write the fields into the outputs.

        These must lie alike in memory, the numbers of a point side by side; and where the code stores rows,
        the points along the last axis as well. Raises ValueError where they do not.
        """
        strides = _strides([a for a in outputs if a.size], lengths)
        if self._grid.contiguous and strides[-1] not in (0, 1):
            raise ValueError("outputs whose last axis is no row in memory")
        inputs = [in_whole_vectors(values, self._width) for values in coordinates]
        self._call(
            pointers(inputs),
            pointers(outputs),
            pointers(tables_of(self._own, self._grid, lengths, self._width)),
            integers(lengths),
            integers(strides),
        )


def tables_of(own: Any, grid: Grid, lengths: Sequence[int], width: int) -> list[np.ndarray]:
    """Buffers for numbers between stages: each thread has its `own`, and keeps it."""
    sizes = table_sizes(grid, lengths, width)
    if getattr(own, "sizes", None) != sizes:
        own.sizes, own.tables = sizes, [aligned(size) for size in sizes]
    return own.tables


def in_whole_vectors(values: np.ndarray, width: int) -> np.ndarray:
    """Values side by side, the last one again until vectors are full: no copy where they are as they come."""
    missing = -len(values) % width
    return np.pad(values, (0, missing), mode="edge") if missing else np.ascontiguousarray(values)


def _strides(arrays: Sequence[np.ndarray], lengths: Sequence[int]) -> list[int]:
    """Points from one value of each axis to the next, the same in all arrays; 0 where there is no next."""
    strides = {_strides_of(array, lengths) for array in arrays} or {(0,) * len(lengths)}
    if len(strides) > 1:
        raise ValueError("outputs that do not lie alike in memory")
    return list(strides.pop())


def _strides_of(array: np.ndarray, lengths: Sequence[int]) -> tuple[int, ...]:
    point = array[(0,) * len(lengths)]
    strides = [s if length > 1 else 0 for s, length in zip(array.strides, lengths, strict=False)]
    if not point.flags.c_contiguous or any(stride % point.nbytes for stride in strides):
        raise ValueError("outputs whose numbers at a point do not lie side by side")
    return tuple(stride // point.nbytes for stride in strides)


def aligned(size: int) -> np.ndarray:
    """So many bytes that begin where a cache line does."""
    buffer = np.empty(size + _ALIGNED, np.uint8)
    first = -buffer.ctypes.data % _ALIGNED
    return buffer[first : first + size]


def pointers(arrays: Sequence[np.ndarray]) -> Any:
    """Where arrays begin, as code takes them."""
    return (ctypes.c_void_p * max(len(arrays), 1))(*[a.ctypes.data for a in arrays])


def integers(values: Sequence[int]) -> Any:
    """Integers of 64 bits, as code takes them."""
    return (ctypes.c_int64 * len(values))(*values)
