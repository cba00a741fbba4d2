"""Choices and loops."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...scan_counts import scan_counts
from ..ir import Graph, Scalar, Unsupported, array_of
from .elementwise import choose_arrays
from .rule import Array, Context, rule

Arrays = list[Array]

# A scan is written out where it takes at most this many steps; one that only carries is a loop from here on,
# or from 2 steps where more operations than this would be written out: each step would be lowered anew.
_LONGEST_SCAN, _SHORTEST_LOOP, _MOST_WRITTEN = 64, 17, 5_000


@rule("platform_index")
def _platform_index(context: Context, *, platforms: Sequence[Sequence[str] | None]) -> Array:
    """Which of several ways a CPU takes: the one that names it, or that for all others (None)."""
    mine = next(i for i, way in enumerate(platforms) if way is None or "cpu" in way)
    return array_of([context.graph.constant(mine, context.dtype)], ())


@rule("cond")
def _cond(context: Context, which: Array, *operands: Array, branches: Sequence[Any], **_: Any) -> Arrays:
    """All branches, and a choice between their results; loops in a branch only run where it is taken."""
    graph, number = context.graph, which.item()
    if number.dtype == "i1" and len(branches) != 2:
        raise Unsupported("cond")
    cases = []
    for i, branch in enumerate(branches):
        with graph.only_where(_taken(graph, number, i)):
            cases.append(context.lower(branch, operands))
    return [choose_arrays(context.graph, which, *results) for results in zip(*cases, strict=True)]


def _taken(graph: Graph, which: Scalar, i: int) -> Scalar:
    """Whether a number is that of branch `i`."""
    if which.dtype == "i1":
        return which if i else graph.apply("not", which)
    return graph.apply("eq", which, graph.constant(i, which.dtype), dtype="i1")


@rule("while")
def _while(
    context: Context,
    *operands: Array,
    cond_jaxpr: Any,
    cond_nconsts: int,
    body_jaxpr: Any,
    body_nconsts: int,
    **_: Any,
) -> Arrays:
    in_cond, wanted = operands[:cond_nconsts], context.graph.wanted
    in_body = operands[cond_nconsts : cond_nconsts + body_nconsts]

    def cond(carried: Arrays) -> Array:
        goes_on = context.lower(cond_jaxpr, [*in_cond, *carried])[0]
        return goes_on if wanted is None else _both(context.graph, goes_on, wanted)

    def body(carried: Arrays) -> Arrays:
        return context.lower(body_jaxpr, [*in_body, *carried])

    return _loop(context.graph, list(operands[cond_nconsts + body_nconsts :]), cond, body)


def _both(graph: Graph, conditions: Array, wanted: Scalar) -> Array:
    return array_of([graph.apply("and", c, wanted) for c in conditions.ravel()], conditions.shape)


def _loop(
    graph: Graph, first: Arrays, cond: Callable[[Arrays], Array], body: Callable[[Arrays], Arrays]
) -> Arrays:
    """Iterations while `cond` says so: one boolean, or those of several loops that vmap made one."""
    starts = [s for array in first for s in array.ravel()]
    carried = graph.carried([s.dtype for s in starts])
    arrays = _arrays_like(first, carried)
    on, later = cond(arrays), body(arrays)
    if on.shape:  # a loop that is done keeps what it has while others go on
        pairs = zip(arrays, later, strict=True)
        later = [choose_arrays(graph, _trailing(on, new.ndim), old, new) for old, new in pairs]
    some = reduce(lambda a, b: graph.apply("or", a, b), on.ravel(), graph.constant(False, "i1"))
    return _arrays_like(first, graph.loop(starts, carried, some, [s for a in later for s in a.ravel()]))


def _trailing(on: Array, rank: int) -> Array:
    """An array over the first dims, to be broadcast over the others."""
    return on.reshape(on.shape + (1,) * (rank - on.ndim))


def _arrays_like(arrays: Arrays, scalars: list[Scalar]) -> Arrays:
    result, at = [], 0
    for array in arrays:
        result.append(array_of(scalars[at : at + array.size], array.shape))
        at += array.size
    return result


@rule("scan")
def _scan(
    context: Context, *operands: Array, jaxpr: Any, length: int, reverse: bool, **params: Any
) -> Arrays:
    constants, carries = scan_counts(params, len(operands))
    fixed, carried = operands[:constants], list(operands[constants : constants + carries])
    along = operands[constants + carries :]
    stacks = len(context.avals_out) - carries
    long = length >= _SHORTEST_LOOP or length * len(jaxpr.jaxpr.eqns) > _MOST_WRITTEN
    if long and length > 1 and not along and not stacks:
        return _counted(context, jaxpr, length, fixed, carried)
    if length > _LONGEST_SCAN:
        raise Unsupported(f"scan of {length} steps along an array")
    if not length:
        raise Unsupported("scan over nothing")
    rows: dict[int, Arrays] = {}
    for i in range(length)[::-1] if reverse else range(length):
        results = context.lower(jaxpr, [*fixed, *carried, *(np.asarray(a[i, ...]) for a in along)])
        carried, rows[i] = results[:carries], results[carries:]
    return [*carried, *(np.stack([rows[i][k] for i in range(length)]) for k in range(stacks))]


def _counted(context: Context, jaxpr: Any, length: int, fixed: Sequence[Array], carried: Arrays) -> Arrays:
    """A scan that only carries, as a loop with a counter."""
    graph = context.graph
    end, one = graph.constant(length, "i32"), graph.constant(1, "i32")
    first = [array_of([graph.constant(0, "i32")], ()), *carried]

    def body(arrays: Arrays) -> Arrays:
        count = graph.apply("add", arrays[0].item(), one)
        return [array_of([count], ()), *context.lower(jaxpr, [*fixed, *arrays[1:]])]

    def cond(arrays: Arrays) -> Array:
        return array_of([graph.apply("lt", arrays[0].item(), end, dtype="i1")], ())

    return _loop(graph, first, cond, body)[1:]
