"""The published formulation: the computation that reproduces the paper's Tables 1-8 digit for digit."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax import Array

from ...numerics.roots import climb
from ...status import Status
from .exact import late_root
from .game import Equilibrium, any_breach, first_guess, net_benefit, reach_of


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
        guess = first_guess(p, reach, n_max)
        q, result = climb(pays, guess, one)
        third, has_third = late_root(pays, guess, q, result, one, mechanism == "compensation")
        again = jnp.where(result, jnp.where(has_third & (third < corner), 2, pays(corner) < 0), 0)
        log_ratio, result = jnp.log(jnp.where(result, q, third) / corner), result | has_third
        per_city, effect = 1, 1
    else:
        per_city, effect = (1, n) if mechanism == "cooperation" else (n, 1 + n * p["delta"])
        log_ratio, result, again = _mixed_root(p, effect / per_city, n_max)
    # A root of negative investment is reported where it is the only one, and not counted beside another.
    count = jnp.where(result, 1 + (log_ratio < 0) * again, 0)
    log_ratio = jnp.where(result, log_ratio, jnp.nan)
    q = corner * jnp.exp(log_ratio)
    investment = -log_ratio / rate / per_city
    paid = n * investment if mechanism == "cooperation" else investment
    status = jnp.where(investment < 0, Status.negative_investment, Status.ok)
    status = jnp.where(count > 1, Status.several_equilibria, status)
    return Equilibrium(
        investment=investment,
        effective=effect * investment,
        breach=corner * jnp.exp(-rate * effect * investment),
        loss=p["L"] * any_breach(q, q, p["alpha"], n, n_max) + paid,
        number=count,
        status=jnp.where(result, status, Status.no_equilibrium),
    )


def _mixed_root(p: Mapping[str, Array], power: Array, n_max: int) -> tuple[Array, Array, Array]:
    """Roots of the published mixed condition in q, with ``p = beta v (q / beta v)**power``.

    Its logarithm is concave in ``ln (q / beta v)``, so `climb` finds the smallest. Returns that
    logarithm, whether there is a root, and whether another of non-negative investment follows.
    """
    corner = p["beta"] * p["v"]
    level = jnp.log(-p["E"] * p["L"] * jnp.log(p["v"]) * corner)
    scale = jnp.maximum(power, 1)  # keeps slope and rounding of order 1 among a thousand cities

    def excess(log_ratio: Array) -> Array:
        q = corner * jnp.exp(log_ratio)

        def expected(own: Array) -> Array:
            return any_breach(own, q, p["alpha"], p["n"], n_max)

        _, none = jax.jvp(expected, (q,), (jnp.ones_like(q),))  # Pi(q), where 1 - any_breach would cancel
        return (level + jnp.log(none)) / scale + power / scale * log_ratio

    log_ratio, result = climb(excess, -level / power, -jnp.log(corner))
    return log_ratio, result, excess(jnp.zeros_like(corner)) < 0
