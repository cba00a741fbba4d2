"""Pooling, where the sum of all cities' money defends every city alike."""

import jax
import jax.numpy as jnp
from jax import Array, lax

from .game import Cities, risk
from .spread import Spread

_SCANNED = 512
# The least sum that is tried, as a part of the largest: cities may need sums of quite different sizes.
_LEAST = 1e-8


def pooled_optimum(c: Cities, spread: Spread) -> Array:
    """Investment of each city where all money m = n e defends every city, at the least of

        mean of L_i risk_i + m

    which is the cost of the external paper's planner, who counts one city's loss and everybody's money. The
    least is looked for among sums m in steps of 3.7 %, up to where no unit pays, and closed in by halving.
    """
    n = c.loss.shape[0]
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    most = jnp.log1p(jnp.max(still.loss) * jnp.sum(still.rate)) / jnp.min(still.rate)

    def slope(c: Cities, spread: Spread, money: Array) -> Array:
        return jax.jvp(lambda m: pooled_cost(c, spread, m), (money,), (jnp.ones_like(money),))[1]

    grid = most * jnp.concatenate([jnp.zeros(1), jnp.geomspace(_LEAST, 1, _SCANNED - 1)]).astype(most.dtype)
    cheapest = jnp.argmin(jax.vmap(lambda m: pooled_cost(still, fixed, m))(grid))

    def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = (low + high) / 2
        rises = slope(still, fixed, middle) > 0
        return jnp.where(rises, low, middle), jnp.where(rises, middle, high)

    ends = grid[jnp.maximum(cheapest - 1, 0)], grid[jnp.minimum(cheapest + 1, _SCANNED - 1)]
    low, high = lax.fori_loop(0, 60, halve, ends)
    at = lax.stop_gradient((low + high) / 2)
    corner = slope(still, fixed, jnp.zeros_like(at)) >= 0
    corner = corner & (pooled_cost(still, fixed, jnp.zeros_like(at)) <= pooled_cost(still, fixed, at))
    bend = jax.jvp(lambda m: slope(still, fixed, m), (at,), (jnp.ones_like(at),))[1]
    money = at - slope(c, spread, at) / lax.stop_gradient(bend)
    return jnp.full_like(c.loss, 1) * jnp.where(corner, 0, money) / n


def pooled_cost(c: Cities, spread: Spread, money: Array) -> Array:
    """What the planner who pools minimises."""
    p = jnp.exp(jnp.log(c.start) - c.rate * money)
    return jnp.mean(c.loss * risk(p, spread.none(p))) + money


def pool_slopes(c: Cities, spread: Spread, money: Array) -> tuple[Array, Array]:
    """First and second derivative of that in the sum of money."""
    one = jnp.ones_like(money)

    def slope(m: Array) -> Array:
        return jax.jvp(lambda m: pooled_cost(c, spread, m), (m,), (one,))[1]

    return jax.jvp(slope, (money,), (one,))
