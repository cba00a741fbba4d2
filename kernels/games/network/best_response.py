"""Equilibria by best response from above and from below, where investments are complements.

Without cooperation, under compensation and for the planner of all cities, the best p_i against the others is

    p_i = min(beta_i v_i, 1 / (kappa_i M_i(p)))

where M_i, the marginal loss, does not depend on p_i, and falls as any other city's p rises: more breaches
elsewhere make an own one matter less. So the map is isotone. Started from p = 0 it climbs to the least fixed
point, that of the largest investments; from p = beta v it falls to the greatest, that of the smallest; all
others lie between (Tarski; Milgrom and Roberts 1990), and equal ends prove that there is one only.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from .game import Cities, marginal_loss
from .spread import Spread

MOST_ROUNDS = 20_000


class Ends(NamedTuple):
    """The two extreme solutions, as investments, and whether both were reached."""

    highest: Array
    lowest: Array
    reached: Array


def extreme_equilibria(c: Cities, spread: Spread, mechanism: str) -> Ends:
    """Of the game, or of the planner's coordinate-wise optimality."""
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    top = jnp.log(still.start)
    bottom = response(still, fixed, mechanism, jnp.full_like(top, -jnp.inf))
    ends, reached = [], jnp.asarray(True)
    for start in (bottom, top):
        at, settled = iterate(still, fixed, mechanism, start)
        reached = reached & settled
        ends.append(investment_at(c, differentiable(c, spread, mechanism, at)))
    return Ends(ends[0], ends[1], reached)


def response(c: Cities, spread: Spread, mechanism: str, log_p: Array) -> Array:
    """Logarithm of p of the best responses, isotone in `log_p`."""
    harm = c.rate * marginal_loss(c, spread, mechanism, jnp.exp(log_p))
    return jnp.minimum(jnp.log(c.start), -jnp.log(harm))


def iterate(c: Cities, spread: Spread, mechanism: str, start: Array) -> tuple[Array, Array]:
    """Best responses from `start` on until none moves: logarithm of p, and whether they came to rest."""
    small = 4 * float(jnp.finfo(start.dtype).eps)

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        _, moved, count = state
        return moved & (count < MOST_ROUNDS)

    def once(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        log_p, _, count = state
        after = response(c, spread, mechanism, log_p)
        return after, jnp.any(jnp.abs(after - log_p) > small * (1 + jnp.abs(after))), count + 1

    at, moved, _ = lax.while_loop(unfinished, once, (start, jnp.asarray(True), jnp.asarray(0)))
    return at, ~moved


def differentiable(c: Cities, spread: Spread, mechanism: str, at: Array) -> Array:
    """Logarithm of p at a fixed point, with its derivatives by the implicit function theorem.

    One Newton step from a constant: it ends the last digits of the iteration, which goes slowly near a fold,
    and depends on the parameters as the solution does.
    """
    at, still, fixed = lax.stop_gradient(at), jax.tree.map(lax.stop_gradient, c), spread.still()

    def settled(log_p: Array) -> Array:
        return response(still, fixed, mechanism, log_p)

    matrix = jnp.eye(at.shape[0], dtype=at.dtype) - jax.jacfwd(settled)(at)
    after = response(c, spread, mechanism, at)
    return at + jnp.linalg.solve(lax.stop_gradient(matrix), after - at)


def investment_at(c: Cities, log_p: Array) -> Array:
    """What each city invests whose own breach has the probability p [n]."""
    most = jnp.log(c.start)
    return jnp.where(log_p < most, (most - log_p) / c.rate, 0)
