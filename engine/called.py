"""The function that an equation calls as it is, in each of the ways in which JAX keeps it.

Where older JAX has a function, newer JAX may have an object that knows how it is written out: so are, since
0.12, `jax.lax.custom_root`, ``frexp``, ``ldexp``, ``searchsorted`` and ``nonzero``. Whoever looks at a trace
has to look into these, too: what they hold is as able to switch, to wrap, to loop or to end in NaN.
"""

from functools import lru_cache
from typing import Any

import jax
from jax.extend import core

from .identity import ByIdentity

# An equation that calls an object.
OBJECT = "call_hi_primitive"
# What brings along how it is differentiated, or computed of many points; what it calls need not be so.
WITH_RULES = frozenset({"custom_jvp_call", "custom_vjp_call", "custom_vmap_call", OBJECT})
_CALLS = WITH_RULES | {"jit", "pjit", "closed_call", "core_call", "eval_jaxpr", "remat2"}


def called(equation: Any) -> core.ClosedJaxpr | None:
    """The function that an equation calls, with its constants; None where it calls none, or loops or chooses.

    Its derivatives are not always those of the equation (`WITH_RULES`).
    """
    name, params = equation.primitive.name, equation.params
    if name not in _CALLS:
        return None
    if name == OBJECT:
        return written_out(params["_prim"])
    inner = params.get("call_jaxpr", params.get("call" if name == "custom_vmap_call" else "jaxpr"))
    if inner is None or isinstance(inner, core.ClosedJaxpr):  # in this order: since 0.12 both kinds are one
        return inner
    return core.ClosedJaxpr(inner, ())


def written_out(value: Any) -> core.ClosedJaxpr | None:
    """What an object computes that is a primitive of JAX; None of any other value."""
    return _written_out(ByIdentity(value)) if hasattr(value, "expand") and hasattr(value, "in_tree") else None


# Who walks through a trace asks for each object several times. Such objects equal others that take arrays of
# other shapes.
@lru_cache(maxsize=256)
def _written_out(primitive: ByIdentity) -> core.ClosedJaxpr:
    one = primitive.value

    def plain(*flat: Any) -> list[Any]:
        return jax.tree.leaves(one.expand(*jax.tree.unflatten(one.in_tree, flat)))

    return jax.make_jaxpr(plain)(*one.in_avals_flat)
