"""What a city bears where others pay it, share with it, and all have a budget and an entry cost.

Of n equal cities one invests y and each other e. It is defended by y + delta (n-1) e, each other one by
e + delta (y + (n-2) e), and breached by its own fault with probability p, the others with q:

    C = L [1 - (1-p) prod over k of (1 - alpha^k q)] + L (n-1) alpha gamma (p - q) + y + F [y > 0]

It pays gamma L to each city that a breach of its own reaches, and is paid by each whose breach reaches it. At
symmetry that cancels, but what it shares lowers q, and so what it is paid. Hence the symmetric condition is
that of the external paper with spill-over delta, a transfer (n-1) alpha gamma (1 - delta) and K = -E L ln v:

    K p [Pi + delta (1-p) Pi S + (n-1) alpha gamma (1 - delta)] = 1 + lambda

Nothing but its parts is the paper's.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from ..external.game import Reach, any_breach

MECHANISMS = ("noncooperation", "cooperation", "compensation", "sharing", "together")
BUDGETS = ("none", "city", "common")

_PAYS = frozenset({"compensation", "together"})
_SHARES = frozenset({"sharing", "together"})


class Game(NamedTuple):
    """One scenario under one mechanism."""

    p: Mapping[str, Array]
    mechanism: str
    budget_kind: str
    n_max: int
    rate: Array  # kappa, by which ln p falls for each unit that defends a city
    start: Array  # breach probability without investment, beta v
    payment: Array  # (n-1) alpha gamma
    reach: Reach  # of the symmetric condition

    @property
    def shares(self) -> bool:
        """Whether what a city invests defends others, too, so that its cost need not be convex in it."""
        return self.mechanism in _SHARES

    @property
    def pays(self) -> bool:
        """Whether cities compensate each other."""
        return self.mechanism in _PAYS

    @property
    def cap(self) -> Array | None:
        """The most that each city can invest where all invest the same; None without a budget."""
        if self.budget_kind == "none":
            return None
        return self.p["budget"] / (self.p["n"] if self.budget_kind == "common" else 1)


def game_of(p: Mapping[str, Array], mechanism: str, budget_kind: str, n_max: int) -> Game:
    """The scenario `p` under a mechanism and a kind of budget."""
    if mechanism not in MECHANISMS:
        raise ValueError(f"mechanism is one of {', '.join(MECHANISMS)}; got {mechanism!r}")
    one, zero = jnp.ones_like(p["alpha"]), jnp.zeros_like(p["alpha"])
    payment = (p["n"] - 1) * p["alpha"] * p["gamma"] if mechanism in _PAYS else zero
    spillover = p["delta"] if mechanism in _SHARES else zero
    reach = Reach(spillover, 1 + spillover * (p["n"] - 1), payment * (1 - spillover))
    if mechanism == "cooperation":
        reach = Reach(one, p["n"] + 0 * one, zero)
    rate, start = -p["E"] * jnp.log(p["v"]), p["beta"] * p["v"]
    return Game(p, mechanism, budget_kind, n_max, rate, start, payment, reach)


def arrives(g: Game, own: Array, linked: Array) -> Array:
    """Probability that a breach arrives, of the city itself or of another one."""
    return any_breach(own, linked, g.p["alpha"], g.p["n"], g.n_max)


def city_cost(g: Game, breach: Array, own: Array, others: Array) -> Array:
    """What a city bears, but for its entry cost and the money of before.

    It invests `own` more than all do where `breach` is the probability of each, each other one `others` more.
    """
    beside, spillover = g.p["n"] - 1, g.reach.spillover
    defends = own + spillover * beside * others
    defends_linked = spillover * own + (1 + spillover * jnp.maximum(beside - 1, 0)) * others
    at_home, linked = breach * jnp.exp(-g.rate * defends), breach * jnp.exp(-g.rate * defends_linked)
    return g.p["L"] * (arrives(g, at_home, linked) + g.payment * (at_home - linked)) + own


def second_derivative(g: Game, breach: Array) -> Array:
    """Of a city's cost in its own investment; of the planner's in the common one, under cooperation."""
    zero, one = jnp.zeros_like(breach), jnp.ones_like(breach)

    def cost(extra: Array) -> Array:
        if g.mechanism != "cooperation":
            return city_cost(g, breach, extra, zero)
        common = breach * jnp.exp(-g.rate * g.p["n"] * extra)
        return g.p["L"] * arrives(g, common, common) + g.p["n"] * extra

    return jax.jvp(lambda extra: jax.jvp(cost, (extra,), (one,))[1], (zero,), (one,))[1]


def cross_derivative(g: Game, breach: Array) -> Array:
    """Of a city's marginal cost in what all others invest; negative: strategic complements."""
    zero, one = jnp.zeros_like(breach), jnp.ones_like(breach)

    def marginal(others: Array) -> Array:
        return jax.jvp(lambda own: city_cost(g, breach, own, others), (zero,), (one,))[1]

    return jax.jvp(marginal, (zero,), (one,))[1]
