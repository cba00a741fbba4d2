"""The code of a grid whose points are folded: as `grid_code`, but no number of a point goes to memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..folds import RUN_BITS, SLOTS, Fold, Folding
from ..ir import Scalar
from ..llvm.fold_steps import FoldSteps
from ..llvm.types import register_type
from .float_state import in_own_state
from .grid_code import GridWriter

_ARGUMENTS = (
    "ptr %inputs", "ptr %lanes", "ptr %counters", "ptr %edges", "ptr %tables", "ptr %lengths", "ptr %rows",
    "i64 %blocks", "i64 %step",
)  # fmt: skip


# Counters of an integer's values from which on it pays to ask first whether a vector has one value alone.
_FEWEST = 3


def fold_code(folding: Folding, name: str, width: int) -> str:
    """LLVM code of ``name(inputs, lanes, counters, edges, tables, lengths, rows, blocks, step)``.

    inputs, tables, lengths : as of `grid_code`.
    lanes : 8 bytes for each row of accumulators, block and lane: `SLOTS` in a block, or where the innermost
        axis remains as many as it is long in whole vectors.
    counters : 8 bytes for each cell and counter; there the innermost axis comes last.
    edges : those of all bins, fold after fold.
    rows, blocks, step : as of `Rows`.
    """
    assert SLOTS % width == 0
    writer = _Writer(folding, width)
    writer.enter()
    writer.nest(0)
    writer.code.add("ret void")
    given = list(_ARGUMENTS)
    work = writer.code.function(f"define internal void @grid({', '.join(given)}) noinline")
    return work + in_own_state("grid", f"define void @{name}({', '.join(given)})", "void", given)


@dataclass(frozen=True)
class Alike:
    """Folds, `many` from number `first` on: they count where an integer is `number`, and each next one."""

    first: int
    many: int
    integer: Scalar
    number: int


def _alike(folds: Sequence[Fold]) -> Alike | None:
    """The longest such run of folds; None where there is none that is long enough to matter."""
    runs: list[Alike] = []
    for k, fold in enumerate(folds):
        if fold.number is None or fold.value is None:
            continue
        last = runs[-1] if runs else None
        follows = last and (last.first + last.many, last.number + last.many) == (k, fold.number)
        if last and follows and last.integer is fold.value:
            runs[-1] = replace(last, many=last.many + 1)
        else:
            runs.append(Alike(k, 1, fold.value, fold.number))
    best = max(runs, key=lambda run: run.many, default=None)
    return best if best and best.many >= _FEWEST else None


class _Writer(GridWriter, FoldSteps):
    """Writes the code of one folding, line by line."""

    def __init__(self, folding: Folding, width: int) -> None:
        super().__init__(folding.grid, width)
        self.folding = folding
        self.alike = _alike(folding.folds) if folding.strided and width > 1 else None
        self.begin(self.code)

    def enter_outputs(self) -> None:
        """How far rows of accumulators lie apart."""
        width = str(SLOTS) if self.folding.strided else f"%padded{self.grid.order[-1]}"
        self.code.emit_as("%apart", f"mul i64 %blocks, {width}")
        self.code.emit_as("%slots", f"add i64 {width}, 0")

    def enter_row(self) -> None:
        """Where the points of a row belong."""
        row = self.code.emit(f"mul i64 {self.row_number(self.grid.order[:-1]) or '0'}, 3")
        block, self.first_index, cell = (self.of_row(row, k) for k in range(3))
        self.block = self.code.emit(f"mul i64 {block}, %slots")
        first = self.code.emit(f"mul i64 {cell}, {self.folding.counters}")
        if not self.folding.strided:
            first = self.code.emit(f"mul i64 {first}, %slots")
        self.counters = self.code.element("i64", "%counters", first)

    def outputs(self, at: dict[int, str]) -> None:
        """Fold the points of a vector, or as many as there are left of the row."""
        code, self.first = self.code, at[self.grid.order[-1]]
        code.compute([s for field in self.grid.fields for s in field])
        lane = self.first
        if self.folding.strided:
            run, slot = code.emit(f"lshr i64 {lane}, {RUN_BITS}"), code.emit(f"and i64 {lane}, {SLOTS - 1}")
            lane = code.emit(f"add i64 {code.emit(f'mul i64 {run}, {SLOTS}')}, {slot}")
        self.lane = code.emit(f"add i64 {self.block}, {lane}")
        self.all_or_some(self.first, partial(self.fold, self.folding.folds))

    def of_row(self, row: str, k: int) -> str:
        """A number of the table of rows."""
        there = self.code.element("i64", "%rows", self.code.emit(f"add i64 {row}, {k}"))
        return self.code.emit(f"load i64, ptr {there}")

    # --- lanes ---------------------------------------------------------------------------------------------

    def accumulator(self, k: int, type_: str) -> tuple[str, str]:
        """Where a row of accumulators is for these points, and what is in it."""
        far = self.code.emit(f"mul i64 %apart, {k}")
        there = self.code.element("i64", "%lanes", self.code.emit(f"add i64 {far}, {self.lane}"))
        return there, self.code.emit(f"load {type_}, ptr {there}, align 8")

    def put(self, there: str, type_: str, value: str) -> None:
        """As of `FoldSteps`."""
        self.code.add(f"store {type_} {value}, ptr {there}, align 8")

    def indices(self) -> str:
        """As of `FoldSteps`."""
        code = self.code
        before = code.emit(f"mul i64 {self.first}, %step")
        begin = code.broadcast(code.emit(f"add i64 {self.first_index}, {before}"), "i64")
        steps = code.emit(f"mul {self.whole} {code.broadcast('%step', 'i64')}, {code.vectors.slots}")
        return code.emit(f"add {self.whole} {begin}, {steps}")

    # --- counters ------------------------------------------------------------------------------------------

    def counter(self, number: str) -> str:
        """Where a counter of the cells is, by its number among those of a cell."""
        code, at = self.code, number
        if not self.folding.strided:
            at = code.emit(f"add i64 {code.emit(f'mul i64 {at}, %slots')}, {self.first}")
        return code.element("i64", self.counters, at)

    def count(self, counter: int, mask: str) -> None:
        """Points of one cell by the bits of the mask, of several side by side."""
        code, there = self.code, self.counter(str(counter))
        if not self.folding.strided:
            before = code.emit(f"load {self.whole}, ptr {there}, align 8")
            one = code.emit(f"zext {self.mask} {mask} to {self.whole}")
            self.put(there, self.whole, code.emit(f"add {self.whole} {before}, {one}"))
            return
        bits = f"i{self.width}"
        given = code.emit(f"bitcast {self.mask} {mask} to {bits}")
        if self.width > 1:
            given = code.call(f"llvm.ctpop.{bits}", bits, [given], [bits])
        self.add(there, code.emit(f"zext {bits} {given} to i64"))

    def count_alike(self, alike: Alike, counters: int) -> None:
        """Count points by an integer: all at once where it is the same in all of them, as it mostly is."""
        code, label = self.code, self.code.label("count")
        numbers = code.value(alike.integer)
        type_, vector = register_type(alike.integer.dtype), code.vectors.registers(alike.integer.dtype)
        number = code.emit(f"extractelement {vector} {numbers}, i64 0")
        one = code.emit(f"insertelement {vector} poison, {type_} {number}, i64 0")
        ones = code.emit(
            f"shufflevector {vector} {one}, {vector} poison, <{self.width} x i32> zeroinitializer"
        )
        same, bits = code.emit(f"icmp eq {vector} {numbers}, {ones}"), f"i{self.width}"
        given = code.emit(f"bitcast {self.mask} {same} to {bits}")
        all_same = code.emit(f"icmp eq {bits} {given}, -1")
        which = code.emit(f"sub {type_} {number}, {alike.number}")
        known = code.emit(f"icmp ult {type_} {which}, {alike.many}")
        code.branch(code.emit(f"and i1 {all_same}, {known}"), f"{label}.all", f"{label}.some")
        code.block(f"{label}.all")
        at = code.emit(f"add i64 {code.emit(f'zext {type_} {which} to i64')}, {counters}")
        self.add(self.counter(at), str(self.width))
        code.jump(f"{label}.out")
        code.block(f"{label}.some")
        for k, fold in enumerate(self.folding.folds[alike.first : alike.first + alike.many]):
            if not fold.counted.constant:
                self.count(counters + k, self.counted(fold))
        code.jump(f"{label}.out")
        code.block(f"{label}.out")

    def add(self, there: str, more: str) -> None:
        before = self.code.emit(f"load i64, ptr {there}")
        self.code.add(f"store i64 {self.code.emit(f'add i64 {before}, {more}')}, ptr {there}")

    def count_in_bins(self, first: int, which: str, mask: str) -> None:
        """As of `FoldSteps`."""
        code = self.code
        ones = code.emit(f"zext {self.mask} {mask} to {self.whole}")
        for slot in range(self.width):
            one = code.emit(f"extractelement {self.whole} {which}, i64 {slot}")
            there = self.counter(code.emit(f"add i64 {one}, {first}"))
            if not self.folding.strided:
                there = code.element("i64", there, slot)
            self.add(there, code.emit(f"extractelement {self.whole} {ones}, i64 {slot}"))

    def counted_elsewhere(self, k: int, counters: int) -> bool:
        """As of `FoldSteps`: what is counted at once where all points are alike."""
        alike = None if self.there else self.alike
        if alike and k == alike.first:
            self.count_alike(alike, counters)
        return alike is not None and alike.first <= k < alike.first + alike.many

    def edge(self, first: int, which: str) -> str:
        """The edges with these numbers."""
        code = self.code
        edges = code.element("double", "%edges", first)
        where = code.emit(f"getelementptr double, ptr {edges}, {self.whole} {which}")
        name = f"llvm.masked.gather.v{self.width}f64.v{self.width}p0"
        types = [f"<{self.width} x ptr>", "i32 immarg", self.mask, self.real]
        return code.call(
            name, self.real, [where, "8", code.vectors.literal(1, "i1"), "zeroinitializer"], types
        )
