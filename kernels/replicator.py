"""Replicator dynamics from payoffs: two populations of two strategies, and one of m strategies.

Source: Taylor and Jonker (1978), "Evolutionarily stable strategies and game dynamics": a share grows
at the rate by which its strategy's payoff exceeds the population's mean payoff. Payoffs may depend on
the state, so that rewards and punishments may follow the shares.

Two populations. x is the share of the first (row) population that plays its strategy 0, y the same of
the second (column) population. With A the payoff advantage of row strategy 0 over row strategy 1 and B
that of column strategy 0 over column strategy 1,

    x' = x (1 - x) A,    y' = y (1 - y) B,    and in logits u = ln x/(1 - x), w = ln y/(1 - y):
    u' = A,              w' = B.

Logits keep orbits that come within 1e-300 of a face, where steps in x and y lose them.

Payoffs are functions: of two populations ``payoffs(x, y)``, which returns two tables of 2 x 2 numbers (row
player's, column player's), each [row strategy][column strategy]; of one ``payoffs(shares)``, which returns
those of the m strategies, shape (m,). Time is in units of one over a payoff.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any
Matrix = tuple[tuple[Array, Array], tuple[Array, Array]]
Bimatrix = tuple[Matrix, Matrix]
# payoffs(x, y) -> (row player's, column player's) 2 x 2 payoffs, [row strategy][column strategy]
PairPayoffs = Callable[[Array, Array], Bimatrix]
# payoffs(shares) -> payoff of each of the m strategies
SharePayoffs = Callable[[Array], Array]

# A share below exp(-EXTINCT), 1.3e-14, that still falls counts as gone.
EXTINCT = 32.0
# The logit standing for a pure strategy; its sigmoid is exactly 0 or 1, and it never moves. Far beyond
# what a mixed orbit reaches: along a boundary cycle its logits grow with time.
PURE = 1.0e12


def advantages(payoffs: PairPayoffs, x: Array, y: Array) -> tuple[Array, Array]:
    """Payoff advantage (A, B) of strategy 0 over strategy 1 in either population, at shares (x, y).

    Both are in the unit of payoffs and of the shape of x and y.
    """
    row, column = payoffs(x, y)
    a = y * (row[0][0] - row[1][0]) + (1 - y) * (row[0][1] - row[1][1])
    b = x * (column[0][0] - column[0][1]) + (1 - x) * (column[1][0] - column[1][1])
    return a, b


def share_field(payoffs: PairPayoffs, shares: Array) -> Array:
    """Derivative of the shares (x, y), an array of shape (2,), in time, of the same shape."""
    x, y = shares
    a, b = advantages(payoffs, x, y)
    return jnp.stack([x * (1 - x) * a, y * (1 - y) * b])


def logit_field(payoffs: PairPayoffs, logits: Array) -> Array:
    """Derivative of the logits (u, w), an array of shape (2,), in time, of the same shape.

    A pure strategy (`PURE`) stays.
    """
    x, y = jax.nn.sigmoid(logits)
    velocity = jnp.stack(advantages(payoffs, x, y))
    # No orbit turns pure on its way: behind stop_gradient this is no switch to look for.
    return jnp.where(jnp.abs(lax.stop_gradient(logits)) < PURE, velocity, 0.0)


def to_logits(shares: Array) -> Array:
    """Ln x/(1-x) of each share in [0, 1], of any shape; the pure ones, 0 and 1, become -`PURE` and +`PURE`.

    NaN outside [0, 1].
    """
    mixed = (shares > 0) & (shares < 1)
    safe = jnp.where(mixed, shares, 0.5)
    pure = jnp.where(shares == 0, -PURE, jnp.where(shares == 1, PURE, jnp.nan))
    return jnp.where(mixed, jnp.log(safe) - jnp.log1p(-safe), pure)


def logit_motion(logits: Array, rates: Array) -> tuple[Array, Array]:
    """What still moves: the rates, and which of them only lead further out towards a pure strategy (bool).

    Logits, rates and both results have one shape.
    """
    return rates, (jnp.abs(logits) >= EXTINCT) & (logits * rates >= 0)


def share_growth(payoffs: SharePayoffs, shares: Array) -> Array:
    """Growth rate x_i'/x_i of each of m shares, shape (m,): its payoff less the mean payoff."""
    gains = payoffs(shares)
    return gains - jnp.sum(shares * gains)


def population_field(payoffs: SharePayoffs, shares: Array) -> Array:
    """Derivative of the m shares of one population in time, shape (m,)."""
    return shares * share_growth(payoffs, shares)


def to_log_ratios(shares: Array) -> Array:
    """Ln x_i/x_m of the first m - 1 shares, shape (m - 1,); -inf of a share of 0, whatever the last one is.

    Two infinite ones say nothing of how shares divide: while the last is 0 one other is all there is.
    """
    ratios = jnp.log(shares[:-1]) - jnp.log(shares[-1:])
    return jnp.where((shares[:-1] == 0) & (jnp.max(shares) > 0), -jnp.inf, ratios)


def from_log_ratios(ratios: Array) -> Array:
    """The m shares, shape (m,), whose log ratios to the last one are given; they sum to one."""
    return jax.nn.softmax(jnp.append(ratios, jnp.zeros(1, ratios.dtype)))


def log_ratio_field(payoffs: SharePayoffs, ratios: Array) -> Array:
    """Derivative of ln x_i/x_m in time, shape (m - 1,): the difference of two payoffs."""
    gains = payoffs(from_log_ratios(ratios))
    return gains[:-1] - gains[-1:]


def log_ratio_motion(ratios: Array, rates: Array) -> tuple[Array, Array]:
    """Growth rate x_i'/x_i of each of the m shares, and which of them are gone and still falling (bool).

    `ratios` and `rates`, their derivative in time, have the shape (m - 1,), both results (m,).
    """
    shares = from_log_ratios(ratios)
    # The rates are payoffs less the last strategy's: a common shift, which growth does not feel.
    relative = jnp.append(rates, jnp.zeros(1, rates.dtype))
    growth = relative - jnp.sum(shares * relative)
    return growth, (shares <= jnp.exp(-EXTINCT)) & (growth <= 0)
