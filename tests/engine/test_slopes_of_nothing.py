"""A point without a value has no derivative there, neither 0 nor that of another branch."""

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.point import point_function
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep
from helpers.products import costs_seconds

MODELS = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    parameters=[Parameter("x", "x", "1", 1.0, Domain(), "a number")],
    outputs=[Output("above", "a", "1", "none below 0", may_be_nan=True),
             Output("near", "n", "1", "none below -1"),
             Output("everywhere", "e", "1", "3 x")],
)
def halves(p):
    x = p["x"]
    return {"above": jnp.where(x > 0, x**2, jnp.nan), "near": jnp.where(x > -1, x**2, jnp.nan),
            "everywhere": 3 * x}

@flow_model(
    parameters=[Parameter("a", "a", "1", 2.0, Domain(), "a rate"),
                Parameter("horizon", "T", "1", 3.0, Domain(0), "end")],
    start=lambda p: [1 + 0 * p["a"]],
    observables=[Observable("x", "x", "1", "a line, which runs off to infinity where it is to be long")],
)
def line(t, state, p):
    return [p["a"] + jnp.where(p["horizon"] > 5, state[0] ** 2, 0.0)]
"""


def at(tmp_path, name, axis, values, outputs, target, **more):
    """The variables of a cube over one axis, computed by `jit`."""
    (tmp_path / "models.py").write_text(MODELS)
    sweep = Sweep(f"models.py:{name}", {axis: values}, outputs=outputs, folder=tmp_path,
                  derivatives={one: [target] for one in outputs}, **more)  # fmt: skip
    function = jax.jit(jax.vmap(lambda value: point_function(sweep.space(), {})({axis: value})))
    return {name: np.asarray(value) for name, value in function(jnp.array(values)).items()}


def test_where_an_output_is_nan_its_derivative_is_too(tmp_path):
    result = at(tmp_path, "halves", "x", [-2.0, -0.5, 1.5], ["above", "near", "everywhere"], "x")
    np.testing.assert_array_equal(result["d_above_d_x"], [np.nan, np.nan, 3.0])
    np.testing.assert_array_equal(result["d_near_d_x"], [np.nan, -1.0, 3.0])
    assert result["d_everywhere_d_x"].tolist() == [3.0] * 3
    assert result["status"].tolist() == [8, 1, 1]


@costs_seconds
def test_a_path_has_no_derivative_behind_its_horizon(tmp_path):
    times = np.array([0.0, 0.5, 2.0, 4.0])
    more = {"times": times.tolist(), "integrator": {"solver": "tsit5"}}
    result = at(tmp_path, "line", "horizon", [0.5, 2.5, 9.0], ["x_path", "x_final"], "a", **more)
    there = times <= np.array([[0.5], [2.5]])
    np.testing.assert_allclose(result["x_path"][:2], np.where(there, 1 + 2 * times, np.nan), rtol=1e-12)
    np.testing.assert_allclose(result["d_x_path_d_a"][:2], np.where(there, times, np.nan), rtol=1e-12)
    # An orbit without an end says why: it escapes, and this is no number that went wrong.
    assert result["status"].tolist() == [Status.not_steady, Status.not_steady, Status.step_too_small]
    assert np.isnan([result[name][2] for name in ("x_final", "d_x_final_d_a")]).all()
