"""The code of a grid for the threads of a GPU: a kernel for each stage, a thread for each of its points.

What a stage keeps for others lies in one table for each dtype, number after number, so that threads beside
each other read and write side by side. Each number is computed once, along the axes on which it depends, as
on a CPU (`schedule`).

`stage_code` is the work of one thread, which a processor can run as well: so it is tested where there is no
GPU. `stage_kernel` is what the GPU is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from ..ir import DTYPES, Scalar, bytes_of
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from ..schedule import Axes, Grid, Stage
from .kernel import MEMORY, kernel_code, next_piece, pointers


@dataclass(frozen=True)
class Table:
    """What a stage keeps of one dtype: an array of (numbers, points)."""

    axes: Axes
    dtype: str
    numbers: tuple[Scalar, ...]

    def shape(self, lengths: Sequence[int]) -> tuple[int, int]:
        """For a grid of these lengths."""
        return len(self.numbers), prod(lengths[axis] for axis in self.axes)


@dataclass(frozen=True)
class Work:
    """A stage with what its kernel reads and writes: inputs by their number, tables, and fields.

    `last`: whether it computes the fields, which it writes point after point.
    """

    stage: Stage
    inputs: tuple[int, ...]
    reads: tuple[Table, ...]
    writes: tuple[Table, ...]
    last: bool


def works(grid: Grid) -> list[Work]:
    """The stages that compute anything, in order."""
    whole, kept, result = frozenset(grid.order), dict[Scalar, Table](), []
    for stage in grid.stages:
        writes = tuple(Table(stage.axes, dtype, of) for dtype, of in _by_dtype(stage.kept))
        kept |= {s: table for table in writes for s in table.numbers}
        inputs = tuple(s.value for s, _ in stage.reads if s.op == "input")
        reads = tuple(dict.fromkeys(kept[s] for s, _ in stage.reads if s.op != "input"))
        if writes or stage.axes == whole:
            result.append(Work(stage, inputs, reads, writes, stage.axes == whole))
    return result


def _by_dtype(scalars: Iterable[Scalar]) -> list[tuple[str, tuple[Scalar, ...]]]:
    scalars = list(scalars)
    return [(dtype, of) for dtype in DTYPES if (of := tuple(s for s in scalars if s.dtype == dtype))]


def parameters(grid: Grid, work: Work) -> list[str]:
    """The arrays of a stage, as LLVM declares parameters: what is read, the axes' lengths, what is written.

    Raises Unsupported where there are too many arrays for a kernel.
    """
    return pointers([
        *(f"in{k}" for k in work.inputs), *(f"read{k}" for k in range(len(work.reads))), "lengths",
        *(f"write{k}" for k in range(len(work.writes))),
        *(f"out{k}" for k, field in enumerate(grid.fields) if field and work.last),
    ])  # fmt: skip


def stage_code(grid: Grid, work: Work, name: str, linkage: str = "") -> str:
    """LLVM code of ``name(first, threads, arrays...)``: points number `first`, `first` + `threads` and so on.

    Lengths, and the number of points, are of 32 bits.
    """
    writer = _Writer(grid, work)
    writer.enter()
    writer.read()
    writer.write()
    head = ", ".join(["i32 %first", "i32 %threads", *parameters(grid, work)])
    return writer.code.function(f"define {linkage} void @{name}({head})")


def stage_kernel(grid: Grid, work: Work, name: str) -> str:
    """LLVM code of a kernel that XLA can launch; its parameters are `parameters`."""
    arrays = parameters(grid, work)
    return kernel_code(name, arrays, stage_code(grid, work, "thread", "internal"), arrays)


class _Writer:
    """Writes the code of one stage, block by block."""

    def __init__(self, grid: Grid, work: Work) -> None:
        self.grid, self.work = grid, work
        self.code = VectorCode(1)
        self.at: dict[int, str] = {}  # the index along an axis

    def enter(self) -> None:
        """A loop over the thread's points, and where on each axis a point lies."""
        code, axes = self.code, sorted(self.work.stage.axes)
        code.block("entry")
        length = {axis: self.length(axis) for axis in sorted(self.grid.order)}
        self.lengths = length
        count = "1"
        for axis in axes:
            count = code.emit(f"mul i32 {count}, {length[axis]}")
        self.count = code.emit(f"zext i32 {count} to i64")
        point = next_piece(code, count, "compute")
        code.emit_as("%following", f"add i32 {point}, %threads")
        self.point = code.emit(f"zext i32 {point} to i64")
        for axis in reversed(axes):
            self.at[axis] = code.emit(f"urem i32 {point}, {length[axis]}")
            point = code.emit(f"udiv i32 {point}, {length[axis]}")

    def length(self, axis: int) -> str:
        """The length of an axis."""
        there = self.code.emit(f"getelementptr i32, {MEMORY} %lengths, i64 {axis}")
        return self.code.emit(f"load i32, {MEMORY} {there}, align 4")

    def read(self) -> None:
        """What the stage needs of inputs and of others' tables."""
        tables = {s: (k, j) for k, table in enumerate(self.work.reads) for j, s in enumerate(table.numbers)}
        places: dict[Axes, tuple[str, str]] = {}
        for s, axes in self.work.stage.reads:
            if axes not in places:
                places[axes] = self.place(axes)
            at, count = places[axes]
            name = f"in{s.value}"
            if s.op != "input":
                k, j = tables[s]
                before = self.code.emit(f"mul i64 {count}, {j}")
                name, at = f"read{k}", self.code.emit(f"add i64 {before}, {at}")
            type_ = memory_type(s.dtype)
            there = self.code.emit(f"getelementptr {type_}, {MEMORY} %{name}, i64 {at}")
            number = self.code.emit(f"load {type_}, {MEMORY} {there}, align {bytes_of(s.dtype)}")
            self.code.give(s, self.code.broadcast(number, s.dtype))

    def place(self, axes: Axes) -> tuple[str, str]:
        """The number of the point among those of a set of axes, and how many these are."""
        at, count = "0", "1"
        for axis in sorted(axes):
            row = self.code.emit(f"mul i32 {at}, {self.lengths[axis]}")
            at = self.code.emit(f"add i32 {row}, {self.at[axis]}")
            count = self.code.emit(f"mul i32 {count}, {self.lengths[axis]}")
        return tuple(self.code.emit(f"zext i32 {number} to i64") for number in (at, count))  # pyright: ignore

    def write(self) -> None:
        """What the stage keeps and, if it is the last, the fields: each as soon as it is computed."""
        code, fields = self.code, self.grid.fields if self.work.last else ()
        for k, table in enumerate(self.work.writes):
            for j, s in enumerate(table.numbers):
                before = code.emit(f"mul i64 {self.count}, {j}")
                self.store(s, f"write{k}", code.emit(f"add i64 {before}, {self.point}"))
        for k, field in enumerate(fields):
            before = code.emit(f"mul i64 {self.point}, {len(field)}")
            for j, s in enumerate(field):
                self.store(s, f"out{k}", code.emit(f"add i64 {before}, {j}"))
        code.jump("written")
        code.block("written")
        code.jump("take")

    def store(self, s: Scalar, array: str, at: str) -> None:
        """Write a number to its place in an array."""
        type_ = memory_type(s.dtype)
        there = self.code.emit(f"getelementptr {type_}, {MEMORY} %{array}, i64 {at}")
        self.code.add(f"store {type_} {self.code.number(s)}, {MEMORY} {there}, align {bytes_of(s.dtype)}")
