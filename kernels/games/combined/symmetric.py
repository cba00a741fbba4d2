"""Symmetric equilibria, all of them: from which no city gains by investing more, less, or nothing.

The benefit of the first-order condition, K p times a polynomial, rises from 0, may fall, and may rise again
under compensation: up to three roots in (0, beta v). Let p_B be the breach probability where all invest what
the budget allows. Then the candidates, by falling investment, are p_B, if a unit saves more than it costs
there, which is so if an odd number of roots lies below; the roots that are not below; and nobody investing.
Each is an equilibrium if no deviation is better.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...numerics.roots import Function, bisect, climb
from ..external.exact import late_root
from ..external.game import first_guess, net_benefit
from .deviation import best_entry, best_other, saved
from .game import Game


class Candidate(NamedTuple):
    """Where all may invest the same."""

    breach: Array
    investment: Array
    saves: Array  # what investing saves a city against nothing; at nothing, what it could save at best
    holds: Array  # whether it is an equilibrium
    bound: Array  # whether the budget binds


class Roots(NamedTuple):
    """Of the first-order condition in (0, beta v), by rising breach probability, and which there are."""

    breach: tuple[Array, Array, Array]
    exist: tuple[Array, Array, Array]


def roots(g: Game, pays: Function) -> Roots:
    """All of them."""
    guess, end = first_guess(g.p, g.reach, g.n_max), g.start
    first, has_first = climb(pays, guess, jnp.ones_like(guess))
    has_first = has_first & (first < end)
    falls_at_end = pays(end) <= 0
    last, has_last = late_root(pays, guess, first, has_first, end, g.pays)
    has_middle = has_first & (falls_at_end | has_last)
    beyond = jnp.where(has_first & has_last, last, end)
    middle = bisect(lambda p: -pays(p), jnp.where(has_middle, first, end / 2), beyond)
    return Roots((first, middle, last), (has_first, has_middle, has_last))


def candidates(g: Game) -> list[Candidate]:
    """By falling investment; the last one invests nothing."""
    pays = net_benefit(g.p, g.reach, g.n_max)
    optima, cap = roots(g, pays), g.cap
    # The logarithms stay apart so that each is taken only along the axes it depends on.
    effective = [(jnp.log(g.p["beta"]) + jnp.log(g.p["v"]) - jnp.log(p)) / g.rate for p in optima.breach]
    breach, there = list(optima.breach), list(optima.exist)
    investment = [x / g.reach.dilution for x in effective]
    if cap is not None:
        at_cap = g.start * jnp.exp(-g.rate * g.reach.dilution * cap)
        below = [exists & (root < at_cap) for root, exists in zip(breach, there, strict=True)]
        there = [exists & ~low for exists, low in zip(there, below, strict=True)]
        there.insert(0, below[0] ^ below[1] ^ below[2])
        breach.insert(0, at_cap)
        investment.insert(0, cap + 0 * g.start)
    # Where there is no such candidate its numbers mean nothing, but have to be finite.
    where = jnp.stack(there)
    shape = jnp.zeros_like(where, g.start.dtype)
    tried = jnp.where(where, jnp.stack(breach), g.start + shape), jnp.where(where, jnp.stack(investment), 0)
    # One after the other in a loop: written out each they are four times as long to trace and to compile.
    saves, holds = lax.map(lambda one: _survives(g, *one), tried)
    return [
        Candidate(
            tried[0][i], tried[1][i], saves[i], where[i] & holds[i], where[i] & (i == 0 and cap is not None)
        )
        for i in range(len(there))
    ] + [_nobody(g, pays)]


def _survives(g: Game, breach: Array, investment: Array) -> tuple[Array, Array]:
    """What investing saves a city, and whether no other own investment, or none, is better."""
    saves, entry = saved(g, breach, investment), g.p["entry_cost"]
    if not g.shares:  # the cost is convex in what a city invests
        return saves, (entry <= 0) | (saves >= entry)
    gain = best_other(g, breach, investment).saves - saves
    worth = saves >= entry - _rounding(g, investment)
    return saves, worth & (gain <= _rounding(g, investment))


def _nobody(g: Game, pays: Function) -> Candidate:
    zero = jnp.zeros_like(g.start)
    net = pays(g.start)
    saves, entry = best_entry(g, net).saves, g.p["entry_cost"]
    holds = saves <= entry + (_rounding(g, zero) if g.shares else 0)
    # Who enters for nothing does if the first unit pays, however little; a budget of 0 then binds.
    free = net <= 0
    holds = jnp.where(entry > 0, holds, free & holds if g.shares else free)
    return Candidate(g.start, zero, saves, holds, zero > 0)


def _rounding(g: Game, investment: Array) -> Array:
    eps = float(jnp.finfo(g.start.dtype).eps)
    return 16 * eps * (g.p["L"] * (1 + g.payment) + investment)


def chosen(every: list[Candidate], branch: str) -> tuple[Candidate, Array]:
    """The equilibrium of the highest or lowest investment, and how many there are.

    Where there is none, nobody investing stands in its place.
    """
    order = every if branch == "highest" else every[::-1]
    result = every[-1]
    for candidate in reversed(order):
        result = Candidate(
            *(jnp.where(candidate.holds, a, b) for a, b in zip(candidate, result, strict=True))
        )
    count = sum(candidate.holds.astype(int) for candidate in every)
    return result, jnp.asarray(count)
