"""Components of a state that only accumulate: no rate depends on them, their own included.

A total cost, a clock, the amount that has left: none comes to rest, and none keeps the others from it. Once
the others rest it goes on at a constant rate.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ...codegen.ir import Graph, Unsupported, dtype_name, order_of
from ...codegen.lower.lower import lower_jaxpr
from ...codegen.lower.rules import BrokenRule

Array = Any


def quadratures_of(field: Callable[[Array, Array], Array], t: Array, state: Array) -> tuple[bool, ...]:
    """Whether each component of the state, shape (d,), only accumulates, as the field's trace shows.

    None does where the field holds what cannot be looked into, and where all would: then nothing rests.
    """
    trace = jax.make_jaxpr(field)(t, state)
    graph, count = Graph(), 1 + state.size
    try:
        time = graph.inputs((), dtype_name(t.dtype), 0)
        components = graph.inputs(state.shape, dtype_name(state.dtype), 1)
        others = []
        for constant in trace.consts:
            others.append(graph.inputs(jnp.shape(constant), dtype_name(constant.dtype), count))
            count += others[-1].size
        (rates,) = lower_jaxpr(graph, trace.jaxpr, others, [time, components])
    except (Unsupported, BrokenRule):
        return (False,) * state.size
    needed = set(order_of(rates.tolist()))
    alone = tuple(component not in needed for component in components.tolist())
    return (False,) * state.size if all(alone) else alone
