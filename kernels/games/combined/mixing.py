"""The equilibrium in which each city invests with the same probability, where nobody shares.

A city's cost is linear in its own p, with a slope M L that the others' p decide by independent factors: so
cities that mix weigh as if each had the mean q of its p. Who invests best, pays F, and is indifferent to
investing nothing, has u = beta v / p with u - 1 - ln u = kappa F, whatever the rest, or the budget's p. That
gives M, and M gives q, as it falls in q.
"""

import jax
import jax.numpy as jnp
from jax import Array

from ...numerics.roots import bisect
from .game import Game, arrives


def mixing(g: Game) -> tuple[Array, Array]:
    """With what probability each city invests, and how much; 0 where there is no such equilibrium."""
    zero = jnp.zeros_like(g.start)
    if g.mechanism not in ("noncooperation", "compensation") or g.budget_kind == "common":
        return zero, zero
    entry, loss = g.p["entry_cost"], g.p["L"]
    log_u = _least_worthwhile(g.rate * entry + zero)
    investment = log_u / g.rate
    slope = jnp.exp(log_u) / (g.rate * loss * g.start)
    if g.cap is not None:
        cut = g.cap < investment
        fall = -g.start * jnp.expm1(-g.rate * jnp.where(cut, g.cap, 1))
        slope = jnp.where(cut, (g.cap + entry) / (loss * jnp.where(fall > 0, fall, 1)), slope)
        investment = jnp.where(cut, g.cap, investment)
    invested = g.start * jnp.exp(-g.rate * investment)

    def excess(mean: Array) -> Array:
        """How much M falls short of that slope where the mean breach probability of a city is `mean`."""
        _, none = jax.jvp(lambda own: arrives(g, own, mean), (mean,), (jnp.ones_like(mean),))
        return slope - none - g.payment

    exists = (investment > 0) & (excess(invested) < 0) & (excess(g.start) > 0)
    mean = bisect(excess, jnp.where(exists, invested, g.start / 2), g.start)
    fall = jnp.where(exists, g.start - invested, 1)
    return jnp.where(exists, (g.start - mean) / fall, 0), jnp.where(exists, investment, 0)


def _least_worthwhile(scaled: Array) -> Array:
    """The logarithm of the u >= 1 of which ``u - 1 - ln u = scaled``."""
    return bisect(lambda s: jnp.expm1(s) - s - scaled, jnp.zeros_like(scaled), jnp.sqrt(2 * scaled))
