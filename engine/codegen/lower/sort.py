"""Sorting a few numbers, as comparisons and choices."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, Unsupported
from .rule import Array, Context, rule

Row = tuple[Scalar, ...]  # at one place, a scalar of each array that is sorted along

_LONGEST = 32


@rule("sort")
def _sort(context: Context, *operands: Array, dimension: int, num_keys: int, **_: Any) -> list[Array]:
    """Several arrays by the first `num_keys` of them; equal ones keep their order, asked for or not."""
    if operands[0].shape[dimension] > _LONGEST:
        raise Unsupported(f"sort of more than {_LONGEST} numbers")
    results = [np.moveaxis(array, dimension, -1).copy() for array in operands]
    for at in np.ndindex(*results[0].shape[:-1]):
        rows = _sorted(context.graph, list(zip(*(array[at] for array in results), strict=True)), num_keys)
        for array, column in zip(results, zip(*rows, strict=True), strict=True):
            for k, scalar in enumerate(column):
                array[(*at, k)] = scalar
    return [np.moveaxis(array, -1, dimension) for array in results]


def _sorted(graph: Graph, rows: list[Row], keys: int) -> list[Row]:
    """Neighbours change places where the later comes first, as often as any order can need."""
    for end in range(len(rows) - 1, 0, -1):
        for i in range(end):
            a, b = rows[i], rows[i + 1]
            swap = _before(graph, b[:keys], a[:keys])
            pairs = list(zip(a, b, strict=True))
            rows[i] = tuple(graph.apply("select", swap, y, x, dtype=x.dtype) for x, y in pairs)
            rows[i + 1] = tuple(graph.apply("select", swap, x, y, dtype=x.dtype) for x, y in pairs)
    return rows


def _before(graph: Graph, a: Sequence[Scalar], b: Sequence[Scalar]) -> Scalar:
    """Whether `a` comes before `b` by the first number in which they differ; NaN comes last."""
    less, same = _less(graph, a[0], b[0])
    if len(a) == 1:
        return less
    return graph.apply("or", less, graph.apply("and", same, _before(graph, a[1:], b[1:])))


def _less(graph: Graph, a: Scalar, b: Scalar) -> tuple[Scalar, Scalar]:
    less, same = graph.apply("lt", a, b, dtype="i1"), graph.apply("eq", a, b, dtype="i1")
    if a.dtype[0] != "f":
        return less, same
    no_a, no_b = (graph.apply("ne", x, x, dtype="i1") for x in (a, b))
    a_only = graph.apply("and", graph.apply("eq", a, a, dtype="i1"), no_b)
    return graph.apply("or", less, a_only), graph.apply("or", same, graph.apply("and", no_a, no_b))
