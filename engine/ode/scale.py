"""The scale of each component of a state: how large it is where it is large."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

Array = Any

# A component that stays below this part of the largest one may be no more than rounding of it, or so small
# that rounding keeps it from coming as near to a rest point as `settle` asks.
_FLOOR, _ROUNDINGS = 1e-6, 10


def settling_floor(settle: float, dtype: Any) -> float:
    """The least scale of a component, as a part of the largest one's, in which `settle` can be measured."""
    return min(_FLOOR, _ROUNDINGS * float(jnp.finfo(dtype).eps) / settle)


def grown(largest: Array, state: Array) -> Array:
    """The largest size that each component has had, shape (d,), at this state too."""
    return jnp.maximum(largest, jnp.abs(state))


def scale_of(largest: Array, declared: Sequence[float | None] | None, floor: float) -> Array:
    """The scale of each component: what is declared, else the largest size that it has had.

    But not below `floor` times the largest of all components, and never 0.
    """
    scale = jnp.maximum(largest, floor * jnp.max(largest)) if floor else largest
    scale = jnp.maximum(scale, jnp.finfo(largest.dtype).tiny / jnp.finfo(largest.dtype).eps)
    for i, value in enumerate(declared or ()):
        scale = scale if value is None else scale.at[i].set(value)
    return scale
