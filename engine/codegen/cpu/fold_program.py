"""Running the machine code of a folding on NumPy's arrays."""

import ctypes
import threading
from collections.abc import Sequence
from math import prod

import numpy as np

from ..folds import SLOTS, Folding, Rows
from . import jit
from .fold_code import fold_code
from .grid_program import aligned, in_whole_vectors, integers, pointers, tables_of


class CpuFoldProgram:
    """A folding in machine code, and for each thread the tables that it needs."""

    def __init__(self, folding: Folding, width: int) -> None:
        self._folding, self._width = folding, min(width, SLOTS)
        _, address = jit.link(fold_code(folding, "NAME", self._width))
        self._call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 7, *[ctypes.c_int64] * 2)(address)
        self._edges = np.array([edge for fold in folding.folds for edge in fold.edges], np.float64)
        self._own = threading.local()

    def __call__(
        self, coordinates: Sequence[np.ndarray], lengths: Sequence[int], rows: Rows
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the points at these coordinates are folded into.

        Returns
        -------
        Accumulators, shape (rows of them, blocks, lanes), integers as their bits; and counters, shape
        (cells, counters, n), where n is the length of the innermost axis if that remains, and else 1.
        """
        folding, inner = self._folding, folding_length(self._folding, lengths)
        across = -(-inner // self._width) * self._width
        slots, each = (SLOTS, 1) if folding.strided else (across, across)
        shape = folding.lanes, rows.blocks, slots
        lanes = aligned(8 * prod(shape)).view(np.int64).reshape(shape)
        lanes[:] = folding.first[:, None, None]
        counters = np.zeros((rows.cells, folding.counters, each), np.int64)
        inputs = [in_whole_vectors(values, self._width) for values in coordinates]
        tables, table = tables_of(self._own, folding.grid, lengths, self._width), rows.table
        assert table.dtype == np.int64
        assert table.flags.c_contiguous
        self._call(
            pointers(inputs), lanes.ctypes.data, counters.ctypes.data, self._edges.ctypes.data,
            pointers(tables), integers(lengths), table.ctypes.data, rows.blocks, rows.step,
        )  # fmt: skip
        return (lanes, counters) if folding.strided else (lanes[:, :, :inner], counters[:, :, :inner])


def folding_length(folding: Folding, lengths: Sequence[int]) -> int:
    """How long the innermost axis is."""
    return lengths[folding.grid.order[-1]]
