"""What shows that a solution is one: second order, deviations far away, multipliers, complements."""

import jax
import jax.numpy as jnp
from jax import Array, lax

from .game import Cities, costs, own_costs
from .shared import pooled_cost
from .spread import Spread

_TRIED = 64


def own_slopes(c: Cities, spread: Spread, investment: Array, planner: bool) -> tuple[Array, Array]:
    """First and second derivative of each city's cost (the planner's, of all) in its own investment [n]."""
    one = jnp.ones_like(investment)

    def slope(e: Array) -> Array:
        # Cities deviate one by one, so each has its own derivative along a direction of ones.
        return jax.jvp(lambda tried: own_costs(c, spread, investment, tried, planner), (e,), (one,))[1]

    return jax.jvp(slope, (investment,), (one,))


def gain_of_deviation(c: Cities, spread: Spread, investment: Array, planner: bool) -> Array:
    """What the best of many other investments of a city alone, from 0 to its whole loss, saves [n]."""
    at = own_costs(c, spread, investment, investment, planner)
    ladder = jnp.concatenate([jnp.zeros(1), jnp.logspace(-3, 0, _TRIED - 1)]).astype(at.dtype)

    def cost(share: Array) -> Array:
        return own_costs(c, spread, investment, share * c.loss, planner)

    # One after the other: all at once would hold n^2 numbers for each.
    least = lax.fori_loop(0, _TRIED, lambda k, best: jnp.minimum(best, cost(ladder[k])), at)
    return at - least


def gain_of_other_pool(c: Cities, spread: Spread, money: Array) -> Array:
    """What the best of many other sums of all cities would save the planner who pools."""
    tried = jnp.concatenate([jnp.zeros(1), jnp.logspace(-3, 0, _TRIED - 1)]).astype(money.dtype)
    at = pooled_cost(c, spread, money)
    others = jax.vmap(lambda share: pooled_cost(c, spread, share * jnp.mean(c.loss)))(tried)
    return at - jnp.minimum(at, jnp.min(others))


def cross_derivatives(c: Cities, spread: Spread, investment: Array) -> Array:
    """Derivative of each city's marginal cost in each other's investment, [city, other]; 0 on the diagonal.

    Negative: complements, the city wants to invest more where the other does.
    """
    n = investment.shape[0]

    def marginal(e: Array) -> Array:
        def own(i: Array) -> Array:
            return jax.jvp(lambda e: costs(c, spread, e)[i], (e,), (jnp.eye(n, dtype=e.dtype)[i],))[1]

        return jax.vmap(own)(jnp.arange(n))

    return jax.jacfwd(marginal)(investment) * (1 - jnp.eye(n, dtype=investment.dtype))
