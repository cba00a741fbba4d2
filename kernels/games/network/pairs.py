"""What a sweep adds to single entries of the matrices of links, transfers and rates, each a parameter."""

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array

# Cities by number: from one to another.
Pairs = tuple[tuple[int, int], ...]

# A sum of decimals that should be 0 or 1 misses it by no more.
_ROUNDING = 1e-9


def pairs_of(cities: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Every pair's name, as ``port_to_mill``, to the numbers of its cities.

    Names of cities may hold "_to_" themselves; what then could be two pairs is none.
    """
    named: dict[str, list[tuple[int, int]]] = {}
    for i, source in enumerate(cities):
        for j, target in enumerate(cities):
            if i != j:
                named.setdefault(f"{source}_to_{target}", []).append((i, j))
    return {name: pairs[0] for name, pairs in named.items() if len(pairs) == 1}


def with_added(matrix: Array, p: Mapping[str, Array], name: str, pairs: Pairs) -> tuple[Array, Array]:
    """A matrix with what the parameter `name` adds to some entries, and whether these stay in [0, 1]."""
    if not pairs:
        return matrix, jnp.asarray(True)
    sources, targets = (jnp.asarray(cities) for cities in zip(*pairs, strict=True))
    after = matrix.at[sources, targets].add(p[name])
    inside = jnp.all((after >= -_ROUNDING) & (after <= 1 + _ROUNDING))
    return jnp.where(after < 0, 0, jnp.where(after > 1, 1, after)), inside
