"""Of a trace, what its results depend on.

A trace holds whatever a function computed, also what nobody asked for: of an orbit of which a cube holds the
last state two thirds are such equations. XLA and LLVM drop them, but each pass of Python over the trace,
to vectorise, lower and count it, takes as long for them as for others.
"""

from typing import Any

from jax.extend import core
from jax.interpreters import partial_eval


def live(trace: Any) -> Any:
    """The trace without equations on which no result depends; those with effects stay, and all arguments."""
    jaxpr, _ = partial_eval.dce_jaxpr(trace.jaxpr, [True] * len(trace.jaxpr.outvars), instantiate=True)
    return core.ClosedJaxpr(jaxpr, trace.consts)
