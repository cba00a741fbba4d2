"""Sweeps whose orbits go on until they are decided: scenarios that vary together, and designs."""

import numpy as np
import pytest
from equisweep.kernels.flow import Attractor
from equisweep.kernels.status import Status
from equisweep.sweeps import Sweep, run
from helpers.products import costs_seconds

MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

def number(name, default):
    return Parameter(name, name, "1", default, Domain(), "a number")

@flow_model(
    parameters=[number("k", 1.0), number("fast", 1.0), number("cycle", 0.0), number("horizon", 5.0)],
    start=lambda p: jnp.stack([1 + 0 * p["k"], 0 * p["k"], 0 * p["k"]]),
    observables=[Observable(name, name, "1", name) for name in ("x", "y", "cost")],
    swings=["x"],
)
def turning(t, z, p):
    "To rest at the rate k, turning; or, where cycle is 1, to the unit circle. What |z|^2 costs."
    grows = p["k"] * (p["cycle"] - z[0] ** 2 * p["cycle"] - z[1] ** 2 * p["cycle"] - (1 - p["cycle"]))
    return [grows * z[0] - p["fast"] * z[1], p["fast"] * z[0] + grows * z[1], z[0] ** 2 + z[1] ** 2]
"""
OUTPUTS = ["attractor", "settle_time", "period", "cost_final", "steps"]


def decided(folder, solver, **more):
    (folder / "turning.py").write_text(MODEL)
    integrator = {"solver": solver, "horizon": "decided", "longest": 400.0, "rtol": 1e-8, "settle": 1e-5}
    sweep = Sweep("turning.py:turning", folder=folder, outputs=OUTPUTS, integrator=integrator, **more)
    return run(sweep, folder / "cube.zarr").load()


def settling(k, fast):
    """When the peaks of e^(-k t) (cos, sin)(fast t), the larger in units of its first, come to 1e-5."""
    first = np.arctan2(fast, k) / fast  # the highest that y comes
    highest = np.exp(-k * first) * np.sin(fast * first)
    return np.log(1e5 * np.maximum(1.0, np.sin(np.arctan2(fast, k)) / highest)) / k


@costs_seconds
@pytest.mark.parametrize("solver", ["tsit5", "rodas5p"])
def test_scenarios_that_vary_together_are_each_decided(tmp_path, solver):
    axes = {
        "k": [2.0, 0.1, 0.1, 0.5, 1e-4],
        "cycle": [0.0, 0.0, 0.0, 1.0, 0.0],
        "fast": [1.0, 1.0, 3.0, 2.0, 1.0],
    }
    cube = decided(tmp_path, solver, axes=axes, zip={"scenario": list(axes)})
    rest, closed, undecided = Attractor.rest_point, Attractor.closed_orbit, Attractor.undecided
    assert list(cube["attractor"].values) == [rest, rest, rest, closed, undecided]
    assert list(cube["status"].values) == [Status.ok] * 4 + [Status.not_steady]
    k, fast = cube["k"].values[:3], cube["fast"].values[:3]
    np.testing.assert_allclose(cube["settle_time"][:3], settling(k, fast), rtol=1e-2)
    assert np.isnan(cube["settle_time"][3:]).all()
    np.testing.assert_allclose(cube["period"][3], np.pi, rtol=1e-6)
    # The cost is that of the time to which each orbit has come.
    np.testing.assert_allclose(cube["cost_final"][:3], 1 / (2 * k), rtol=1e-5)
    np.testing.assert_allclose(cube["cost_final"][4], -np.expm1(-2e-4 * 400) / 2e-4, rtol=1e-5)


def test_samples_of_a_design_are_each_decided(tmp_path):
    drawn = {"k": {"loguniform": [0.05, 0.3]}, "fast": {"uniform": [1.0, 3.0]}}
    cube = decided(tmp_path, "tsit5", design={"kind": "lhs", "samples": 32, "parameters": drawn})
    assert (cube["attractor"] == Attractor.rest_point).all()
    right = settling(cube["k"].values, cube["fast"].values)
    np.testing.assert_allclose(cube["settle_time"], right, rtol=1e-2)
