"""Running the kernels of a grid, one after another, on JAX's arrays."""

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from ..ir import DTYPES
from ..schedule import Grid
from .grid_code import Table, Work, stage_kernel, works
from .launch import launch, require_takes_ptx
from .ptx import ptx

Array = Any
_NAME = "equisweep_stage"
# Points and lengths are counted in 32 bits.
_MOST_POINTS = 2**31 - 2**20


class GpuGridProgram:
    """A grid as kernels that XLA launches."""

    def __init__(self, grid: Grid) -> None:
        require_takes_ptx()
        self._grid = grid
        self._works = works(grid)
        self._texts = [self._compiled(work) for work in self._works]

    def __call__(self, coordinates: Sequence[Array], lengths: Sequence[int]) -> list[Array]:
        """Every field: the grid's axes, then the numbers of a point in a row. JAX can trace this.

        Raises ValueError where there are more points than a thread can count.
        """
        if prod(lengths) > _MOST_POINTS:
            raise ValueError(f"more than {_MOST_POINTS} points in one grid on a GPU")
        tables: dict[Table, Array] = {}
        results: list[Array] = []
        for work, text in zip(self._works, self._texts, strict=True):
            arrays = [coordinates[k] for k in work.inputs] + [tables[table] for table in work.reads]
            shapes = [jax.ShapeDtypeStruct(t.shape(lengths), DTYPES[t.dtype]) for t in work.writes]
            fields = [f for f in self._grid.fields if f] if work.last else []
            shapes += [jax.ShapeDtypeStruct((*lengths, len(f)), DTYPES[f[0].dtype]) for f in fields]
            results = self._launched(text, work, arrays, shapes, lengths)
            tables |= dict(zip(work.writes, results, strict=False))
            results = results[len(work.writes) :]
        written = iter(results)
        return [next(written) if field else jnp.zeros((*lengths, 0)) for field in self._grid.fields]

    def _compiled(self, work: Work) -> Any:
        return ptx(stage_kernel(self._grid, work, _NAME))

    def _launched(
        self,
        text: Any,
        work: Work,
        arrays: Sequence[Array],
        results: Sequence[jax.ShapeDtypeStruct],
        lengths: Sequence[int],
    ) -> list[Array]:
        """The results of one stage's kernel."""
        points = prod(lengths[axis] for axis in work.stage.axes)
        return launch(_NAME, text, points, [*arrays, jnp.asarray(lengths, jnp.int32)], results)
