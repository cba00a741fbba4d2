"""Primitives that hold a function and call it as it is."""

from typing import Any

from ...called import written_out
from ..ir import Unsupported
from .rule import Array, Context, rule


@rule("jit", "remat2")
def _call(context: Context, *operands: Array, jaxpr: Any, **_: Any) -> list[Array]:
    return context.lower(jaxpr, operands)


@rule("closed_call", "eval_jaxpr", "custom_jvp_call", "custom_vjp_call")
def _custom_call(context: Context, *operands: Array, call_jaxpr: Any, **_: Any) -> list[Array]:
    """Derivatives are taken already: those that a function brings along are not asked for."""
    return context.lower(call_jaxpr, operands)


@rule("call_hi_primitive")
def _call_of_an_object(context: Context, *operands: Array, _prim: Any, **_: Any) -> list[Array]:
    """Derivatives are taken already, here as well."""
    function = written_out(_prim)
    if function is None:
        raise Unsupported("primitive call_hi_primitive")
    return context.lower(function, operands)
