"""Batched calls into LAPACK and Fourier transforms, cut so small that none waits for XLA's pool of threads.

On a CPU jaxlib before 0.11 cuts a large batch of matrices into tasks for XLA's own pool, and the thread that
asked waits for them. It is itself a thread of that pool: as soon as every one of them waits, none is left to
do the work, and the program stands still for ever without using a core. Two independent calls of ``solve`` in
one program on two cores are enough. Below a certain amount of work (``GetLapackBatchChunkSize`` in jaxlib's
``cpu/lapack_kernels.cc``) the thread does it itself; so here a batch becomes a loop over parts that stay
below it.

Primitives of other libraries, such as ``linear_solve`` of lineax, hold such calls where no trace shows them:
they are opened first (`foreign`). Fourier transforms wait with one release alone (`transforms`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.lax.linalg
from jax.extend import core

from . import transforms
from .equations import bound, computed, retraced, with_inner
from .foreign import opened
from .live_bytes import inner_jaxprs

Array = Any

# jaxlib hands on what takes 200,000 operations or more; no routine takes more than 30 n^3 for a matrix.
_MOST_OPERATIONS = 200_000
_OPERATIONS_PER_CUBE = 30

_LAPACK = {p.name for p in vars(jax.lax.linalg).values() if isinstance(p, core.Primitive)} | {
    "geqrf",
    "geqp3",
}
# Their first operand is a vector for each member of the batch; that of the others is a matrix.
_OF_VECTORS = {"tridiagonal_solve", "lu_pivots_to_permutation"}


def inline_calls(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, numbers included, whose calls of such routines run in the thread that makes them.

    `function` is of trees of arrays, in its final form: vmapped and differentiated already. What is returned
    is to be jitted.
    """

    def inlined(*arguments: Any) -> Any:
        closed, results = jax.make_jaxpr(function, return_shape=True)(*arguments)
        result = _run(closed.jaxpr, closed.consts, *jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(results), result)

    return inlined


def holds_pooled_calls(jaxpr: core.Jaxpr) -> bool:
    """Whether a program calls such a routine anywhere, its loops, branches and inner functions included."""
    return any(map(_waits, jaxpr.eqns))


def _waits(equation: Any) -> bool:
    inner = inner_jaxprs(equation.params)
    if _in_smaller_parts(equation) is not None or any(map(holds_pooled_calls, inner)):
        return True
    function = opened(equation)
    return function is not None and holds_pooled_calls(function.jaxpr)


def _rewritten(closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
    return retraced(_run, closed)


def _run(jaxpr: core.Jaxpr, consts: Sequence[Array], *arguments: Array) -> list[Array]:
    """Evaluate a jaxpr, with such calls in parts."""
    return computed(jaxpr, consts, _results, *arguments)


def _results(equation: Any, operands: list[Array]) -> list[Array]:
    if (in_parts := _in_smaller_parts(equation)) is not None:
        return in_parts(equation, operands)
    if (function := opened(equation)) is not None and holds_pooled_calls(function.jaxpr):
        return _run(function.jaxpr, function.consts, *operands)
    return bound(equation, operands, with_inner(equation.params, holds_pooled_calls, _rewritten))


def _in_smaller_parts(equation: Any) -> Callable[[Any, list[Array]], list[Array]] | None:
    """What computes an equation in parts; None where it never waits."""
    if equation.primitive.name in _LAPACK:
        return _lapack_in_parts
    return transforms.in_parts if equation.primitive.name == "fft" and transforms.wait() else None


def _lapack_in_parts(equation: Any, operands: list[Array]) -> list[Array]:
    """One call into LAPACK for each part of the batch."""

    def call(*members: Array) -> list[Array]:
        return bound(equation, members, equation.params)

    rank = operands[0].ndim - (1 if equation.primitive.name in _OF_VECTORS else 2)
    batch = operands[0].shape[:rank]
    size = max((max(a.shape[rank:], default=1) for a in operands), default=1)
    part = max((_MOST_OPERATIONS - 1) // (_OPERATIONS_PER_CUBE * size**3), 1)
    flat = [a.reshape(-1, *a.shape[rank:]) for a in operands]
    if len(flat[0]) <= part:
        return call(*operands)
    result = jax.lax.map(lambda members: call(*members), flat, batch_size=part if part > 1 else None)
    return [a.reshape(*batch, *a.shape[1:]) for a in result]
