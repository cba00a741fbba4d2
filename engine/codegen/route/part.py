"""Calls and loops of a lane as an operation of JAX: what a trace holds that is to become one program.

Where a loop over lanes would be linked and called by XLA, it is written down as it is, with its scalars. Such
a trace is not executed; `trace` makes a route of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import batching

from ..lanes import Loop

Array = Any


@dataclass(frozen=True, eq=False)
class Part:
    """A call or loop of a lane: its scalars, and the shape and dtype of each leaf.

    Compared by identity: one that was traced once is one piece of code, however often it stands in a route.
    """

    loop: Loop
    shapes: tuple[jax.ShapeDtypeStruct, ...]

    @cached_property
    def given(self) -> list[int]:
        """Which leaves are handed over."""
        return [k for k, leaf in enumerate(self.loop.leaves) if leaf.used]

    @cached_property
    def read(self) -> frozenset[int]:
        """Of those which it really reads: a call that is made anyway asks not whether it was."""
        needed = {s.value for s in self.loop.scalars if s.op == "input"}
        result, first = set(), 0
        for k, leaf in enumerate(self.loop.leaves):
            if not needed.isdisjoint(range(first, first + leaf.size)):
                result.add(k)
            first += leaf.size
        return frozenset(result)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The leaves that change, once the lane is done, within a trace."""
        if not self.loop.changing:
            return list(arrays[: self.loop.split])
        return self.loop.whole(arrays, _PART.bind(*(arrays[k] for k in self.given), part=self))

    def outer(self, operands: Sequence[Any]) -> tuple[int, ...]:
        """The dims that vmap has put before those of a lane."""
        shape = operands[0].shape
        return tuple(shape[: len(shape) - len(self.shapes[self.given[0]].shape)])


def part_of(
    shapes: Sequence[jax.ShapeDtypeStruct], begin: Callable[[Part], None] = lambda _: None
) -> Callable[[Loop], Part]:
    """What stands for the program of a loop whose leaves have these shapes; `begin` is told of it."""

    def made(loop: Loop) -> Part:
        part = Part(loop, tuple(shapes))
        begin(part)
        return part

    return made


PART = "lane_part"
_PART = Primitive(PART)
_PART.multiple_results = True


def _shapes(*operands: Any, part: Part) -> list[Any]:
    outer = part.outer(operands)
    results = [part.shapes[k] for k in part.loop.changing]
    return [ShapedArray((*outer, *s.shape), np.dtype(s.dtype)) for s in results]


def _batched(arrays: Sequence[Array], dims: Sequence[Any], *, part: Part) -> tuple[list[Array], list[int]]:
    size = next(a.shape[d] for a, d in zip(arrays, dims, strict=True) if d is not None)
    every = [
        jnp.broadcast_to(a, (size, *a.shape)) if d is None else jnp.moveaxis(a, d, 0)
        for a, d in zip(arrays, dims, strict=True)
    ]
    results = _PART.bind(*every, part=part)
    return results, [0] * len(results)


_PART.def_abstract_eval(_shapes)
batching.primitive_batchers[_PART] = _batched
