"""Primitives that hold a function and call it as it is."""

from typing import Any

import jax

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
    """What newer JAX keeps as one object that knows how to be written out: ``custom_root`` since 0.12."""
    if not (hasattr(_prim, "expand") and hasattr(_prim, "in_tree")):
        raise Unsupported("primitive call_hi_primitive")

    def plain(*flat: Any) -> list[Any]:
        return jax.tree.leaves(_prim.expand(*jax.tree.unflatten(_prim.in_tree, flat)))

    given = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in context.avals_in]
    return context.lower(jax.make_jaxpr(plain)(*given), operands)
