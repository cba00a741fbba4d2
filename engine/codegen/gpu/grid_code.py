"""The code of a grid for the threads of a GPU: a kernel for each stage, a thread for each of its points.

What a stage keeps for others lies in one table for each dtype, number after number, so that threads beside
each other read and write side by side. Each number is computed once, along the axes on which it depends, as
on a CPU (`schedule`).

`stage_code` is the work of one thread, which a processor can run as well: so it is tested where there is no
GPU. `stage_kernel` is what the GPU is given.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ..ends import End
from ..ir import DTYPES, Scalar, bytes_of
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from ..schedule import Axes, Grid, Stage
from .kernel import MEMORY, kernel_code, next_item, pointers, thread_head
from .planning import planned, spills
from .thread_code import Cells, ThreadCode

# Registers of 32 bits where it is planned what is in them: the others hold where the point lies in arrays.
_REGISTERS = 144


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
    """LLVM code of ``name(first, threads, shared, arrays...)``: every `threads`-th point from `first` on.

    Lengths, and the number of points, are of 32 bits; `shared` are the thread's cells (`kernel`).
    """
    return _Writer(grid, work).thread(name, linkage)


def stage_kernel(grid: Grid, work: Work, name: str) -> str:
    """LLVM code of a kernel that XLA can launch; its parameters are `parameters`."""
    arrays, writer = parameters(grid, work), _Writer(grid, work)
    return kernel_code(name, arrays, writer.thread("thread", "internal"), arrays, writer.cells)


class _Writer:
    """Writes the code of one stage, block by block; by a plan where not all fits a thread's registers."""

    def __init__(self, grid: Grid, work: Work) -> None:
        self.grid, self.work = grid, work
        self.tables = {s: (k, j) for k, table in enumerate(work.reads) for j, s in enumerate(table.numbers)}
        self.axes = dict(work.stage.reads)
        self.targets = list(self._targets())
        self.sets = list(dict.fromkeys([work.stage.axes, *self.axes.values()]))
        # What a thread has to know all the time: how many there are, and of each set of axes how many points
        # it has and which one this is.
        self.names = ["threads", *(f"{what}{k}" for what in ("count", "at") for k in range(len(self.sets)))]
        self.kept: dict[str, str] = {}
        ends = [End(s, number) for number, (s, *_) in enumerate(self.targets)]
        self.code, self.plan, self.cells = VectorCode(1), None, 0
        if spills(ends, list(self.axes)):
            self.plan = planned(ends, dict.fromkeys(self.axes), len(self.names), _REGISTERS)
            memory = Cells([self.plan])
            self.code = ThreadCode(memory, self.load, lambda _, number: self.store(number))
            self.cells = memory.shared

    def _targets(self) -> Iterator[tuple[Scalar, str, str, int, int]]:
        """What is written, and where: the array, and number `j`, of `of` or (0) of all points."""
        for k, table in enumerate(self.work.writes):
            for j, s in enumerate(table.numbers):
                yield s, f"write{k}", "table", j, 0
        for k, field in enumerate(self.grid.fields if self.work.last else ()):
            for j, s in enumerate(field):
                yield s, f"out{k}", "field", j, len(field)

    def thread(self, name: str, linkage: str) -> str:
        self.enter()
        code = self.code
        if isinstance(code, ThreadCode) and self.plan:
            code.follow(self.plan.instructions)
        else:
            for s in self.axes:
                code.give(s, self.load(s))
            for number in range(len(self.targets)):
                self.store(number)
        code.emit_as("%following", f"add i32 {self.recall('at0')}, {self.recall('threads')}")
        code.jump("written")
        code.block("written")
        code.jump("take")
        return code.function(thread_head(name, linkage, parameters(self.grid, self.work)))

    def enter(self) -> None:
        """A loop over the thread's points, and where on each set of axes a point lies."""
        code = self.code
        code.block("entry")
        if isinstance(code, ThreadCode):
            code.reserve_cells()
        length = {axis: self.length(axis) for axis in sorted(self.grid.order)}
        for k, axes in enumerate(self.sets):
            count = "1"
            for axis in sorted(axes):
                count = code.emit(f"mul i32 {count}, {length[axis]}")
            self.remember(f"count{k}", count)
        self.remember("threads", "%threads")
        point, along = next_item(code, lambda: self.recall("count0"), "compute"), dict[int, str]()
        self.remember("at0", point)
        for axis in sorted(self.work.stage.axes, reverse=True):
            along[axis] = code.emit(f"urem i32 {point}, {length[axis]}")
            point = code.emit(f"udiv i32 {point}, {length[axis]}")
        for k, axes in enumerate(self.sets[1:], 1):
            at = "0"
            for axis in sorted(axes):
                at = code.emit(f"add i32 {code.emit(f'mul i32 {at}, {length[axis]}')}, {along[axis]}")
            self.remember(f"at{k}", at)

    def remember(self, name: str, number: str) -> None:
        """Keep a number of 32 bits: by a plan in a cell, for they are many."""
        self.kept[name] = number
        if isinstance(self.code, ThreadCode):
            self.code.put_plain(self.names.index(name), number, "i32", 4)

    def recall(self, name: str) -> str:
        """What was kept."""
        if isinstance(self.code, ThreadCode):
            return self.code.take_plain(self.names.index(name), "i32", 4)
        return self.kept[name]

    def wide(self, name: str) -> str:
        """What was kept, in 64 bits."""
        return self.code.emit(f"zext i32 {self.recall(name)} to i64")

    def length(self, axis: int) -> str:
        """The length of an axis."""
        there = self.code.emit(f"getelementptr i32, {MEMORY} %lengths, i64 {axis}")
        return self.code.emit(f"load i32, {MEMORY} {there}, align 4")

    def load(self, s: Scalar) -> str:
        """A number of an input or of another's table."""
        k = self.sets.index(self.axes[s])
        name, at = f"in{s.value}", self.wide(f"at{k}")
        if s.op != "input":
            table, j = self.tables[s]
            before = self.code.emit(f"mul i64 {self.wide(f'count{k}')}, {j}")
            name, at = f"read{table}", self.code.emit(f"add i64 {before}, {at}")
        type_ = memory_type(s.dtype)
        there = self.code.emit(f"getelementptr {type_}, {MEMORY} %{name}, i64 {at}")
        number = self.code.emit(f"load {type_}, {MEMORY} {there}, align {bytes_of(s.dtype)}")
        return self.code.broadcast(number, s.dtype)

    def store(self, number: int) -> None:
        """Write what the stage keeps, or a number of a field, to its place, as soon as it is computed."""
        s, array, kind, j, of = self.targets[number]
        point = self.wide("at0")
        if kind == "table":
            begin, offset = self.code.emit(f"mul i64 {self.wide('count0')}, {j}"), point
        else:
            begin, offset = self.code.emit(f"mul i64 {point}, {of}"), str(j)
        at = self.code.emit(f"add i64 {begin}, {offset}")
        type_ = memory_type(s.dtype)
        there = self.code.emit(f"getelementptr {type_}, {MEMORY} %{array}, i64 {at}")
        self.code.add(f"store {type_} {self.code.number(s)}, {MEMORY} {there}, align {bytes_of(s.dtype)}")
