"""The code of a route's part for one thread, as a function: what it reads and writes lies in the record.

Functions are not put into the code that calls them: each has the thread's registers for itself, and is
optimised and assembled apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir import bytes_of, operations
from ..llvm.builder import VectorCode
from ..llvm.code import Code
from ..llvm.types import memory_type
from ..route.part import Part
from ..route.route import Apply, Repeat, Value
from .kernel import MEMORY, SHARED
from .lane_numbers import Called, InCells, InRegisters, numbers_of
from .record import Record, Term, load, store

HEAD = f"{MEMORY} %record, {SHARED} %shared"
# So many operations are a unit of a thread's work.
_UNIT = 256


@dataclass(frozen=True)
class PartFunction:
    """A function, its text, what stands beside it, and its cells in shared memory."""

    text: str
    declared: frozenset[str]
    defined: dict[str, str]
    cells: int


def work_of(part: Part) -> int:
    """Units of work that a call or a step of a part is."""
    return 1 + operations(part.loop.body) // _UNIT


def call_function(call: Apply, name: str, limits: Called) -> PartFunction:
    """``name(record, shared)`` makes a call, for one after another of the arrays side by side."""
    part = call.part
    given = dict(zip(sorted(part.read), call.inputs, strict=True))
    made = dict(zip(part.loop.changing, call.results, strict=True))
    if call.inner == 1:
        writer = _PartWriter(part, given, made, limits)
        writer.begin()
        writer.once()
    else:
        first = {k: _first_of(v, call.inner) for k, v in given.items()}
        writer = _PartWriter(part, first, {k: _first_of(v, call.inner) for k, v in made.items()}, limits)
        writer.begin()
        with writer.code.loop(str(call.inner), 1) as j:
            writer.index = j
            writer.once()
    writer.code.add("ret void")
    return writer.function(f"define internal void @{name}({HEAD}) noinline")


def loop_function(loop: Repeat, name: str, limits: Called) -> PartFunction:
    """``name(record, shared, live, left)`` goes on with a loop, by one step at least if it is not done.

    It is left before it is done when the work that is `left` is, or when too few threads of the warp, of
    which so many are `live`, still go on: who waits elsewhere would wait for these. It returns twice the work
    that is left then, and 1 more if the lane is to come back.
    """
    part = loop.part
    state = dict(zip(part.loop.changing, loop.state, strict=True))
    still = [k for k in part.given if k not in state]
    writer = _PartWriter(part, state | dict(zip(still, loop.fixed, strict=True)), state, limits)
    writer.begin()
    writer.repeat()
    return writer.function(f"define internal i32 @{name}({HEAD}, i32 %live, i32 %left) noinline convergent")


def _first_of(value: Value, inner: int) -> Value:
    return value.part(0, (value.size // inner,))


class _PartWriter:
    """Writes the function of a part. `given` and `made` are arrays of the record by the numbers of leaves.

    `index` names which of several arrays side by side is meant.
    """

    def __init__(
        self, part: Part, given: Mapping[int, Value], made: Mapping[int, Value], limits: Called
    ) -> None:
        self.part, self.loop, self.given, self.made = part, part.loop, given, made
        self.index: str | None = None
        self.numbers: InRegisters | InCells = numbers_of(part.loop, self.address, called=limits)
        self.code = self.numbers.code

    def function(self, head: str) -> PartFunction:
        code = self.code
        return PartFunction(code.body(head), frozenset(code.declared), code.defined, self.numbers.cells)

    def begin(self) -> None:
        """Reserve memory for the numbers."""
        self.code.block("entry")
        self.numbers.reserve()

    def once(self) -> None:
        """What is given is read, and what is made of it written."""
        self.copy(fetch=True)
        self.numbers.advance()
        self.copy(fetch=False)

    def repeat(self) -> None:
        """Steps, until this thread and enough others are done with theirs."""
        code = self.code
        self.come()
        self.copy(fetch=True)
        code.jump("check.in")
        code.block("check.in")
        code.jump("check")
        code.block("check")
        code.emit_as("%work", "phi i32 [ %left, %check.in ], [ %later, %next ]")
        code.emit_as("%stepped", "phi i1 [ false, %check.in ], [ true, %next ]")
        code.emit_as("%on", f"bitcast <1 x i1> {self.numbers.cond()} to i1")
        able = code.emit("icmp sgt i32 %work, 0")
        code.emit_as("%goes", f"and i1 %on, {able}")
        code.branch(self.leaves(), "out", "go")
        code.block("go")
        code.branch("%goes", "step", "idle")
        code.block("idle")
        code.jump("next")
        code.block("step")
        self.numbers.advance()
        code.emit_as("%worked", f"sub i32 %work, {work_of(self.part)}")
        code.jump("step.out")
        code.block("step.out")
        code.jump("next")
        code.block("next")
        code.emit_as("%later", "phi i32 [ %work, %idle ], [ %worked, %step.out ]")
        code.jump("check")
        code.block("out")
        self.copy(fetch=False)
        twice = code.emit("shl i32 %work, 1")
        again = code.emit("zext i1 %on to i32")
        code.add(f"ret i32 {code.emit(f'or i32 {twice}, {again}')}")

    def come(self) -> None:
        """Find out with whom, and how many have to go on for all to stay: the same number for all of them."""
        code = self.code
        code.emit_as("%together", "call i32 @together()")
        more = code.emit(f"add i32 {count_of(code, '%together')}, 1")
        half = code.emit(f"lshr i32 {more}, 1")
        quarter = code.emit("lshr i32 %live, 2")
        least = code.call("llvm.umax.i32", "i32", [half, quarter], ["i32", "i32"])
        code.emit_as("%least", f"call i32 @greatest(i32 {least}, i32 %together)")

    def leaves(self) -> str:
        """Whether all leave the loop, as nobody goes on or, after the first step, too few."""
        code = self.code
        going = count_of(code, code.emit("call i32 @ballot(i32 %together, i1 %goes)"))
        few = code.emit(f"and i1 %stepped, {code.emit(f'icmp ult i32 {going}, %least')}")
        return code.emit(f"or i1 {few}, {code.emit(f'icmp eq i32 {going}, 0')}")

    def copy(self, *, fetch: bool) -> None:
        """Copy the lane's numbers from the record to where they are kept, or back."""
        code, first, arrays = self.code, 0, self.given if fetch else self.made
        for k, leaf in enumerate(self.loop.leaves):
            for j in range(leaf.size if k in arrays else 0):
                if self.numbers.copied(first + j):
                    self.copy_one(first + j, self.address(code, "in" if fetch else "out", k, j), fetch)
            first += leaf.size

    def copy_one(self, at: int, there: str, fetch: bool) -> None:
        """The same of one number."""
        dtype = self.loop.dtypes[at]
        here = memory_type(dtype), bytes_of(dtype)
        if fetch:
            self.numbers.write(at, load(self.code, there, dtype), *here)
        else:
            store(self.code, self.numbers.read(at, *here), there, dtype)

    def address(self, code: VectorCode, array: str, k: int, j: int) -> str:
        """A pointer to a number in the record."""
        value = (self.given if array == "in" else self.made)[k]
        terms: list[Term] = []
        if self.index is not None:
            terms = [(self.index, value.size * bytes_of(value.buffer.dtype))]
        return Record(code, "%record").number(value, j, *terms)


def count_of(code: Code, mask: str) -> str:
    """How many bits of a mask are set."""
    return code.call("llvm.ctpop.i32", "i32", [mask], ["i32"])
