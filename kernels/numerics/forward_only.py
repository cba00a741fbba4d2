"""Numbers with derivatives by forward mode alone, where reverse mode says what to do instead.

JAX cannot differentiate a loop of unknown length backwards. It says so in terms of the loop, which the
caller has never seen.
"""

from typing import Any

from jax import Array
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

_PRIMITIVE = Primitive("forward_only")


def forward_only(value: Array, otherwise: str) -> Array:
    """The same value, whose derivatives forward mode takes (`jax.jvp`, `jax.jacfwd`).

    Reverse mode (`jax.grad`, `jax.vjp`, `jax.jacrev`) raises NotImplementedError with the text `otherwise`,
    while it is traced: before anything is computed under `jax.jit`.
    """
    return _PRIMITIVE.bind(value, otherwise=otherwise)


def _refused(_cotangent: Any, _value: Any, *, otherwise: str) -> Any:
    raise NotImplementedError(otherwise)


_PRIMITIVE.def_impl(lambda value, *, otherwise: value)
_PRIMITIVE.def_abstract_eval(lambda value, *, otherwise: value)
ad.deflinear2(_PRIMITIVE, _refused)
batching.defvectorized(_PRIMITIVE)
mlir.register_lowering(_PRIMITIVE, lambda _context, value, *, otherwise: [value])
