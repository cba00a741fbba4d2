"""The best that a city can do alone, all others investing the same.

Without sharing its cost is convex in what it invests, once it invests at all: the least is a formula. What is
shared defends others, too, and that bends the cost: the least is looked for on a ladder of investments and
closed in by golden section. Beyond the ladder's end no unit pays, or more is spent than can be lost.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...numerics.roots import Function
from .game import Game, city_cost

_RUNGS = 64
_SECTIONS = 36
_GOLDEN = 0.6180339887498949


class Deviation(NamedTuple):
    """The best own investment, and what it saves against not investing, the entry cost not counted."""

    investment: Array
    saves: Array


def saved(g: Game, breach: Array, investment: Array) -> Array:
    """What investing saves a city against nothing, where all invest the same; the entry cost not counted."""
    zero = jnp.zeros_like(breach)
    return city_cost(g, breach, -investment, zero) - city_cost(g, breach, zero, zero)


def best_entry(g: Game, net_at_start: Array) -> Deviation:
    """Of a city where nobody else invests. `net_at_start` is what the first unit saves it, less 1."""
    zero = jnp.zeros_like(g.start)
    limit = _limit(g, zero)
    if g.shares:
        return _best_on_ladder(g, g.start, zero, limit)
    best = jnp.log(jnp.maximum(1 + net_at_start, 1)) / g.rate
    best = best if limit is None else jnp.minimum(best, limit)
    return Deviation(best, city_cost(g, g.start, zero, zero) - city_cost(g, g.start, best, zero))


def best_other(g: Game, breach: Array, investment: Array) -> Deviation:
    """Of a city under sharing where all others invest `investment`."""
    return _best_on_ladder(g, breach, investment, _limit(g, investment))


def _limit(g: Game, investment: Array) -> Array | None:
    """The most that a city can invest beside others who invest `investment` each."""
    if g.budget_kind == "none":
        return None
    taken = (g.p["n"] - 1) * investment if g.budget_kind == "common" else 0
    return jnp.maximum(g.p["budget"] - taken, 0)


def _best_on_ladder(g: Game, breach: Array, investment: Array, limit: Array | None) -> Deviation:
    zero = jnp.zeros_like(breach)

    def cost(own: Array) -> Array:
        return city_cost(g, breach, own - investment, zero)

    best = cheapest(g, cost, limit)
    return Deviation(best, cost(zero) - cost(best))


def least_cost(g: Game, cost: Function, limit: Array | None) -> Array:
    """The least of a city's cost as a function of its own investment, at most `limit` of it."""
    return cost(cheapest(g, cost, limit))


def cheapest(g: Game, cost: Function, limit: Array | None) -> Array:
    """The own investment, at most `limit`, at which a city's cost is least; 0 where that is as cheap."""
    zero = jnp.zeros_like(g.start)
    top = lax.stop_gradient(_ladder_end(g) if limit is None else jnp.minimum(_ladder_end(g), limit))

    def ascend(k: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        least, at = best
        rung = (k + zero) / _RUNGS
        here = cost(top * rung**2)
        lower = here < least
        return jnp.where(lower, here, least), jnp.where(lower, rung, at)

    _, rung = lax.fori_loop(1, _RUNGS + 1, ascend, (cost(zero), zero))
    low = top * jnp.maximum(rung - 1 / _RUNGS, 0) ** 2
    high = top * jnp.minimum(rung + 1 / _RUNGS, 1) ** 2

    def narrow(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        a, b = ends
        left, right = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        go_left = cost(left) < cost(right)
        return jnp.where(go_left, a, left), jnp.where(go_left, right, b)

    low, high = lax.fori_loop(0, _SECTIONS, narrow, (low, high))
    best = (low + high) / 2
    # Sections never meet the ends themselves. Between them the cost is flat at its least.
    best = jnp.where(cost(top) <= cost(best), top, best)
    best = lax.stop_gradient(jnp.where(cost(zero) <= cost(best), zero, best))
    return best if limit is None else jnp.where(best >= lax.stop_gradient(limit), limit, best)


def _ladder_end(g: Game) -> Array:
    """An investment beyond which no further unit saves what it costs, or more is spent than can be saved."""
    p, spillover = g.p, g.reach.spillover
    most_saved = p["L"] * (1 + 2 * g.payment)
    steepest = g.rate * p["L"] * g.start * (1 + g.payment + spillover * (p["n"] - 1))
    slowest = g.rate * jnp.maximum(spillover, float(jnp.finfo(spillover.dtype).tiny) ** 0.25)
    return jnp.minimum(most_saved, jnp.log(jnp.maximum(steepest, 1)) / slowest)
