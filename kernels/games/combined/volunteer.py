"""The equilibrium in which one city invests and all others ride free, or have nothing left of the budget.

Every city stands at each distance from 1 to n - 1 from one other, so it does not matter which one it is:
there are n such equilibria or none. There are some where others gain by what it shares, or where it spends
what all have in common.
"""

import jax.numpy as jnp
from jax import Array, lax

from ..external.game import net_benefit
from .deviation import best_entry, least_cost
from .game import Game, arrives


def volunteer(g: Game) -> Array:
    """What that city invests; 0 where it would not, or where another one would invest, too."""
    zero = jnp.zeros_like(g.start)
    if g.mechanism == "cooperation":
        return zero
    own = best_entry(g, net_benefit(g.p, g.reach, g.n_max)(g.start))
    entry = g.p["entry_cost"]
    slack = 16 * float(jnp.finfo(zero.dtype).eps) * g.p["L"] * (1 + g.payment)
    wants = (own.investment > 0) & (own.saves >= entry - slack) & (g.p["n"] > 1)
    budget = None
    if g.budget_kind != "none":
        taken = own.investment if g.budget_kind == "common" else 0
        budget = jnp.maximum(g.p["budget"] - taken, 0)

    def rides(distance: Array, free: Array) -> Array:
        """Whether the city so many hops behind the one that invests does not, nor any that is nearer."""

        def cost(tried: Array) -> Array:
            return _cost_beside(g, own.investment, tried, distance.astype(zero.dtype))

        gain = cost(zero) - least_cost(g, cost, budget)
        return free & ((gain <= entry + slack) | (distance >= g.p["n"]))

    free = lax.fori_loop(1, g.n_max, rides, zero == 0)
    return jnp.where(wants & free, own.investment, 0)


def _cost_beside(g: Game, invested: Array, tried: Array, distance: Array) -> Array:
    """What a city bears that invests `tried`, so many hops behind the one that invests; all others do not."""
    spillover, alpha = g.reach.spillover, g.p["alpha"]
    at_home = g.start * jnp.exp(-g.rate * (tried + spillover * invested))
    theirs = g.start * jnp.exp(-g.rate * (invested + spillover * tried))
    others = g.start * jnp.exp(-g.rate * spillover * (invested + tried))
    reach = alpha**distance
    none = (1 - arrives(g, at_home, others)) * (1 - reach * theirs) / (1 - reach * others)
    received = alpha * g.p["gamma"] * ((g.p["n"] - 2) * others + theirs) if g.pays else 0
    return g.p["L"] * (1 - none + g.payment * at_home - received) + tried
