"""Grids on GPUs, without one: the bits of a CPU's vectors, valid for the assembler, launched by XLA."""

import re
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.gpu import launch
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.grid.vmap import GridVmap
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep
from helpers.codegen.threads import assert_as_on_the_cpu
from helpers.products import covering, some
from jax import lax

MODEL_GRIDS = {
    "external": (
        {"alpha": [0.0, 0.3, 1.0], "beta": [1e-4, 0.2, 1.0], "n": [1, 2, 7]},
        {"mechanism": "compensation"},
        {"investment": ["alpha", "beta"]},
    ),
    "supervision": (
        {"r": [0.0, 2.0, 12.0], "Lg": [0.0, 30.0], "R1": [-3.0, 0.0]},
        {"reward": "dynamic", "punishment": "dynamic"},
        {"jacobian": ["r"]},
    ),
    "internal": ({"M": [1e-3, 5.0, 700.0], "v.data": [0.01, 0.99]}, {}, {"share": ["M"]}),
    "contract": ({"T_total": [0.5, 700.0], "unit_cost": [0.1, 0.9]}, {}, {}),
}


@pytest.mark.parametrize("name", some(MODEL_GRIDS, {"contract"}))
def test_models_have_the_bits_of_the_cpus_vectors(tmp_path, name):
    axes, fixed, derivatives = MODEL_GRIDS[name]
    outputs = [output.name for output in MODELS[name].outputs]
    space = Sweep(name, axes=axes, fixed=fixed, outputs=outputs, derivatives=derivatives).space()
    at = [{n: np.asarray(v, space.dtype) for n, v in axis.values.items()} for axis in space.axes]
    point = point_function(space, space.choices)
    assert len(assert_as_on_the_cpu(point, at, tmp_path)) > 1


def several(a, b, c):
    """Numbers of all dtypes, of none, one and all axes; loops of several lengths; what is empty."""
    x, y, k = a["x"], b["y"], c["k"]
    halved = lax.while_loop(lambda v: v > x, lambda v: v / 2, jnp.exp(y))
    return {
        "all": jnp.stack([jnp.sin(x) * y, halved + k, x / y]), "last": k + 1, "none": jnp.arange(3.0),
        "first": jnp.log(x), "less": x < y, "empty": jnp.zeros((0, 2)) * x,
        "count": (k * 3).astype(jnp.int32), "single": jnp.float32(y) * 3,
    }  # fmt: skip


SIZES, THREADS = [(1, 1, 1), (5, 3, 2), (2, 1, 9)], [4, 200, 1]


@pytest.mark.parametrize(
    ("sizes", "threads"),
    covering([*product(SIZES, THREADS)], lambda *case: case in [*zip(SIZES, THREADS, strict=True)]),
)
def test_threads_share_the_points_however_many_there_are(tmp_path, sizes, threads):
    x = np.geomspace(0.1, 2, sizes[0])
    x[-1] = [0.5, np.nan, np.inf][sizes[1] % 3]
    at = [{"x": x}, {"y": np.linspace(-3, 3, sizes[1])}, {"k": np.arange(sizes[2])}]
    assert len(assert_as_on_the_cpu(several, at, tmp_path, threads)) > 2


def test_xla_is_given_a_kernel_for_each_stage_and_keeps_tables_where_it_computes():
    def point(a, b):
        return {"y": jnp.exp(a["x"]) * b["y"]}

    device, made_for = jax.devices("cpu")[0], [{"x": np.ones(3)}, {"y": np.ones(2)}]
    function = GridVmap(GridLoop(point, made_for, Gpu()), made_for, device, whole=True)
    assert function.outputs == {"y": ((), np.dtype(float))}
    shapes = [{name: jax.ShapeDtypeStruct((n,), float)} for name, n in (("x", 500), ("y", 700))]
    text = function._function.trace(*shapes).lower(lowering_platforms=("cuda",)).as_text()
    first, second = [line for line in text.splitlines() if launch._TARGET in line]
    for line in (first, second):
        assert "block_x = 64 : i32" in line
        assert 'name = "equisweep_stage"' in line
        assert ".entry equisweep_stage(" in line
    assert "grid_x = 8 : i32" in first  # 500 points of exp, by 64
    assert "(tensor<500xf64>, tensor<2xi32>) -> tensor<1x500xf64>" in first
    assert "grid_x = 2048 : i32" in second  # 350,000 points: threads take several
    given = re.search(r"\(((?:tensor<[^>]*>, )*tensor<[^>]*>)\) -> (.*)$", second)
    assert given[1] == "tensor<700xf64>, tensor<1x500xf64>, tensor<2xi32>"
    assert given[2] == "tensor<500x700x1xf64>"


def test_more_points_than_32_bits_count_are_refused():
    loop = GridLoop(lambda a: {"y": a["x"] + 1}, [{"x": np.ones(3)}], Gpu())
    with pytest.raises(ValueError, match="more than 2146435072 points"):
        jax.eval_shape(loop, {"x": jax.ShapeDtypeStruct((2**31,), float)})
