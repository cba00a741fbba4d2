"""A function of grid points as machine code: nested loops that compute each number once.

A number is computed along those axes only on which it depends. All numbers of one set of axes are a *stage*;
what other stages need of it is kept in a table over its axes. Loops are nested from the longest axis to the
shortest, and the innermost runs along one axis, `WIDTH` points at a time. A stage stands as deep in the nest
as the first axes that it has, so that its table holds only what is left of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property

from ..ir import Scalar, order_of
from .builder import VectorCode
from .types import WIDTH, bytes_of, scalar_type

Axes = frozenset[int]


@dataclass(frozen=True)
class Grid:
    """A function of points, taken apart: input number `k` is a coordinate along axis ``along[k]``.

    `fields` are the outputs: the numbers that each has at a point. `order` has all axes as they are nested.
    `lengths` decide along what those stages run that have not the innermost axis; the code serves others as
    well. In the outputs neighbours along the innermost axis lie side by side where `contiguous`.
    """

    along: tuple[int, ...]
    fields: tuple[tuple[Scalar, ...], ...]
    order: tuple[int, ...]
    lengths: tuple[int, ...]
    contiguous: bool

    @cached_property
    def stages(self) -> list["Stage"]:
        """In an order in which each finds what it needs."""
        axes_of: dict[Scalar, Axes] = {}
        wanted: dict[Axes, dict[Scalar, None]] = {}
        whole = frozenset(self.order)
        everything = order_of([s for field in self.fields for s in field])
        for s in everything:
            mine = frozenset({self.along[s.value]}) if s.op == "input" else frozenset()
            axes_of[s] = mine.union(*(axes_of[a] for a in s.args)) if s.args else mine
        reads: dict[Axes, dict[Scalar, None]] = {whole: {}}
        ends = [(s, whole) for field in self.fields for s in field]
        for user, axes in [*ends, *((a, axes_of[s]) for s in everything for a in s.args)]:
            if user.constant or (axes_of[user] == axes and user.op != "input"):
                continue
            reads.setdefault(axes, {})[user] = None
            if user.op != "input":
                wanted.setdefault(axes_of[user], {})[user] = None
        sets = sorted({*reads, *wanted, whole}, key=lambda axes: (len(axes), sorted(axes)))
        return [self._stage(axes, wanted.get(axes, {}), reads.get(axes, {}), axes_of) for axes in sets]

    def _stage(
        self, axes: Axes, kept: dict[Scalar, None], reads: dict[Scalar, None], axes_of: dict[Scalar, Axes]
    ) -> "Stage":
        return Stage(axes, self._shape(axes), tuple(kept), tuple((s, axes_of[s]) for s in reads))

    def _shape(self, axes: Axes) -> "Shape":
        inner = self.order[-1]
        if inner in axes:
            depth = next((d for d, axis in enumerate(self.order) if axis not in axes), len(self.order) - 1)
            return Shape(depth, tuple(a for a in self.order[depth:] if a in axes))
        if not axes:
            return Shape(0, ())
        along = max(sorted(axes), key=lambda a: self.lengths[a])
        return Shape(0, (*(a for a in self.order if a in axes and a != along), along))


@dataclass(frozen=True)
class Shape:
    """Where a stage stands: inside the first `depth` loops, over `span`, of which the last is vectorised."""

    depth: int
    span: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """All numbers that depend on the same axes: which are kept, and what is read from others."""

    axes: Axes
    shape: Shape
    kept: tuple[Scalar, ...]
    reads: tuple[tuple[Scalar, Axes], ...]


def grid_code(grid: Grid, name: str) -> str:
    """LLVM code of ``name(inputs, outputs, tables, lengths, strides)``, all pointers.

    inputs : to the coordinates, one array for each input, `WIDTH` - 1 numbers longer than its axis.
    outputs : to the first point of each output.
    tables : to room for each kept number of each stage, as `table_sizes` says.
    lengths : of the axes.
    strides : points from one value of an axis to the next, in the outputs.
    """
    writer = _Writer(grid)
    writer.enter()
    writer.nest(0)
    lines = [
        *sorted(writer.code.called),
        f"define void @{name}(ptr %inputs, ptr %outputs, ptr %tables, ptr %lengths, ptr %strides) "
        '"min-legal-vector-width"="512" {',
        "entry:", *writer.code.lines, "  ret void", "}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def table_sizes(grid: Grid, lengths: Sequence[int]) -> list[int]:
    """Bytes of each table, stage by stage."""
    sizes = []
    for stage in grid.stages:
        *outer, along = stage.shape.span or (None,)
        numbers = WIDTH if along is None else -(-lengths[along] // WIDTH) * WIDTH
        for axis in outer:
            numbers *= lengths[axis]  # pyright: ignore[reportArgumentType, reportCallIssue]
        sizes += [numbers * bytes_of(s.kind) for s in stage.kept]
    return sizes


class _Writer:
    """Writes the code of one grid, line by line."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.code = VectorCode("g")
        self.at: dict[int, str] = {}  # the place along an axis, inside its loop
        kept = [(stage, s) for stage in grid.stages for s in stage.kept]
        self.tables = {s: (f"%table{k}", stage.shape) for k, (stage, s) in enumerate(kept)}

    def enter(self) -> None:
        """Load pointers and lengths."""
        counts = {"input": len(self.grid.along), "output": len(self.grid.fields), "table": len(self.tables)}
        for what, count in counts.items():
            for k in range(count):
                self.load("ptr", f"%{what}s", k, f"%{what}{k}")
        for axis in self.grid.order:
            self.load("i64", "%lengths", axis, f"%length{axis}")
            self.load("i64", "%strides", axis, f"%stride{axis}")
            more = self.code.emit(f"add i64 %length{axis}, {WIDTH - 1}")
            self.code.lines.append(f"  %padded{axis} = and i64 {more}, -{WIDTH}")

    def load(self, kind: str, pointers: str, place: int, name: str) -> None:
        at = self.code.emit(f"getelementptr {kind}, ptr {pointers}, i64 {place}")
        self.code.lines.append(f"  {name} = load {kind}, ptr {at}")

    def nest(self, depth: int) -> None:
        """The stages that stand at this depth, then the next loop with all that stand deeper."""
        for stage in self.grid.stages:
            if stage.shape.depth == depth:
                self.stage(stage, stage.shape.span)
        if any(stage.shape.depth > depth for stage in self.grid.stages):
            with self.loop(self.grid.order[depth], 1):
                self.nest(depth + 1)

    @contextmanager
    def loop(self, axis: int, step: int) -> Iterator[None]:
        """Around lines that are written for every value, or every `step`-th, of an axis."""
        label = self.code.label("along")
        self.at[axis] = f"%{label}.i"
        self.code.lines += [
            f"  br label %{label}.in", f"{label}.in:", f"  br label %{label}", f"{label}:",
            f"  %{label}.i = phi i64 [ 0, %{label}.in ], [ %{label}.after, %{label}.next ]",
        ]  # fmt: skip
        yield
        self.code.lines += [
            f"  br label %{label}.next", f"{label}.next:",
            f"  %{label}.after = add i64 %{label}.i, {step}",
            f"  %{label}.more = icmp slt i64 %{label}.after, %length{axis}",
            f"  br i1 %{label}.more, label %{label}, label %{label}.out", f"{label}.out:",
        ]  # fmt: skip
        del self.at[axis]

    def stage(self, stage: Stage, span: tuple[int, ...]) -> None:
        """Loops over the span, the last one in vectors."""
        if len(span) > 1:
            with self.loop(span[0], 1):
                self.stage(stage, span[1:])
            return
        along = span[0] if span else None
        self.code.forget()
        rows = [(s, *self.row(s, axes, along)) for s, axes in stage.reads]
        targets = [self.table_row(s) for s in stage.kept]
        with nullcontext() if along is None else self.loop(along, WIDTH):
            at = "0" if along is None else self.at[along]
            for s, inside, place in rows:
                known = self.code.load_row(place, at, s.kind) if inside else self.code.spread(place, s.kind)
                self.code.give(s, known)
            self.code.compute(stage.kept)
            for s, target in zip(stage.kept, targets, strict=True):
                self.code.store_row(s, target, at)
            if stage.axes == frozenset(self.grid.order):
                self.outputs()

    def row(self, s: Scalar, axes: Axes, along: int | None) -> tuple[bool, str]:
        """Of what a stage reads: whether it lies along the vectors, and a pointer to it, or the number."""
        kind = scalar_type(s.kind)
        if s.op == "input":
            last, pointer = self.grid.along[s.value], f"%input{s.value}"
        else:
            last, pointer = next(iter(self.tables[s][1].span[-1:]), None), self.table_row(s)
        if last is not None and last == along:
            return True, pointer
        if last is not None:
            pointer = self.code.emit(f"getelementptr {kind}, ptr {pointer}, i64 {self.at[last]}")
        return False, self.code.emit(f"load {kind}, ptr {pointer}, align {bytes_of(s.kind)}")

    def table_row(self, s: Scalar) -> str:
        """A pointer to where the last axis of a kept number begins, at the other axes' places."""
        pointer, shape = self.tables[s]
        place = self.place(shape.span[:-1])
        if place is None:
            return pointer
        place = self.code.emit(f"mul i64 {place}, %padded{shape.span[-1]}")
        return self.code.emit(f"getelementptr {scalar_type(s.kind)}, ptr {pointer}, i64 {place}")

    def place(self, axes: Sequence[int]) -> str | None:
        """The number of the place where the loops over these axes are."""
        place = None
        for axis in axes:
            if place is None:
                place = self.at[axis]
            else:
                rows = self.code.emit(f"mul i64 {place}, %length{axis}")
                place = self.code.emit(f"add i64 {rows}, {self.at[axis]}")
        return place

    def outputs(self) -> None:
        """Store all fields: of a whole vector, or of as many points as there are left."""
        inner, code = self.grid.order[-1], self.code
        code.compute([s for field in self.grid.fields for s in field])
        first = code.emit(f"mul i64 {self.at[self.grid.order[0]]}, %stride{self.grid.order[0]}")
        for axis in self.grid.order[1:]:
            far = code.emit(f"mul i64 {self.at[axis]}, %stride{axis}")
            first = code.emit(f"add i64 {first}, {far}")
        left = code.emit(f"sub i64 %length{inner}, {self.at[inner]}")
        whole, label = code.emit(f"icmp sge i64 {left}, {WIDTH}"), code.label("store")
        code.lines += [f"  br i1 {whole}, label %{label}.all, label %{label}.some", f"{label}.all:"]
        self.store(first, None)
        code.lines += [f"  br label %{label}.out", f"{label}.some:"]
        self.store(first, code.first_lanes(left))
        code.lines += [f"  br label %{label}.out", f"{label}.out:"]

    def store(self, first: str, some: str | None) -> None:
        for k, field in enumerate(self.grid.fields):
            if len(field) == 1 and self.grid.contiguous:
                self.code.store_row(field[0], f"%output{k}", first, some)
                continue
            for i, s in enumerate(field):
                far = f"%stride{self.grid.order[-1]}"
                self.code.scatter(s, f"%output{k}", (first, far, len(field), i), some)
