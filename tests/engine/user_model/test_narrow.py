"""Narrow integers that meet numbers of a model's text, which JAX cuts off before the trace shows them."""

import jax
import jax.numpy as jnp
import pytest
from equisweep.engine.user_model.narrow import narrow_literals
from equisweep.sweeps import Sweep
from equisweep.sweeps.plan import plan
from jax import lax

MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    parameters=[Parameter("x", "x", "1", 50.0, Domain(), "a number")],
    outputs=[Output("large", "l", "1", "whether x is large")],
)
def own(p):
    return {"large": jnp.where(COMPARED, 1.0, 0.0)}
"""
MEETS = {
    "a comparison": (lambda x: x.astype(jnp.int8) > 300, {"int8"}),
    "a product": (lambda x: x.astype(jnp.int16) * 70_000, {"int16"}),
    "unsigned": (lambda x: x.astype(jnp.uint8) + 256, {"uint8"}),
    "in a loop": (lambda x: lax.fori_loop(0, x.astype(int), lambda i, n: n + 300, jnp.int8(0)), {"int8"}),
    "of 32 bits": (lambda x: x.astype(jnp.int32) > 300, set()),
    "stated": (lambda x: x.astype(jnp.int8) > jnp.int32(300), set()),
    "two of them": (lambda x: x.astype(jnp.int8) > (2 * x).astype(jnp.int8), set()),
}


@pytest.mark.parametrize("name", MEETS)
def test_a_narrow_integer_beside_a_written_number_is_seen(name):
    function, dtypes = MEETS[name]
    assert narrow_literals(jax.make_jaxpr(function)(1.0).jaxpr) == dtypes


def planned(name, compared, folder):
    (folder / name).write_text(MODEL.replace("COMPARED", compared))
    table = {"model": f"{name}:own", "axes": {"x": [50.0, 400.0]}}
    plan(Sweep.from_table(table, folder=folder), trial=False)


def test_the_sweep_of_such_a_model_warns(tmp_path):
    planned("wide.py", "p['x'].astype(int) > 300", tmp_path)
    with pytest.warns(UserWarning, match=r"int8 \(-128 to 127\) meet numbers written in the model"):
        planned("narrow.py", "p['x'].astype(jnp.int8) > 300", tmp_path)
