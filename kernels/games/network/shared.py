"""Sharing, where what one city invests defends others too, and pooling, where it defends all alike.

Shared investment is a substitute for one's own, so best responses are not isotone: no end bounds the others,
and nothing proves that an equilibrium is the only one. Each is sought from little and from much investment by

    e_i <- max(0, e_i + ln b_i / s),    s = max kappa times the largest column sum of I + D

where b_i is the marginal benefit of a city's investment: steps small enough, for ln b_i falls at most so fast
as all invest more.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from .best_response import MOST_ROUNDS, Ends
from .game import Cities, marginal_benefit, risk
from .spread import Spread

_SCANNED = 512


def sharing_equilibria(c: Cities, spread: Spread) -> Ends:
    """What is reached from much and from no investment."""
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    much = jnp.maximum(0, jnp.log(_largest_benefit(still)) / jnp.min(still.rate))
    ends, reached = [], jnp.asarray(True)
    for start in (jnp.full_like(c.loss, 1) * much, jnp.zeros_like(c.loss)):
        at, settled = _iterate(still, fixed, start)
        reached = reached & settled
        ends.append(_differentiable(c, spread, at))
    return Ends(ends[0], ends[1], reached)


def _largest_benefit(c: Cities) -> Array:
    """More than any marginal benefit at no investment."""
    return jnp.max(c.loss) * jnp.sum(c.rate * c.start) * jnp.max(c.reach)


def _iterate(c: Cities, spread: Spread, start: Array) -> tuple[Array, Array]:
    step = 1 / (jnp.max(c.rate) * jnp.max(jnp.sum(c.reach, axis=0)))
    small = 8 * float(jnp.finfo(start.dtype).eps)
    size = 1 / jnp.max(c.rate)

    def moves(state: tuple[Array, Array, Array]) -> Array:
        _, moved, count = state
        return moved & (count < MOST_ROUNDS)

    def once(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        e, _, count = state
        after = jnp.maximum(0, e + step * jnp.log(marginal_benefit(c, spread, e)))
        return after, jnp.any(jnp.abs(after - e) > small * (size + after)), count + 1

    at, moved, _ = lax.while_loop(moves, once, (start, jnp.asarray(True), jnp.asarray(0)))
    return at, ~moved


def _differentiable(c: Cities, spread: Spread, at: Array) -> Array:
    """The investments with their derivatives: a Newton step for ln b = 0 of the cities that invest."""
    at, still, fixed = lax.stop_gradient(at), jax.tree.map(lax.stop_gradient, c), spread.still()
    invests = at > 0
    of_all = jax.jacfwd(lambda e: jnp.log(marginal_benefit(still, fixed, e)))(at)
    one = jnp.eye(at.shape[0], dtype=at.dtype)
    matrix = lax.stop_gradient(jnp.where(invests[:, None], of_all, one))
    excess = jnp.where(invests, jnp.log(marginal_benefit(c, spread, at)), 0)
    step = jnp.linalg.solve(matrix, excess)
    small = 1e-3 * (1 / jnp.max(still.rate) + jnp.max(at))
    # Where only a sum of investments is determined the step means nothing: what was reached is kept.
    # It has no derivative, and the root's, which is infinite at zero, says so.
    kept = jnp.sqrt(jnp.abs(excess - lax.stop_gradient(excess)))
    return jnp.where(invests, at - jnp.where(jnp.max(jnp.abs(step)) <= small, step, kept), 0)


def pooled_optimum(c: Cities, spread: Spread) -> Array:
    """Investment of each city where all money m = n e defends every city, at the least of

        mean of L_i risk_i + m

    which is the cost of the external paper's planner, who counts one city's loss and everybody's money. The
    least is looked for on a grid of m, beyond which no unit pays, and closed in by halving.
    """
    n = c.loss.shape[0]
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    most = jnp.log1p(jnp.max(still.loss) * jnp.sum(still.rate)) / jnp.min(still.rate)

    def slope(c: Cities, spread: Spread, money: Array) -> Array:
        return jax.jvp(lambda m: pooled_cost(c, spread, m), (money,), (jnp.ones_like(money),))[1]

    grid = jnp.linspace(0, 1, _SCANNED, dtype=most.dtype) * most
    found = grid[jnp.argmin(jax.vmap(lambda m: pooled_cost(still, fixed, m))(grid))]
    width = most / (_SCANNED - 1)

    def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = (low + high) / 2
        rises = slope(still, fixed, middle) > 0
        return jnp.where(rises, low, middle), jnp.where(rises, middle, high)

    low, high = lax.fori_loop(0, 60, halve, (jnp.maximum(0, found - width), found + width))
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
