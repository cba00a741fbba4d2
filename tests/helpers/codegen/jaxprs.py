"""The equations of a traced function; their text differs among versions of jax."""

from collections.abc import Iterator
from typing import Any

import jax


def equations(jaxpr: Any) -> Iterator[Any]:
    """Every equation of a (closed) jaxpr, each before those inside it."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        yield from inside(equation)


def inside(equation: Any) -> Iterator[Any]:
    """The equations of the loop, branches or function that an equation calls."""
    for parameter in equation.params.values():
        for inner in parameter if isinstance(parameter, tuple | list) else (parameter,):
            if hasattr(getattr(inner, "jaxpr", inner), "eqns"):
                yield from equations(inner)
            if hasattr(inner, "expand") and hasattr(inner, "in_avals"):  # `custom_root` since jax 0.12
                yield from equations(jax.make_jaxpr(inner.expand)(*inner.in_avals))


def arrays(equation: Any) -> Iterator[Any]:
    """Shape and dtype of all that an equation, or one inside it, takes and gives."""
    for one in (equation, *inside(equation)):
        yield from (variable.aval for variable in (*one.invars, *one.outvars))
