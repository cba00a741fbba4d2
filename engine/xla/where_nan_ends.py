"""Whether numbers that may be NaN come into results as NaN alone, or something else is made of them.

NaN goes through sums, products and functions, and says then that there is no result. Of a comparison with
NaN comes a boolean like any other: what is chosen by it shows nothing any more.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax.extend import core

from ..called import called

# Where it may go in, and nothing comes out, although all results are real: x^0 is 1, and an order has ends.
_ENDS = frozenset({"pow", "sort", "top_k", "while", "scan", "cond", "pure_callback", "io_callback"})


def through(equation: Any, lost: Sequence[bool]) -> tuple[bool, list[bool]]:
    """Whether an equation makes anything else of operands that are `lost`, and which results are lost too."""
    if not any(lost):
        return False, [False] * len(equation.outvars)
    name, inner = equation.primitive.name, called(equation)
    if inner is not None:
        return _through_all(inner.jaxpr, lost)
    real = [jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in equation.outvars]
    ends = name in _ENDS or not (all(real) or _asks_whether_nan(equation))
    return ends, real


def _through_all(jaxpr: core.Jaxpr, lost: Sequence[bool]) -> tuple[bool, list[bool]]:
    known, ends = dict(zip(jaxpr.invars, lost, strict=True)), False

    def is_lost(atom: Any) -> bool:
        return not isinstance(atom, core.Literal) and known.get(atom, False)

    for equation in jaxpr.eqns:
        here, results = through(equation, [is_lost(v) for v in equation.invars])
        ends |= here
        known.update(zip(equation.outvars, results, strict=True))
    return ends, [is_lost(v) for v in jaxpr.outvars]


def _asks_whether_nan(equation: Any) -> bool:
    """Whether it asks that itself: who does knows what to do then."""
    name, operands = equation.primitive.name, equation.invars
    return name == "is_finite" or (name in ("ne", "eq") and operands[0] is operands[1])
