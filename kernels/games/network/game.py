"""What a city loses and pays, and what its own breach costs whoever decides.

City i invests e_i, is defended by x_i, and is breached by its own fault with probability p_i:

    x_i = e_i + sum over j of D[j, i] e_j            D = delta rates under sharing, else 0
    p_i = beta_i v_i^(E_i x_i + 1)
    risk_i = 1 - (1 - p_i) none_i(p)                  a breach of its own, or one that arrives
    C_i = L_i risk_i + e_i + p_i sum over j of t[i, j] L_j - sum over j of t[j, i] L_i p_j

with transfers t = alpha gamma times their matrix under compensation, else 0. Each risk is linear in each p_i.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from .spread import Spread

MECHANISMS = ("noncooperation", "cooperation", "pooling", "compensation", "sharing")


class Cities(NamedTuple):
    """One scenario, what its mechanism makes of the parameters included; [n] where not said otherwise."""

    loss: Array
    start: Array  # breach probability without investment, beta v
    rate: Array  # kappa = -E ln v, by which ln p falls for each unit that defends the city
    transfers: Array  # t [payer, receiver]
    reach: Array  # of investment, [who invests, who is defended]: I + D, and 1 between all who pool


def cities_of(p: Mapping[str, Array], mechanism: str, transfers: Array, rates: Array) -> Cities:
    """The scenario `p`; who pays whom and who shares with whom [from, to], without their coefficients."""
    n = p["L"].shape[0]
    one = jnp.eye(n, dtype=p["L"].dtype)
    pays = p["alpha"] * p["gamma"] * transfers if mechanism == "compensation" else 0 * one
    shares = {"sharing": p["delta"] * rates, "pooling": 1 - one}.get(mechanism, 0 * one)
    return Cities(
        loss=p["L"],
        start=p["beta"] * p["v"],
        rate=-p["E"] * jnp.log(p["v"]),
        transfers=pays,
        reach=one + shares,
    )


def log_breach(c: Cities, investment: Array) -> Array:
    """Logarithm of p of every city where they invest [n]."""
    return jnp.log(c.start) - c.rate * (investment @ c.reach)


def risk(p: Array, none: Array) -> Array:
    """Probability that a city is breached, by its own fault or another's, without cancellation."""
    return -jnp.expm1(jnp.log1p(-p) + jnp.log(none))


def costs(c: Cities, spread: Spread, investment: Array) -> Array:
    """C_i of every city."""
    p = jnp.exp(log_breach(c, investment))
    return c.loss * risk(p, spread.none(p)) + investment + balance(c, p)


def balance(c: Cities, p: Array) -> Array:
    """What each city pays to the others, less what it gets."""
    return p * (c.transfers @ c.loss) - c.loss * (p @ c.transfers)


def marginal_loss(c: Cities, spread: Spread, mechanism: str, p: Array) -> Array:
    """What one more unit of p_i costs whoever decides on city i: the city itself, or the planner of all."""
    none = spread.none(p)
    own = c.loss * none + c.transfers @ c.loss
    if mechanism != "cooperation":
        return own
    return own + spread.harm(p) @ (c.loss * (1 - p))


def marginal_benefit(c: Cities, spread: Spread, investment: Array) -> Array:
    """Of each city in its own investment, which defends others as well: -d(C_i - e_i) / d e_i."""
    p = jnp.exp(log_breach(c, investment))
    none, harm = spread.none(p), spread.harm(p)
    of_breach = jnp.diag(none) + harm * (1 - p)[None, :]  # d risk_to / d p_from
    fall = c.reach * (c.rate * p)[None, :]  # -d p_j / d e_i, [i, j]
    saved = jnp.sum(fall * of_breach.T, axis=1) * c.loss
    return saved + c.rate * p * (c.transfers @ c.loss)


def own_costs(c: Cities, spread: Spread, investment: Array, tried: Array) -> Array:
    """Each city's cost, without transfers, where it alone invests `tried` [n]."""
    more = c.reach * (tried - investment)[:, None]  # of what defends, [who deviates, city]
    p = jnp.exp(log_breach(c, investment)[None, :] - c.rate[None, :] * more)
    return c.loss * risk(jnp.diagonal(p), spread.none(p.T)) + tried


def planned_benefit(c: Cities, spread: Spread, investment: Array) -> Array:
    """Of each city's investment, for a planner of all costs: -d(sum of C - sum of e) / d e_i."""
    p = jnp.exp(log_breach(c, investment))
    return c.reach @ (c.rate * p * marginal_loss(c, spread, "cooperation", p))
