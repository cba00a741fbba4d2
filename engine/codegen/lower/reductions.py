"""Primitives that make one number of several: sums, products of matrices, extremes, running sums."""

from collections.abc import Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of, range_of
from .rule import Array, Context, Rule, rule


def _reduce(op: str) -> Rule:
    def reduction(context: Context, operand: Array, *, axes: Sequence[int], **_: Any) -> Array:
        kept = [i for i in range(operand.ndim) if i not in axes]
        shape, count = tuple(operand.shape[i] for i in kept), prod(operand.shape[i] for i in axes)
        rows = operand.transpose([*kept, *axes]).reshape(prod(shape), count)
        return array_of([joined(context.graph, op, list(row), context.dtype) for row in rows], shape)

    return reduction


def joined(graph: Graph, op: str, scalars: Sequence[Scalar], dtype: str) -> Scalar:
    """These scalars joined by an operation, in order; what joining none gives where there are none."""
    if not scalars:
        return graph.constant(_of_nothing(op, dtype), dtype)
    return reduce(lambda a, b: graph.apply(op, a, b), scalars)


def _of_nothing(op: str, dtype: str) -> float:
    """What joining no numbers gives."""
    if op in ("max", "min"):
        least, most = (-np.inf, np.inf) if dtype[0] == "f" else range_of(dtype)
        return least if op == "max" else most
    return {"add": 0, "mul": 1, "and": -1, "or": 0}[op]  # all bits, none


def _accumulate(op: str) -> Rule:
    def accumulation(context: Context, operand: Array, *, axis: int, reverse: bool) -> Array:
        moved = np.moveaxis(operand, axis, 0)
        if not moved.size:
            return operand
        moved = moved[::-1] if reverse else moved
        table = moved.reshape(len(moved), -1)
        rows = [list(table[0])]
        for row in table[1:]:
            rows.append([context.graph.apply(op, a, b) for a, b in zip(rows[-1], row, strict=True)])
        rows = rows[::-1] if reverse else rows
        return np.moveaxis(array_of([s for row in rows for s in row], moved.shape), 0, axis)

    return accumulation


def _extreme(better: str) -> Rule:
    """The index of the first number that is `better` than all others along an axis, or that is NaN."""

    def extreme(context: Context, operand: Array, *, axes: Sequence[int], **_: Any) -> Array:
        (axis,) = axes
        moved = np.moveaxis(operand, axis, -1)
        rows = moved.reshape(-1, moved.shape[-1])
        return array_of([_index_of(context, better, list(row)) for row in rows], moved.shape[:-1])

    return extreme


def _index_of(context: Context, better: str, row: list[Scalar]) -> Scalar:
    g, dtype = context.graph, context.dtype
    best, index = row[0], g.constant(0, dtype)
    for i, a in enumerate(row[1:], start=1):
        wins = g.apply(better, a, best, dtype="i1")
        if a.dtype[0] == "f":  # The first NaN counts as the extreme.
            is_nan = g.apply("ne", a, a, dtype="i1")
            best_is_none = g.apply("eq", best, best, dtype="i1")
            wins = g.apply("or", wins, g.apply("and", is_nan, best_is_none))
        best = g.apply("select", wins, a, best, dtype=a.dtype)
        index = g.apply("select", wins, g.constant(i, dtype), index, dtype=dtype)
    return index


@rule("dot_general")
def _dot_general(context: Context, left: Array, right: Array, *, dimension_numbers: Any, **_: Any) -> Array:
    (left_sum, right_sum), (left_batch, right_batch) = dimension_numbers
    left_free = [i for i in range(left.ndim) if i not in (*left_sum, *left_batch)]
    right_free = [i for i in range(right.ndim) if i not in (*right_sum, *right_batch)]
    dtype = context.dtype
    if dtype == "i1" or any(s.dtype != dtype for s in (*left.ravel(), *right.ravel())):
        raise Unsupported("dot of booleans or of mixed dtypes")
    a = left.transpose([*left_batch, *left_free, *left_sum])
    b = right.transpose([*right_batch, *right_free, *right_sum])
    batch, free = len(left_batch), len(left_batch) + len(left_free)
    sums = []
    for at in product(*map(range, context.shape)):
        row, column = a[(*at[:batch], *at[batch:free])], b[(*at[:batch], *at[free:])]
        pairs = zip(np.ravel(row), np.ravel(column), strict=True)
        terms = [context.graph.apply("mul", x, y) for x, y in pairs]
        sums.append(joined(context.graph, "add", terms, dtype))
    return array_of(sums, context.shape)


for _name, _op in {"sum": "add", "prod": "mul", "max": "max", "min": "min", "and": "and", "or": "or"}.items():
    rule(f"reduce_{_name}")(_reduce(_op))
for _name, _op in {"sum": "add", "prod": "mul", "max": "max", "min": "min"}.items():
    rule(f"cum{_name}")(_accumulate(_op))
rule("argmax")(_extreme("gt"))
rule("argmin")(_extreme("lt"))
