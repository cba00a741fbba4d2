"""Functions of points over small grids, as `GridLoop` computes them, and the same by NumPy or JAX."""

from unittest.mock import patch

import jax
import numpy as np
from equisweep.engine.codegen import grid_loop
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.how_compiled import attempt
from equisweep.engine.grid.vmap import vmapped

GUARD = 0xA5
# More than a sweep takes, whose code is optimised.
MOST_OPERATIONS = 20_000


def lengths(coordinates):
    return [len(next(iter(c.values()))) for c in coordinates]


def computed(point, coordinates):
    """The outputs over the grid, in arrays of their own."""
    return filled(GridLoop(point, coordinates), coordinates)


def reason_for_xla(point, coordinates):
    """Why there is no `GridLoop` of a function; None where there is. Nothing is compiled."""
    return attempt(lambda: GridLoop(point, coordinates), "computing")[1].reason


def filled(loop, coordinates):
    shape = lengths(coordinates)
    whole = {name: np.empty((*shape, *inner), dtype) for name, (inner, dtype) in loop.outputs.items()}
    loop.fill(whole, coordinates)
    return whole


def of_many(function):
    """`function`, {name: number} to {name: array}, of arrays of such numbers; compiled once a dtype.

    It compiles in a fraction of the time that XLA takes; tests/engine/codegen/test_grid_models.py compares
    both.
    """
    loops = {}

    def run(arrays):
        coordinates = [{name: np.asarray(values) for name, values in arrays.items()}]
        dtypes = tuple((name, values.dtype) for name, values in coordinates[0].items())
        if dtypes not in loops:
            with patch.object(grid_loop, "_MOST_OPERATIONS", MOST_OPERATIONS):
                loops[dtypes] = GridLoop(function, coordinates)
        return filled(loops[dtypes].of_lengths(coordinates), coordinates)

    return run


def of_many_by_xla(function):
    """The same through XLA, as `jit` of `vmap`."""
    compiled = jax.jit(jax.vmap(function))
    return lambda arrays: jax.tree.map(np.asarray, compiled(arrays))


def filled_window(loop, coordinates, before, after):
    """The same, as a window of larger arrays with so many places around it; nothing else may be touched."""
    shape = lengths(coordinates)
    inside = tuple(slice(b, b + n) for b, n in zip(before, shape, strict=True))
    padded = [b + n + a for b, n, a in zip(before, shape, after, strict=True)]
    outside = np.ones(padded, bool)
    outside[inside] = False
    bytes_of, windows = {}, {}
    for name, (inner, dtype) in loop.outputs.items():
        bytes_of[name] = np.full((*padded, int(np.prod(inner)) * dtype.itemsize), GUARD, np.uint8)
        windows[name] = bytes_of[name].view(dtype).reshape(*padded, *inner)[inside]
    loop.fill(windows, coordinates)
    for name, array in bytes_of.items():
        assert (array[outside] == GUARD).all(), f"{name}: touched outside"
    return windows


def by_jax(point, coordinates):
    return jax.tree.map(np.asarray, jax.jit(vmapped(point, len(coordinates)))(*coordinates))


def broadcast(coordinates):
    """Every coordinate by name, over the whole grid."""
    shape, result = lengths(coordinates), {}
    for i, coordinate in enumerate(coordinates):
        for name, values in coordinate.items():
            row = values.reshape([-1 if i == j else 1 for j in range(len(shape))])
            result[name] = np.broadcast_to(row, shape)
    return result


def together(coordinates):
    """The coordinates of one point by name, from those along each axis."""
    return {name: value for coordinate in coordinates for name, value in coordinate.items()}


def assert_same(actual, expected, rtol=0.0, atol=0.0):
    """Equal names, shapes and dtypes; numbers equal where no error is allowed, NaN equals NaN."""
    assert actual.keys() == expected.keys()
    for name, values in actual.items():
        wanted = np.asarray(expected[name])
        assert (values.shape, values.dtype) == (wanted.shape, wanted.dtype), name
        np.testing.assert_allclose(values, wanted, rtol=rtol, atol=atol, err_msg=name)
