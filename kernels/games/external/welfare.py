"""What the cities could reach together without pooling, how near a mechanism comes, and what induces it.

Nothing here is the paper's. Its planner pools money (one city's investment defends all) and counts the loss
once; here every city bears its own loss and pays its own money, and the sum of their costs is what counts:

    C°       = min over a common e of [1 - (1-p) Pi(p)] L + e,  p = p(e D)
    ratio    = (a city's cost under the mechanism) / C°
    gamma°   = Pi (1-p) S / ((n-1) alpha) at the optimum with D = 1

D is what a unit that all invest defends a city with: 1, under sharing 1 + delta (n-1), and n where
investment is pooled. With L scaled by D the first-order condition is that of the paper's planner in x = e D.
gamma° makes the marginal transfer equal to the harm that a breach does to the others, with
S = sum of alpha^k / (1 - alpha^k p). S / alpha is a sum of powers from alpha^0 on. So gamma° is defined at
alpha = 0, too, where it is (1-p) / (n-1): there, any coefficient induces the optimum, and this one is the
limit. Where nothing need be induced it is 0: of a single city, and where the optimum invests nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from .exact import exact_equilibrium
from .game import Equilibrium, any_breach, reach_of


class Welfare(NamedTuple):
    """Of one scenario under one mechanism."""

    investment: Array  # e at the optimum without pooling
    cost: Array  # C°, of a city there
    ratio: Array  # a city's cost under the mechanism over C°
    compensation: Array  # gamma°
    cross: Array  # of a city's marginal cost in what all others invest


def welfare(p: Mapping[str, Array], mechanism: str, equilibrium: Equilibrium, n_max: int) -> Welfare:
    """The measures, for what was found under a mechanism."""
    dilution = reach_of(mechanism, p).dilution
    best = _optimum(p, dilution, n_max)
    own = (
        p["L"] * any_breach(equilibrium.breach, equilibrium.breach, p["alpha"], p["n"], n_max)
        + equilibrium.investment
    )
    cost = best.loss / dilution
    alone = _optimum(p, jnp.ones_like(p["alpha"]), n_max)
    return Welfare(
        investment=best.effective / dilution,
        cost=cost,
        ratio=own / cost,
        compensation=_compensation(p, alone, n_max),
        cross=_cross_derivative(p, mechanism, equilibrium.breach, n_max),
    )


def _optimum(p: Mapping[str, Array], dilution: Array, n_max: int) -> Equilibrium:
    """The least of D times a city's cost, in the effective investment."""
    return exact_equilibrium({**p, "L": p["L"] * dilution}, "cooperation", "highest", n_max)


def _compensation(p: Mapping[str, Array], best: Equilibrium, n_max: int) -> Array:
    """gamma° at the optimum: the harm over alpha, which is never divided by, shared among n - 1 cities."""
    own, n = best.breach, p["n"]

    def arrives(after_one_hop: Array) -> Array:
        near = own + (1 - own) * jnp.where(n > 1, after_one_hop, 0)
        return any_breach(near, after_one_hop, p["alpha"], n - 1, n_max - 1)

    _, harm = jax.jvp(arrives, (p["alpha"] * own,), (jnp.ones_like(own),))
    return jnp.where(best.effective > 0, harm / jnp.maximum(n - 1, 1), 0.0)


def _cross_derivative(p: Mapping[str, Array], mechanism: str, breach: Array, n_max: int) -> Array:
    """Second derivative of a city's cost in its own and in the others' common investment, by autodiff.

    Negative: strategic complements, a city wants to invest more where the others do.
    """
    reach, rate = reach_of(mechanism, p), -p["E"] * jnp.log(p["v"])
    others = p["n"] - 1

    def cost(own: Array, theirs: Array) -> Array:
        defends_own = own + reach.spillover * others * theirs
        defends_linked = reach.spillover * own + (1 + reach.spillover * jnp.maximum(others - 1, 0)) * theirs
        at_home, linked = (breach * jnp.exp(-rate * x) for x in (defends_own, defends_linked))
        arrives = any_breach(at_home, linked, p["alpha"], p["n"], n_max)
        return p["L"] * (arrives + reach.transfer * (at_home - linked))

    zero, one = jnp.zeros_like(breach), jnp.ones_like(breach)

    def marginal(theirs: Array) -> Array:
        return jax.jvp(lambda own: cost(own, theirs), (zero,), (one,))[1]

    return jax.jvp(marginal, (zero,), (one,))[1]
