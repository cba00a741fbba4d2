"""The code of a part of a route, for those of a set of records that are to pass it now.

It is a function ``name(rows, count, least, said, arrays...)``: `rows` are the numbers of the records, and for
each array that the part reads or writes there is the place of the first record's and the bytes from one to
the next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..ir import bytes_of, with_loops
from ..lanes import Leaf, Loop
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from ..route.part import Part
from .few_waiting import FewWaiting
from .lane_code import LaneWriter

_HEAD = ("ptr %rows", "i64 %count", "i64 %least", "ptr %said")
# How the code of a route declares it, without its arrays.
TYPES = tuple(one.split()[0] for one in _HEAD)


@dataclass(frozen=True)
class PartCode:
    """The code of a part's function, and the names of the arrays that it is given."""

    code: VectorCode
    arrays: tuple[str, ...]

    def _head(self, name: str, linkage: str) -> str:
        given = [*_HEAD, *(f"ptr {a}, i64 {a}.step" for a in self.arrays)]
        return f"define {linkage} void @{name}({', '.join(given)})"

    def module(self, name: str) -> str:
        """As a module of its own."""
        return self.code.function(self._head(name, ""))

    def body(self, name: str, linkage: str) -> str:
        """The function alone."""
        return self.code.body(self._head(name, linkage))

    def declaration(self, name: str) -> str:
        """How another module declares it."""
        return (
            f"declare void @{name}({', '.join([*TYPES, *(t for _ in self.arrays for t in ('ptr', 'i64'))])})"
        )


def part_code(part: Part, width: int) -> PartCode:
    """The code of the function; of a call the arrays are those it reads, then those that it writes.

    A loop reads and writes in place: its arrays are those that change, then the others that it reads. It
    ends as soon as fewer than `least` lanes are on their way and none waits. Whether one is to come back is
    `said` at its number.
    """
    return _call_code(part, width) if part.loop.once else _loop_code(part, width)


def arrays_of(part: Part) -> list[int]:
    """The leaves that a part's function is handed, in order; of a call those that change come last."""
    changing = part.loop.changing
    if part.loop.once:
        return [*sorted(part.read), *changing]
    return [*changing, *(k for k in part.given if k not in changing)]


def _call_code(part: Part, width: int) -> PartCode:
    loop, numbers = part.loop, _numbered(part.loop.leaves)
    slots = [f"%n{k}" for k in range(len(loop.dtypes))]
    code = FewWaiting(width, slots)
    read, changing = sorted(part.read), loop.changing
    code.block("entry")
    _reserve(code, loop, dict.fromkeys([*read, *changing]))
    with code.loop("%count", width) as first:
        left, rows = _chunk(code, first, width)

        def each(leaves: Sequence[int], word: str, fetch: bool) -> None:
            with code.loop(left, 1) as slot:
                row = code.emit(f"load i64, ptr {code.element('i64', rows, slot)}")
                for k in leaves:
                    _moved(code, loop.leaves[k], f"%{word}{k}", slots[numbers[k] :], row, slot, fetch)

        each(read, "in", True)
        code.active = code.first_slots(left)
        code.advance(loop.body)
        code.active = None
        each(changing, "out", False)
    code.add("ret void")
    return PartCode(code, (*(f"%in{k}" for k in read), *(f"%out{k}" for k in changing)))


def test_code(part: Part, width: int) -> PartCode:
    """The code of a function of the same arrays as a loop's: whether each record is to enter the loop at all.

    To read what the condition needs costs less than to read and write all that the loop changes.
    """
    loop, numbers = part.loop, _numbered(part.loop.leaves)
    needed = {s.value for s in with_loops([loop.cond]) if s.op == "input"}
    slots = [f"%n{k}" for k in range(len(loop.dtypes))]
    code = VectorCode(width, slots)
    read = [k for k, n in enumerate(numbers) if not needed.isdisjoint(range(n, n + loop.leaves[k].size))]
    code.block("entry")
    _reserve(code, loop, read)
    code.emit_as("%result", f"alloca {code.vectors.memory('i1')}, align 64")
    with code.loop("%count", width) as first:
        left, rows = _chunk(code, first, width)
        with code.loop(left, 1) as slot:
            row = code.emit(f"load i64, ptr {code.element('i64', rows, slot)}")
            for k in read:
                _moved(code, loop.leaves[k], f"%a{k}", slots[numbers[k] :], row, slot, fetch=True)
        code.active = code.first_slots(left)
        code.forget()
        code.store(loop.cond, "%result")
        code.active = None
        with code.loop(left, 1) as slot:
            row = code.emit(f"load i64, ptr {code.element('i64', rows, slot)}")
            on = code.emit(f"load i8, ptr {code.element('i8', '%result', slot)}")
            code.add(f"store i8 {on}, ptr {code.element('i8', '%said', row)}")
    code.add("ret void")
    return PartCode(code, tuple(f"%a{k}" for k in arrays_of(part)))


