"""The fund in N equal parts, each a participant of a finite game: equilibria beside the continuum's.

The paper divides the fund into equal parts, "each of which makes up a game participant", and then takes the
share of participants at a factor for a real number. Here N stays finite. Two games are played:

- Each participant bears the loss of the city, as the paper has it. A split is then a Nash equilibrium if
  no part that moves lowers the loss, and as the loss is convex and separable, exactly if it is the best of
  all splits into N parts.
- Each participant is paid the marginal benefit at its factor, u_i / M, as in the replicator dynamics. This
  is a congestion game (Rosenthal, Int. J. Game Theory 2, 1973): nobody gains by moving exactly if the parts
  that were placed are the N most beneficial ones, of which part t at factor i is paid b_i(t M / N).

In both, what part t at a factor is worth falls with t by a constant ratio, so one rule, the N largest of m
geometric sequences, gives both. See Ibaraki and Katoh, "Resource allocation problems" (1988), chapter 4.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from .allocation import water_level

SPLITS = {"one": 0, "several": 1}


class Split(NamedTuple):
    """N equal parts over factors."""

    parts: Array
    """Parts at each factor [factor], integers as floats."""
    several: Array
    """Whether another split is an equilibrium as well."""


def best_split(p: Mapping[str, Array]) -> Split:
    """The split into N equal parts with the least loss: the equilibrium where all bear the city's loss."""
    decay = _decay(p)
    worth = p["beta"] * p["L"] * p["v"] * -jnp.expm1(-decay)
    return _most_beneficial(jnp.log(worth), decay, p["participants"])


def paid_split(p: Mapping[str, Array]) -> Split:
    """The equilibrium where each participant is paid the marginal benefit at its factor."""
    decay = _decay(p)
    worth = p["beta"] * p["L"] * p["v"] * p["E"] * -jnp.log(p["v"])
    return _most_beneficial(jnp.log(worth) - decay, decay, p["participants"])


def excess_loss(parts: Array, share: Array, multiplier: Array, p: Mapping[str, Array]) -> Array:
    """What a split into parts loses beyond the continuum's optimum `share`, in money.

    With z_i = -E_i (-ln v_i) M (parts_i / N - share_i) and C_i the loss at factor i under `share`, it is the
    sum of C_i (exp z_i - 1 - z_i), and of (multiplier - b_i) M parts_i / N at factors that `share` leaves
    out. No term is negative, so a gap far below the rounding of the loss keeps its digits.
    """
    rate = -p["E"] * jnp.log(p["v"]) * p["M"]
    moved = parts / p["participants"] - share
    loss = p["beta"] * p["L"] * p["v"] ** (p["E"] * share * p["M"] + 1)
    forgone = jnp.where(share > 0, 0, (multiplier - loss * rate / p["M"]) * p["M"] * moved)
    return jnp.sum(loss * _beyond_first_order(-rate * moved) + forgone)


def _decay(p: Mapping[str, Array]) -> Array:
    """By how much the logarithm of the next part's worth falls with each part at a factor [factor]."""
    return -p["E"] * jnp.log(p["v"]) * p["M"] / p["participants"]


def _most_beneficial(first: Array, decay: Array, number: Array) -> Split:
    """The `number` largest of what m factors offer: part t at i is worth exp(first_i - (t - 1) decay_i).

    The continuum's water level for m parts fewer leaves out none that belongs, for each factor's fraction is
    rounded down; the rest, at most 2 m, go one by one to where the next part is worth most.
    """
    first, decay, number = lax.stop_gradient((first, decay, number))
    size = first.shape[0]
    depth = jnp.max(first) - first
    level, _ = water_level(depth, 1 / decay, jnp.maximum(number - size, 1))
    # A part is placed beyond doubt where the level lies below what it is worth: rounding must place none.
    sure = jnp.floor(jnp.maximum(level - depth, 0) / decay)
    start = jnp.where(number > 2 * size, sure, jnp.zeros_like(first))

    def place(parts: Array) -> Array:
        return parts.at[jnp.argmax(first - parts * decay)].add(1)

    parts = lax.while_loop(lambda parts: jnp.sum(parts) < number, place, start)
    last = jnp.min(jnp.where(parts > 0, first - (parts - 1) * decay, jnp.inf))
    tie = 16 * jnp.finfo(first.dtype).eps * (1 + jnp.max(jnp.abs(first)))
    return Split(parts, jnp.max(first - parts * decay) >= last - tie)


def _beyond_first_order(z: Array) -> Array:
    """exp(z) - 1 - z, with all digits for small z, too."""
    small = jnp.abs(z) < 0.1
    near = jnp.where(small, z, 0)
    series = jnp.ones_like(z)
    for k in range(12, 2, -1):
        series = 1 + near / k * series
    far = jnp.where(small, 1, z)
    return jnp.where(small, near**2 / 2 * series, jnp.expm1(far) - far)
