"""What a trace holds between calls: numbers moved, counted and compared, as calls and copies of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, array_of
from ..lanes import Leaf, Loop
from ..lower.rule import Context, apply
from ..lower.walk_jaxpr import constants_of, dtype_of, lower_inner
from .part import Part
from .route import Apply, Buffer, Copy, Step, Take, Value

Array = np.ndarray
# Where scalars that are read lie.
Origins = dict[Scalar, tuple[Value, int]]
# Of two arrays of at least so many numbers one is copied; of shorter ones numbers are chosen one by one.
_MANY = 16


@dataclass(eq=False)
class Glue:
    """Equations of a trace in a row: what each takes and makes. `results` are made for others."""

    equations: list[tuple[Any, list[Value], list[Value]]]

    @property
    def inputs(self) -> list[Buffer]:
        """The buffers that are read and not made here."""
        made = set(self.made)
        read = [v.buffer for _, operands, _ in self.equations for v in operands]
        return [buffer for buffer in dict.fromkeys(read) if buffer not in made and buffer.constant is None]

    @property
    def made(self) -> list[Buffer]:
        """The buffers that are written."""
        return [v.buffer for _, _, results in self.equations for v in results]


class _Lowering:
    """The equations as scalars; arrays that come from outside are inputs, in the order of their first use."""

    def __init__(self, glue: Glue, wanted: Sequence[Buffer]) -> None:
        self.graph, self.known = Graph(), dict[Buffer, Array]()
        self.given: dict[tuple[Buffer, int, int], tuple[Value, Array]] = {}
        # The numbers of results come before those of inputs.
        self.first = self.numbered = sum(buffer.size for buffer in wanted)
        for equation, operands, results in glue.equations:
            arrays = [self.read(v) for v in operands]
            dtype = dtype_of(equation.outvars[0].aval)
            context = Context(self.graph, equation, dtype, partial(lower_inner, self.graph))
            for value, array in zip(results, apply(context, arrays), strict=True):
                self.known[value.buffer] = array.ravel()

    def read(self, value: Value) -> Array:
        if value.buffer.constant is not None:
            whole = constants_of(self.graph, value.buffer.constant).ravel()
        elif value.buffer in self.known:
            whole = self.known[value.buffer]
        else:
            return self.input(value).reshape(value.shape)
        return whole[value.first : value.first + value.size].reshape(value.shape)

    def input(self, value: Value) -> Array:
        if value.key not in self.given:
            array = self.graph.inputs((value.size,), value.buffer.dtype, self.numbered)
            self.given[value.key] = value, array
            self.numbered += value.size
        return self.given[value.key][1]


def steps_of(
    glue: Glue, wanted: Sequence[Buffer], primitives: Callable[[Sequence[Scalar]], list[Scalar]]
) -> list[Step]:
    """How what is `wanted` of it is made. Raises Unsupported where something has no such form."""
    if not wanted:
        return []
    lowering = _Lowering(glue, wanted)
    origin = {s: (value, k) for value, array in lowering.given.values() for k, s in enumerate(array.tolist())}
    moved = [buffer for buffer in wanted if _is_moved(lowering.known[buffer], origin)]
    pairs = [pair for buffer in moved for pair in _runs(buffer, lowering.known[buffer].tolist(), origin)]
    steps: list[Step] = [Copy(tuple(pairs))] if pairs else []
    chosen = [
        buffer for buffer in wanted if buffer not in moved and _is_chosen(lowering.known[buffer], origin)
    ]
    rows = _rows_of(lowering, chosen)
    computed = [
        buffer for buffer in (*wanted, *rows.values()) if buffer not in moved and buffer not in chosen
    ]
    if computed:
        steps.append(_call(lowering, computed, primitives))
    return [*steps, *(step for buffer in chosen for step in _choice(lowering, buffer, rows, origin))]


def _is_moved(scalars: Iterable[Scalar], origin: Origins) -> bool:
    """Whether they are all known, or lie in the record."""
    return all(s.constant or s in origin for s in scalars)


def _is_chosen(scalars: Array, origin: Origins) -> bool:
    """Whether many numbers are those of one array or those of another, by the same condition."""
    if len(scalars) < _MANY or any(s.op != "select" for s in scalars):
        return False
    conditions = {s.args[0] for s in scalars}
    return len(conditions) == 1 and _is_moved((a for s in scalars for a in s.args[1:]), origin)


def _rows_of(lowering: _Lowering, chosen: Sequence[Buffer]) -> dict[Scalar, Buffer]:
    """For each condition a buffer for the row that it chooses of two, computed with all else."""
    graph, rows = lowering.graph, dict[Scalar, Buffer]()
    for buffer in chosen:
        condition = lowering.known[buffer][0].args[0]
        if condition not in rows:
            yes, no = (graph.constant(k, "i32") for k in (1, 0))
            rows[condition] = Buffer(1, "i32")
            row = graph.apply("select", condition, yes, no, dtype="i32")
            lowering.known[rows[condition]] = array_of([row], (1,))
    return rows


def _choice(lowering: _Lowering, buffer: Buffer, rows: dict[Scalar, Buffer], origin: Origins) -> list[Step]:
    """Both arrays as the rows of one, and that row of it."""
    scalars = lowering.known[buffer].tolist()
    both = Value(Buffer(2 * buffer.size, buffer.dtype), (2, buffer.size))
    every = [s.args[case] for case in (2, 1) for s in scalars]
    index = Value(rows[scalars[0].args[0]], ())
    return [
        Copy(tuple(_runs(both.buffer, every, origin))),
        Take(both, index, Value(buffer, (buffer.size,))),
    ]


def _runs(buffer: Buffer, scalars: Sequence[Scalar], origin: Origins) -> list[tuple[Value, Value]]:
    """Pieces that lie side by side both in what is read and in what is written."""
    pairs, begin = [], 0
    while begin < len(scalars):
        end, first = begin + 1, scalars[begin]
        if first.constant:
            while end < len(scalars) and scalars[end].constant:
                end += 1
            values = np.array([s.value for s in scalars[begin:end]])
            source = Value(Buffer(end - begin, buffer.dtype, values), (end - begin,))
        else:
            value, at = origin[first]
            while end < len(scalars) and origin.get(scalars[end]) == (value, at + end - begin):
                end += 1
            source = value.part(at, (end - begin,))
        pairs.append((source, Value(buffer, (end - begin,), begin)))
        begin = end
    return pairs


def _call(
    lowering: _Lowering, computed: Sequence[Buffer], primitives: Callable[[Sequence[Scalar]], list[Scalar]]
) -> Apply:
    scalars = primitives([s for buffer in computed for s in lowering.known[buffer].tolist()])
    inputs = [value for value, _ in lowering.given.values()]
    results = [Leaf(buffer.size, buffer.dtype, 1, used=False) for buffer in computed]
    # Inputs are numbered as if all that is wanted were computed.
    rest = Leaf(lowering.first - len(scalars), "f64", 1, used=False, changes=False)
    leaves = [*results, rest, *(Leaf(v.size, v.buffer.dtype, 1) for v in inputs)]
    loop = Loop(tuple(leaves), len(results), lowering.graph.constant(False, "i1"), tuple(scalars), once=True)
    part = Part(loop, ())
    read = [v for k, v in enumerate(inputs, start=len(results) + 1) if k in part.read]
    return Apply(part, tuple(read), tuple(Value(buffer, (buffer.size,)) for buffer in computed))
