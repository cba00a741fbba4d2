"""The functions of a flow, in which no integer is cut off or wraps without a word.

Rates, starts and observables that rest on an integer that is none are NaN: a step to such rates is refused,
and the point is ``not_finite``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from ...kernels.flow import Flow
from .integers import may_lose, with_right_reals


def counted(flow: Flow) -> Flow:
    """The flow, whose integers have 64 bits; one that loses none is computed as it is written."""
    return replace(
        flow, start=_counted(flow.start), field=_counted(flow.field), observe=_counted(flow.observe)
    )


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    return function if isinstance(function, _Counted) else _Counted(function)


@cache
def jax_inlines() -> bool:
    """Whether a trace has the operations of a function that is to stand inline; since jax 0.11 it has a call.

    Behind a call it is not seen at once that a function has no derivatives, and it is one more thing to read.
    """
    trace = jax.make_jaxpr(jax.jit(lambda x: x + 1, inline=True))(1.0)
    return [equation.primitive.name for equation in trace.jaxpr.eqns] == ["add"]


@dataclass(frozen=True)
class _Counted:
    """A function of arrays and static choices, computed with right integers where it may lose one.

    Within a trace it is traced once for arguments of the same shapes, and its operations are repeated, where
    JAX does that: a step calls a field for every stage, and steps are traced a dozen times. That holds for
    this object alone, which is of one program: the next one looks anew at what the function reads, as a file.
    """

    function: Callable[..., Any]
    _once: dict[tuple[str, ...], Callable[..., Any]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, *arguments: Any, **static: str) -> Any:
        arguments = tuple(dict(a) if isinstance(a, Mapping) else a for a in arguments)
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
        choices = tuple(sorted(static.items()))
        if not _loses(self.function, choices, shapes, tree):
            within_a_trace = all(isinstance(leaf, Tracer) for leaf in leaves)
            function = self._traced_once(*static) if within_a_trace and jax_inlines() else self.function
            return function(*arguments, **static)
        return with_right_reals(lambda *given: self.function(*given, **static), *arguments)

    def _traced_once(self, *choices: str) -> Callable[..., Any]:
        if choices not in self._once:
            own = lambda *given, **static: self.function(*given, **static)  # noqa: E731  (JAX keeps traces by it)
            self._once[choices] = jax.jit(own, static_argnames=choices, inline=True)
        return self._once[choices]


@lru_cache(maxsize=256)
def _loses(
    function: Callable[..., Any], static: tuple[tuple[str, str], ...], shapes: tuple[Any, ...], tree: Any
) -> bool:
    leaves = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    return may_lose(lambda *given: function(*given, **dict(static)), *jax.tree.unflatten(tree, leaves))
