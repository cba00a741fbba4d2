"""Which cities reach a city over links that are open or not, independently: exactly, set by set.

The set R_i of cities from which i can be reached, itself among them, has the distribution

    Pr(R_i = S) = C_i(S) N(S, all but S)
    C_i(S)      = 1 - sum over T, i in T, T a proper subset of S, of C_i(T) N(T, S less T)
    N(T, U)     = product over u in U, t in T of (1 - A[u, t])     no link leads from U into T

where C_i(S) is the probability that within S alone all reach i: otherwise those that do are some smaller T.
Sets are numbers whose bits are cities. The work is 3^n, once for each network and alpha; what follows from
the table is 2^n for each set of breach probabilities.
"""

from functools import partial
from itertools import combinations

import jax.numpy as jnp
from jax import Array, lax


def sets_that_reach(links: Array) -> Array:
    """Pr(R_i = S) as a table [S, i] for the links A [from, to]."""
    n = links.shape[0]
    into, out_of = _products(links.T), _products(links)
    members = ((jnp.arange(2**n)[:, None] >> jnp.arange(n)[None, :]) & 1).astype(links.dtype)
    connected = 0 * members + 0 * links[0, 0]
    # Smaller sets come first, so that all that is taken from a set is known when its turn comes.
    for size in range(1, n + 1):
        sets = jnp.asarray(list(combinations(range(n), size)), jnp.int32)
        within = partial(_all_reach, sets, into.ravel(), out_of.ravel(), members)
        connected = lax.fori_loop(0, len(sets), within, connected)
    apart = jnp.prod(jnp.where(members > 0, 1, into), axis=1)
    return connected * apart[:, None]


def _products(links: Array) -> Array:
    """Product over the members s of a set S of 1 - links[s, c], as [S, c]."""
    n = links.shape[0]
    table = jnp.ones((1, n), links.dtype)
    for s in range(n):
        table = jnp.concatenate([table, table * (1 - links[s])[None, :]])
    return table


def _all_reach(sets: Array, into: Array, out_of: Array, members: Array, k: Array, connected: Array) -> Array:
    """The table of C_i(S) [S, i] with the row of the set S of the cities ``sets[k]``.

    Its subsets T are listed by going through its cities: each is left out of all T so far, or joins them.
    """
    n, there = members.shape[1], "promise_in_bounds"
    whole, inside, apart = jnp.int32(0), jnp.zeros(1, jnp.int32), jnp.ones(1, members.dtype)
    for j in range(sets.shape[1]):
        city = sets[k, j]
        left_out = apart * into.at[inside * n + city].get(mode=there)
        joins = apart * out_of.at[(whole ^ inside) * n + city].get(mode=there)
        alone = jnp.left_shift(jnp.int32(1), city)
        inside, whole = jnp.concatenate([inside, inside | alone]), whole | alone
        apart = jnp.concatenate([left_out, joins])
    fewer = apart[:-1] @ connected.at[inside[:-1]].get(mode=there)
    return connected.at[whole].set(members[whole] - fewer, mode=there)


def none_of(table: Array, p: Array) -> Array:
    """Probability that no other city's breach arrives at i [i], where city j is breached with p.

    `p` is [j], or [j, i] where each city i counts with other ones. Sum over S of Pr(R_i = S) times the
    product over j in S, j other than i, of 1 - p: city by city, the half of the table with j in the set is
    folded onto the half without it.
    """
    n = table.shape[1]
    rest = jnp.where(jnp.eye(n, dtype=bool), 1, 1 - (p[:, None] if p.ndim == 1 else p))  # [j, i]
    for j in reversed(range(n)):
        without, within = table[: 2**j], table[2**j :]
        table = without + within * rest[None, j]
    return table[0]
