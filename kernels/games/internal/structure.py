"""Interpretive structural modelling: who reaches whom, and on which level a factor stands.

Source: the internal-allocation paper, section 3 (its reachability matrix and Table 1).
"""

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike


def reachability(adjacency: ArrayLike) -> Array:
    """Which factor reaches which, directly, through others, or by being itself.

    Parameters
    ----------
    adjacency
        bool [m, m]; entry (i, j) says that factor i influences factor j directly.

    Returns
    -------
    bool [m, m]; the Boolean power of (A + I), squared until it stops changing.
    """
    start = jnp.asarray(adjacency, bool)
    start = start | jnp.eye(start.shape[0], dtype=bool)

    def square(carry):
        power, _ = carry
        # A Boolean product: counts of paths in int32, which m <= 2**31 cannot overflow.
        counts = jnp.matmul(power.astype(jnp.int32), power.astype(jnp.int32))
        return counts > 0, power

    power, _ = lax.while_loop(lambda c: jnp.any(c[0] != c[1]), square, (start, jnp.zeros_like(start)))
    return power


def levels(adjacency: ArrayLike) -> Array:
    """Level of every factor, int32 [m], counted from 1.

    Level 1 holds the factors that influence nothing beyond those that influence them back: their
    reachable set lies inside their antecedent set. Taking them out, the same rule among the rest
    gives level 2, and so on. Factors on one cycle share a level, so every round finds at least one.
    """
    reach = reachability(adjacency)
    size = reach.shape[0]

    def take_out(carry):
        level, result = carry
        rest = result == 0
        # Within the rest, i reaches j but j does not reach i: i must wait for a later level.
        one_way = reach & ~reach.T & jnp.broadcast_to(rest, (size, size))
        on_level = rest & ~jnp.any(one_way, axis=1)
        return level + 1, jnp.where(on_level, level, result)

    start = (jnp.int32(1), jnp.zeros(size, jnp.int32))
    _, result = lax.while_loop(lambda c: jnp.any(c[1] == 0), take_out, start)
    return result
