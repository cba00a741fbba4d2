"""What measures need of the points of a tile, where machine code folds these as it computes them.

What it comes to is kept from tile to tile in a `tree`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import Any, Literal

import numpy as np

from ...kernels.status import Status
from ..codegen.fold_loop import Numbers, values_of
from ..codegen.folds import NOWHERE, Fold
from ..codegen.ir import Graph
from ..codegen.ops.term import Term
from .lanes import Lanes, halved

# What an accumulator gives, by name, of shape (rows,): a row is a cell, or one number of an output in it.
Given = Mapping[str, np.ndarray]


Kind = Literal["count", "sum", "squares", "least", "bins", "below", "above"]


@dataclass(frozen=True)
class Accumulator:
    """One quantity of an output's values that count: those at points with one of the statuses `codes`.

    Attributes
    ----------
    kind
        "count" of values, or of those equal to `number`; "sum"; "squares" about the mean; "least" of the
        values, of those times -1 where that is the `sign`; in "bins" between `edges`, "below" and "above".
    output
        The output's name; empty for points by their status, which is `number` then.
    """

    kind: Kind
    output: str
    codes: frozenset[int] = frozenset()
    number: int | None = None
    sign: int = 1
    edges: tuple[float, ...] = ()

    def folds(self, graph: Graph, numbers: Numbers) -> list[Fold]:
        """As folds of the numbers of a point: one for each number of the output."""
        status = Term(graph, numbers["status"][0])
        if not self.output:
            assert self.number is not None
            there = _has(status, frozenset({self.number}))
            return [Fold("count", there.scalar, status.scalar, number=self.number)]
        return [self._fold(status, Term(graph, scalar)) for scalar in numbers[self.output]]

    def _fold(self, status: Term, value: Term) -> Fold:
        counted = _counted(status, value, self.codes)
        if self.kind == "count":
            if self.number is not None:
                counted = value.equals(self.number) & counted
            return Fold("count", counted.scalar)
        value = value if value.scalar.dtype == "f64" else value.to("f64")
        if self.kind == "below":
            return Fold("count", ((value < self.edges[0]) & counted).scalar)
        if self.kind == "above":
            return Fold("count", ((value > self.edges[-1]) & counted).scalar)
        if self.kind == "bins":
            inside = value.apply("ge", self.edges[0]) & value.apply("le", self.edges[-1])
            return Fold("bins", (inside & counted).scalar, value.scalar, self.edges)
        return Fold(self.kind, counted.scalar, (-value if self.sign < 0 else value).scalar)

    @property
    def counts(self) -> bool:
        """Whether it is of whole numbers alone."""
        return self.kind not in ("sum", "squares", "least")

    def given(self, lanes: np.ndarray) -> Given:
        """What comes out, of the rows of accumulators of one fold: shape (of them, rows, lanes), as bits."""
        real = lanes.view(np.float64)
        if self.kind == "sum":
            return {"sum": halved(real[0])}
        if self.kind == "squares":
            return {"squares": squares(real[0], lanes[1], real[2], real[3])}
        indices = np.where(real[0] == real[0].min(axis=-1, keepdims=True), lanes[1], NOWHERE)
        best = indices.argmin(axis=-1)[:, None]
        return {
            "value": np.take_along_axis(real[0], best, -1)[:, 0],
            "at": np.take_along_axis(indices, best, -1)[:, 0],
        }


def given_of(
    accumulators: Sequence[Accumulator],
    numbers: Mapping[str, int],
    lanes: np.ndarray,
    counters: np.ndarray,
) -> list[Given]:
    """What each accumulator gives, of all folds: lanes of shape (rows of them, cells, lanes), as bits, and
    counters of shape (cells, counters). `numbers` says how many each output has at a point.
    """
    result, lane, counter = [], 0, 0
    for one in accumulators:
        each = numbers[one.output] if one.output else 1
        if one.counts:
            size = (len(one.edges) - 1 if one.kind == "bins" else 1) * each
            mine = counters[:, counter : counter + size]
            counter += size
            shape = (len(mine) * each, -1) if one.kind == "bins" else (-1,)
            result.append({"count": mine.reshape(shape)})
            continue
        size = {"sum": 1, "squares": 4, "least": 2}[one.kind]
        mine = lanes[lane : lane + size * each].reshape(each, size, *lanes.shape[1:])
        lane += size * each
        rows = mine.transpose(1, 2, 0, 3).reshape(size, -1, lanes.shape[-1])
        result.append(one.given(rows))
    return result


def total(values: np.ndarray, kept: np.ndarray | None, lanes: Lanes, shape: Sequence[int]) -> np.ndarray:
    """The sum of each row of values, shape (rows, points), that are kept: with the bits of machine code."""
    values = values.astype(np.float64, copy=False)
    counted = values if kept is None else np.where(kept, values, 0.0)
    held: Any = 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        for turn in lanes.turns(counted, shape):
            held = held + turn
    return halved(held)


def squares_about_mean(
    values: np.ndarray, kept: np.ndarray | None, lanes: Lanes, shape: Sequence[int]
) -> np.ndarray:
    """The sum of squares of each row about its mean, of what is kept: with the bits of machine code."""
    values = values.astype(np.float64, copy=False)
    kept = np.ones(values.shape, bool) if kept is None else kept
    first = sums = squared = count = np.zeros(())
    with np.errstate(invalid="ignore", over="ignore"):
        for value, mask in zip(lanes.turns(values, shape), lanes.turns(kept, shape), strict=True):
            first = np.where(mask & (count == 0), value, first)
            apart = np.where(mask, value - first, 0.0)
            count, sums, squared = count + mask, sums + apart, squared + apart * apart
    return squares(first, count, sums, squared)


def squares(first: np.ndarray, count: np.ndarray, sums: np.ndarray, squared: np.ndarray) -> np.ndarray:
    """The sum of squares about the mean of all, of lanes about the first value of each."""
    with np.errstate(invalid="ignore", over="ignore"):
        many, some = np.maximum(count, 1), (count > 0).argmax(axis=-1)[..., None]
        within = np.maximum(squared - sums * (sums / many), 0.0)
        # Apart from a value that there is: a mean that is far larger than they vary costs no digits.
        mean = first - np.take_along_axis(first, some, -1) + sums / many
        of_all = halved(mean * count) / np.maximum(count.sum(axis=-1), 1)
        apart = np.where(count > 0, mean - of_all[..., None], 0.0)
        return halved(within + apart * (apart * count))


def _counted(status: Term, value: Term, codes: frozenset[int]) -> Term:
    """Whether a value counts, as `seen.see` has it."""
    counted = _has(status, codes)
    if value.scalar.dtype[0] != "f":
        return counted
    there = abs(value) < inf if Status.not_finite in codes else value.equals(value)
    return there & counted


def _has(status: Term, codes: frozenset[int]) -> Term:
    """Whether a status is one of these."""
    possible = values_of(status.scalar)
    if possible is not None:
        if possible <= codes:
            return Term(status.graph, status.graph.constant(1, "i1"))
        codes &= possible
    if not codes:
        return Term(status.graph, status.graph.constant(0, "i1"))
    return reduce(Term.__or__, (status.equals(code) for code in sorted(codes)))
