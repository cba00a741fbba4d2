"""What a trace holds between calls: numbers moved, counted and compared, as calls and copies of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..ir import Graph, Scalar, array_of
from ..lanes import Leaf, Loop
from ..lower.lower import constants_of, dtype_of, lower_inner
from ..lower.rule import Context, apply
from .part import Part
from .route import Apply, Copy, Room, Step, Take, Value

Array = np.ndarray
# Where scalars that are read lie.
Places = dict[Scalar, tuple[Value, int]]
# Of two arrays of at least so many numbers one is copied; of shorter ones numbers are chosen one by one.
_MANY = 16


@dataclass(eq=False)
class Glue:
    """Equations of a trace in a row: what each takes and makes. `results` are made for others."""

    equations: list[tuple[Any, list[Value], list[Value]]]

    @property
    def inputs(self) -> list[Room]:
        """The rooms that are read and not made here."""
        made = set(self.made)
        read = [v.room for _, operands, _ in self.equations for v in operands]
        return [room for room in dict.fromkeys(read) if room not in made and room.constant is None]

    @property
    def made(self) -> list[Room]:
        """The rooms that are written."""
        return [v.room for _, _, results in self.equations for v in results]


class _Lowering:
    """The equations as scalars; arrays that come from outside are inputs, in the order of their first use."""

    def __init__(self, glue: Glue, wanted: Sequence[Room]) -> None:
        self.graph, self.known = Graph(), dict[Room, Array]()
        self.given: dict[tuple[Room, int, int], tuple[Value, Array]] = {}
        # The numbers of results come before those of inputs.
        self.first = self.numbered = sum(room.size for room in wanted)
        for equation, operands, results in glue.equations:
            arrays = [self.read(v) for v in operands]
            dtype = dtype_of(equation.outvars[0].aval)
            context = Context(self.graph, equation, dtype, partial(lower_inner, self.graph))
            for value, array in zip(results, apply(context, arrays), strict=True):
                self.known[value.room] = array.ravel()

    def read(self, value: Value) -> Array:
        if value.room.constant is not None:
            whole = constants_of(self.graph, value.room.constant).ravel()
        elif value.room in self.known:
            whole = self.known[value.room]
        else:
            return self.input(value).reshape(value.shape)
        return whole[value.first : value.first + value.size].reshape(value.shape)

    def input(self, value: Value) -> Array:
        if value.key not in self.given:
            array = self.graph.inputs((value.size,), value.room.dtype, self.numbered)
            self.given[value.key] = value, array
            self.numbered += value.size
        return self.given[value.key][1]


def steps_of(
    glue: Glue, wanted: Sequence[Room], primitives: Callable[[Sequence[Scalar]], list[Scalar]]
) -> list[Step]:
    """How what is `wanted` of it is made. Raises Unsupported where something has no such form."""
    if not wanted:
        return []
    lowering = _Lowering(glue, wanted)
    place = {s: (value, k) for value, array in lowering.given.values() for k, s in enumerate(array.tolist())}
    moved = [room for room in wanted if _is_moved(lowering.known[room], place)]
    pairs = [pair for room in moved for pair in _runs(room, lowering.known[room].tolist(), place)]
    steps: list[Step] = [Copy(tuple(pairs))] if pairs else []
    chosen = [room for room in wanted if room not in moved and _is_chosen(lowering.known[room], place)]
    rows = _rows_of(lowering, chosen)
    computed = [room for room in (*wanted, *rows.values()) if room not in moved and room not in chosen]
    if computed:
        steps.append(_call(lowering, computed, primitives))
    return [*steps, *(step for room in chosen for step in _choice(lowering, room, rows, place))]


def _is_moved(scalars: Iterable[Scalar], place: Places) -> bool:
    """Whether they are all known, or lie in the record."""
    return all(s.constant or s in place for s in scalars)


def _is_chosen(scalars: Array, place: Places) -> bool:
    """Whether many numbers are those of one array or those of another, by the same condition."""
    if len(scalars) < _MANY or any(s.op != "select" for s in scalars):
        return False
    conditions = {s.args[0] for s in scalars}
    return len(conditions) == 1 and _is_moved((a for s in scalars for a in s.args[1:]), place)


def _rows_of(lowering: _Lowering, chosen: Sequence[Room]) -> dict[Scalar, Room]:
    """For each condition a room for the row that it chooses of two, computed with all else."""
    graph, rows = lowering.graph, dict[Scalar, Room]()
    for room in chosen:
        condition = lowering.known[room][0].args[0]
        if condition not in rows:
            yes, no = (graph.constant(k, "i32") for k in (1, 0))
            rows[condition] = Room(1, "i32")
            row = graph.apply("select", condition, yes, no, dtype="i32")
            lowering.known[rows[condition]] = array_of([row], (1,))
    return rows


def _choice(lowering: _Lowering, room: Room, rows: dict[Scalar, Room], place: Places) -> list[Step]:
    """Both arrays as the rows of one, and that row of it."""
    scalars = lowering.known[room].tolist()
    both = Value(Room(2 * room.size, room.dtype), (2, room.size))
    every = [s.args[case] for case in (2, 1) for s in scalars]
    index = Value(rows[scalars[0].args[0]], ())
    return [
        Copy(tuple(_runs(both.room, every, place))),
        Take(both, index, Value(room, (room.size,))),
    ]


def _runs(room: Room, scalars: Sequence[Scalar], place: Places) -> list[tuple[Value, Value]]:
    """Pieces that lie side by side both in what is read and in what is written."""
    pairs, begin = [], 0
    while begin < len(scalars):
        end, first = begin + 1, scalars[begin]
        if first.constant:
            while end < len(scalars) and scalars[end].constant:
                end += 1
            values = np.array([s.value for s in scalars[begin:end]])
            source = Value(Room(end - begin, room.dtype, values), (end - begin,))
        else:
            value, at = place[first]
            while end < len(scalars) and place.get(scalars[end]) == (value, at + end - begin):
                end += 1
            source = value.part(at, (end - begin,))
        pairs.append((source, Value(room, (end - begin,), begin)))
        begin = end
    return pairs


def _call(
    lowering: _Lowering, computed: Sequence[Room], primitives: Callable[[Sequence[Scalar]], list[Scalar]]
) -> Apply:
    scalars = primitives([s for room in computed for s in lowering.known[room].tolist()])
    inputs = [value for value, _ in lowering.given.values()]
    results = [Leaf(room.size, room.dtype, 1, used=False) for room in computed]
    # Inputs are numbered as if all that is wanted were computed.
    rest = Leaf(lowering.first - len(scalars), "f64", 1, used=False, changes=False)
    leaves = [*results, rest, *(Leaf(v.size, v.room.dtype, 1) for v in inputs)]
    loop = Loop(tuple(leaves), len(results), lowering.graph.constant(False, "i1"), tuple(scalars), once=True)
    part = Part(loop, ())
    read = [v for k, v in enumerate(inputs, start=len(results) + 1) if k in part.read]
    return Apply(part, tuple(read), tuple(Value(room, (room.size,)) for room in computed))
