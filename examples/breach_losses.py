"""Losses of a year by Monte Carlo: breaches arrive at random, each costs a lognormal amount.

An example of random numbers inside a kernel: the seed is an axis, a loop draws, and the same seed gives the
same numbers on every machine. Known for comparison: the mean loss is rate * exp(mu + sigma^2 / 2).
"""

import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

YEARS = 2000


@model(
    title="Yearly loss by breaches: compound Poisson with lognormal severities",
    source="the user's own",
    parameters=[
        Parameter("rate", "λ", "1/year", 0.7, Domain(0, low_open=True), "breaches a year"),
        Parameter("mu", "μ", "1", 2.0, Domain(), "mean of the logarithm of a loss"),
        Parameter("sigma", "σ", "1", 0.8, Domain(0), "deviation of the logarithm of a loss"),
        Parameter("limit", "l", "money", 30.0, Domain(0), "what insurance covers of a year"),
        Parameter("seed", "s", "1", 0, Domain(0), "seed of the random numbers", integer=True),
    ],
    outputs=[
        Output("mean_loss", "E X", "money", "mean loss of a year"),
        Output("beyond", "E (X-l)+", "money", "mean of what insurance does not cover"),
    ],
)
def breach_losses(p, seed_max):
    """The mean over 2,000 years of X and of max(X - l, 0); waiting times between breaches are exponential."""
    del seed_max
    key = jax.random.key(p["seed"].astype(jnp.uint32))

    def breach(state):
        number, time, year, loss, total, beyond = state
        draws = jax.random.split(jax.random.fold_in(key, number))
        later = time + jax.random.exponential(draws[0]) / p["rate"]
        severity = jnp.exp(p["mu"] + p["sigma"] * jax.random.normal(draws[1]))
        over = jnp.floor(later) > year
        total = total + jnp.where(over, loss, 0.0)
        beyond = beyond + jnp.where(over, jnp.maximum(loss - p["limit"], 0.0), 0.0)
        loss = jnp.where(over, severity, loss + severity)
        return number + 1, later, jnp.floor(later), loss, total, beyond

    zero = 0 * p["rate"]
    state = (jnp.uint32(0), zero, zero, zero, zero, zero)
    _, _, _, _, total, beyond = jax.lax.while_loop(lambda state: state[1] < YEARS, breach, state)
    return {"mean_loss": total / YEARS, "beyond": beyond / YEARS}
