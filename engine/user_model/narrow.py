"""Numbers of a model's text that JAX may have cut to a narrow integer's type while it traced.

``x.astype(jnp.int8) > 300`` is traced as a comparison with 44, and nothing in the trace says what was
written. So it is said wherever a narrow integer meets such a number.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax.extend import core

_NARROW = frozenset({"int8", "uint8", "int16", "uint16"})


def narrow_literals(jaxpr: Any) -> set[str]:
    """The narrow types of integers that meet numbers written in the model, in a jaxpr or its calls."""
    found = set()
    for equation in jaxpr.eqns:
        written = {_dtype(v) for v in equation.invars if isinstance(v, core.Literal)}
        computed = {_dtype(v) for v in equation.invars if not isinstance(v, core.Literal)}
        found |= written & computed & _NARROW
        for inner in _held(equation.params):
            found |= narrow_literals(inner)
    return found


def cut_off(dtypes: set[str]) -> str:
    """What may have become of numbers that meet integers of these types, as the end of a sentence."""
    limits = [(name, np.iinfo(name)) for name in sorted(dtypes)]
    said = ", ".join(f"{name} ({limit.min} to {limit.max})" for name, limit in limits)
    return (
        f"integers of {said} meet numbers written in the model; JAX cuts off one that is beyond before"
        " anything can be seen of it: leave the narrow type out, or write jnp.int32(...)"
    )


def _dtype(atom: Any) -> str:
    return str(getattr(atom.aval, "dtype", ""))


def _held(params: dict[str, Any]) -> Iterator[Any]:
    for value in params.values():
        for one in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(one, "jaxpr", one)
            if hasattr(inner, "eqns"):
                yield inner
