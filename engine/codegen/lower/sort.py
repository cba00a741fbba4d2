"""Sorting a few numbers, as comparisons and choices on scalars (see `scalarise`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, Unsupported

Arrays = list[np.ndarray]
Row = tuple[Scalar, ...]  # at one place, a scalar of each array that is sorted along

_LONGEST = 32


def sort(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    """Several arrays by the first `num_keys` of them; equal ones keep their order."""
    axis, keys = equation.params["dimension"], equation.params["num_keys"]
    if arrays[0].shape[axis] > _LONGEST:
        raise Unsupported(f"sort of more than {_LONGEST} numbers")
    found = [np.moveaxis(array, axis, -1).copy() for array in arrays]
    for at in np.ndindex(*found[0].shape[:-1]):
        rows = _sorted(graph, list(zip(*(array[at] for array in found), strict=True)), keys)
        for array, column in zip(found, zip(*rows, strict=True), strict=True):
            for k, scalar in enumerate(column):
                array[(*at, k)] = scalar
    return [np.moveaxis(array, -1, axis) for array in found]


def _sorted(graph: Graph, rows: list[Row], keys: int) -> list[Row]:
    """Neighbours change places where the later comes first, as often as any order can need."""
    for end in range(len(rows) - 1, 0, -1):
        for i in range(end):
            a, b = rows[i], rows[i + 1]
            swap = _before(graph, b[:keys], a[:keys])
            pairs = list(zip(a, b, strict=True))
            rows[i] = tuple(graph.apply("select", swap, y, x, kind=x.kind) for x, y in pairs)
            rows[i + 1] = tuple(graph.apply("select", swap, x, y, kind=x.kind) for x, y in pairs)
    return rows


def _before(graph: Graph, a: Sequence[Scalar], b: Sequence[Scalar]) -> Scalar:
    """Whether `a` comes before `b` by the first number in which they differ; NaN comes last."""
    less, same = _less(graph, a[0], b[0])
    if len(a) == 1:
        return less
    return graph.apply("or", less, graph.apply("and", same, _before(graph, a[1:], b[1:])))


def _less(graph: Graph, a: Scalar, b: Scalar) -> tuple[Scalar, Scalar]:
    less, same = graph.apply("lt", a, b, kind="i1"), graph.apply("eq", a, b, kind="i1")
    if a.kind[0] != "f":
        return less, same
    no_a, no_b = (graph.apply("ne", x, x, kind="i1") for x in (a, b))
    a_only = graph.apply("and", graph.apply("eq", a, a, kind="i1"), no_b)
    return graph.apply("or", less, a_only), graph.apply("or", same, graph.apply("and", no_a, no_b))
