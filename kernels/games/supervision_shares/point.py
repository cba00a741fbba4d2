"""A candidate for a rest point, or a row of them."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from ...numerics.stability import RestClass

Array = Any


class Point(NamedTuple):
    """Shares, Jacobian (2, 2), whether it exists, whether a gain jumps there.

    Where one does, its class number is `kind`; else it follows from the Jacobian.
    """

    x: Array
    y: Array
    jacobian: Array
    kind: Array
    exists: Array
    jumps: Array


def smooth(x: Array, y: Array, jacobian: Array, exists: Array) -> Point:
    """One at which no gain jumps."""
    kind = jnp.full_like(x, RestClass.absent, jnp.int32)
    return Point(x, y, jacobian, kind, exists, jnp.zeros_like(exists))


def on_jump(x: Array, y: Array, exists: Array, kind: Any) -> Point:
    """One at which a gain jumps over zero."""
    jacobian = jnp.full((*x.shape, 2, 2), jnp.nan, jnp.result_type(x))
    kinds = jnp.broadcast_to(jnp.asarray(kind, jnp.int32), x.shape)
    return Point(x, y, jacobian, kinds, exists, jnp.ones_like(exists))


def row(*points: Point) -> Point:
    """Several as one."""
    return Point(*(jnp.stack(values) for values in zip(*points, strict=True)))
