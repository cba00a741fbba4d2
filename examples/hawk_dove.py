"""Hawk-dove: the replicator dynamics of one population that fights over a prize."""

import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

SHARE = Domain(0, 1, low_open=True, high_open=True)


def start(p):
    """The share of hawks at time 0, as a logit: then no orbit leaves (0, 1)."""
    return jnp.log(p["x0"] / (1 - p["x0"]))[None]


def observe(state, p):
    """Share of hawks."""
    return {"hawks": 1 / (1 + jnp.exp(-state[0]))}


@flow_model(
    title="Hawk-dove game: share of hawks under replicator dynamics",
    source="Maynard Smith and Price: The logic of animal conflict, Nature 246, 1973, 15-18",
    parameters=[
        Parameter("V", "V", "fitness", 2.0, Domain(0, low_open=True), "value of the prize"),
        Parameter("C", "C", "fitness", 4.0, Domain(0, low_open=True), "cost of a lost fight"),
        Parameter("x0", "x_0", "1", 0.1, SHARE, "share of hawks at the start"),
        Parameter("horizon", "T", "time", 100.0, Domain(0), "time at which the trajectory ends"),
    ],
    start=start,
    observe=observe,
    observables=[Observable("hawks", "x", "1", "share of hawks")],
    coordinates="logits",
)
def hawk_dove(t, state, p):
    """The logit of x moves by the payoff of hawk less that of dove."""
    x = 1 / (1 + jnp.exp(-state[0]))
    hawk = x * (p["V"] - p["C"]) / 2 + (1 - x) * p["V"]
    dove = (1 - x) * p["V"] / 2
    return (hawk - dove)[None]
