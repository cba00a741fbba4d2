"""The scale of each component of a state: how large it is where it is large."""

from collections.abc import Sequence
from typing import Any, Protocol

import jax.numpy as jnp

Array = Any

# A component that stays below this part of the largest one may be no more than rounding of it, or so small
# that rounding keeps it from coming as near to a rest point as `settle` asks.
_FLOOR, _ROUNDINGS = 1e-6, 10
# A distance can be told from 0 if it is this many times what rounding hides; errors of steps come to more.
_OF_ROUNDING, _OF_ERRORS = 2.0, 10.0
# Below this part of its scale nothing is accurate, whatever a component does.
_NOTHING = {"float64": 1e-290, "float32": 1e-35}


def rounded_off(largest: Array, settle: float) -> Array | float:
    """The least scale of what has been so large in which `settle` is more than its rounding."""
    return _ROUNDINGS * float(jnp.finfo(largest.dtype).eps) / settle * largest if settle else 0.0


def settling_floor(
    settle: float, largest: Array, aside: Sequence[bool], hidden: Array | None, error: Array | float
) -> Array:
    """The least scale of each component in which `settle` can be measured, a number or shape (d,).

    Of some orbits nothing is known but the `largest` size of each component: any that is far smaller than the
    others may be what is left where these cancel. Those that are `aside`, (d,) or (), say nothing of others.
    Once it is known how large a distance rounding has `hidden`, shape (d,), no floor is above what that and
    the absolute `error` of a step need.
    """
    most = jnp.max(jnp.where(jnp.asarray(aside), 0.0, largest) if any(aside) else largest)
    if not settle:
        return _FLOOR * most
    floor = min(_FLOOR, _ROUNDINGS * float(jnp.finfo(largest.dtype).eps) / settle) * most
    if hidden is None:
        return floor
    return jnp.minimum(floor, jnp.maximum(_OF_ROUNDING * hidden, _OF_ERRORS * error) / settle)


def within_round(size: Array, halves: Sequence[float], hidden: Array | float = 0.0) -> Array:
    """The size of each component, shape (d,): of an angle no more than half of its round.

    Nor less than what is `hidden` of it. `halves` are those halves, inf of others, or () where none is one.
    """
    if not halves:
        return size
    return jnp.minimum(size, jnp.maximum(jnp.asarray(halves, size.dtype), hidden))


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


def scale_of(largest: Array, declared: Sequence[float | None] | None, floor: Array | float) -> Array:
    """The scale of each component: what is declared, else the largest size that it has had.

    But not below its `floor`, nor below the least one.
    """
    scale = jnp.maximum(jnp.maximum(largest, floor), least_scale(largest.dtype))
    for i, value in enumerate(declared or ()):
        scale = scale if value is None else scale.at[i].set(value)
    return scale


def nothing(dtype: Any) -> float:
    """Below which part of its scale a component is not accurate; what may vanish stays above."""
    return _NOTHING[str(jnp.dtype(dtype))]
