"""Folds on GPUs, without one: the bits of a CPU's vectors, valid for the assembler, launched by XLA."""

import re
from copy import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.fold_loop import FoldLoop
from equisweep.engine.codegen.folds import Fold
from equisweep.engine.codegen.gpu import launch
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.reduce.lanes import Lanes
from helpers.codegen.gpu import CARDS, assembled
from helpers.codegen.threads import on_threads


def point(a, b, c):
    x, y, k = a["x"], b["y"], c["k"]
    value = jnp.where(abs(x - y) < 0.05, jnp.nan, jnp.sin(9 * x) * y + k)
    return {
        "pair": jnp.stack([x, y - k]).astype(jnp.float32),
        "sign": x > y,
        "status": jnp.where(x > 0.8, 3, jnp.where(k > 2, 2, 1)).astype(jnp.uint8),
        "value": value,
    }


def folds(graph, numbers):
    """All kinds of folds."""
    (status,), (value,), (sign,) = numbers["status"], numbers["value"], numbers["sign"]
    there = graph.apply("eq", value, value)
    low = graph.apply("lt", value, graph.constant(1.0, "f64"))
    high = graph.apply("ge", value, graph.constant(-1.0, "f64"))
    inside = graph.apply("and", low, high)
    second = graph.apply("convert", numbers["pair"][1], dtype="f64")
    codes = [graph.constant(code, "u8") for code in (1, 2, 3)]
    return [
        Fold("count", there), Fold("sum", there, value), Fold("squares", sign, second),
        *(Fold("count", graph.apply("eq", status, c), status, number=c.value) for c in codes),
        Fold("least", there, value), Fold("bins", inside, value, tuple(np.linspace(-1, 1, 8).tolist())),
        Fold("count", graph.constant(0, "i1")),
    ]  # fmt: skip


def coordinates(sizes):
    x, y, k = sizes
    return [{"x": np.linspace(0, 1, x)}, {"y": np.linspace(-1, 1, y)}, {"k": np.arange(float(k))}]


SHAPES = [
    ((5, 3, 40), 2),
    ((3, 2, 1100), 1),
    ((37, 3, 4), 1),
    ((70, 5, 9), 0),
    ((2, 3, 16), 3),
    ((1, 1, 1), 0),
]


@pytest.mark.parametrize(("sizes", "kept"), SHAPES)
@pytest.mark.parametrize("threads", [1, 7])
def test_lanes_and_counters_have_the_bits_of_the_cpus_vectors(sizes, kept, threads):
    at, lanes = coordinates(sizes), Lanes(sizes, kept)
    loop = GridLoop(point, at)
    wanted = FoldLoop(loop, folds, lanes.inner, lanes.strided)(at, lanes.rows(sizes))
    outputs = FoldLoop(on_threads(loop, at, threads), folds, lanes.inner, lanes.strided)(
        at, lanes.rows(sizes)
    )
    for mine, right in zip(outputs, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), right)


def test_the_kernel_is_valid_and_launched_with_a_thread_for_each_lane(tmp_path):
    sizes = (4, 50, 1000)
    at, lanes = coordinates(sizes), Lanes(sizes, 1)
    loop = GridLoop(point, at)
    on_this = FoldLoop(on_threads(loop, at, 1), folds, lanes.inner, lanes.strided)
    for card in CARDS:
        made = assembled(ptx(on_this._program.kernel), card, tmp_path)
        assert (made.spilled, made.local) == (0, 0)
    other = copy(loop)
    other.__dict__.pop("_program", None)
    other.backend = Gpu()
    other.grid = on_this._loop.grid
    folded, rows = FoldLoop(other, folds, lanes.inner, lanes.strided), lanes.rows(sizes)
    text = jax.jit(lambda *at: folded(at, rows)).trace(*at).lower(lowering_platforms=("cuda",)).as_text()
    call = [line for line in text.splitlines() if launch._TARGET in line][-1]
    # 4 cells of 50 rows in 2 runs, each of 16 lanes: 6,400 threads, by 64.
    assert "grid_x = 100 : i32" in call
    assert "block_x = 64 : i32" in call
    assert 'name = "equisweep_fold"' in call
    assert ".entry equisweep_fold(" in call
    given, made = re.search(r" : \((.*)\) -> (.*)$", call).groups()
    # The fields, the tables of rows and of blocks, edges, sizes, and counters, written in place.
    points = "tensor<4x50x1000x"
    assert given.count(points) == 4
    assert given.count("tensor<") == 9
    assert given.endswith(
        "tensor<200x3xi32>, tensor<400x4xi32>, tensor<8xf64>, tensor<5xi32>, tensor<4x12x1xi64>"
    )
    assert made == "(tensor<4x12x1xi64>, tensor<7x400x16xi64>, tensor<5x4x1600xi32>)"
    assert re.search(r"output_operand_alias<output_tuple_indices = \[0\], operand_index = 8", call)
