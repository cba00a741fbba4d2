"""The published formulation: the computation that reproduces the paper's Tables 1-8 digit for digit."""

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array

from .external_exact import late_root
from .external_game import Equilibrium, any_breach, first_guess, net_benefit, reach_of
from .roots import climb
from .status import Status


def published_equilibrium(p: Mapping[str, Array], mechanism: str, branch: str, n_max: int) -> Equilibrium:
    """The numbers of the paper's Tables 1-8: the raw root, negative where it is negative.

    For cooperation and sharing the tables come from a condition that mixes two breach probabilities,
    ``K p Pi(q) = 1``: p at n e (sharing: at e (1 + n delta)), q at e (sharing: at n e), and the loss
    takes q. Of several roots the one of the largest investment is reported, whatever the branch.
    """
    del branch
    rate, corner, n = -p["E"] * jnp.log(p["v"]), p["beta"] * p["v"], p["n"]
    one = jnp.ones_like(corner)
    reach = reach_of(mechanism, p)
    if mechanism in ("noncooperation", "compensation"):
        pays = net_benefit(p, reach, n_max)
        q, found = climb(pays, first_guess(p, reach, n_max), one)
        third, has_third = late_root(p, reach, pays, q, found, one, mechanism, n_max)
        again = jnp.where(has_third & (third < corner), 2, pays(corner) < 0)
        q, found, per_city, effect = jnp.where(found, q, third), found | has_third, 1, 1
    else:
        per_city, effect = (1, n) if mechanism == "cooperation" else (n, 1 + n * p["delta"])
        q, found, again = _mixed_root(p, effect / per_city, n_max)
    # A root of negative investment is reported where it is the only one, and not counted beside another.
    count = jnp.where(found, 1 + (q < corner) * again, 0)
    q = jnp.where(found, q, jnp.nan)
    investment = jnp.log(corner / q) / rate / per_city
    paid = n * investment if mechanism == "cooperation" else investment
    status = jnp.where(investment < 0, Status.negative_investment, Status.ok)
    status = jnp.where(count > 1, Status.several_equilibria, status)
    return Equilibrium(
        investment=investment,
        effective=effect * investment,
        breach=corner * jnp.exp(-rate * effect * investment),
        loss=p["L"] * any_breach(q, q, p["alpha"], n, n_max) + paid,
        count=count,
        status=jnp.where(found, status, Status.no_equilibrium),
    )


def _mixed_root(p: Mapping[str, Array], power: Array, n_max: int) -> tuple[Array, Array, Array]:
    """Roots of the published mixed condition in q, with ``p = beta v (q / beta v)**power``.

    Its logarithm is concave in ln q, so `climb` finds the smallest. Returns q, whether there
    is one, and whether another of non-negative investment follows.
    """
    corner = p["beta"] * p["v"]
    level = jnp.log(-p["E"] * p["L"] * jnp.log(p["v"]) * corner)

    def excess(log_q: Array) -> Array:
        q = jnp.exp(log_q)
        none = 1 - any_breach(jnp.zeros_like(q), q, p["alpha"], p["n"], n_max)
        return level + power * (log_q - jnp.log(corner)) + jnp.log(none)

    start = jnp.log(corner) - level / power
    log_q, found = climb(excess, start, jnp.zeros_like(start))
    return jnp.exp(log_q), found, excess(jnp.log(corner)) < 0
