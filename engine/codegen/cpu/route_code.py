"""The code of a route's blocks: what is done with the records of a list, and where each goes next.

A block is a function ``blockN(mem, rows, count, said, node, counts, lane, outside)``: `rows` are the numbers
of `count` records in `mem`; `node` says for each record in which block it waits, `counts` for each block how
many do, `said` is what a part has to say of a record, and `lane` whose it is. `outside` are the arrays of all
lanes: those that they are given, then results.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from ..ir import DTYPES, bytes_of
from ..llvm.code import Code
from ..route.part import Part
from ..route.route import (
    Apply,
    Block,
    Choose,
    Copy,
    Fill,
    Finish,
    Go,
    Outside,
    Put,
    Repeat,
    Route,
    Take,
    Value,
)
from .row_code import TYPES, PartCode, part_code, test_code

_GIVEN = "ptr %mem, ptr %rows, i64 %count, ptr %said, ptr %node, ptr %counts, ptr %lane, ptr %outside"
# From one record to the next is an odd number of so many bytes: neighbours share no set of a cache.
_LINE = 64


class Widths(Protocol):
    """How many records a part is computed for at once."""

    def __call__(self, part: Part) -> int: ...


class BlockWriter:
    """Writes the functions of blocks.

    Parts of a kernel or solver are compiled `apart`, as they are long and often the same in several routes:
    where their functions lie is read from places, so that the blocks of alike routes are the same code. What
    moves and compares between them stands beside the blocks.
    """

    def __init__(self, route: Route, width_of: Widths) -> None:
        self.route, self.width_of = route, width_of
        self.bytes = (-(-route.bytes // _LINE) | 1) * _LINE
        self.apart: dict[Part, str] = {}  # names of these places
        self.beside: dict[tuple[Part, bool], str] = {}
        self.declared: set[str] = set()
        self.defined: dict[str, str] = {}
        self.globals: dict[bytes, str] = {}

    def block(self, number: int, block: Block) -> str:
        """The function of a block."""
        code = Code(1)
        code.block("entry")
        for step in block.steps:
            match step:
                case Apply():
                    self.call(code, step)
                case Copy():
                    with _each(code) as row:
                        for source, target in step.pairs:
                            self.copy(code, source, target, row)
                case Take() | Put():
                    with _each(code) as row:
                        self.row(code, step, row)
                case Fill():
                    with _each(code) as row:
                        self.fill(code, step, row)
        self.end(code, number, block)
        code.add("ret void")
        self.declared |= code.declared
        return code.body(f"define internal void @block{number}({_GIVEN}) noinline")

    # --- where they go -------------------------------------------------------------------------------------

    def end(self, code: Code, number: int, block: Block) -> None:
        """Each record to the block that is next for it."""
        end = block.end
        if isinstance(end, Finish):
            return
        entered = self.loop_at(end.to) if isinstance(end, Go) else None
        if isinstance(end, Repeat):
            self.apply(code, end.part, [*end.state, *end.fixed], self.least(code, end.part))
        if entered is not None:
            self.apply(code, entered.part, [*entered.state, *entered.fixed], "0", test=True)
        with _each(code) as row:
            match end:
                case Choose():
                    to = _either(code, self.address(code, end.on, row), end.yes, end.no)
                case Repeat():
                    to = _either(code, code.element("i8", "%said", row), number, end.to)
                case _ if entered is not None:
                    to = _either(code, code.element("i8", "%said", row), end.to, entered.to)
                case _:
                    to = str(end.to)
            code.add(f"store i32 {to}, ptr {code.element('i32', '%node', row)}")
            add(code, code.element("i64", "%counts", code.emit(f"zext i32 {to} to i64")), 1)

    def loop_at(self, number: int) -> Repeat | None:
        """The loop that a block is, if it is nothing else."""
        block = self.route.blocks[number]
        return block.end if isinstance(block.end, Repeat) and not block.steps else None

    def least(self, code: Code, part: Part) -> str:
        """A loop is left with fewer records than that: half of what it is computed for at once, or of all."""
        half = code.emit(f"lshr i64 {code.emit('add i64 %count, 1')}, 1")
        most = str(self.width_of(part) // 2)
        return code.call("llvm.smin.i64", "i64", [half, most], ["i64", "i64"])

    # --- steps ---------------------------------------------------------------------------------------------

    def call(self, code: Code, call: Apply) -> None:
        """A part, for one after another of the arrays that lie side by side."""
        for j in range(call.inner):
            values = [_inner(v, j, call.inner) for v in (*call.inputs, *call.results)]
            self.apply(code, call.part, values, "0")

    def apply(self, code: Code, part: Part, values: Sequence[Value], least: str, test: bool = False) -> None:
        """Apply a part's function on arrays of the records; or its `test`, whether it is entered at all."""
        args = ["%rows", "%count", least, "%said"]
        for value in values:
            args += [code.element("i8", "%mem", value.offset), str(self.bytes)]
        types = ", ".join(f"{t} {a}" for t, a in zip(self.types(len(values)), args, strict=True))
        code.add(f"call void {self.called(code, part, test)}({types})")

    def types(self, arrays: int) -> list[str]:
        """LLVM's types of what a part's function is given."""
        return [*TYPES, *(t for _ in range(arrays) for t in ("ptr", "i64"))]

    def called(self, code: Code, part: Part, test: bool) -> str:
        """The function of a part: where it lies, or its name, where it is written when it is called first."""
        if part.shapes and not test:
            symbol = self.apart.setdefault(part, f"PART{len(self.apart)}")
            self.declared.add(f"@{symbol} = external constant ptr")
            return code.emit(f"load ptr, ptr @{symbol}")
        if (part, test) not in self.beside:
            name = f"beside{len(self.beside)}"
            make = test_code if test else part_code
            written: PartCode = make(part, self.width_of(part))
            self.beside[part, test] = name
            self.declared |= written.code.declared
            self.defined |= written.code.defined
            self.defined[name] = written.body(name, "internal")
        return f"@{self.beside[part, test]}"

    def copy(self, code: Code, source: Value, target: Value, row: str) -> None:
        """Numbers of a record, or constants, to another place in it."""
        size = target.size * bytes_of(target.buffer.dtype)
        constant = source.buffer.constant
        if constant is None:
            memcpy(code, self.address(code, target, row), self.address(code, source, row), size)
            return
        raw = np.ascontiguousarray(constant, DTYPES[source.buffer.dtype]).tobytes()
        first = source.first * bytes_of(source.buffer.dtype)
        memcpy(code, self.address(code, target, row), self.constant(raw[first : first + size]), size)

    def constant(self, raw: bytes) -> str:
        """A global constant of these bytes."""
        if raw not in self.globals:
            text = "".join(f"\\{b:02X}" for b in raw)
            name = f"@constant{len(self.globals)}"
            self.globals[raw] = f'{name} = internal constant [{len(raw)} x i8] c"{text}", align 8'
        return self.globals[raw].split(" ", 1)[0]

    def row(self, code: Code, step: Take | Put, row: str) -> None:
        """A row of a lane's array, read or, where there is such a row, written."""
        one, many = (step.target, step.source) if isinstance(step, Take) else (step.source, step.target)
        size = one.size * bytes_of(many.buffer.dtype)
        index = code.emit(f"load i32, ptr {self.address(code, step.index, row)}")
        there = code.emit(f"icmp ult i32 {index}, {step.rows}") if isinstance(step, Put) else "true"
        with code.where(there):
            shift = code.emit(f"mul i64 {code.emit(f'zext i32 {index} to i64')}, {size}")
            far = code.element("i8", self.address(code, many, row), shift)
            near = self.address(code, one, row)
            memcpy(code, *((near, far) if isinstance(step, Take) else (far, near)), size)

    def fill(self, code: Code, step: Fill, row: str) -> None:
        """One number in all of a lane's array, where a condition holds."""
        size = bytes_of(step.target.buffer.dtype)
        on = code.emit(f"load i8, ptr {self.address(code, step.on, row)}")
        number = self.constant(np.asarray(step.number, DTYPES[step.target.buffer.dtype]).tobytes())
        begin = self.address(code, step.target, row)
        with code.where(code.emit(f"icmp ne i8 {on}, 0")), code.loop(str(step.target.size), 1) as j:
            memcpy(code, code.element("i8", begin, code.emit(f"mul i64 {j}, {size}")), number, size)

    def address(self, code: Code, value: Value, row: str) -> str:
        """Where an array of a lane lies."""
        if value.buffer.outside is not None:
            return self.address_outside(code, value, value.buffer.outside, row)
        begin = code.element("i8", "%mem", value.offset)
        return code.element("i8", begin, code.emit(f"mul i64 {row}, {self.bytes}"))

    def address_outside(self, code: Code, value: Value, array: Outside, row: str) -> str:
        """The same of one that is not in the record."""
        number = array.number + (len(self.route.inputs) if array.is_result else 0)
        of_all = code.emit(f"load ptr, ptr {code.element('ptr', '%outside', number)}")
        lane = code.emit(f"load i64, ptr {code.element('i64', '%lane', row)}")
        first = value.first * bytes_of(value.buffer.dtype)
        begin = code.emit(f"add i64 {code.emit(f'mul i64 {lane}, {value.buffer.bytes}')}, {first}")
        return code.element("i8", of_all, begin)


@contextmanager
def _each(code: Code) -> Iterator[str]:
    """Around lines for each record of the list; yields its number."""
    with code.loop("%count", 1) as k:
        yield code.emit(f"load i64, ptr {code.element('i64', '%rows', k)}")


def _either(code: Code, at: str, yes: int, no: int) -> str:
    """One of two blocks, by a boolean in memory."""
    on = code.emit(f"icmp ne i8 {code.emit(f'load i8, ptr {at}')}, 0")
    return code.emit(f"select i1 {on}, i32 {yes}, i32 {no}")


def _inner(value: Value, j: int, inner: int) -> Value:
    """The j-th of so many arrays that lie one after another."""
    size = value.size // inner
    return value.part(j * size, (size,))


def add(code: Code, at: str, number: int | str) -> None:
    """Add to a number of 64 bits in memory."""
    before = code.emit(f"load i64, ptr {at}")
    code.add(f"store i64 {code.emit(f'add i64 {before}, {number}')}, ptr {at}")


def memcpy(code: Code, target: str, source: str, size: int) -> None:
    """Copy so many bytes."""
    types = ["ptr", "ptr", "i64", "i1 immarg"]
    code.call_void("llvm.memcpy.p0.p0.i64", [target, source, str(size), "false"], types)
