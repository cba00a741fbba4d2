"""How central each city is in a network, whatever it invests.

Closeness, betweenness and degree count links, whatever their weights; ways are directed. Definitions as of
networkx 3, whose numbers they equal: ``in_degree_centrality`` times n - 1, ``closeness_centrality``
(Wasserman and Faust's, by ways into the city), ``betweenness_centrality``; `eigenvector` is that of the
weights into a city, of unit length, by power iteration of I + W.
"""

import jax.numpy as jnp
from jax import Array, lax

NAMES = ("degree", "strength", "closeness", "betweenness", "eigenvector")
_POWERS = 2_000


def centralities(weights: Array) -> dict[str, Array]:
    """Each of `NAMES` [n], of weights [from, to]."""
    linked = (weights > 0).astype(weights.dtype)
    apart, ways = _shortest(linked)
    return {
        "degree": jnp.sum(linked, axis=0),
        "strength": jnp.sum(weights, axis=0),
        "closeness": _closeness(apart),
        "betweenness": _betweenness(apart, ways),
        "eigenvector": _eigenvector(weights),
    }


def _shortest(linked: Array) -> tuple[Array, Array]:
    """Hops of the shortest way from row to column (infinite: none), and how many ways are as short."""
    n = linked.shape[0]
    one = jnp.eye(n, dtype=linked.dtype)

    def hop(k: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        apart, ways, walks = state
        walks = walks @ linked
        new = jnp.isinf(apart) & (walks > 0)
        # Only the shortest ways go on: so `walks` counts ways, and stays small.
        walks = jnp.where(new, walks, 0)
        return jnp.where(new, k + 1.0, apart), jnp.where(new, walks, ways), walks

    start = jnp.where(one > 0, 0, jnp.inf), one, one
    apart, ways, _ = lax.fori_loop(0, n - 1, hop, start)
    return apart, ways


def _closeness(apart: Array) -> Array:
    n = apart.shape[0]
    reach = jnp.isfinite(apart) & (apart > 0)
    total, others = jnp.sum(jnp.where(reach, apart, 0), axis=0), jnp.sum(reach, axis=0)
    return jnp.where(total > 0, others**2 / (jnp.where(total > 0, total, 1) * max(n - 1, 1)), 0.0)


def _betweenness(apart: Array, ways: Array) -> Array:
    n = apart.shape[0]

    def through(k: Array) -> Array:
        to, on = lax.dynamic_index_in_dim(apart, k, 1), lax.dynamic_index_in_dim(apart, k, 0)
        inside = (to + on == apart) & jnp.isfinite(apart) & (to > 0) & (on > 0)
        by = lax.dynamic_index_in_dim(ways, k, 1) * lax.dynamic_index_in_dim(ways, k, 0)
        return jnp.sum(jnp.where(inside, by / jnp.maximum(ways, 1), 0))

    each = lax.map(through, jnp.arange(n))
    return each / max((n - 1) * (n - 2), 1)


def _eigenvector(weights: Array) -> Array:
    n = weights.shape[0]
    even = jnp.full(n, 1 / n**0.5, weights.dtype)

    def power(_: int, vector: Array) -> Array:
        after = vector + vector @ weights
        return after / jnp.sqrt(jnp.sum(after**2))

    return lax.fori_loop(0, _POWERS, power, even)
