"""What cannot be kept is computed all the same."""

import numpy as np
import pytest
from equisweep.engine.kept.entries import read_entry, write_entry
from equisweep.sweeps import Sweep, run

HEAD = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter
KEY = jax.random.key(0)

X = Parameter("x", "x", "1", 0.5, Domain(), "x")

@model(title="t", parameters=[X], outputs=[Output("y", "y", "1", "y")])
def f(p):
"""
BODIES = {
    "keys of random numbers beside the model": "    return {'y': p['x'] + jax.random.uniform(KEY)}\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_model_whose_program_has_no_form_on_disk_runs(folder, tmp_path, body):
    (tmp_path / "own.py").write_text(HEAD + body)
    sweep = Sweep("own.py:f", {"x": [0.25, 0.5]}, folder=tmp_path)
    cube = run(sweep, tmp_path / "cube.zarr", durable=False).load()
    assert np.isfinite(cube["y"]).all()


def test_an_entry_that_json_cannot_hold_is_left_out(folder):
    write_entry("grid-x", {"loop": object()})
    assert read_entry("grid-x") is None
