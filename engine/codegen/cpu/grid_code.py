"""The code of a grid: nested loops that compute each number once, along the axes that it depends on."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from ..ir import Scalar, bytes_of
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from ..schedule import Axes, Grid, Stage
from .float_state import in_own_state


def grid_code(grid: Grid, name: str, width: int) -> str:
    """LLVM code of ``name(inputs, outputs, tables, lengths, strides)``, all pointers.

    inputs : to the coordinates, one array for each input, as long as its axis in whole vectors.
    outputs : to the first point of each output.
    tables : to a buffer for each kept number of each stage, as `table_sizes` says.
    lengths : of the axes.
    strides : points from one value of an axis to the next, in the outputs.
    """
    writer = GridWriter(grid, width)
    writer.enter()
    writer.nest(0)
    writer.code.add("ret void")
    given = [f"ptr %{what}" for what in ("inputs", "outputs", "tables", "lengths", "strides")]
    work = writer.code.function(f"define internal void @grid({', '.join(given)}) noinline")
    return work + in_own_state("grid", f"define void @{name}({', '.join(given)})", "void", given)


class GridWriter:
    """Writes the code of one grid, line by line."""

    def __init__(self, grid: Grid, width: int) -> None:
        self.grid, self.width = grid, width
        self.code = VectorCode(width)
        self.at: dict[int, str] = {}  # the index along an axis, inside its loop
        kept = [(stage, s) for stage in grid.stages for s in stage.kept]
        self.tables = {s: (f"%table{k}", stage.shape) for k, (stage, s) in enumerate(kept)}

    def enter(self) -> None:
        """Load pointers and lengths."""
        self.code.block("entry")
        self.pointers("input", len(self.grid.along))
        self.pointers("table", len(self.tables))
        for axis in self.grid.order:
            self.load("i64", "%lengths", axis, f"%length{axis}")
            more = self.code.emit(f"add i64 %length{axis}, {self.width - 1}")
            self.code.emit_as(f"%padded{axis}", f"and i64 {more}, -{self.width}")
        self.enter_outputs()

    def enter_outputs(self) -> None:
        """Load what says where the fields are to lie."""
        self.pointers("output", len(self.grid.fields))
        for axis in self.grid.order:
            self.load("i64", "%strides", axis, f"%stride{axis}")

    def pointers(self, what: str, count: int) -> None:
        """Read so many pointers, which lie side by side where the argument of this name says."""
        for k in range(count):
            self.load("ptr", f"%{what}s", k, f"%{what}{k}")

    def load(self, type_: str, pointers: str, index: int, name: str) -> None:
        """Read the value number `index` of those that lie side by side, under a name."""
        self.code.emit_as(name, f"load {type_}, ptr {self.code.element(type_, pointers, index)}")

    def nest(self, depth: int) -> None:
        """The stages that stand at this depth, then the next loop with all that stand deeper."""
        for stage in self.grid.stages:
            if stage.shape.depth == depth:
                self.stage(stage, stage.shape.span)
        if any(stage.shape.depth > depth for stage in self.grid.stages):
            axis = self.grid.order[depth]
            with self.code.loop(f"%length{axis}", 1) as self.at[axis]:
                self.nest(depth + 1)
            del self.at[axis]

    def stage(self, stage: Stage, span: tuple[int, ...]) -> None:
        """Loops over the span, the last one in vectors."""
        if len(span) > 1:
            with self.code.loop(f"%length{span[0]}", 1) as self.at[span[0]]:
                self.stage(stage, span[1:])
            del self.at[span[0]]
            return
        along = span[0] if span else None
        self.code.forget()
        rows = [(s, *self.row(s, axes, along)) for s, axes in stage.reads]
        targets = [self.table_row(s) for s in stage.kept]
        last = stage.axes == frozenset(self.grid.order)
        if last:
            self.enter_row()
        with nullcontext("0") if along is None else self.code.loop(f"%length{along}", self.width) as at:
            for s, inside, source in rows:
                known = (
                    self.code.load_row(source, at, s.dtype)
                    if inside
                    else self.code.broadcast(source, s.dtype)
                )
                self.code.give(s, known)
            self.code.compute(stage.kept)
            for s, target in zip(stage.kept, targets, strict=True):
                self.code.store_row(s, target, at)
            if last:
                self.outputs({**self.at, self.grid.order[-1]: at})

    def row(self, s: Scalar, axes: Axes, along: int | None) -> tuple[bool, str]:
        """Of what a stage reads: whether it lies along the vectors, and a pointer to it, or the number."""
        type_ = memory_type(s.dtype)
        if s.op == "input":
            last, pointer = self.grid.along[s.value], f"%input{s.value}"
        else:
            last, pointer = next(iter(self.tables[s][1].span[-1:]), None), self.table_row(s)
        if last is not None and last == along:
            return True, pointer
        if last is not None:
            pointer = self.code.element(type_, pointer, self.at[last])
        return False, self.code.emit(f"load {type_}, ptr {pointer}, align {bytes_of(s.dtype)}")

    def table_row(self, s: Scalar) -> str:
        """A pointer to where the last axis of a kept number begins, at the other axes' indices."""
        pointer, shape = self.tables[s]
        row = self.row_number(shape.span[:-1])
        if row is None:
            return pointer
        first = self.code.emit(f"mul i64 {row}, %padded{shape.span[-1]}")
        return self.code.element(memory_type(s.dtype), pointer, first)

    def row_number(self, axes: Sequence[int]) -> str | None:
        """The number of the row where the loops over these axes are."""
        number = None
        for axis in axes:
            if number is None:
                number = self.at[axis]
            else:
                before = self.code.emit(f"mul i64 {number}, %length{axis}")
                number = self.code.emit(f"add i64 {before}, {self.at[axis]}")
        return number

    def enter_row(self) -> None:
        """What is the same for all points of a row."""

    def outputs(self, at: dict[int, str]) -> None:
        """Store all fields: of a whole vector, or of as many points as there are left."""
        code = self.code
        code.compute([s for field in self.grid.fields for s in field])
        first = code.emit(f"mul i64 {at[self.grid.order[0]]}, %stride{self.grid.order[0]}")
        for axis in self.grid.order[1:]:
            far = code.emit(f"mul i64 {at[axis]}, %stride{axis}")
            first = code.emit(f"add i64 {first}, {far}")
        self.all_or_some(at[self.grid.order[-1]], lambda mask: self.store(first, mask))

    def all_or_some(self, at: str, write: Callable[[str | None], None]) -> None:
        """Lines for a whole vector of points from `at` on, and for as many as are left, by a mask of them."""
        code = self.code
        left = code.emit(f"sub i64 %length{self.grid.order[-1]}, {at}")
        whole, label = code.emit(f"icmp sge i64 {left}, {self.width}"), code.label("store")
        code.branch(whole, f"{label}.all", f"{label}.some")
        code.block(f"{label}.all")
        write(None)
        code.jump(f"{label}.out")
        code.block(f"{label}.some")
        write(code.first_slots(left))
        code.jump(f"{label}.out")
        code.block(f"{label}.out")

    def store(self, first: str, mask: str | None) -> None:
        """Store the points from number `first` on: all, or those of a mask."""
        for k, field in enumerate(self.grid.fields):
            if len(field) == 1 and self.grid.contiguous:
                self.code.store_row(field[0], f"%output{k}", first, mask)
                continue
            for offset, s in enumerate(field):
                self.code.scatter(s, f"%output{k}", self.points(first, len(field)), offset, mask)

    def points(self, first: str, size: int) -> str:
        """Where the points of a vector begin, in numbers, of which each has so many."""
        code, v = self.code, self.code.vectors.registers("i64")
        firsts = code.broadcast(first, "i64")
        steps = code.broadcast(f"%stride{self.grid.order[-1]}", "i64")
        points = code.emit(f"add {v} {firsts}, {code.emit(f'mul {v} {steps}, {code.vectors.slots}')}")
        return code.emit(f"mul {v} {points}, {code.vectors.literal(size, 'i64')}")
