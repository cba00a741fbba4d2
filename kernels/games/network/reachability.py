"""Which cities reach a city over links that are open or not, independently: exactly, set by set.

The set R_i of cities from which i can be reached, itself among them, has the distribution

    Pr(R_i = S) = C_i(S) N(S, all but S)
    C_i(S)      = 1 - sum over T, i in T, T a proper subset of S, of C_i(T) N(T, S less T)
    N(T, U)     = product over u in U, t in T of (1 - A[u, t])     no link leads from U into T

where C_i(S) is the probability that within S alone all reach i: otherwise those that do are some smaller T.
Sets are numbers whose bits are cities. The work is 3^n, once for each network and alpha; what follows from
the table is 2^n for each set of breach probabilities.
"""

from itertools import combinations

import jax.numpy as jnp
from jax import Array, lax


def sets_that_reach(links: Array) -> Array:
    """Pr(R_i = S) as a table [S, i] for the links A [from, to]."""
    n = links.shape[0]
    cities = jnp.arange(n)
    inside = jnp.ones((1, n), links.dtype)  # [T, u]: no link leads from u into T
    for t in range(n):
        inside = jnp.concatenate([inside, inside * (1 - links[:, t])])
    members = (jnp.arange(2**n)[:, None] >> cities) & 1
    connected = members.astype(links.dtype)
    table = jnp.zeros_like(connected)
    for size in range(1, n + 1):
        some = [sum(1 << city for city in chosen) for chosen in combinations(range(n), size)]
        sets = jnp.asarray(some)

        def take(
            k: Array, state: tuple[Array, Array], sets: Array = sets, size: int = size
        ) -> tuple[Array, Array]:
            connected, table = state
            inner = sets[k]
            others = jnp.argsort((inner >> cities) & 1, stable=True)[: n - size]
            whole, apart = inner[None], jnp.ones(1, links.dtype)
            for b in range(n - size):
                apart = jnp.concatenate([apart, apart * inside[inner, others[b]]])
                whole = jnp.concatenate([whole, whole + (1 << others[b])])
            chance = connected[inner]
            table = table.at[inner].set(chance * apart[-1])
            if size < n:
                connected = connected.at[whole[1:]].add(-apart[1:, None] * chance)
            return connected, table

        connected, table = lax.fori_loop(0, len(some), take, (connected, table))
    return table


def none_of(table: Array, p: Array) -> Array:
    """Probability that no other city's breach arrives at i, [i], where city j is breached with p[j].

    Sum over S of Pr(R_i = S) times the product over j in S, j other than i, of 1 - p_j: city by city, the
    half of the table with j in the set is folded onto the half without it.
    """
    n = table.shape[1]
    rest = jnp.where(jnp.eye(n, dtype=bool), 1, 1 - p[:, None])  # [j, i]
    for j in reversed(range(n)):
        without, within = table[: 2**j], table[2**j :]
        table = without + within * rest[j]
    return table[0]
