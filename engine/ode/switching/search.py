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
import numpy as np
from jax.extend import core

from ....kernels.flow import Flow
from .changes import COMPARISONS, NEVER, STEPS, STEPWISE, Change, changes_in
from .flat_trace import SEARCH, FlatTrace, flat_trace
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
    found = _found(trace, changes)
    timed = tuple(s for s in found if s.timed)
    clocks = tuple(s for s in found if not s.timed and s.change.state <= STEPS)
    others = tuple(s for s in found if not s.timed and s.change.state > STEPS)
    time = max(
        (changes.get(v, NEVER).time for v in trace.outputs if not isinstance(v, core.Literal)),
        default=NEVER.time,
    )
    return Switches(trace, timed, clocks + others, len(clocks), time)


# The largest of more numbers is not watched.
_MOST_COMPARED = 32


def _found(trace: FlatTrace, changes: Mapping[Any, Change]) -> list[Switch]:
    """The switches on which the field depends, each once."""
    counts, kinks = _reaching(trace)
    made = {v: equation for equation in trace.equations for v in equation.outvars}
    found: dict[Any, Switch] = {}
    for equation in trace.equations:
        if not equation.outvars:  # what only has an effect, as to print
            continue
        result = equation.outvars[0]
        for switch in _switches_in(equation, made, kinks=result in kinks) if result in counts else ():
            atoms = [
                v for v in (switch.left, switch.right) if v is not None and not isinstance(v, core.Literal)
            ]
            of = [changes.get(v, NEVER) for v in atoms]
            change = Change(*map(max, zip(NEVER, *of, strict=False)))
            if change.moves:
                key = _name(switch.left), _name(switch.right), switch.how
                jumps = switch.jumps or (key in found and found[key].jumps)
                at_zero = _is_zero(switch.right, made) or _is_zero(switch.left, made)
                found[key] = replace(switch, change=change, jumps=jumps, at_zero=at_zero)
    return list(found.values())


def _name(atom: Any) -> Any:
    return (str(atom.val), str(atom.aval)) if isinstance(atom, core.Literal) else atom


def _is_zero(atom: Any, made: Mapping[Any, Any]) -> bool:
    """Whether this is 0, as far as the trace says; None is."""
    if atom is None:
        return True
    if isinstance(atom, core.Literal):
        return not np.any(atom.val)
    equation = made.get(atom)
    return (
        equation is not None
        and equation.primitive.name == "broadcast_in_dim"
        and _is_zero(equation.invars[0], made)
    )


def _reaching(trace: FlatTrace) -> tuple[set[Any], set[Any]]:
    """The variables on which the result depends, and those of which a kink is one of the result, too."""
    counts = {v for v in trace.outputs if not isinstance(v, core.Literal)}
    kinks = set(counts)
    for equation in reversed(trace.equations):
        if equation.primitive.name == "stop_gradient":
            continue
        inputs = {v for v in equation.invars if not isinstance(v, core.Literal)}
        if counts.intersection(equation.outvars):
            counts |= inputs
        if kinks.intersection(equation.outvars) and equation.primitive.name not in STEPWISE:
            kinks |= inputs
    return counts, kinks


def _switches_in(equation: Any, made: Mapping[Any, Any], kinks: bool) -> list[Switch]:
    """The switches of one equation; `kinks`: of continuous functions as well."""
    name, of = equation.primitive.name, equation.invars
    real = bool(of) and jnp.issubdtype(of[0].aval.dtype, jnp.floating)
    if equation.params.get("name") == SEARCH and len(of) == 2:
        return [Switch(of[1], of[0], "each")]
    if not real:
        return []
    if name in COMPARISONS:
        return _of_comparison(of[0], of[1], made)
    if name == "sign":
        return [Switch(of[0])]
    if name == "abs" and kinks:
        return [Switch(of[0], jumps=False)]
    if name in ("max", "min") and kinks:
        return [Switch(of[0], of[1], jumps=False)]
    if name == "clamp" and kinks:
        return [Switch(of[1], of[0], jumps=False), Switch(of[1], of[2], jumps=False)]
    if name in ("floor", "ceil"):
        return [Switch(of[0], None, "whole")]
    if name == "round":
        return [Switch(of[0], None, "half")]
    if name == "convert_element_type" and jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.integer):
        return [Switch(of[0], None, "whole")]
    if name == "rem":
        return [Switch(of[0], of[1], "ratio")]
    if name in ("argmax", "argmin") or (name in ("reduce_max", "reduce_min") and kinks):
        how = "largest" if name.endswith("max") else "least"
        return [Switch(of[0], None, how)] if 1 < of[0].aval.size <= _MOST_COMPARED else []
    return []


def _of_comparison(left: Any, right: Any, made: Mapping[Any, Any]) -> list[Switch]:
    """Of |x| < c both x - c and x + c, which change sign more plainly than |x| - c does."""
    for inner, other in ((left, right), (right, left)):
        equation = None if isinstance(inner, core.Literal) else made.get(inner)
        if equation is not None and equation.primitive.name == "abs":
            x = equation.invars[0]
            return [Switch(x, other), Switch(x, other, "sum")]
    return [Switch(left, right)]
