"""A contest between two unequal rivals, solved by Newton's method inside the kernel.

Rivals spend x and y on a prize worth v_x and v_y to them; the first wins with probability x^r / (x^r + y^r).
Source: G. Tullock, "Efficient rent seeking", in: Toward a Theory of the Rent-Seeking Society (1980); its
first-order conditions are solved in ln x and ln y, so that both stay positive.

An example of a kernel that solves a system of equations: with `jax.jacfwd` and a loop of known length it is
machine code, and its derivatives come out of the same loop.
"""

import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter
from equisweep.kernels.status import Status

POSITIVE = Domain(0, low_open=True)


def conditions(logs, p):
    """What each rival's last unit of money wins, less the unit: 0 for both in equilibrium."""
    x, y = jnp.exp(logs)
    force = p["r"] * (x * y) ** p["r"] / (x ** p["r"] + y ** p["r"]) ** 2
    return jnp.stack([p["v_x"] * force - x, p["v_y"] * force - y])


@model(
    title="Tullock contest of two rivals who value the prize differently",
    source="Tullock: Efficient rent seeking, 1980",
    parameters=[
        Parameter("v_x", "v_x", "money", 100.0, POSITIVE, "what the prize is worth to the first rival"),
        Parameter("v_y", "v_y", "money", 50.0, POSITIVE, "what the prize is worth to the second rival"),
        Parameter("r", "r", "1", 1.0, Domain(0, 1, low_open=True), "how much spending decides"),
    ],
    outputs=[
        Output("x", "x*", "money", "what the first rival spends"),
        Output("y", "y*", "money", "what the second rival spends"),
        Output("win", "P", "1", "probability that the first rival wins"),
    ],
)
def contest(p):
    """v_x r (x y)^r / (x^r + y^r)^2 = x, and the same of y with v_y."""

    def improved(_, logs):
        slopes = jax.jacfwd(conditions)(logs, p)
        step = jnp.linalg.solve(slopes, conditions(logs, p))
        return logs - jnp.clip(step, -1.0, 1.0)

    start = jnp.log(jnp.stack([p["v_x"], p["v_y"]]) * p["r"] / 4)
    logs = jax.lax.fori_loop(0, 40, improved, start)
    x, y = jnp.exp(logs)
    solved = jnp.max(jnp.abs(conditions(logs, p))) < 1e-9 * (x + y)
    return {
        "x": x,
        "y": y,
        "win": x ** p["r"] / (x ** p["r"] + y ** p["r"]),
        "status": jnp.where(solved, Status.ok, Status.no_equilibrium),
    }
