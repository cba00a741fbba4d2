"""The interface of a back end is all that a device needs: a slow one in Python stands beside the CPU's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import backends
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.codegen.lane_loop import lane_loop
from helpers.codegen import interpreter
from helpers.codegen.grids import assert_same, filled
from jax import lax


class Slow:
    """Computes point by point and lane by lane, number by number."""

    platform, width, traced_grids = "cpu", 1, False

    def supports(self, op, dtype):
        return op in {*interpreter.OPERATIONS, "bitcast", "convert"}

    def require(self, work):
        pass

    def grid(self, grid):
        def program(coordinates, outputs, lengths):
            for at in np.ndindex(*lengths):
                inputs = [c[at[axis]] for c, axis in zip(coordinates, grid.along, strict=True)]
                for output, field in zip(outputs, grid.fields, strict=True):
                    numbers = interpreter.evaluate(field, inputs)
                    output[at] = np.reshape(numbers, output.shape[len(lengths) :])

        return program

    def lanes(self, loop):
        def run(*arrays):
            arrays = [np.asarray(a) for a in arrays]
            lanes = arrays[0].shape[: arrays[0].ndim - loop.leaves[0].rank]
            results = [a.copy() for a in arrays[: loop.split]]
            for at in np.ndindex(*lanes):
                numbers = [number for a in arrays for number in a[at].ravel()]
                while interpreter.evaluate([loop.cond], numbers)[0]:
                    numbers[: len(loop.body)] = interpreter.evaluate(loop.body, numbers)
                rest = iter(numbers)
                for result, leaf in zip(results, loop.leaves, strict=False):
                    result[at] = np.reshape([next(rest) for _ in range(leaf.size)], result[at].shape)
            return results

        def program(arrays):
            shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays[: loop.split]]
            return jax.pure_callback(run, shapes, *arrays, vmap_method="broadcast_all")

        return program


def point(a, b):
    x, y = a["x"], b["y"]
    low = jnp.where(x < y, jnp.exp(-x), lax.logistic(y))
    return {"low": low, "row": jnp.stack([jnp.log(y), low - x, x / y]), "less": x < y}


GRID = [{"x": np.linspace(-2, 3, 5)}, {"y": np.linspace(0.5, 4, 11)}]


@pytest.mark.parametrize("backend", [Slow(), Cpu(1), Cpu(2)], ids=["slow", "scalar", "pairs"])
def test_a_grid_has_the_same_bytes_on_every_back_end(backend):
    assert_same(filled(GridLoop(point, GRID, backend), GRID), filled(GridLoop(point, GRID), GRID))


def test_what_a_back_end_lacks_is_the_reason():
    with pytest.raises(Unsupported, match=r"^sqrt of f64$"):
        GridLoop(lambda a: {"root": jnp.sqrt(a["x"])}, GRID[:1], Slow())


def climbed(x, rate):
    """Steps until a number is large; many more for some lanes than for others."""

    def step(lane, rate):
        x, _, count = lane
        return x + lax.logistic(rate), jnp.stack([jnp.exp(-x), jnp.log(x + 9.0)]), count + 1

    return lane_loop(lambda lane, _: lane[0] < 4.0, step, (x, jnp.zeros(2), jnp.int32(0)), rate)


def test_lanes_have_the_same_bytes_on_every_back_end(monkeypatch):
    x, rate = jnp.linspace(-8, 3, 7), jnp.linspace(0.1, 2, 7)
    by_cpu = jax.jit(jax.vmap(climbed))(x, rate)
    assert len(set(by_cpu[2].tolist())) > 2
    monkeypatch.setattr("equisweep.engine.codegen.lane_loop.lane_backends", lambda: [Slow()])
    by_python = jax.jit(jax.vmap(climbed))(x, rate)
    for a, b in zip(by_cpu, by_python, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_platform_without_a_back_end_is_left_to_xla():
    assert backends.backend_of("cpu") is backends.cpu_backend()
    assert backends.backend_of("tpu") is None
