"""What shows that a solution is one: second order, deviations far away, multipliers, complements."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from .game import Cities, log_breach, marginal_benefit, marginal_loss, own_costs
from .pooling import pooled_cost
from .spread import Spread

_TRIED = 64


def own_slopes(c: Cities, spread: Spread, mechanism: str, investment: Array) -> tuple[Array, Array]:
    """First and second derivative of each city's cost (the planner's, of all) in its own investment [n]."""
    one = jnp.ones_like(investment)
    cost = _own_cost(c, spread, mechanism, investment)

    def slope(e: Array) -> Array:
        # Cities deviate one by one, so each has its own derivative along a direction of ones.
        return jax.jvp(cost, (e,), (one,))[1]

    return jax.jvp(slope, (investment,), (one,))


def far(loss: Array) -> Array:
    """What a deviation must save, beyond rounding, to show that a solution is none; `loss` is the largest."""
    return float(jnp.finfo(loss.dtype).eps) ** 0.5 * (1 + loss)


def gain_of_deviation(c: Cities, spread: Spread, mechanism: str, investment: Array) -> Array:
    """What the best of many other investments of a city alone, from 0 to its whole loss, saves [n]."""
    cost = _own_cost(c, spread, mechanism, investment)
    ladder = jnp.concatenate([jnp.zeros(1), jnp.logspace(-3, 0, _TRIED - 1)]).astype(investment.dtype)
    at = cost(investment)
    # One after the other: all at once would hold n^2 numbers for each.
    least = lax.fori_loop(0, _TRIED, lambda k, best: jnp.minimum(best, cost(ladder[k] * c.loss)), at)
    return at - least


def _own_cost(c: Cities, spread: Spread, mechanism: str, investment: Array) -> Callable[[Array], Array]:
    """What a city's own investment, others' held fixed, costs whoever decides on it [n], up to a constant."""
    if mechanism == "sharing":
        return lambda tried: own_costs(c, spread, investment, tried)
    # Every risk is linear in p_i, with a slope in which p_i does not occur.
    harm = marginal_loss(c, spread, mechanism, jnp.exp(log_breach(c, investment)))
    return lambda tried: c.start * jnp.exp(-c.rate * tried) * harm + tried


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
    others = 1 - jnp.eye(investment.shape[0], dtype=investment.dtype)
    return -jax.jacfwd(lambda e: marginal_benefit(c, spread, e))(investment) * others
