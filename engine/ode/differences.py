"""Derivatives of fields; by differences where the field holds what has none, such as a callback.

They serve to judge steps and rest points, and not as results: of order 4, they leave an error of about 1e-10
in what is smooth. Where that decides something, two of them say how large it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any
Rates = Callable[[Array], Array]

# What JAX raises where something has no derivative.
NO_RULE = (TypeError, ValueError, NotImplementedError)
# Why a field has no derivatives here.
NOT_ITS_OWN = (
    "the field decides within loops or in long chains of comparisons, where its derivatives are not those"
    " that JAX has; jax.lax.custom_root says what a root's are"
)
# A component is moved by this part of its size, which is at least `_LEAST` of its scale; or by half of it, to
# see how much that changes.
PART, HALF, _LEAST = 1e-3, 0.5e-3, 1e-3
# Looking ahead, with these weights.
_AHEAD = (-25 / 12, 4.0, -3.0, 4 / 3, -1 / 4)
# At these multiples, with these weights.
_OFFSETS, _WEIGHTS = (-2.0, -1.0, 1.0, 2.0), (1 / 12, -2 / 3, 2 / 3, -1 / 12)


@dataclass(frozen=True)
class Undifferentiated:
    """A field whose derivatives by JAX are not its own, as of what a bisection finds: it has none here."""

    field: Callable[..., Array]

    def __call__(self, t: Array, state: Array, p: Mapping[str, Array], **static: str) -> Array:
        """The rates."""
        rates = jax.custom_jvp(lambda *at: self.field(*at, **static))
        rates.defjvp(_no_derivative)
        return rates(t, state, dict(p))


def _no_derivative(*_: Any) -> Any:
    raise TypeError(NOT_ITS_OWN)


def has_jacobian(rates: Rates, state: Array) -> bool:
    """Whether JAX can differentiate the rates in the state."""
    try:
        jax.eval_shape(jax.jacfwd(rates), state)
    except NO_RULE:
        return False
    return True


def jacobian_of(rates: Rates, state: Array, scale: Array | None = None) -> Array:
    """The Jacobian, shape (m, d), of ``rates(state)``; `scale` of the components: their sizes if None."""
    try:
        return jax.jacfwd(rates)(state)
    except NO_RULE:
        return by_differences(rates, state, scale)


def by_differences(rates: Rates, state: Array, scale: Array | None = None, part: float = PART) -> Array:
    """The same by differences, each component moved by that `part` of its size."""
    steps = (state + part * _sizes(state, scale)) - state  # as they are taken
    offsets: Array = jnp.asarray(_OFFSETS, state.dtype)
    moved = offsets[:, None, None] * jnp.diag(steps)[None]
    around = lax.map(rates, (state[None, None] + moved).reshape(-1, len(state)))
    around = around.reshape(len(_OFFSETS), len(state), -1)
    return jnp.tensordot(jnp.asarray(_WEIGHTS, state.dtype), around, 1).T / steps[None, :]


def in_time_of(rates: Callable[[Array], Array], t: Array, now: Array, size: Array) -> Array:
    """How fast the rates, which are `now`, change with time alone.

    Differences look ahead, by small parts of the step of that `size` which is to be taken: the field may have
    switched just before.
    """
    try:
        return jax.jvp(rates, (t,), (jnp.ones_like(t),))[1]
    except NO_RULE:
        later = PART * size
        values = [now, *(rates(t + steps * later) for steps in range(1, len(_AHEAD)))]
        return sum(weight * value for weight, value in zip(_AHEAD, values, strict=True)) / later


def slope_of(
    values: Callable[..., tuple[Array, Any]], at: Sequence[Array], along: Sequence[Array], most: float = inf
) -> tuple[Array, Array, Any]:
    """Values at a place, their slope in the direction `along`, and what else ``values(*at)`` returns.

    By differences it is as exact as aiming by it needs, and 0 where nothing moves; the place is moved by at
    `most` so much of the direction.
    """
    try:
        return jax.jvp(values, tuple(at), tuple(along), has_aux=True)
    except NO_RULE:
        now, more = values(*at)
        pairs = list(zip(at, along, strict=True))
        parts = [jnp.max(jnp.abs(way) / _sizes(jnp.atleast_1d(one), None)) for one, way in pairs]
        fastest = jnp.maximum(jnp.max(jnp.stack(parts)), PART / most)
        step: Array = PART / jnp.where(fastest > 0, fastest, 1.0)
        ends = [values(*(one + sign * step * way for one, way in pairs))[0] for sign in (-1, 1)]
        slope = (ends[1] - ends[0]) / (2 * step)
        return now, jnp.where(jnp.isfinite(slope), slope, 0.0), more


def _sizes(state: Array, scale: Array | None) -> Array:
    """How large the components are: not far below their scale, and 1 where all are 0."""
    largest = jnp.max(jnp.abs(state))
    known: Array = jnp.where(largest > 0, largest, 1.0) if scale is None else scale
    return jnp.maximum(jnp.abs(state), _LEAST * known)
