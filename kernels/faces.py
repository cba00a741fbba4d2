"""Flows of shares whose start lies on a face: a share is 0 or 1, so that its logit or log ratio is infinite.

Such a share stays what it is, and the others move. In place of infinity stands `PURE`, of which the logistic
function is exactly 0 or 1.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
from jax import lax

from .replicator import PURE
from .status import Status

Array = Any
Function = Callable[..., Any]


def start_on_faces(start: Function) -> Function:
    """The start, with `PURE` for infinite components."""

    def bounded(p: Mapping[str, Array], **static: str) -> Array:
        state = jnp.asarray(start(p, **static))
        return jnp.where(jnp.isinf(state), jnp.sign(state) * PURE, state)

    return bounded


def field_on_faces(field: Function) -> Function:
    """The field, in which what is pure does not move.

    The field itself is given a share that differs from 0 or 1 by the least that has a derivative.
    """

    def still(t: Array, state: Array, p: Mapping[str, Array], **static: str) -> Array:
        largest = -jnp.log(jnp.finfo(state.dtype).tiny) - 1
        pure = _is_pure(state)
        velocity = field(t, jnp.where(pure, jnp.sign(lax.stop_gradient(state)) * largest, state), p, **static)
        return jnp.where(pure, 0.0, velocity)

    return still


def check_of_faces(start: Function, ratios: bool) -> Function:
    """`boundary_start` where the start has a pure component.

    Log ratios say how shares divide only while the last share is above 0, or one other share is all there is:
    two of them infinite are `out_of_domain`.
    """

    def check(p: Mapping[str, Array], **static: str) -> Array:
        state = start(p, **static)
        status = jnp.where(jnp.any(_is_pure(state)), Status.boundary_start, Status.ok)
        if ratios:
            status = jnp.where(jnp.sum(state >= PURE) > 1, Status.out_of_domain, status)
        return status.astype(jnp.uint8)

    return check


def _is_pure(state: Array) -> Array:
    # No orbit turns pure on its way: behind stop_gradient this is no switch to look for.
    return jnp.abs(lax.stop_gradient(state)) >= PURE
