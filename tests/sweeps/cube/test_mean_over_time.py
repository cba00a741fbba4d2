"""The mean of shares over time, of a payoff matrix of one's own, beside the equilibrium."""

import numpy as np
from equisweep.sweeps import Sweep, run
from scipy.optimize import linprog

PAYOFF = [[0, -1, 2], [1, 0, -3], [-2, 3, 0]]
MODEL = f"""
import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Dim, Domain, Parameter
from equisweep.kernels.replicator import from_log_ratios, log_ratio_field, to_log_ratios

NAMES = tuple("abc")
PAYOFF = jnp.array({PAYOFF}, float)

@flow_model(
    parameters=[
        Parameter("x0", "x_0", "1", dict.fromkeys(NAMES, 1.0), Domain(0, low_open=True), "start", dim="way"),
        Parameter("horizon", "T", "1", 200.0, Domain(0), "end"),
    ],
    dims=[Dim("way", "what is played", labels=NAMES)],
    start=lambda p: to_log_ratios(p["x0"]),
    observe=lambda state, p: {{"share": from_log_ratios(state)}},
    observables=[Observable("share", "x", "1", "share", dims=("way",))],
    coordinates="log_ratios",
)
def game(t, state, p):
    return log_ratio_field(lambda x: PAYOFF @ x, state)
"""


def equilibrium():
    """By linear programming: shares against which no way to play earns more than the value, which is 0."""
    size = len(PAYOFF)
    solution = linprog(np.zeros(size), PAYOFF, np.zeros(size), np.ones((1, size)), [1.0])
    return solution.x


def test_the_mean_over_time_tends_to_the_equilibrium(tmp_path):
    (tmp_path / "game.py").write_text(MODEL)
    axes, times = {"x0.a": [0.5, 3.0]}, {"start": 0, "stop": 200, "num": 1001}
    sweep = Sweep("game.py:game", axes, outputs=["share_path"], times=times, folder=tmp_path,
                  integrator={"solver": "tsit5", "rtol": 1e-6, "settle": 1e-4})  # fmt: skip
    mean = run(sweep, tmp_path / "c.zarr").equisweep.reduce("mean", ["time"]).compute()
    assert (mean["left_out"] == 0).all()
    for start in axes["x0.a"]:
        np.testing.assert_allclose(mean["share_path"].sel({"x0.a": start}), equilibrium(), atol=0.01)
