"""Sets of cities that invest while the others do not, other than all, none, or one.

On the paper's chain two sets are alike where one is the other moved round, so one of each kind is tried. The
members of a set answer each other, from a high and from a low start: where that comes to rest it is held
against every other investment of every city, members and not. What is counted is an equilibrium, then; that
no other set has one is not shown.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ..external.game import net_benefit
from .deviation import best_entry, cheapest
from .game import Game

MOST_CITIES = 6
NOT_LOOKED_FOR = -1
_SWEEPS = 80


class _Answering(NamedTuple):
    investments: Array
    answers: Array
    off: Array
    sweeps: Array


def pattern_count(g: Game) -> Array:
    """Number of sets of two or more but not all cities for which an equilibrium was found.

    Without sharing there are none, unless the budget is in common: there, and of more than `MOST_CITIES`
    cities, none is looked for, and the result is `NOT_LOOKED_FOR`.
    """
    zero = jnp.zeros_like(g.start)
    if g.mechanism == "cooperation":
        return zero
    if g.budget_kind == "common":
        return zero + NOT_LOOKED_FOR
    if not g.shares:
        return zero
    masks, sizes, kinds = (jnp.asarray(table, zero.dtype) for table in _kinds(min(g.n_max, MOST_CITIES)))
    cities = jnp.clip(g.p["n"], 0, len(kinds) - 1).astype(int)
    alone = best_entry(g, net_benefit(g.p, g.reach, g.n_max)(g.start)).investment

    def add(kind: Array, count: Array) -> Array:
        _, rests = _search(g, masks[cities, kind], alone)
        return count + jnp.where(rests, sizes[cities, kind], 0)

    count = lax.fori_loop(0, kinds[cities].astype(int), add, zero)
    return jnp.where(g.p["n"] <= MOST_CITIES, count, NOT_LOOKED_FOR)


@cache
def _kinds(most: int) -> tuple[list[list[list[int]]], list[list[int]], list[int]]:
    """Of each number of cities the kinds of sets, [cities][kind][member], how many of each, and of kinds."""
    of_each: list[list[tuple[tuple[int, ...], int]]] = [[] for _ in range(most + 1)]
    for n in range(3, most + 1):
        for members in product((0, 1), repeat=n):
            turned = {members[k:] + members[:k] for k in range(n)}
            if 1 < sum(members) < n and members == max(turned):
                of_each[n].append((members + (0,) * (most - n), len(turned)))
    longest = max(1, *map(len, of_each))
    none = ((0,) * most, 0)
    padded = [kinds + [none] * (longest - len(kinds)) for kinds in of_each]
    masks = [[list(members) for members, _ in kinds] for kinds in padded]
    return masks, [[size for _, size in kinds] for kinds in padded], [len(kinds) for kinds in of_each]


def equilibrium_of(g: Game, members: Array) -> tuple[Array, Array]:
    """What each city invests, (cities,), if just the `members` (0 or 1) do; whether that is an equilibrium.

    What is returned otherwise is where the search ended.
    """
    alone = best_entry(g, net_benefit(g.p, g.reach, g.n_max)(g.start)).investment
    return _search(g, members, alone)


def _search(g: Game, members: Array, alone: Array) -> tuple[Array, Array]:
    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        attempt, _, holds = state
        return ~holds & (attempt < 2)

    def attempt(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        start = alone * jnp.where(state[0] == 0, 1.0, 0.1)
        e = _answers(g, members, start * members)
        return state[0] + 1, e, _holds(g, members, e)

    begin = (jnp.zeros((), int), members * alone, alone != alone)
    return lax.while_loop(unfinished, attempt, begin)[1:]


def _answers(g: Game, members: Array, start: Array) -> Array:
    """Where the members' answers to each other come to rest, if they do.

    Substitutes approach it slowly, or swing about it: the step is that of Anderson's method of depth 1.
    """
    limit = g.p["budget"] if g.budget_kind == "city" else None
    small = float(jnp.finfo(start.dtype).eps) ** 0.5 / 10

    def answered(e: Array) -> Array:
        def answer(city: Array, e: Array) -> Array:
            best = cheapest(g, lambda own: _cost(g, city, own, e), limit)
            return jnp.where(jnp.arange(len(e)) == city, members * best, e)

        return lax.fori_loop(0, g.p["n"].astype(int), answer, e)

    def unfinished(s: _Answering) -> Array:
        size = 1 + jnp.sum(s.investments)
        return (jnp.sum(jnp.abs(s.off)) > small * size) & (s.sweeps < _SWEEPS)

    def sweep(s: _Answering) -> _Answering:
        answers = answered(s.investments)
        off = answers - s.investments
        change = off - s.off
        size = jnp.sum(change * change)
        back = jnp.where(size > 0, jnp.sum(off * change) / jnp.where(size > 0, size, 1.0), 0.0)
        back = jnp.where(s.sweeps > 0, back, 0.0)
        following = jnp.maximum(answers - back * (answers - s.answers), 0)
        return _Answering(following, answers, off, s.sweeps + 1)

    begin = _Answering(start, start, start + 1, jnp.zeros((), int))
    return lax.while_loop(unfinished, sweep, begin).answers


def _holds(g: Game, members: Array, e: Array) -> Array:
    """Whether no city gains by another investment, however far, entry cost included."""
    limit = g.p["budget"] if g.budget_kind == "city" else None
    # Costs are rounded at some units of L; what members lack of their answers is less in them.
    slack = 16 * float(jnp.finfo(e.dtype).eps) * g.p["L"] * (1 + g.payment)
    entry = g.p["entry_cost"]

    def keeps(city: Array, kept: Array) -> Array:
        def cost(own: Array) -> Array:
            return _cost(g, city, own, e)

        here, member = e[city], members[city] > 0
        best = cheapest(g, cost, limit)
        least, nothing, now = cost(best), cost(jnp.zeros_like(best)), cost(here)
        stays = (here > 0) & (best > 0) & (now - least <= slack) & (nothing - now >= entry - slack)
        rides = nothing - least <= entry + slack
        return kept & jnp.where(member, stays, rides)

    return lax.fori_loop(0, g.p["n"].astype(int), keeps, e[0] == e[0])


def _cost(g: Game, city: Array, own: Array, investments: Array) -> Array:
    """What a city of the chain bears that invests `own`, its entry cost not counted."""
    n, alpha, spillover, cities = g.p["n"], g.p["alpha"], g.reach.spillover, jnp.arange(len(investments))
    e = jnp.where(cities == city, own, investments)
    breach = g.start * jnp.exp(-g.rate * ((1 - spillover) * e + spillover * jnp.sum(e)))
    breach = jnp.where(cities < n, breach, 0)
    hops = (city - cities) % n.astype(int)
    arrives = jnp.where(cities == city, breach, alpha**hops * breach)
    none = jnp.prod(1 - arrives)
    mine = jnp.sum(jnp.where(cities == city, breach, 0))
    paid = alpha * g.p["gamma"] * (n * mine - jnp.sum(breach)) if g.pays else 0
    return g.p["L"] * (1 - none + paid) + own
