"""A state within a step: of the sign that the ends of the step have."""

from typing import Any, Protocol

import jax.numpy as jnp
from jax import lax

from .tolerance import Tolerance

Array = Any


class _Moment(Protocol):
    """A time, and the state there."""

    @property
    def t(self) -> Array: ...
    @property
    def state(self) -> Array: ...


def of_one_sign(begin: _Moment, end: _Moment, time: Array, within: Array, control: Tolerance) -> Array:
    """The state `within` a step at a time; by an error that is allowed no component of it changes its sign.

    Where a component has one sign at both ends of the step and the other here, by less than is allowed, it is
    what falls or grows evenly from end to end, or what is allowed if that is less.
    """
    allowed = lax.stop_gradient(control.allowed(begin.state, end.state, end.t - begin.t))
    strays = (begin.state * end.state > 0) & (within * begin.state < 0) & (jnp.abs(within) <= allowed)
    first, last = (jnp.where(strays, jnp.abs(state), 1.0) for state in (begin.state, end.state))
    length = end.t - begin.t
    part = jnp.where(length > 0, (time - begin.t) / jnp.where(length > 0, length, 1.0), 0.0)
    even = first * jnp.exp(jnp.where(strays, part, 0.0) * jnp.log(last / first))
    return jnp.where(strays, jnp.sign(begin.state) * jnp.minimum(even, allowed), within)
