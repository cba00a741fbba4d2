"""Where a fund is best spent among factors: the loss of a split, water-filling, and the best fund.

Everything here takes losses as they count: see `weighted`.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax import Array, lax


def weighted(p: Mapping[str, Array]) -> dict[str, Array]:
    """The parameters in which each loss counts as the level of its factor says: L_i w**(level_i - 1).

    Levels are those of the structure (see `structure.levels`): level 1 is what the others influence in the
    end. A weight of 1 leaves every loss as it is, to the bit.
    """
    return dict(p) | {"L": p["L"] * p["level_weight"] ** (p["level"] - 1)}


def expected_loss(share: Array, p: Mapping[str, Array]) -> Array:
    """Loss C(x) of holding the shares `share` [factor], in the unit of money of L and M."""
    return jnp.sum(p["beta"] * p["L"] * _breach_factor(share, p)) + p["M"]


def payoff(share: Array, p: Mapping[str, Array]) -> Array:
    """Payoff of each factor, u_i = -dC/dx_i [factor], the growth rate a replicator flow needs.

    Along x_i' = x_i (u_i - sum_k x_k u_k) the loss C falls at the rate of the variance of u over x:
    it is a Lyapunov function of the flow.
    """
    return -jax.grad(expected_loss)(share, p)


def marginal_benefit(share: Array, p: Mapping[str, Array]) -> Array:
    """Loss avoided by the next unit of money at each factor [factor], a pure number: u_i / M."""
    return p["beta"] * p["L"] * p["E"] * -jnp.log(p["v"]) * _breach_factor(share, p)


def optimal_share(p: Mapping[str, Array]) -> tuple[Array, Array]:
    """Shares [factor] that minimise the loss, and the multiplier of the fund (a scalar).

    With g_i = ln(first unit's marginal benefit) and h_i = -1/(E_i ln v_i), money at factor i is
    h_i max(g_i - level, 0). The level solves a sum of hinges, which is linear between the g_i: they
    are sorted, the funded set is read off, and the level is that piece's closed form. Nothing is
    iterated, and derivatives of the closed form are the implicit function theorem's. Where a factor
    is just about to be funded the derivative is the one-sided one, the factor left out.
    """
    decay = -p["E"] * jnp.log(p["v"])
    width = 1 / decay
    log_benefit = jnp.log(p["beta"] * p["L"] * p["v"] * decay)
    top = jnp.max(lax.stop_gradient(log_benefit))
    # Depth below the most attractive factor: subtracting first keeps digits when all g_i are large.
    depth = top - log_benefit
    level, funded = water_level(depth, width, p["M"])
    # Rounding may put a factor that is funded by a hair below the level: it gets nothing, not less.
    money = jnp.where(funded & (level > depth), width * (level - depth), 0)
    return money / p["M"], jnp.exp(top - level)


def water_level(depth: Array, width: Array, amount: Array) -> tuple[Array, Array]:
    """The level at which sum of width_i max(level - depth_i, 0) is `amount`, and which terms are positive."""
    funded = _funded(lax.stop_gradient(depth), lax.stop_gradient(width), lax.stop_gradient(amount))
    total_width = jnp.sum(jnp.where(funded, width, 0))
    return (jnp.sum(jnp.where(funded, width * depth, 0)) + amount) / total_width, funded


def best_fund(p: Mapping[str, Array]) -> tuple[Array, Array]:
    """The fund at which the whole loss, the fund included, is least, and that loss; in money.

    dC/dM = 1 - multiplier: each factor is worth money until its marginal benefit is 1, whatever the others
    get, so M° = sum of max(g_i, 0) / (E_i (-ln v_i)), g_i being the logarithm of the first unit's marginal
    benefit. Nothing is iterated. 0 where no factor is worth its first unit.
    """
    decay = -p["E"] * jnp.log(p["v"])
    money = jnp.maximum(jnp.log(p["beta"] * p["L"] * p["v"] * decay), 0) / decay
    fund = jnp.sum(money)
    return fund, jnp.sum(p["beta"] * p["L"] * p["v"] ** (p["E"] * money + 1)) + fund


def _breach_factor(share: Array, p: Mapping[str, Array]) -> Array:
    return p["v"] ** (p["E"] * share * p["M"] + 1)


def _funded(depth: Array, width: Array, fund: Array) -> Array:
    """Which factors the fund reaches: bool [factor]. The shallowest is always among them."""
    order = jnp.argsort(depth)
    d, w = depth[order], width[order]
    # Money spent when the level just touches the k-th factor. It grows with k, so comparing it with
    # the fund finds the set; written as a sum of positive steps it loses no digits.
    steps = jnp.cumsum(w)[:-1] * jnp.diff(d)
    to_reach = jnp.concatenate([jnp.zeros(1, d.dtype), jnp.cumsum(steps)])
    return jnp.zeros(depth.shape, bool).at[order].set((to_reach < fund).at[0].set(True))
