"""Functions of arrays as objects that are primitives, as newer JAX keeps its own: in every release of it."""

from collections.abc import Callable
from typing import Any

import jax
from jax.experimental import hijax

BEFORE_0_11 = jax.__version_info__ < (0, 11)


class _Object(hijax.VJPHiPrimitive if BEFORE_0_11 else hijax.HiPrim):
    def __init__(self, function: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self.function, self.in_avals, self.params = function, given, {}
        self.out_aval = jax.tree.map(jax.typeof, jax.eval_shape(function, *given))
        super().__init__()

    def expand(self, *arguments):
        return self.function(*arguments)

    def jvp(self, primals, tangents):
        return jax.jvp(self.function, primals, tangents)

    def batch(self, _axis, args, dims):
        several = jax.vmap(self.function, dims)
        return several(*args), jax.tree.map(lambda _: 0, self.out_aval)


def as_object(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of arrays; a trace of it has one equation, whose params hold no jaxpr."""
    return lambda *arguments: _Object(function, tuple(map(jax.typeof, arguments)))(*arguments)
