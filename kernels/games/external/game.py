"""The external-allocation game: one loss function, and how far investment reaches in each mechanism.

Source: Li, Zou, Xiang, Wan, Xing, "Complementary External Resource Allocation to Information Security
in Smart Cities", Tob Regul Sci 7(5), 2021, 1036-1048. Formula numbers below are that paper's.

Everything follows from one loss function, `any_breach`, the probability that an intrusion arrives
from the city itself or over k hops from one of the n - 1 others. Marginal benefits are its
derivatives by autodiff. A mechanism only says how far a unit of investment reaches:

================  =======================  ============================  ===================
mechanism         `spillover`              effective / own (`dilution`)  `transfer`
================  =======================  ============================  ===================
noncooperation    0                        1                             0
cooperation       1                        n                             0
compensation      0                        1                             (n - 1) alpha gamma
sharing           delta                    1 + delta (n - 1)             0
================  =======================  ============================  ===================

and the symmetric first-order condition is ``K [d any_breach + transfer p] = 1`` with
``K = -E L ln v``. For a transfer of zero the left side is p times a polynomial with real roots
outside (0, 1), hence log-concave: 0, 1 or 2 interior roots. With a transfer a third may follow.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.core import Tracer

from ...numerics.forward_only import forward_only

MECHANISMS = ("noncooperation", "cooperation", "compensation", "sharing")

_UNROLLED_HOPS = 16  # Longer chains become a loop: unrolled they compile slowly and gain nothing.
_SAME_HOPS = 31  # Up to as many, all n of a sweep take the hops of the largest.

_REVERSE = (
    f"external: reverse-mode derivatives with n_max above {_SAME_HOPS + 1} cities need a number n that is "
    "not traced: keep it out of jit, vmap and grad (a closure), or use jax.jvp or jax.jacfwd"
)


class Reach(NamedTuple):
    """How far one unit of a city's investment reaches under a mechanism (see the module's table)."""

    spillover: Array
    dilution: Array
    transfer: Array


class Equilibrium(NamedTuple):
    """A symmetric solution: what is invested, what it does, and how it was found."""

    investment: Array  # e, per city
    effective: Array  # x, what defends a city
    breach: Array  # p(x)
    loss: Array  # a city's expected loss; the planner's under cooperation
    number: Array  # how many solutions there are
    status: Array


def any_breach(own: Array, linked: Array, alpha: Array, n: Array, n_max: int) -> Array:
    """Probability that a breach arrives: ``1 - (1 - own) prod_{k=1}^{n-1} (1 - alpha**k linked)``, (2).

    `own` and `linked` are breach probabilities of the city and of each other one; `n_max` is a
    static upper bound of `n`. Summed up without cancellation, so tiny probabilities keep their digits.
    """
    if n_max - 1 <= _UNROLLED_HOPS:
        return _unrolled(own, linked, alpha, n, n_max)
    own = own + 0 * (alpha + linked + n)  # a loop carries one type: batched over whatever the body is
    # Where they differ much each n takes its own hops, though reverse mode cannot differentiate such a loop.
    by_own = n_max - 1 > _SAME_HOPS and isinstance(n, Tracer)
    last = n.astype(int) if by_own else n_max
    hop = partial(_hop, linked, alpha, n)
    breach = lax.fori_loop(1, last, hop, (own, jnp.ones_like(alpha)))[0]
    return forward_only(breach, _REVERSE) if by_own else breach


def _hop(
    linked: Array, alpha: Array, n: Array, k: int | Array, state: tuple[Array, Array]
) -> tuple[Array, Array]:
    """A breach over `k` hops, too, and how far it reaches over them: alpha**k."""
    breach, reach = state
    reach = reach * alpha
    arrives = jnp.where(k < n, reach, 0) * linked
    return breach + (1 - breach) * arrives, reach


# A kernel asks for this loss dozens of times: it is traced once.
@partial(jax.jit, static_argnums=4, inline=True)
def _unrolled(own: Array, linked: Array, alpha: Array, n: Array, n_max: int) -> Array:
    state = (own, jnp.ones_like(alpha))
    for k in range(1, n_max):
        state = _hop(linked, alpha, n, k, state)
    return state[0]


def reach_of(mechanism: str, p: Mapping[str, Array]) -> Reach:
    """The mechanism's row of the module's table at the scenario `p`."""
    one, zero = jnp.ones_like(p["alpha"]), jnp.zeros_like(p["alpha"])
    if mechanism == "noncooperation":
        return Reach(zero, one, zero)
    if mechanism == "cooperation":
        return Reach(one, p["n"], zero)
    if mechanism == "compensation":
        return Reach(zero, one, (p["n"] - 1) * p["alpha"] * p["gamma"])
    if mechanism == "sharing":
        return Reach(p["delta"], 1 + p["delta"] * (p["n"] - 1), zero)
    raise ValueError(f"mechanism is one of {', '.join(MECHANISMS)}; got {mechanism!r}")


def net_benefit(p: Mapping[str, Array], reach: Reach, n_max: int) -> Callable[[Array], Array]:
    """Marginal benefit of investment less its cost of 1, as a function of the common breach probability."""
    scale = -p["E"] * p["L"] * jnp.log(p["v"])

    def net(breach: Array) -> Array:
        def expected(own: Array, linked: Array) -> Array:
            return any_breach(own, linked, p["alpha"], p["n"], n_max)

        _, less = jax.jvp(expected, (breach, breach), (breach, breach * reach.spillover))
        return scale * (less + reach.transfer * breach) - 1

    return net


def first_guess(p: Mapping[str, Array], reach: Reach, n_max: int) -> Array:
    """A point left of every root: where the tangent of the marginal benefit at p = 0 reaches 1."""
    zero = jnp.zeros_like(p["alpha"])

    def expected(own: Array, linked: Array) -> Array:
        return any_breach(own, linked, p["alpha"], p["n"], n_max)

    _, slope = jax.jvp(expected, (zero, zero), (zero + 1, zero + reach.spillover))
    return 1 / (-p["E"] * p["L"] * jnp.log(p["v"]) * (slope + reach.transfer))


def second_derivative(p: Mapping[str, Array], mechanism: str, breach: Array, n_max: int) -> Array:
    """Second derivative of the cost in a city's own investment, the others' held fixed, by autodiff.

    Positive at a (local) best response. Under cooperation: of the planner's cost, in the common e.
    """
    reach, rate = reach_of(mechanism, p), -p["E"] * jnp.log(p["v"])
    unit = reach.dilution if mechanism == "cooperation" else jnp.ones_like(breach)

    def cost(extra: Array) -> Array:
        own = breach * jnp.exp(-rate * unit * extra)
        linked = breach * jnp.exp(-rate * unit * reach.spillover * extra)
        expected = any_breach(own, linked, p["alpha"], p["n"], n_max) + reach.transfer * own
        return p["L"] * expected + unit * extra

    def slope(extra: Array) -> Array:
        return jax.jvp(cost, (extra,), (jnp.ones_like(extra),))[1]

    return jax.jvp(slope, (jnp.zeros_like(breach),), (jnp.ones_like(breach),))[1]
