"""How much memory a function holds at once, read from its trace: it bounds batches through XLA."""

from math import prod
from typing import Any

import jax
from jax.extend import core

from ..called import written_out


def live_bytes(jaxpr: core.Jaxpr) -> int:
    """Most bytes that are held between two equations of a function, its inputs included.

    What rests on no input is not counted: many points share it. XLA may hold less, as it fuses equations.
    """
    varying = [v for v in jaxpr.invars if _bytes(v)]
    last = last_uses(jaxpr)
    live = {v: _bytes(v) for v in varying}
    held = most = sum(live.values())
    depends = set(varying)
    for i, equation in enumerate(jaxpr.eqns):
        if not any(not isinstance(a, core.Literal) and a in depends for a in equation.invars):
            continue
        depends.update(equation.outvars)
        new = {v: _bytes(v) for v in equation.outvars}
        inside = max((live_bytes(inner) for inner in inner_jaxprs(equation.params)), default=0)
        most = max(most, held + max(sum(new.values()), inside))
        live |= {v: size for v, size in new.items() if v in last}
        for gone in [a for a in live if last[a] <= i]:
            del live[gone]
        held = sum(live.values())
    return most


def inner_jaxprs(params: Any) -> list[core.Jaxpr]:
    """The jaxprs that a primitive holds: of loops, branches, and functions or objects that are called."""
    held = [
        value if is_jaxpr(value) else written_out(value)
        for value in jax.tree.leaves(params, is_leaf=is_jaxpr)
    ]
    return [value.jaxpr if isinstance(value, core.ClosedJaxpr) else value for value in held if value]


def is_jaxpr(value: Any) -> bool:
    """Whether this is a jaxpr, closed or not."""
    return isinstance(value, core.Jaxpr | core.ClosedJaxpr)


def equation_count(jaxpr: core.Jaxpr) -> int:
    """How many equations a function has, those of its loops, branches and inner functions included."""
    return sum(1 + sum(map(equation_count, inner_jaxprs(e.params))) for e in jaxpr.eqns)


def longest_chain(jaxpr: core.Jaxpr) -> int:
    """Of how many equations each takes the result of the one before, at most, those in loops included."""
    length: dict[Any, int] = {}
    for equation in jaxpr.eqns:
        before = max(
            (length.get(a, 0) for a in equation.invars if not isinstance(a, core.Literal)), default=0
        )
        inside = max(map(longest_chain, inner_jaxprs(equation.params)), default=1)
        length |= dict.fromkeys(equation.outvars, before + inside)
    return max(length.values(), default=0)


def loop_count(jaxpr: core.Jaxpr) -> int:
    """How many loops a function has, those within others included."""
    own = sum(e.primitive.name in ("while", "scan") for e in jaxpr.eqns)
    return own + sum(loop_count(inner) for e in jaxpr.eqns for inner in inner_jaxprs(e.params))


def last_uses(jaxpr: core.Jaxpr) -> dict[Any, int]:
    """The equation after which each variable is not needed any more."""
    last: dict[Any, int] = {}
    for i, equation in enumerate(jaxpr.eqns):
        last |= {a: i for a in equation.invars if not isinstance(a, core.Literal)}
    last |= {a: len(jaxpr.eqns) for a in jaxpr.outvars if not isinstance(a, core.Literal)}
    return last | {v: 0 for v in jaxpr.invars if v not in last}


def _bytes(variable: Any) -> int:
    aval = variable.aval
    itemsize = getattr(aval.dtype, "itemsize", 8)
    return prod(aval.shape) * itemsize
