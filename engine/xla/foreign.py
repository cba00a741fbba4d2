"""Primitives that other libraries define, and objects: what they compute, in primitives of JAX."""

from functools import partial
from typing import Any

import jax
from jax.extend import core

from ..called import OBJECT, called
from .live_bytes import inner_jaxprs, is_jaxpr

# Primitives within primitives: libraries have two or three.
_DEEPEST = 8


def opened(equation: Any) -> core.ClosedJaxpr | None:
    """What the primitive of an equation computes, as its library or the object that it calls implements it.

    None for any other primitive of JAX's own, for one that cannot be traced, as it computes with numbers, and
    for one that is implemented by itself, or by others that are implemented by it.
    """
    function = _traced(equation)
    return None if function is None or _comes_back(function.jaxpr, (equation,)) else function


def _comes_back(jaxpr: core.Jaxpr, above: tuple[Any, ...]) -> bool:
    """Whether a program calls a primitive in which it was found, so that opening would never end."""
    if len(above) > _DEEPEST:
        return True
    for equation in jaxpr.eqns:
        if any(_same_call(equation, one) for one in above):
            return True
        if any(_comes_back(inner, above) for inner in inner_jaxprs(equation.params)):
            return True
        function = _traced(equation)
        if function is not None and _comes_back(function.jaxpr, (*above, equation)):
            return True
    return False


def _same_call(one: Any, other: Any) -> bool:
    """The same primitive of numbers alike: one that works with parts of its batch, or fewer steps, ends."""
    return one.primitive is other.primitive and _call(one) == _call(other)


def _call(equation: Any) -> tuple[Any, ...]:
    params = sorted((name, id(v) if is_jaxpr(v) else repr(v)) for name, v in equation.params.items())
    return [(atom.aval.shape, atom.aval.dtype) for atom in equation.invars], params


def _traced(equation: Any) -> core.ClosedJaxpr | None:
    if equation.primitive.name == OBJECT:
        return called(equation)
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
