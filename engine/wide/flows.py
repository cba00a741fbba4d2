"""The functions of a flow, in which no integer is cut off or wraps without a word.

Rates, starts and observables that rest on an integer that is none are NaN: a step to such rates is refused,
and the point is ``not_finite``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from ...kernels.flow import Flow
from .integers import may_lose, with_right_reals


def counted(flow: Flow) -> Flow:
    """The flow, whose integers have 64 bits; one that loses none is computed as it is written."""
    return replace(
        flow, start=_counted(flow.start), field=_counted(flow.field), observe=_counted(flow.observe)
    )


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    return function if isinstance(function, _Counted) else _Counted(function)


@dataclass(frozen=True)
class _Counted:
    """A function of arrays and static choices, computed with right integers where it may lose one."""

    function: Callable[..., Any]

    def __call__(self, *arguments: Any, **static: str) -> Any:
        arguments = tuple(dict(a) if isinstance(a, Mapping) else a for a in arguments)
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
        if not _loses(self.function, tuple(sorted(static.items())), shapes, tree):
            return self.function(*arguments, **static)
        return with_right_reals(lambda *given: self.function(*given, **static), *arguments)


@lru_cache(maxsize=256)
def _loses(
    function: Callable[..., Any], static: tuple[tuple[str, str], ...], shapes: tuple[Any, ...], tree: Any
) -> bool:
    leaves = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    return may_lose(lambda *given: function(*given, **dict(static)), *jax.tree.unflatten(tree, leaves))
