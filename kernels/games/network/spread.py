"""How a breach of one city arrives at the others: along the strongest way, along walks, or by reachability.

A link from i to j of weight w carries a breach on with probability A[i, j] = alpha w. What a city fears is

    none[i] = probability that none of the other cities' own breaches arrives at i,

which falls as any of their breach probabilities rises. Two of the three ways take arrivals from different
cities as independent, as the external paper does: none[i] is then the product over j of 1 - B[j, i] p_j, with

    hops    B = the largest product of A along a way from j to i
    walks   B = by independent cascade: an arrival after k steps comes over any of the links into i, each
            independent of the others, from wherever it was after k - 1 steps

of at most `length` links. The third is exact for links that are open or not, each once for all cities.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array, lax

from .reachability import none_of, sets_that_reach

SPREADS = ("hops", "walks", "reachability")
MOST_REACHABLE = 16


@dataclass(frozen=True)
class Spread:
    """Arrivals among n cities: a way, and a table of what follows from the network alone.

    Along hops and walks the table is B [from, to], of reachability Pr(R_i = S) [S, i].
    """

    way: str
    table: Array

    def none(self, p: Array) -> Array:
        """Probability that no other city's breach arrives at i [i], of own breach probabilities p < 1.

        `p` is [j], or [j, i] where each city i counts with other ones.
        """
        if self.way == "reachability":
            return none_of(self.table, p)
        arrives = self.table * (p[:, None] if p.ndim == 1 else p)
        return jnp.exp(jnp.sum(jnp.log1p(-arrives), axis=0))

    def harm(self, p: Array) -> Array:
        """-d none[to] / d p[from], as [from, to]; 0 on the diagonal."""
        if self.way == "reachability":
            # A city's own column alone decides on it: one pass backward serves all pairs.
            apart = jnp.broadcast_to(p[:, None], (p.shape[0], p.shape[0]))
            none, pull = jax.vjp(self.none, apart)
            return -pull(jnp.ones_like(none))[0]
        return self.none(p)[None, :] * self.table / (1 - self.table * p[:, None])

    def arrival(self) -> Array:
        """Probability that a breach of one city, alone, arrives at another: [from, to]."""
        if self.way != "reachability":
            return self.table
        one = jnp.eye(self.table.shape[1], dtype=self.table.dtype)
        return (1 - jax.vmap(self.none)(one)) * (1 - one)

    def still(self) -> "Spread":
        """The same, as a constant to differentiation."""
        return Spread(self.way, lax.stop_gradient(self.table))


def spread_along(way: str, links: Array, length: Array, length_max: int) -> Spread:
    """Arrivals over `links`, A[from, to], along ways of at most `length` links."""
    n = links.shape[0]
    if way == "reachability":
        if n > MOST_REACHABLE:
            raise ValueError(f"reachability is exact, and for at most {MOST_REACHABLE} cities; there are {n}")
        return Spread(way, sets_that_reach(links))
    step = _strongest if way == "hops" else _cascade
    here = jnp.eye(n, dtype=links.dtype)

    def further(k: Array, arrival: Array) -> Array:
        longer = jnp.where(jnp.eye(n, dtype=bool), 1, step(arrival, links))
        return jnp.where(k < length, longer, arrival)

    return Spread(way, lax.fori_loop(0, min(length_max, n - 1), further, here + 0 * links) - here)


def _strongest(arrival: Array, links: Array) -> Array:
    return jnp.maximum(arrival, jnp.max(arrival[:, :, None] * links[None, :, :], axis=1))


def _cascade(arrival: Array, links: Array) -> Array:
    def over(last: Array, probability: Array) -> Array:
        # Summed up without cancellation, so that tiny probabilities keep their digits.
        more = lax.dynamic_index_in_dim(arrival, last, 1) * lax.dynamic_index_in_dim(links, last, 0)
        return probability + (1 - probability) * more

    return lax.fori_loop(0, links.shape[0], over, jnp.zeros_like(arrival))
