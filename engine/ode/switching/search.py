"""Find the switches in the trace of a field.

A branch of the field is chosen by a sign: ``where(x > c, ...)`` by that of x - c, ``abs(x)`` by that of x,
``floor(t / 7)`` by that of a function with its zeros where the argument is an integer. Where such a function
moves with time alone, as a straight line between the switches, its next zero is known in advance. All others
are looked for in each step (`watch`).

What lies behind `lax.stop_gradient` is no switch: so says the author of a guard that never trips.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from ....kernels.flow import Flow
from .changes import NEVER, STEPS, Change, changes_in
from .decisions import unseen
from .flat_trace import FlatTrace, flat_trace
from .primitives import is_zero, reach_of, switches_in
from .switches import Switch, Switches

Array = Any


def switches_of(flow: Flow, p: Mapping[str, Array], static: Mapping[str, str]) -> Switches:
    """The switches of a flow's field, of scenarios whose parameters are arrays like those of `p`."""
    leaves, tree = jax.tree.flatten(dict(p))
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    return _switches_of(flow.start, flow.field, tuple(sorted(static.items())), shapes, tree)


@lru_cache(maxsize=64)
def _switches_of(
    start: Callable[..., Array],
    field: Callable[..., Array],
    static: tuple[tuple[str, str], ...],
    shapes: tuple[Any, ...],
    tree: Any,
) -> Switches:
    p = jax.tree.unflatten(tree, [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes])
    state = jax.eval_shape(lambda p: start(p, **dict(static)), p)
    leaves, tree = jax.tree.flatten((jax.ShapeDtypeStruct((), state.dtype), state, p))

    def flat(*leaves: Array) -> Array:
        t, state, p = jax.tree.unflatten(tree, leaves)
        return field(t, state, p, **dict(static))

    trace = flat_trace(flat, *leaves)
    changes = changes_in(trace)
    hidden = unseen(trace, changes)
    switches = _switches_in(trace, changes, hidden.chained)
    timed = tuple(s for s in switches if s.timed)
    clocks = tuple(s for s in switches if not s.timed and s.change.state <= STEPS)
    others = tuple(s for s in switches if not s.timed and s.change.state > STEPS)
    time = max(
        (changes.get(v, NEVER).time for v in trace.outputs if not isinstance(v, core.Literal)),
        default=NEVER.time,
    )
    return Switches(trace, timed, clocks + others, len(clocks), time, hidden.any, hidden.differentiable)


def _switches_in(trace: FlatTrace, changes: Mapping[Any, Change], left_out: frozenset[Any]) -> list[Switch]:
    """The switches on which the field depends, each once, but for what makes these results."""
    reach = reach_of(trace)
    made = {v: equation for equation in trace.equations for v in equation.outvars}
    switches: dict[Any, Switch] = {}
    for equation in trace.equations:
        if left_out.intersection(equation.outvars):
            continue
        for switch in switches_in(equation, made, reach):
            atoms = [
                v for v in (switch.left, switch.right) if v is not None and not isinstance(v, core.Literal)
            ]
            of = [changes.get(v, NEVER) for v in atoms]
            change = Change(*map(max, zip(NEVER, *of, strict=False)))
            if change.varies:
                key = _name(switch.left), _name(switch.right), switch.how, switch.axes
                jumps = switch.jumps or (key in switches and switches[key].jumps)
                at_zero = switch.compares and (is_zero(switch.right, made) or is_zero(switch.left, made))
                switches[key] = replace(switch, change=change, jumps=jumps, at_zero=at_zero)
    return list(switches.values())


def _name(atom: Any) -> Any:
    return (str(atom.val), str(atom.aval)) if isinstance(atom, core.Literal) else atom
