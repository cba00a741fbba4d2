"""Primitives that other libraries define: what they compute, in primitives of JAX."""

from functools import partial
from typing import Any

import jax
from jax.extend import core


def opened(equation: Any) -> core.ClosedJaxpr | None:
    """What the primitive of an equation computes, as its library implements it.

    None for a primitive of JAX's own, and for one that cannot be traced, as it computes with numbers.
    """
    implementation = getattr(equation.primitive, "impl", None)
    if implementation is None or _is_of_jax(implementation):
        return None
    shapes = [jax.ShapeDtypeStruct(atom.aval.shape, atom.aval.dtype) for atom in equation.invars]
    many = equation.primitive.multiple_results

    def run(*operands: Any) -> Any:
        results = implementation(*operands, **equation.params)
        return list(results) if many else results

    try:
        with equation.ctx.manager:  # the settings under which it was traced
            return jax.make_jaxpr(run)(*shapes)
    except Exception:  # whatever the code of a library raises that expects numbers
        return None


def _is_of_jax(function: Any) -> bool:
    while isinstance(function, partial):
        function = function.func
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.partition(".")[0] in ("jax", "jaxlib")
