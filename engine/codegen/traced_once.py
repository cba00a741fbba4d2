"""A function that is traced once: for machine code and, where it has no such form, for XLA."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend import core

from .live_code import live


class TracedOnce:
    """A function of arrays that only depends on them. After `trace` a call repeats the operations traced."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._traced: tuple[Any, tuple[Any, Any]] | None = None

    def trace(self, *shapes: Any) -> tuple[Any, Any]:
        """Its jaxpr for arguments of these shapes and dtypes, and the shapes and dtypes of its results."""
        known = str(shapes)
        if self._traced is None or self._traced[0] != known:
            trace, result = jax.make_jaxpr(self._function, return_shape=True)(*shapes)
            self._traced = known, (live(trace), result)
        return self._traced[1]

    def rewritten(self, rewrite: Callable[[Any], Any]) -> "TracedOnce":
        """The same function once it is traced, its trace (a ``ClosedJaxpr``) as `rewrite` has it."""
        assert self._traced is not None
        known, (trace, result) = self._traced
        later = rewrite(trace)
        if later is trace:
            return self
        other = TracedOnce(self._function)
        other._traced = known, (later, result)
        return other

    def __call__(self, *arguments: Any) -> Any:
        shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), arguments)
        if self._traced is None or self._traced[0] != str(shapes):
            return self._function(*arguments)
        jaxpr, result = self._traced[1]
        flat = core.jaxpr_as_fun(jaxpr)(*jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(result), flat)
