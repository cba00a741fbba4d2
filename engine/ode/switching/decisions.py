"""Decisions of a trace at which no switch is watched: in loops, in long chains, and where nobody looks.

A bisection decides at each of its steps by what it decided before. Each decision jumps wherever an earlier
one does, those of the last steps nearly everywhere, and yet its result is smooth. So what hangs on so many
others is no switch, and whether the field jumps there is seen by its values alone (`smoothness`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.extend import core

from ...called import WITH_RULES
from ...xla.live_bytes import inner_jaxprs
from .changes import NEVER, STEPWISE, Change
from .flat_trace import FlatTrace, holds_loop, to_integer
from .primitives import decides, orders, reach_of

# Of longer chains of decisions only the first ones are watched: of twelve halvings there are 4,096 results.
_LONGEST, _FIRST = 12, 2
# What is computed outside JAX.
_CALLBACKS = frozenset({"pure_callback", "io_callback"})
# Calls that a flat trace keeps: of functions that are smooth, or in which switches are watched.
_KEPT = frozenset({"jit", "pjit"})
_WITH_DERIVATIVES = WITH_RULES | {"custom_linear_solve"}


class Unseen(NamedTuple):
    """What a trace decides without being watched.

    any : whether it does.
    differentiable : whether all that does brings derivatives of its own; those of JAX are not the field's.
    chained : the results of decisions that stand in long chains.
    """

    any: bool
    differentiable: bool
    chained: frozenset[Any]


def unseen(trace: FlatTrace, changes: Mapping[Any, Change]) -> Unseen:
    """The decisions of a trace, on which its result depends, at which no switch is watched."""
    counts = reach_of(trace).counts
    chained = _chained(trace, changes, counts)
    hidden = [
        e for e in trace.equations if counts.intersection(e.outvars) and _varies(e, changes) and _hides(e)
    ]
    differentiable = not chained and all(e.primitive.name in _WITH_DERIVATIVES for e in hidden)
    return Unseen(bool(hidden or chained), differentiable, chained)


def _varies(equation: Any, changes: Mapping[Any, Change]) -> bool:
    return any(changes.get(v, NEVER).varies for v in equation.invars if not isinstance(v, core.Literal))


def _hides(equation: Any) -> bool:
    """Whether an equation may decide within itself."""
    name, params = equation.primitive.name, equation.params
    if name in WITH_RULES:
        return holds_loop(equation)
    if name in _KEPT:
        return False
    if name == "while":
        return decides(params["body_jaxpr"].jaxpr)
    return name in _CALLBACKS or any(map(decides, inner_jaxprs(params)))


def _chained(trace: FlatTrace, changes: Mapping[Any, Change], counts: set[Any]) -> frozenset[Any]:
    """The results of decisions in long chains, but for the first ones of each."""
    decide = [_is_decision(e) and _varies(e, changes) for e in trace.equations]
    before: dict[Any, int] = {}
    for equation, own in zip(trace.equations, decide, strict=True):
        depth = own + max((before.get(v, 0) for v in _variables(equation)), default=0)
        before.update((v, depth) for v in equation.outvars)
    after: dict[Any, int] = {}
    chained: set[Any] = set()
    for equation, own in zip(reversed(trace.equations), reversed(decide), strict=True):
        follow = max((after.get(v, 0) for v in equation.outvars), default=0)
        depth = before[equation.outvars[0]] if own else 0
        if depth > _FIRST and depth + follow > _LONGEST:
            chained.update(counts.intersection(equation.outvars))
        after.update((v, max(after.get(v, 0), follow + own)) for v in _variables(equation))
    return frozenset(chained)


def _variables(equation: Any) -> list[Any]:
    return [v for v in equation.invars if not isinstance(v, core.Literal)]


def _is_decision(equation: Any) -> bool:
    """Whether an equation makes something discrete of real numbers, or jumps as a remainder does."""
    if not equation.invars or not jnp.issubdtype(equation.invars[0].aval.dtype, jnp.inexact):
        return False
    return equation.primitive.name in STEPWISE | {"rem"} or to_integer(equation) or orders(equation)
