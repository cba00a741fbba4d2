"""``function(fixed)`` of one lane by machine code: what is done once a trajectory, at its start or its end.

XLA compiles such a function for seconds, or else runs it slowly, and its logarithms are others than those
of the steps. As a loop of one step (`lane_loop`) it is a program of the same back ends, with the same bits,
and of XLA's program it is a single call.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .traced_once import TracedOnce

Array = Any


def lane_call(
    loop: Callable[..., Any], function: Callable[[Any], Any], fixed: Any, native: bool = True
) -> Any:
    """What `function` makes of `fixed`, a tree of arrays; it must not take any other array.

    Parameters
    ----------
    loop : runs it, as `lane_loop` does.
    function : function(fixed) -> a tree of arrays.
    native : False: it is called as it is.
    """
    fixed = jax.tree.map(jnp.asarray, fixed)
    if not native:
        return function(fixed)
    once = TracedOnce(function)
    _, result = once.trace(jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), fixed))
    zeros = cache(jnp.zeros)  # most results are alike, and none of these is read
    nothing = jax.tree.map(lambda a: zeros(a.shape, a.dtype), result)

    def cond(lane: tuple[Array, Any], _: Any) -> Array:
        return ~lane[0]

    def body(_: tuple[Array, Any], fixed: Any) -> tuple[Array, Any]:
        return jnp.asarray(True), once(fixed)

    return loop(cond, body, (jnp.asarray(False), nothing), fixed, once=once)[1]


def plain_loop(cond: Callable[..., Any], body: Callable[..., Any], lane: Any, fixed: Any, **_: Any) -> Any:
    """A loop within such a function, given as `lane_loop` is."""
    begin = jax.tree.map(jnp.asarray, lane)
    return lax.while_loop(lambda lane: cond(lane, fixed), lambda lane: body(lane, fixed), begin)
