"""What cannot be kept is computed all the same."""

import numpy as np
import pytest
from equisweep.engine.grid import made_before
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


# So many that each is a call of a function, which is kept with the graph.
MANY_SINES = "    return {'y': sum(jnp.sin(p['x'] * k) for k in range(1, 401))}\n"


def test_many_sines_are_right_when_computed_and_when_found_again(folder, tmp_path, calls):
    (tmp_path / "own.py").write_text(HEAD.replace("KEY = jax.random.key(0)\n", "") + MANY_SINES)
    sweep = Sweep("own.py:f", {"x": [0.25, 0.5]}, folder=tmp_path)
    right = np.sin(np.outer([0.25, 0.5], np.arange(1, 401))).sum(axis=1)
    for traced in (True, False):
        made_before.MADE.clear()  # as in another process
        with calls("point", "engine/point.py") as seen:
            cube = run(sweep, tmp_path / f"{traced}.zarr", durable=False).load()
        assert bool(seen) is traced
        assert (cube["status"] == 1).all()
        np.testing.assert_allclose(cube["y"], right, atol=1e-12)


def test_an_entry_that_json_cannot_hold_is_left_out(folder):
    write_entry("grid-x", {"loop": object()})
    assert read_entry("grid-x") is None
