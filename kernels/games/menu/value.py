"""What resources are worth to an infrastructure: V(T), concave, with V(0) = 0."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class Value(NamedTuple):
    """A strictly concave V, and the optimum of a single trade with it.

    A contract that adds ``gain * V(T)`` and costs ``cost * T`` is best where V'(T) = cost / gain: at
    ``resources(gain / cost)``.
    """

    worth: Callable[[Array], Array]
    """V(T)."""
    resources: Callable[[Array], Array]
    """The T at which 1 / V'(T) is this ratio; 0 where it is so nowhere."""
    ratio: Callable[[Array], Array]
    """1 / V'(T), which rises with T."""


def power(p: Mapping[str, Array]) -> Value:
    """V(T) = a T**kappa, with 0 < kappa < 1."""
    a, kappa = p["value_rate"], p["kappa"]
    return Value(
        lambda t: a * _power(t, kappa),
        lambda ratio: _power(jnp.maximum(a * kappa * ratio, 0), 1 / (1 - kappa)),
        lambda t: _power(t, 1 - kappa) / (a * kappa),
    )


def log(p: Mapping[str, Array]) -> Value:
    """V(T) = a s ln(1 + T / s), which is a T for resources far below the scale s."""
    a, scale = p["value_rate"], p["value_scale"]
    return Value(
        lambda t: a * scale * jnp.log1p(t / scale),
        lambda ratio: scale * jnp.maximum(a * ratio - 1, 0),
        lambda t: (1 + t / scale) / a,
    )


CONCAVE = {"power": power, "log": log}


@jax.custom_jvp
def _power(base: Array, exponent: Array) -> Array:
    """Power of a number, for base >= 0 and exponent > 0."""
    positive = base > 0
    return jnp.where(positive, jnp.where(positive, base, 1.0) ** exponent, 0.0)


@_power.defjvp
def _power_moved(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """At a base of 0 the slope may be infinite: it counts only where the base moves."""
    (base, exponent), (base_tangent, exponent_tangent) = primals, tangents
    value = _power(base, exponent)
    positive = base > 0
    slope = exponent * jnp.where(positive, base, 0.0) ** (exponent - 1)
    bend = value * jnp.log(jnp.where(positive, base, 1.0))
    return value, jnp.where(base_tangent == 0, 0.0, slope * base_tangent) + bend * exponent_tangent
