"""The least sum of all cities' costs, each paying its own: proved, where no city's money defends another.

What a planner wants of each city's p is isotone in the others', too, so every optimum lies between the least
and the greatest solution. Where these differ, others between them may be cheaper still. So the box between
them is split, and split again. Of a box a <= p <= b

  - best responses raise a and lower b as far as an optimum within it allows, or show that it holds none;
  - the sum F has, by marginal losses M that fall in p, F(p) >= F(a) + sum of integrals from a to p of
    M(b) - 1 / (kappa q) over q, and the same from b with M(a): each is least at one p in closed form.

Boxes whose bound is not below the best sum that was met are left. What is shared or pooled has no such
order: there the cheaper one of what is reached from much and from no investment counts, or the best pool.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from .best_response import Ends, differentiable, extreme_equilibria, investment_at, iterate, response
from .game import Cities, costs, log_breach, marginal_loss, risk
from .pooling import pooled_optimum
from .shared import sharing_optimum
from .spread import Spread

_MOST_BOXES = 2_000
_DEEPEST = 24
_ROUNDS = 12


class _Search(NamedTuple):
    """Boxes that are left, as logarithms of p [depth, end, city], the best point met, and what it costs."""

    boxes: Array
    left: Array
    best: Array
    cost: Array
    tried: Array


def least_sum(c: Cities, spread: Spread, mechanism: str) -> tuple[Array, Array]:
    """The least sum of all costs that money can reach which defends as under the mechanism; if it is sure.

    At the least its derivatives are those at the investments held fixed.
    """
    alone = c._replace(transfers=0 * c.transfers)
    if mechanism == "sharing":
        best, sure = sharing_optimum(alone, spread)
    elif mechanism == "pooling":  # whose planner counts the mean of all losses, not their sum
        best, sure = pooled_optimum(alone._replace(loss=c.loss.shape[0] * c.loss), spread), jnp.asarray(True)
    else:
        ends = extreme_equilibria(alone, spread, "cooperation")
        best, sure = planned(alone, spread, ends)
        sure = sure & ends.reached
    return jnp.sum(costs(alone, spread, lax.stop_gradient(best))), sure


def planned(c: Cities, spread: Spread, ends: Ends) -> tuple[Array, Array]:
    """The planner's investments, and whether they are proved to be the best."""
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    low, high = (log_breach(still, lax.stop_gradient(e)) for e in (ends.highest, ends.lowest))
    searched = _search(still, fixed, low, high)
    at, settled = iterate(still, fixed, "cooperation", searched.best)
    worse = _sum_of_costs(still, fixed, at) - searched.cost > _small(searched.cost)
    proved = settled & (searched.left == 0) & (searched.tried < _MOST_BOXES) & ~worse
    return investment_at(c, differentiable(c, spread, "cooperation", at)), proved


def _small(cost: Array) -> Array:
    return float(jnp.finfo(cost.dtype).eps) ** 0.7 * (1 + jnp.abs(cost))


def _sum_of_costs(c: Cities, spread: Spread, log_p: Array) -> Array:
    p = jnp.exp(log_p)
    return jnp.sum(c.loss * risk(p, spread.none(p)) + (jnp.log(c.start) - log_p) / c.rate)


def _search(c: Cities, spread: Spread, low: Array, high: Array) -> _Search:
    cost_low, cost_high = (_sum_of_costs(c, spread, end) for end in (low, high))
    several = jnp.any(high - low > jnp.finfo(low.dtype).eps ** 0.5)
    start = _Search(
        jnp.zeros((_DEEPEST, 2, *low.shape), low.dtype).at[0].set(jnp.stack([low, high])),
        several.astype(jnp.int32),
        jnp.where(cost_low <= cost_high, low, high),
        jnp.minimum(cost_low, cost_high),
        jnp.int32(0),
    )

    def unsure(search: _Search) -> Array:
        return (search.left > 0) & (search.left < _DEEPEST) & (search.tried < _MOST_BOXES)

    return lax.while_loop(unsure, lambda search: _next_box(c, spread, search), start)


def _next_box(c: Cities, spread: Spread, search: _Search) -> _Search:
    """Take the first box; leave it, or put its halves in its place."""
    low, high = search.boxes[0]
    points, gone = _narrowed(c, spread, jnp.stack([low, (low + high) / 2, high]))
    sums = jax.vmap(lambda at: _sum_of_costs(c, spread, at))(points)
    first = jnp.argmin(sums)
    better = sums[first] < search.cost
    best, cost = jnp.where(better, points[first], search.best), jnp.minimum(sums[first], search.cost)
    low, _, high = points
    bound, gap = _bound(c, spread, low, high, sums[0], sums[2])
    keep = ~gone & (bound < cost - _small(cost))
    # Halved is the side over which the marginal losses differ most.
    side = jnp.arange(low.shape[0]) == jnp.argmax(gap)
    middle = (low + high) / 2
    lower = jnp.stack([low, jnp.where(side, middle, high)])
    upper = jnp.stack([jnp.where(side, middle, low), high])
    rest = search.boxes[1:]
    after = jnp.where(
        keep,
        jnp.concatenate([lower[None], upper[None], rest[:-1]]),
        jnp.concatenate([rest, rest[-1:]]),
    )
    return _Search(after, search.left + jnp.where(keep, 1, -1), best, cost, search.tried + 1)


def _narrowed(c: Cities, spread: Spread, points: Array) -> tuple[Array, Array]:
    """Ends of a box after some best responses, a point within after as many; whether it holds no optimum."""

    def once(_: int, points: Array) -> Array:
        low, within, high = jax.vmap(lambda at: response(c, spread, "cooperation", at))(points)
        return jnp.stack([jnp.maximum(points[0], low), within, jnp.minimum(points[2], high)])

    low, within, high = lax.fori_loop(0, _ROUNDS, once, points)
    # Ends that pass each other by no more than rounding hold a point.
    gone = jnp.any(low - high > jnp.finfo(low.dtype).eps ** 0.5)
    return jnp.stack([jnp.minimum(low, high), within, high]), gone


def _bound(
    c: Cities, spread: Spread, low: Array, high: Array, at_low: Array, at_high: Array
) -> tuple[Array, Array]:
    """A number that no sum of costs in the box is below, and how unsure each city makes it [n]."""
    a, b = jnp.exp(low), jnp.exp(high)
    most, least = (marginal_loss(c, spread, "cooperation", p) for p in (a, b))
    from_low = jnp.clip(-jnp.log(c.rate * least), low, high)
    from_high = jnp.clip(-jnp.log(c.rate * most), low, high)
    rise = least * (jnp.exp(from_low) - a) - (from_low - low) / c.rate
    fall = most * (b - jnp.exp(from_high)) - (high - from_high) / c.rate
    return jnp.maximum(at_low + jnp.sum(rise), at_high - jnp.sum(fall)), (most - least) * (b - a)
