"""The scale of each component of a state: how large it is where it is large."""

from collections.abc import Sequence
from typing import Any, Protocol

import jax.numpy as jnp

Array = Any

# A component that stays below this part of the largest one may be no more than rounding of it, or so small
# that rounding keeps it from coming as near to a rest point as `settle` asks.
_FLOOR, _ROUNDINGS = 1e-6, 10


def settling_floor(settle: float, dtype: Any) -> float:
    """The least scale of a component, as a part of the largest one's, in which `settle` can be measured."""
    return min(_FLOOR, _ROUNDINGS * float(jnp.finfo(dtype).eps) / settle) if settle else _FLOOR


def grown(largest: Array, state: Array) -> Array:
    """The largest size that each component has had, shape (d,), at this state too."""
    return jnp.maximum(largest, jnp.abs(state))


class At(Protocol):
    """A time, and the state and its rates there, shape (d,)."""

    @property
    def t(self) -> Array: ...
    @property
    def state(self) -> Array: ...
    @property
    def rates(self) -> Array: ...


def grown_in_step(largest: Array | None, begin: At, end: At) -> Array | None:
    """The same after a step, where a component may have turned within it; None stays None.

    Long steps of high order pass over peaks, and each solver over another part of them. The mean of two
    parabolas, from the states and rates at either end, knows the peak of a sine to 1% in a fifth of a period.
    """
    if largest is None:
        return None
    turns = (begin.rates < 0) != (end.rates < 0)
    # How far into the step a parabola turns, one division a component: they cost more than all else here.
    part = begin.rates / jnp.where(turns, begin.rates - end.rates, 1.0)
    rise = 0.25 * (end.t - begin.t) * (begin.rates * part + end.rates * (part - 1))
    peak = jnp.where(turns, jnp.abs((begin.state + end.state) / 2 + rise), 0.0)
    return jnp.maximum(grown(largest, end.state), peak)


def least_scale(dtype: Any) -> float:
    """The least scale: of what never grows beyond it nothing can be measured, and it settles nowhere."""
    return float(jnp.finfo(dtype).tiny) / float(jnp.finfo(dtype).eps)


def scale_of(largest: Array, declared: Sequence[float | None] | None, floor: float) -> Array:
    """The scale of each component: what is declared, else the largest size that it has had.

    But not below `floor` times the largest of all components, nor below the least one.
    """
    scale = jnp.maximum(largest, floor * jnp.max(largest)) if floor else largest
    scale = jnp.maximum(scale, least_scale(largest.dtype))
    for i, value in enumerate(declared or ()):
        scale = scale if value is None else scale.at[i].set(value)
    return scale