def _reserve(code: VectorCode, loop: Loop, leaves: Iterable[int]) -> None:
    """Slots for the numbers of these leaves, all 0."""
    numbers = _numbered(loop.leaves)
    for k in leaves:
        m = code.vectors.memory(loop.leaves[k].dtype)
        for n in range(numbers[k], numbers[k] + loop.leaves[k].size):
            code.emit_as(f"%n{n}", f"alloca {m}, align 64")
            code.add(f"store {m} zeroinitializer, ptr %n{n}, align 64")


def _chunk(code: VectorCode, first: str, width: int) -> tuple[str, str]:
    """How many of the records from the `first` on are taken together, and where their numbers stand."""
    rest = code.emit(f"sub i64 %count, {first}")
    few = code.emit(f"icmp slt i64 {rest}, {width}")
    left = code.emit(f"select i1 {few}, i64 {rest}, i64 {width}")
    return left, code.element("i64", "%rows", first)


def _numbered(leaves: Sequence[Leaf]) -> list[int]:
    """The number of the first number of each leaf."""
    result, first = [], 0
    for leaf in leaves:
        result.append(first)
        first += leaf.size
    return result


def _moved(
    code: VectorCode, leaf: Leaf, array: str, slots: Sequence[str], row: str, slot: str, fetch: bool
) -> None:
    """Move a record's numbers of a leaf to its slot, or back."""
    type_, size = memory_type(leaf.dtype), bytes_of(leaf.dtype)
    begin = code.element("i8", array, code.emit(f"mul i64 {row}, {array}.step"))
    for k in range(leaf.size):
        here, there = code.element(type_, slots[k], slot), code.element(type_, begin, k)
        source, target = (there, here) if fetch else (here, there)
        value = code.emit(f"load {type_}, ptr {source}, align {size}")
        code.add(f"store {type_} {value}, ptr {target}, align {size}")


def _loop_code(part: Part, width: int) -> PartCode:
    writer = _RowWriter(part, width)
    writer.enter()
    writer.check()
    writer.serve()
    writer.step()
    return PartCode(writer.code, tuple(f"%a{k}" for k in arrays_of(part)))


class _RowWriter(LaneWriter):
    """A loop over records in place."""

    returns = "ret void"

    def __init__(self, part: Part, width: int) -> None:
        super().__init__(part.loop, width)
        self.part = part

    def enter(self) -> None:
        code, held = self.code, f"<{self.width} x i64>"
        code.block("entry")
        code.emit_as("%held", f"alloca {held}, align 64")
        code.reserve(self.loop.dtypes)
        code.add(f"store {held} splat (i64 -1), ptr %held, align 64")
        self.inputs = [f"%a{k}" for k in self.part.given]
        self.outputs = [f"%a{k}" for k in self.loop.changing]
        self.lanes = "%count"
        code.jump("check.in")
        code.block("check.in")
        code.jump("check")

    def due(self, due: str, off: str, waiting: str, full: str) -> str:
        """All, where few are left: others are to come before they go on."""
        code, b = self.code, self.bits
        code.emit_as("%on", f"xor {b} {off}, -1")
        busy = code.emit(f"zext {b} {code.call(f'llvm.ctpop.{b}', b, ['%on'], [b])} to i64")
        few = code.emit(f"icmp slt i64 {busy}, %least")
        none_waits = code.emit(f"xor i1 {waiting}, true")
        stops = code.emit(f"and i1 {few}, {none_waits}")
        return f"select i1 {stops}, {b} {full}, {b} {due}"

    def row(self, following: str) -> str:
        return self.code.emit(f"load i64, ptr {self.code.element('i64', '%rows', following)}")

    def say(self, lane: str, slot: str) -> None:
        code, b = self.code, self.bits
        bit = code.emit(f"lshr {b} %on, {code.emit(f'trunc i64 {slot} to {b}')}")
        again = code.emit(f"and {b} {bit}, 1")
        eight = (
            again if b == "i8" else code.emit(f"{'trunc' if self.width > 8 else 'zext'} {b} {again} to i8")
        )
        code.add(f"store i8 {eight}, ptr {code.element('i8', '%said', lane)}")

    def begin(self, array: str, lane: str, size: int) -> str:
        return self.code.element("i8", array, self.code.emit(f"mul i64 {lane}, {array}.step"))
