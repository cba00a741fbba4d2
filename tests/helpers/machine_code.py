"""A function of one scenario, for arrays of them, as the machine code that sweeps are computed by.

It compiles in a fraction of the time that XLA takes; tests/engine/codegen/test_grid_models.py compares both.
"""

from collections.abc import Callable, Mapping
from unittest.mock import patch

import numpy as np
from equisweep.engine.codegen import grid_loop
from equisweep.engine.codegen.grid_loop import GridLoop

from helpers.grids import filled

Arrays = Mapping[str, np.ndarray]
# More than a sweep takes, whose code is optimised.
MOST_OPERATIONS = 20_000


def of_many(function: Callable[[dict], Mapping]) -> Callable[[Arrays], dict[str, np.ndarray]]:
    """`function`, {name: number} to {name: array}, of arrays of such numbers; compiled once a dtype."""
    loops: dict[tuple, GridLoop] = {}

    def run(arrays: Arrays) -> dict[str, np.ndarray]:
        coordinates = [{name: np.asarray(values) for name, values in arrays.items()}]
        dtypes = tuple((name, values.dtype) for name, values in coordinates[0].items())
        if dtypes not in loops:
            with patch.object(grid_loop, "_MOST_OPERATIONS", MOST_OPERATIONS):
                loops[dtypes] = GridLoop(function, coordinates)
        return filled(loops[dtypes].of_lengths(coordinates), coordinates)

    return run
