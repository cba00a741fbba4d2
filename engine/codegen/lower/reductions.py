"""Primitives of JAX that make one number of several, on arrays of scalars (see `scalarise`)."""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of, kind_of, range_of

Arrays = list[np.ndarray]
Rule = Callable[[Graph, Any, Arrays], Arrays]


def _reduced(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        (array,), axes = arrays, equation.params["axes"]
        kept = [i for i in range(array.ndim) if i not in axes]
        shape, count = tuple(array.shape[i] for i in kept), prod(array.shape[i] for i in axes)
        rows = array.transpose([*kept, *axes]).reshape(prod(shape), count)
        kind = kind_of(equation.outvars[0].aval.dtype)
        return [array_of([_joined(graph, op, list(row), kind) for row in rows], shape)]

    return rule


def _joined(graph: Graph, op: str, scalars: Sequence[Scalar], kind: str) -> Scalar:
    if not scalars:
        return graph.constant(_of_nothing(op, kind), kind)
    return reduce(lambda a, b: graph.apply(op, a, b), scalars)


def _of_nothing(op: str, kind: str) -> float:
    """What joining no numbers gives."""
    if op in ("max", "min"):
        least, most = (-np.inf, np.inf) if kind[0] == "f" else range_of(kind)
        return least if op == "max" else most
    return {"add": 0, "mul": 1, "and": -1, "or": 0}[op]  # all bits, none


def _accumulated(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        axis, backwards = equation.params["axis"], equation.params["reverse"]
        moved = np.moveaxis(arrays[0], axis, 0)
        if not moved.size:
            return arrays
        moved = moved[::-1] if backwards else moved
        table = moved.reshape(len(moved), -1)
        rows = [list(table[0])]
        for row in table[1:]:
            rows.append([graph.apply(op, a, b) for a, b in zip(rows[-1], row, strict=True)])
        rows = rows[::-1] if backwards else rows
        found = array_of([s for row in rows for s in row], moved.shape)
        return [np.moveaxis(found, 0, axis)]

    return rule


def _dot(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    left, right = arrays
    left_free = [i for i in range(left.ndim) if i not in (*left_sum, *left_batch)]
    right_free = [i for i in range(right.ndim) if i not in (*right_sum, *right_batch)]
    a, b = (
        left.transpose([*left_batch, *left_free, *left_sum]),
        right.transpose([*right_batch, *right_free, *right_sum]),
    )
    shape, kind = equation.outvars[0].aval.shape, kind_of(equation.outvars[0].aval.dtype)
    if kind == "i1" or any(s.kind != kind for s in (*left.ravel(), *right.ravel())):
        raise Unsupported("dot of truth values or of mixed kinds")
    batch = [left.shape[i] for i in left_batch]
    found = []
    for at in product(*map(range, shape)):
        row = a[(*at[: len(batch)], *at[len(batch) : len(batch) + len(left_free)])]
        column = b[(*at[: len(batch)], *at[len(batch) + len(left_free) :])]
        terms = [graph.apply("mul", x, y) for x, y in zip(np.ravel(row), np.ravel(column), strict=True)]
        found.append(_joined(graph, "add", terms, kind))
    return [array_of(found, shape)]


def _extreme_place(op: str) -> Rule:
    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        (axis,) = equation.params["axes"]
        kind = kind_of(equation.outvars[0].aval.dtype)
        moved = np.moveaxis(arrays[0], axis, -1)

        def place(row: Any) -> Scalar:
            best, found = row[0], graph.constant(0, kind)
            for i, a in enumerate(row[1:], start=1):
                better = graph.apply(op, a, best, kind="i1")
                if a.kind[0] == "f":  # The first NaN counts as the extreme.
                    lost = graph.apply("ne", a, a, kind="i1")
                    known = graph.apply("eq", best, best, kind="i1")
                    lost = graph.apply("and", lost, known)
                    better = graph.apply("or", better, lost)
                best = graph.apply("select", better, a, best, kind=a.kind)
                found = graph.apply("select", better, graph.constant(i, kind), found, kind=kind)
            return found

        rows = moved.reshape(-1, moved.shape[-1])
        return [array_of([place(row) for row in rows], moved.shape[:-1])]

    return rule


SUMS: dict[str, Rule] = {
    "reduce_sum": _reduced("add"),
    "reduce_prod": _reduced("mul"),
    "reduce_max": _reduced("max"),
    "reduce_min": _reduced("min"),
    "reduce_and": _reduced("and"),
    "reduce_or": _reduced("or"),
    "dot_general": _dot,
    "argmax": _extreme_place("gt"),
    "argmin": _extreme_place("lt"),
    "cumsum": _accumulated("add"),
    "cumprod": _accumulated("mul"),
    "cummax": _accumulated("max"),
    "cummin": _accumulated("min"),
}
