"""A `GridLoop` as plain data, and back: what it computes, from which its machine code follows."""

from typing import Any

import numpy as np

from ..codegen.backend import Backend
from ..codegen.grid_loop import Coordinates, GridLoop
from .graph import rows_of, scalars_of


def data_of(loop: GridLoop) -> dict[str, Any]:
    """What a loop computes, for grids of any lengths."""
    scalars = [s for field in loop.grid.fields for s in field]
    rows, numbers = rows_of(scalars)
    return {
        "along": loop.grid.along,
        "rows": rows,
        "numbers": numbers,
        "outputs": [[name, shape, dtype.str] for name, (shape, dtype) in loop.outputs.items()],
        "dtypes": [np.dtype(dtype).str for dtype in loop.dtypes],
    }


def loop_of(data: dict[str, Any], coordinates: Coordinates, backend: Backend) -> GridLoop:
    """The same loop for a grid of these coordinates. Raises ValueError where the data are of none."""
    outputs = {name: (tuple(map(int, shape)), np.dtype(dtype)) for name, shape, dtype in data["outputs"]}
    numbers, fields = iter(scalars_of(data["rows"], data["numbers"])), []
    for shape, _ in outputs.values():
        fields.append(tuple(next(numbers) for _ in range(int(np.prod(shape)))))
    if next(numbers, None) is not None:
        raise ValueError("more numbers than the outputs have")
    along = tuple(map(int, data["along"]))
    dtypes = [np.dtype(dtype) for dtype in data["dtypes"]]
    return GridLoop.of_graph(along, tuple(fields), outputs, dtypes, coordinates, backend)
