"""Sharing, where what one city invests defends others too.

Shared investment is a substitute for one's own, so best responses are not isotone: no end bounds the others,
and nothing proves that an equilibrium is the only one. Each is sought from little and from much investment by

    e_i <- max(0, e_i + ln b_i / s),    s = max kappa times the largest column sum of I + D

where b_i is the marginal benefit of a city's investment, to the city itself or to a planner of all: steps
small enough, for ln b_i falls at most so fast as all invest more.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from .best_response import MOST_ROUNDS, Ends
from .checks import far, gain_of_deviation
from .game import Cities, costs, marginal_benefit, planned_benefit
from .spread import Spread

# Of all cities' investments [n], for the city itself or a planner.
Benefit = Callable[[Cities, Spread, Array], Array]

# Beyond it a system of equations is taken for one that leaves its solution open.
_LARGEST_CONDITION = 1e10
_DAMPING = 1e-4


def sharing_equilibria(c: Cities, spread: Spread) -> tuple[Ends, Array]:
    """What is reached from much and from no investment, and whether equations determine each city's."""
    ends, reached = _reached(c, spread, marginal_benefit)
    (highest, one), (lowest, other) = (_differentiable(c, spread, at) for at in ends)
    best = _nobody_gains(c, spread, jnp.stack([highest, lowest]))
    # A city may rather stop investing altogether: where that is so of one end alone, it is none.
    highest, lowest = (
        jnp.where(best[1] & ~best[0], lowest, highest),
        jnp.where(best[0] & ~best[1], highest, lowest),
    )
    return Ends(highest, lowest, reached), one & other


def _nobody_gains(c: Cities, spread: Spread, ends: Array) -> Array:
    """Whether each of the ends [end, city] is one from which no city gains by deviating, however far."""
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    gains = jax.vmap(lambda e: gain_of_deviation(still, fixed, "sharing", e))(lax.stop_gradient(ends))
    return jnp.max(gains, axis=1) <= far(jnp.max(c.loss))


def sharing_optimum(c: Cities, spread: Spread) -> tuple[Array, Array]:
    """The cheaper for all of what a planner reaches from much and from none, and whether both came to rest.

    Without derivatives.
    """
    (much, none), reached = _reached(c, spread, planned_benefit)
    cheaper = jnp.sum(costs(c, spread, much)) <= jnp.sum(costs(c, spread, none))
    return jnp.where(cheaper, much, none), reached


def _reached(c: Cities, spread: Spread, benefit: Benefit) -> tuple[list[Array], Array]:
    still, fixed = jax.tree.map(lax.stop_gradient, c), spread.still()
    much = jnp.maximum(0, jnp.log(_largest_benefit(still)) / jnp.min(still.rate))
    ends, reached = [], jnp.asarray(True)
    for start in (jnp.full_like(c.loss, 1) * much, jnp.zeros_like(c.loss)):
        at, settled = _iterate(still, fixed, benefit, start)
        reached = reached & settled
        ends.append(at)
    return ends, reached


def _largest_benefit(c: Cities) -> Array:
    """More than any marginal benefit at no investment."""
    return jnp.sum(c.loss) * jnp.sum(c.rate * c.start) * jnp.max(c.reach)


def _iterate(c: Cities, spread: Spread, benefit: Benefit, start: Array) -> tuple[Array, Array]:
    step = 1 / (jnp.max(c.rate) * jnp.max(jnp.sum(c.reach, axis=0)))
    small = 8 * float(jnp.finfo(start.dtype).eps)
    size = 1 / jnp.max(c.rate)

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        _, moved, count = state
        return moved & (count < MOST_ROUNDS)

    def once(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        e, _, count = state
        after = jnp.maximum(0, e + step * jnp.log(benefit(c, spread, e)))
        return after, jnp.any(jnp.abs(after - e) > small * (size + after)), count + 1

    at, moved, _ = lax.while_loop(unfinished, once, (start, jnp.asarray(True), jnp.asarray(0)))
    return at, ~moved


def _differentiable(c: Cities, spread: Spread, at: Array) -> tuple[Array, Array]:
    """The investments with their derivatives: a Newton step for ln b = 0 of the cities that invest.

    Where only a sum of investments is determined (beside: False) what was reached is kept, and moves by the
    least that obeys the equations: equal cities move alike. Where none does, it has no derivative.
    """
    at, still, fixed = lax.stop_gradient(at), jax.tree.map(lax.stop_gradient, c), spread.still()
    invests = at > 0
    of_all = jax.jacfwd(lambda e: jnp.log(marginal_benefit(still, fixed, e)))(at)
    one = jnp.eye(at.shape[0], dtype=at.dtype)
    matrix = lax.stop_gradient(jnp.where(invests[:, None], of_all, one))
    excess = jnp.where(invests, jnp.log(marginal_benefit(c, spread, at)), 0)
    tried = 1 / jnp.arange(1, at.shape[0] + 1, dtype=at.dtype)
    both = jnp.linalg.solve(matrix, jnp.stack([excess, lax.stop_gradient(tried)], axis=1))
    size = jnp.max(jnp.abs(matrix))
    determined = lax.stop_gradient(jnp.max(jnp.abs(both[:, 1])) * size < _LARGEST_CONDITION)
    damped = matrix.T @ matrix + (_DAMPING * size) ** 2 * one
    least = jnp.linalg.solve(damped, matrix.T @ excess)
    kept = _if_it_obeys(least - lax.stop_gradient(least), excess - matrix @ least, excess)
    return jnp.where(invests, at - jnp.where(determined, both[:, 0], kept), 0), determined


@jax.custom_jvp
def _if_it_obeys(step: Array, left: Array, excess: Array) -> Array:
    """The step, whose derivative is NaN where it leaves something of that of the excess."""
    del left, excess
    return step


@_if_it_obeys.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    step, left, excess = tangents
    obeys = jnp.max(jnp.abs(left)) <= 1e-5 * jnp.max(jnp.abs(excess))
    return primals[0], jnp.where(obeys, step, jnp.nan)
