"""The code of a fold for the threads of a GPU: a thread for each lane, whose points it takes one by one.

The numbers of points lie in the device's memory, where the grid's kernels have left them; what a thread makes
of them it holds in registers until its lane is done. So only accumulators come home, and no thread waits for
another. `fold_thread` is the work of one thread, which a processor can run as well; `fold_kernel` is what the
GPU is given.
"""

from ..folds import Folding
from ..llvm.builder import VectorCode
from ..llvm.fold_steps import FoldSteps
from ..llvm.types import memory_type
from .kernel import MEMORY, kernel_code, next_item, pointers, thread_head

# Numbers of 32 bits in the tables of rows and of blocks, in this order (`fold_program`).
ROW, GROUP = ("start", "index", "cell"), ("row", "rows", "from", "to")
SIZES = ("lanes", "slots", "stride", "step", "each")


def parameters(folding: Folding) -> list[str]:
    """The arrays of a thread, as LLVM declares parameters."""
    return pointers([
        *(f"field{k}" for k in needed(folding)), "rows", "groups", "edges", "sizes", "counters",
        *(["lanes"] if folding.lanes else []), *(["counts"] if counted(folding) else []),
    ])  # fmt: skip


def needed(folding: Folding) -> list[int]:
    """Which fields hold any number that a fold may need: all that have one."""
    return [k for k, field in enumerate(folding.fields) if field]


def counted(folding: Folding) -> list[int]:
    """Which of the counters of a cell each lane has for itself; those of bins are the cell's."""
    result, number = list[int](), 0
    for fold in folding.folds:
        result += [number] if fold.kind == "count" else []
        number += fold.counters
    return result


def fold_thread(folding: Folding, name: str, linkage: str = "") -> str:
    """LLVM code of ``name(first, threads, shared, arrays...)``: every `threads`-th lane from `first` on."""
    return _Writer(folding).thread(name, linkage)


def fold_kernel(folding: Folding, name: str) -> str:
    """LLVM code of a kernel that XLA can launch; its parameters are `parameters`."""
    arrays = parameters(folding)
    return kernel_code(name, arrays, fold_thread(folding, "thread", "internal"), arrays, 0)


