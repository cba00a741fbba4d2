"""What of a flow may come to rest, as the trace of its field shows.

Nothing rests where time moves the field. Components that only accumulate, on which no rate depends, their own
included, do not rest either: a total cost, a clock, the amount that has left. None keeps the others from
their rest. Once these rest it goes on at a constant rate.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from jax.extend import core

from ...codegen.ir import Unsupported, order_of
from ...codegen.lower.rule import BrokenRule
from ...codegen.lower.walk_jaxpr import lower_function
from ...errors import SweepError
from .angles import half_rounds

Array = Any
Field = Callable[[Array, Array], Array]


class Resting(NamedTuple):
    """Whether time moves the field; which components only accumulate, shape (d,), or () where none does.

    And which may vanish together, and which of them live on themselves alone (`faces`); half of the round of
    each that is an angle, inf of others, or () where none is (`angles`).
    """

    driven: bool
    quadratures: tuple[bool, ...]
    groups: tuple[tuple[int, ...], ...] = ()
    alone: tuple[int, ...] = ()
    halves: tuple[float, ...] = ()


def resting_of(field: Field, t: Array, state: Array, declared: Sequence[bool]) -> Resting:
    """What may rest under ``field(t, state)``; `declared` are components said to accumulate, shape (d,).

    Where the field holds what cannot be looked into, those are that are declared. Where all components would
    accumulate nothing rests, and none counts as such. Raises SweepError where a rate depends on one that is
    declared.
    """
    try:
        rates, (time, components), _ = lower_function(field, t, state)
    except (Unsupported, BrokenRule):
        return Resting(_depends_on_time(field, t, state), _some(declared))
    needed = set(order_of(rates.tolist()))
    alone = [component not in needed for component in components.tolist()]
    for i, (said, is_alone) in enumerate(zip(declared, alone, strict=True)):
        if said and not is_alone:
            raise SweepError(
                f"component {i} of the state is declared a quadrature, but rates depend on it, so that it"
                " has to rest as well: leave out quadrature=True"
            )
    halves = half_rounds(rates.tolist(), components.tolist())
    return Resting(time.item() in needed, () if all(alone) else _some(alone), halves=halves)


def _some(alone: Sequence[bool]) -> tuple[bool, ...]:
    return tuple(alone) if any(alone) else ()


def _depends_on_time(field: Field, t: Array, state: Array) -> bool:
    """Whether an equation on the way to the rates takes the time, or what was made of it."""
    trace = jax.make_jaxpr(field)(t, state).jaxpr
    made = {trace.invars[0]}
    for equation in trace.eqns:
        if any(v in made for v in equation.invars if not isinstance(v, core.Literal)):
            made.update(equation.outvars)
    return any(v in made for v in trace.outvars if not isinstance(v, core.Literal))
