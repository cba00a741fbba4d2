"""Which cities reach a city over links that are open or not, independently: exactly, set by set.

The set R_i of cities from which i can be reached, itself among them, has the distribution

    Pr(R_i = S) = C_i(S) N(S, all but S)
    C_i(S)      = 1 - sum over T, i in T, T a proper subset of S, of C_i(T) N(T, S less T)
    N(T, U)     = product over u in U, t in T of (1 - A[u, t])     no link leads from U into T

where C_i(S) is the probability that within S alone all reach i: otherwise those that do are some smaller T.
Sets are numbers whose bits are cities. The work is 3^n, once for each network and alpha; what follows from
the table is 2^n for each set of breach probabilities.
"""

import jax.numpy as jnp
from jax import Array, lax


def sets_that_reach(links: Array) -> Array:
    """Pr(R_i = S) as a table [S, i] for the links A [from, to]."""
    n = links.shape[0]
    cities = jnp.arange(n)
    inside = jnp.ones((1, n), links.dtype)  # [T, u]: no link leads from u into T
    for t in range(n):
        inside = jnp.concatenate([inside, inside * (1 - links[None, :, t])])
    members = ((jnp.arange(2**n)[:, None] >> cities[None, :]) & 1).astype(links.dtype)
    # A set comes after all that are smaller, so what is taken from it is complete when its turn comes.
    order = jnp.asarray(sorted(range(1, 2**n), key=int.bit_count))

    def take(k: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        connected, table, apart = state
        inner = order[k]
        others, chance = (2**n - 1) ^ inner, connected[inner]

        def some_left(carry: tuple[Array, Array, Array]) -> Array:
            return carry[2] != 0

        def add(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            connected, apart, outer = carry
            first = outer & -outer
            none = apart[outer ^ first] * inside[inner, lax.population_count(first - 1)]
            connected = connected.at[inner | outer].add(-none * chance)
            return connected, apart.at[outer].set(none), (outer - others) & others

        connected, apart, _ = lax.while_loop(some_left, add, (connected, apart, others & -others))
        return connected, table.at[inner].set(chance * apart[others]), apart

    # apart[U] is N(T, U) of the set in turn; that of no U is 1.
    nothing = 0 * members + 0 * links[0, 0]
    start = members + nothing, nothing, 1 + nothing[:, 0]
    return lax.fori_loop(0, 2**n - 1, take, start)[1]


def none_of(table: Array, p: Array) -> Array:
    """Probability that no other city's breach arrives at i, [i], where city j is breached with p[j].

    Sum over S of Pr(R_i = S) times the product over j in S, j other than i, of 1 - p_j: city by city, the
    half of the table with j in the set is folded onto the half without it.
    """
    n = table.shape[1]
    rest = jnp.where(jnp.eye(n, dtype=bool), 1, 1 - p[:, None])  # [j, i]
    for j in reversed(range(n)):
        without, within = table[: 2**j], table[2**j :]
        table = without + within * rest[None, j]
    return table[0]
