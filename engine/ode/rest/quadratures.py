"""Components of a state that only accumulate: no rate depends on them, their own included.

A total cost, a clock, the amount that has left: none comes to rest, and none keeps the others from it. Once
the others rest it goes on at a constant rate.
"""

from collections.abc import Callable
from typing import Any

from ...codegen.ir import Unsupported, order_of
from ...codegen.lower.lower import lower_function
from ...codegen.lower.rules import BrokenRule

Array = Any


def quadratures_of(field: Callable[[Array, Array], Array], t: Array, state: Array) -> tuple[bool, ...]:
    """Whether each component of the state, shape (d,), only accumulates, as the field's trace shows.

    None does where the field holds what cannot be looked into, and where all would: then nothing rests.
    """
    try:
        rates, (_, components), _ = lower_function(field, t, state)
    except (Unsupported, BrokenRule):
        return (False,) * state.size
    needed = set(order_of(rates.tolist()))
    alone = tuple(component not in needed for component in components.tolist())
    return (False,) * state.size if all(alone) else alone
