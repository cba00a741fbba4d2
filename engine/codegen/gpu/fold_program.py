"""Running a fold on JAX's arrays, where the numbers of a grid's points lie: what comes home are its lanes."""

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..folds import RUN_BITS, SLOTS, Folding, Rows
from .fold_code import counted, fold_kernel, needed
from .launch import launch, require_takes_ptx
from .ptx import ptx

Array = Any
_NAME = "equisweep_fold"
_RUN = 2**RUN_BITS


class GpuFoldProgram:
    """A fold as a kernel that XLA launches."""

    def __init__(self, folding: Folding) -> None:
        require_takes_ptx()
        self._folding = folding
        self._text = self._compiled()

    def __call__(self, fields: Sequence[Array], lengths: Sequence[int], rows: Rows) -> tuple[Array, Array]:
        """Accumulators and counters, as of `fold_loop.FoldLoop`, of the fields at all points.

        JAX can trace this.
        """
        folding, inner = self._folding, self._folding.grid.order[-1]
        length, strided, own = lengths[inner], folding.strided, counted(folding)
        slots, each = (SLOTS, 1) if strided else (length, length)
        lanes, stride = rows.blocks * slots, prod(lengths[inner + 1 :])
        edges = [edge for fold in folding.folds for edge in fold.edges] or [0.0]
        counters = (rows.cells, folding.counters, each)
        given = [
            *(fields[k] for k in needed(folding)), rows_of(rows, lengths, inner),
            blocks_of(rows, length, strided), np.array(edges),
            np.array([lanes, slots, stride, rows.step, each], np.int32), np.zeros(counters, np.int64),
        ]  # fmt: skip
        shapes = [(counters, np.int64)]
        shapes += [((folding.lanes, rows.blocks, slots), np.int64)] if folding.lanes else []
        shapes += [((len(own), rows.cells, lanes // rows.cells), np.int32)] if own else []
        results = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
        binned, *written = self._launched(lanes, [jnp.asarray(one) for one in given], results)
        held = written.pop(0) if folding.lanes else jnp.zeros((0, rows.blocks, slots), jnp.int64)
        if own:
            counts = written[0].reshape(len(own), rows.cells, -1, each).sum(axis=2, dtype=np.int64)
            binned = jnp.asarray(binned).at[:, np.array(own)].add(counts.transpose(1, 0, 2))
        return held, binned

    def _compiled(self) -> Any:
        return ptx(fold_kernel(self._folding, _NAME))

    def _launched(self, lanes: int, given: Sequence[Array], results: Sequence[Any]) -> list[Array]:
        """The counters, of which the last array has zeros, then the other results."""
        return launch(_NAME, self._text, lanes, given, results, {len(given) - 1: 0})


def rows_of(rows: Rows, lengths: Sequence[int], inner: int) -> np.ndarray:
    """Of each row the number of its first point, the index of that, and its cell."""
    outer = [1 if axis == inner else n for axis, n in enumerate(lengths)]
    at = np.unravel_index(np.arange(prod(outer)), outer)
    start = np.ravel_multi_index(at, tuple(lengths))
    return np.stack([start, rows.table[:, 1], rows.table[:, 2]], axis=1).astype(np.int32)


def blocks_of(rows: Rows, length: int, strided: bool) -> np.ndarray:
    """Of each block its first row, how many it has, and from where to where its points lie in a row."""
    first, row, count = np.unique(rows.table[:, 0], return_index=True, return_counts=True)
    runs = -(-length // _RUN) if strided else 1
    table = np.zeros((rows.blocks, 4), np.int32)
    for run in range(runs):
        here = table[first + run]
        here[:, 0], here[:, 1] = row, count
        here[:, 2:] = (run * _RUN, min(length, (run + 1) * _RUN)) if strided else (0, length)
        table[first + run] = here
    return table
