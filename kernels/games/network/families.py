"""Networks that a number of cities alone decides, as matrices of weights: [from, to].

Random ones, and those of a file, are made where sweeps are read, and handed to the kernel.
"""

from math import isqrt

import jax.numpy as jnp
from jax import Array

# "chain" is the paper's: each city is one hop from the next one, the last one from the first, one way.
FAMILIES = ("chain", "complete", "ring", "path", "star", "grid")


def family(name: str, n: int) -> Array:
    """Weights of the family `name` among `n` cities: 1 where a link leads from the row to the column."""
    i, j = jnp.arange(n)[:, None], jnp.arange(n)[None, :]
    apart = abs(i - j)
    if name == "chain":
        linked = (i - j) % n == 1 % n
    elif name == "complete":
        linked = apart >= 0
    elif name == "ring":
        linked = (apart == 1) | (apart == n - 1)
    elif name == "path":
        linked = apart == 1
    elif name == "star":
        linked = (i == 0) | (j == 0)
    elif name == "grid":
        rows, columns = jnp.divmod(jnp.arange(n), columns_of(n))
        steps = abs(rows[:, None] - rows[None, :]) + abs(columns[:, None] - columns[None, :])
        linked = steps == 1
    else:
        raise ValueError(f"{name!r} is no family of networks; these are {', '.join(FAMILIES)}")
    return (linked & (i != j)).astype(float)


def columns_of(n: int) -> int:
    """Columns of the most nearly square grid that `n` cities fill row by row, the last perhaps in part."""
    return max(1, isqrt(n - 1) + 1)
