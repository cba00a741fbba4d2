"""The least cost that a planner reaches who lets all cities invest the same, within their budget."""

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array

from ...numerics.roots import climb
from ..external.game import Reach, any_breach, first_guess, net_benefit
from .game import Game
from .symmetric import Candidate


def pooled(g: Game) -> Candidate:
    """The external paper's planner: one loss, all money, each unit of which defends every city."""
    n = g.p["n"]
    return _least(g, g.p, n, n * g.p["entry_cost"])


def unpooled(g: Game) -> tuple[Candidate, Array]:
    """Who makes a city's own cost least, with the mechanism's technology, and that cost."""
    dilution = g.reach.dilution
    best = _least(g, {**g.p, "L": g.p["L"] * dilution}, dilution, dilution * g.p["entry_cost"])
    risk = any_breach(best.breach, best.breach, g.p["alpha"], g.p["n"], g.n_max)
    entry = jnp.where(best.investment > 0, g.p["entry_cost"], 0)
    return best, g.p["L"] * risk + best.investment + entry


def _least(g: Game, p: Mapping[str, Array], dilution: Array, entry: Array) -> Candidate:
    """Of ``L any_breach + x``, x = e `dilution` being the money, where `entry` is paid if any is.

    From nothing to the root of the largest investment costs fall at once, or rise and then fall: the cheapest
    is nothing, or that root, or as near to it as the budget allows.
    """
    one, end = jnp.ones_like(g.start), g.start
    reach = Reach(one, one, 0 * one)
    pays, guess = net_benefit(p, reach, g.n_max), first_guess(p, reach, g.n_max)

    def risk(breach: Array) -> Array:
        return any_breach(breach, breach, p["alpha"], p["n"], g.n_max)

    root, exists = climb(pays, guess, one)
    exists = exists & (root < end)
    breach = jnp.where(exists, root, end)
    effective = jnp.where(exists, (jnp.log(p["beta"]) + jnp.log(p["v"]) - jnp.log(breach)) / g.rate, 0)
    bound = jnp.zeros_like(exists)
    if g.cap is not None:
        at_cap = end * jnp.exp(-g.rate * dilution * g.cap)
        bound = exists & (root < at_cap)
        breach = jnp.where(bound, at_cap, breach)
        effective = jnp.where(bound, dilution * g.cap, effective)
    saves = p["L"] * (risk(end) - risk(breach)) - effective
    invests = exists & ((saves >= entry) | ((entry <= 0) & (pays(end) > 0)))
    return Candidate(
        breach=jnp.where(invests, breach, end),
        investment=jnp.where(invests, effective / dilution, 0),
        saves=saves,
        holds=jnp.ones_like(exists),
        bound=bound & invests,
    )
