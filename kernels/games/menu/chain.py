"""Rewards chosen freely, V concave: the best menu, exactly, without an iteration over menus.

    maximise  sum_k w_k (R_k - T_k)   over resources T and rewards R of the ranked sub-types k, subject to
    worth_k V(T_k) - c R_k >= worth_k V(T_l) - c R_l for all l, and >= 0;  T >= T_min;  sum n_k T_k <= T.

In v = V(T) and R all of it is convex: the constraints between sub-types are linear, and the resources
V^-1(v) are convex. Were rewards r_k T_k at given rates, those constraints would be differences of
concave functions, and the program not convex.

Rewards go first. Sub-type k takes at most what keeps it from the contract below, c R_k = c R_(k-1) + worth_k
(v_k - v_(k-1)), and with v rising in k nobody then prefers another contract (Mussa and Rosen, J. Econ. Theory
18, 1978). What is left is separable,

    maximise  sum_k g_k v_k - w_k T_k,   c g_k = worth_k W_k - worth_(k+1) W_(k+1),   W_k = sum_(m >= k) w_m,

over v that rises along the chain. For a price of resources its solution is that of isotonic regression,
v_k = max over a <= k of min over b >= k of the best common value of a ... b (Best, Chakravarti and Ubhaya,
SIAM J. Optim. 10, 2000): sub-types that would rank the wrong way round share a contract. The price is a root.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from ...numerics.linear_program import tolerance
from ...numerics.roots import bisect
from .subtypes import Subtypes
from .value import Value


class Blocks(NamedTuple):
    """Runs a ... b of sub-types that could share a contract; every array is [a, b], meaningless for b < a."""

    gain: Array
    """What one more unit of v in the common contract brings the centre in rewards."""
    weight: Array
    """What one more unit of resources in it costs the centre."""
    number: Array
    """Infrastructures that would have it."""
    least: Array
    """The most that any of them needs."""
    allowed: Array
    """bool: whether the run may begin at a and end at b."""


class Chain(NamedTuple):
    """The best menu."""

    resources: Array
    """[K], of ranked sub-types."""
    feasible: Array
    """Whether the minima fit into the resources."""
    scarce: Array
    """Whether all resources are given out: otherwise more would cost the centre more than it returns."""


def blocks(s: Subtypes, unit_cost: Array, ends: Array) -> Blocks:
    """All runs of sub-types, of which each may end only where `ends` says so [K]."""
    size = s.worth.shape[0]
    a, b = jnp.arange(size)[:, None], jnp.arange(size)[None, :]
    within = b >= a
    # Sums within a run, not differences of sums from the start: those would lose digits.
    weight = jnp.cumsum(jnp.where(within, s.weight[None, :], 0), axis=1)
    number = jnp.cumsum(jnp.where(within, s.number[None, :], 0), axis=1)
    beyond = jnp.concatenate([jnp.cumsum(s.weight[:0:-1])[::-1], jnp.zeros_like(s.weight[:1])])
    step = jnp.concatenate([s.worth[1:], s.worth[-1:]])[None, :] - s.worth[:, None]
    gain = (s.worth[:, None] * weight - step * beyond[None, :]) / unit_cost
    starts = jnp.concatenate([jnp.ones(1, bool), ends[:-1]])
    least = lax.cummax(jnp.where(within, s.least[None, :], 0), axis=1)
    return Blocks(gain, weight, number, least, within & ends[None, :] & starts[:, None])


def best_chain(
    run: Blocks, number: Array, make: Callable[[Mapping[str, Array]], Value], p: Mapping[str, Array]
) -> Chain:
    """Resources of the best menu.

    Derivatives are those of the closed form of each run and, by the implicit function theorem, of the price;
    where sub-types just begin to share a contract, or a minimum to bind, they are one-sided.

    Parameters
    ----------
    run
        What sub-types may share.
    number
        Infrastructures of each sub-type [K].
    make, p
        The value of resources, and what it is made of; T_total of `p` is what there is to give.
    """
    fixed, count_of, still = lax.stop_gradient((run, number, dict(p)))
    value, held = make(p), make(still)
    price, scarce, feasible = _price(fixed, count_of, held, still["T_total"])
    first, last = _shared(fixed, held, price)
    gain, weight, count, least = (x[first, last] for x in run[:4])
    at_least = lax.stop_gradient(gain / (weight + price * count)) <= held.ratio(lax.stop_gradient(least))

    def resources(price: Array) -> Array:
        ratio = jnp.where(at_least, 1, gain) / jnp.where(at_least, 1, weight + price * count)
        return jnp.where(at_least, least, value.resources(ratio))

    def excess(price: Array) -> Array:
        return jnp.sum(number * resources(price)) - p["T_total"]

    # Each step takes off the rounding of the root, and makes one more order of derivatives right.
    for _ in range(2):
        over, slope = jax.jvp(excess, (price,), (jnp.ones_like(price),))
        binding = scarce & (slope < 0)
        price = price - jnp.where(binding, over, 0) / lax.stop_gradient(jnp.where(binding, slope, -1))
    return Chain(resources(price), feasible, scarce)


def _price(run: Blocks, number: Array, value: Value, total: Array) -> tuple[Array, Array, Array]:
    """The price at which the resources are just all given out; whether they are; whether they suffice."""
    needed = _along_chain(jnp.where(run.allowed, run.least, jnp.inf), run.allowed)
    spare = total - jnp.sum(number * needed)
    feasible = spare >= -tolerance(total.dtype) * total
    # At a price at which no run would get more than this, the resources are not exhausted.
    level = jnp.maximum(jnp.maximum(spare / jnp.sum(number), tolerance(total.dtype) * total), run.least[0, 0])
    most = jnp.max(jnp.where(run.allowed, run.gain, 0) / jnp.where(run.allowed, run.number, 1))

    def kept(price: Array) -> Array:
        ratio = _along_chain(_ratios(run, value, price), run.allowed)
        return total - jnp.sum(number * value.resources(ratio))

    none = jnp.zeros_like(total)
    scarce = kept(none) <= 0
    return jnp.where(scarce, bisect(kept, none, most / value.ratio(level)), 0), scarce, feasible


def _ratios(run: Blocks, value: Value, price: Array) -> Array:
    """1 / V' at the best common contract of every run [a, b]; infinite of runs that are not allowed."""
    cost = jnp.where(run.allowed, run.weight + price * run.number, 1)
    return jnp.where(run.allowed, jnp.maximum(run.gain / cost, value.ratio(run.least)), jnp.inf)


def _along_chain(best: Array, allowed: Array) -> Array:
    """The largest over a <= k of the least over b >= k of best[a, b], for each k [K]."""
    lowest = lax.cummin(best, axis=1, reverse=True)
    size = best.shape[0]
    within = jnp.arange(size)[:, None] <= jnp.arange(size)[None, :]
    return jnp.max(jnp.where(within & jnp.any(allowed, axis=1)[:, None], lowest, -jnp.inf), axis=0)


def _shared(run: Blocks, value: Value, price: Array) -> tuple[Array, Array]:
    """First and last sub-type of the run whose contract each sub-type has, int [K] and [K]."""
    best = _ratios(run, value, price)
    lowest = lax.cummin(best, axis=1, reverse=True)
    size = best.shape[0]
    a, b = jnp.arange(size)[:, None], jnp.arange(size)[None, :]
    first = jnp.argmax(jnp.where((a <= b) & jnp.any(run.allowed, axis=1)[:, None], lowest, -jnp.inf), axis=0)
    return first, jnp.argmin(jnp.where(b >= a, best[first], jnp.inf), axis=1)