class _Writer(FoldSteps):
    """Writes the code of one folding, line by line."""

    def __init__(self, folding: Folding) -> None:
        self.folding, self.counts = folding, counted(folding)
        self.begin(VectorCode(1))

    def thread(self, name: str, linkage: str) -> str:
        code, folding = self.code, self.folding
        code.block("entry")
        for k in range(folding.lanes):
            code.emit_as(f"%accumulator{k}", "alloca i64, align 8")
        for k in range(len(self.counts)):
            code.emit_as(f"%count{k}", "alloca i32, align 4")
        self.size = {word: self.number("sizes", str(k)) for k, word in enumerate(SIZES)}
        item = next_item(code, lambda: self.size["lanes"], "compute")
        for k, first in enumerate(folding.first.tolist()):
            code.add(f"store i64 {first}, ptr %accumulator{k}, align 8")
        for k in range(len(self.counts)):
            code.add(f"store i32 0, ptr %count{k}, align 4")
        self.lane(item)
        self.write(item)
        code.emit_as("%following", f"add i32 {item}, %threads")
        code.jump("written")
        code.block("written")
        code.jump("take")
        return code.function(thread_head(name, linkage, parameters(folding)))

    def lane(self, item: str) -> None:
        """Fold the points of a lane: row after row, and in each from point to point."""
        code = self.code
        block, slot = (code.emit(f"{op} i32 {item}, {self.size['slots']}") for op in ("udiv", "urem"))
        of = {word: self.entry("groups", GROUP, block, word) for word in GROUP}
        first = code.emit(f"add i32 {of['from']}, {slot}")
        left = code.emit(f"sub i32 {of['to']}, {first}")
        # Where the innermost axis remains a lane has one of its values: the next is `slots` further on.
        last = code.emit(f"udiv i32 {code.emit(f'sub i32 {left}, 1')}, {self.size['slots']}")
        steps, label = self.wide(code.emit(f"add i32 {last}, 1")), code.label("lane")
        code.branch(code.emit(f"icmp sgt i32 {left}, 0"), f"{label}.some", f"{label}.out")
        code.block(f"{label}.some")
        with code.loop(self.wide(of["rows"]), 1) as row:
            number = code.emit(f"add i32 {of['row']}, {code.emit(f'trunc i64 {row} to i32')}")
            start, self.first_index, self.cell = (self.entry("rows", ROW, number, word) for word in ROW)
            with code.loop(steps, 1) as step:
                more = code.emit(f"mul i32 {code.emit(f'trunc i64 {step} to i32')}, {self.size['slots']}")
                self.at = code.emit(f"add i32 {first}, {more}")
                far = code.emit(f"mul i32 {self.at}, {self.size['stride']}")
                self.point(code.emit(f"add i32 {start}, {far}"))
        code.jump(f"{label}.out")
        code.block(f"{label}.out")

    def point(self, number: str) -> None:
        """Fold one point, by its number."""
        code, point = self.code, self.wide(number)
        code.forget()
        for k in needed(self.folding):
            field = self.folding.fields[k]
            for j, scalar in enumerate(field):
                at = code.emit(f"add i64 {code.emit(f'mul i64 {point}, {len(field)}')}, {j}")
                loaded = self.load(memory_type(scalar.dtype), f"field{k}", at)
                code.give(scalar, code.broadcast(loaded, scalar.dtype))
        self.fold(self.folding.folds, None)

    def write(self, item: str) -> None:
        """Write what a lane has become."""
        code = self.code
        for what, type_, count in (
            ("accumulator", "i64", self.folding.lanes),
            ("count", "i32", len(self.counts)),
        ):
            for k in range(count):
                far = code.emit(f"mul i64 {self.wide(self.size['lanes'])}, {k}")
                at = code.emit(f"add i64 {far}, {self.wide(item)}")
                array = "lanes" if what == "accumulator" else "counts"
                there = code.emit(f"getelementptr {type_}, {MEMORY} %{array}, i64 {at}")
                code.add(f"store {type_} {code.emit(f'load {type_}, ptr %{what}{k}')}, {MEMORY} {there}")

    # --- arrays of 32 bits ---------------------------------------------------------------------------------

    def load(self, type_: str, array: str, at: str) -> str:
        there = self.code.emit(f"getelementptr {type_}, {MEMORY} %{array}, i64 {at}")
        return self.code.emit(f"load {type_}, {MEMORY} {there}")

    def number(self, array: str, at: str) -> str:
        return self.load("i32", array, at)

    def entry(self, array: str, words: tuple[str, ...], row: str, word: str) -> str:
        begin = self.code.emit(f"mul i64 {self.wide(row)}, {len(words)}")
        return self.number(array, self.code.emit(f"add i64 {begin}, {words.index(word)}"))

    def wide(self, number: str) -> str:
        return self.code.emit(f"zext i32 {number} to i64")

    # --- steps ---------------------------------------------------------------------------------------------

    def accumulator(self, k: int, type_: str) -> tuple[str, str]:
        """As of `FoldSteps`."""
        return f"%accumulator{k}", self.code.emit(f"load {type_}, ptr %accumulator{k}, align 8")

    def put(self, there: str, type_: str, value: str) -> None:
        """As of `FoldSteps`."""
        self.code.add(f"store {type_} {value}, ptr {there}, align 8")

    def indices(self) -> str:
        """As of `FoldSteps`."""
        code = self.code
        far = code.emit(f"mul i32 {self.at}, {self.size['step']}")
        return code.broadcast(self.wide(code.emit(f"add i32 {self.first_index}, {far}")), "i64")

    def count(self, counter: int, mask: str) -> None:
        """As of `FoldSteps`."""
        one, there = self.code.emit(f"extractelement {self.mask} {mask}, i64 0"), self.counts.index(counter)
        before = self.code.emit(f"load i32, ptr %count{there}")
        more = self.code.emit(f"zext i1 {one} to i32")
        self.code.add(f"store i32 {self.code.emit(f'add i32 {before}, {more}')}, ptr %count{there}")

    def count_in_bins(self, first: int, which: str, mask: str) -> None:
        """As of `FoldSteps`: where all threads count."""
        code = self.code
        one = code.emit(f"zext i1 {code.emit(f'extractelement {self.mask} {mask}, i64 0')} to i64")
        number = code.emit(f"add i64 {code.emit(f'extractelement {self.whole} {which}, i64 0')}, {first}")
        far = code.emit(f"mul i64 {self.wide(self.cell)}, {self.folding.counters}")
        at = code.emit(f"add i64 {far}, {number}")
        if not self.folding.strided:
            begin = code.emit(f"mul i64 {at}, {self.wide(self.size['each'])}")
            at = code.emit(f"add i64 {begin}, {self.wide(self.at)}")
        there = code.emit(f"getelementptr i64, {MEMORY} %counters, i64 {at}")
        code.emit(f"atomicrmw add {MEMORY} {there}, i64 {one} monotonic")

    def edge(self, first: int, which: str) -> str:
        """As of `FoldSteps`."""
        number = self.code.emit(f"extractelement {self.whole} {which}, i64 0")
        return self.code.broadcast(
            self.load("double", "edges", self.code.emit(f"add i64 {number}, {first}")), "f64"
        )
