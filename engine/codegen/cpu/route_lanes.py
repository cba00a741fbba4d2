"""The code of a route: a set of records, and next the block in which most of them wait.

A function that XLA can call (`ffi`): arrays of lanes in, arrays of lanes out. As soon as a record is free the
next lane takes it, so no lane waits for another's long way, and parts are computed for many lanes at once.
"""

from collections.abc import Sequence

from ..ir import Unsupported, bytes_of
from ..llvm.code import Code
from ..route.part import Part
from ..route.route import Finish, Route, Value
from . import ffi
from .float_state import in_own_state
from .route_code import BlockWriter, Widths, add, memcpy

# Bytes for records on the stack, and how many of them there are at least and at most.
_STACK, _FEWEST, _MOST = 512 * 1024, 16, 256
# Large records, as with a path of a thousand times, lie elsewhere, as a thread may have little of a stack:
# bytes of all, unless the fewest take more, and of one.
_CAPACITY, _MOST_BYTES = 4 * 1024 * 1024, 1024 * 1024
# A record that is free waits in no block.
_FREE = -1


def route_code(route: Route, width_of: Widths, rank: int) -> tuple[str, dict[Part, str]]:
    """LLVM code of a function ``NAME(frame)``, and where it looks for parts that are compiled apart.

    The first array that XLA hands over has `rank` dims of its own. Raises Unsupported where a record is too
    large, as with a path of many times.
    """
    if route.bytes > _MOST_BYTES:
        raise Unsupported(f"an orbit of more than {_MOST_BYTES} bytes")
    writer = BlockWriter(route, width_of)
    functions = [writer.block(number, block) for number, block in enumerate(route.blocks)]
    work = _LanesWriter(writer).lanes(rank)
    own = in_own_state("lanes", "define ptr @NAME(ptr %frame)", "ptr", ["ptr %frame"])
    text = [
        *sorted(writer.declared),
        *writer.globals.values(),
        *writer.defined.values(),
        *functions,
        work,
        own,
    ]
    return "\n".join(text), writer.apart


class _LanesWriter:
    """Writes the function that XLA calls: records are filled, passed on and emptied until no lane is left."""

    def __init__(self, blocks: BlockWriter) -> None:
        self.blocks, self.route, self.code = blocks, blocks.route, Code(1)
        self.large = blocks.bytes > _STACK // _FEWEST
        capacity = _CAPACITY if self.large else _STACK
        self.records = max(_FEWEST, min(_MOST, capacity // blocks.bytes))
        self.bytes = self.records * blocks.bytes

    def lanes(self, rank: int) -> str:
        """The whole function."""
        code, count = self.code, len(self.route.blocks)
        code.block("entry")
        self.reserve()
        ffi.enter(code)
        inputs = ffi.arguments(code, len(self.route.inputs))
        results = ffi.results(code, len(self.route.results))
        for k, array in enumerate([*inputs, *results]):
            code.add(f"store ptr {array}, ptr {code.element('ptr', '%outside', k)}")
        self.count = ffi.batch_size(code, rank)
        if self.large:
            self.allocate()
        self.begin()
        code.jump("next")
        code.block("next")
        best = self.choose()
        code.block("start")
        self.start(inputs)
        code.jump("next")
        code.block("pass")
        listed = self.listed(best)
        labels = " ".join(f"i32 {k}, label %pass{k}" for k in range(count))
        code.add(f"switch i32 {best}, label %done [{labels}]")
        for k, block in enumerate(self.route.blocks):
            code.block(f"pass{k}")
            given = f"ptr %mem, ptr %rows, i64 {listed}, ptr %said, ptr %node, ptr %counts"
            code.add(f"call void @block{k}({given}, ptr %lane, ptr %outside)")
            if isinstance(block.end, Finish):
                self.finish(results, listed)
            code.jump("next")
        code.block("done")
        if self.large:
            code.call_void("free", ["%mem"], ["ptr"])
        code.add("ret ptr null")
        self.blocks.declared |= code.declared
        return code.body("define internal ptr @lanes(ptr %frame) noinline")

    def reserve(self) -> None:
        """Room for the records, and for what is known of them: see `route_code`. `lane` is whose each is."""
        n = self.records
        buffers = [
            ("node", "i32", n), ("rows", "i64", n + 1), ("lane", "i64", n), ("said", "i8", n),
            ("counts", "i64", len(self.route.blocks)), ("begun", "i64", 1), ("free", "i64", 1),
            ("outside", "ptr", len(self.route.inputs) + len(self.route.results)),
        ]  # fmt: skip
        buffers += [] if self.large else [("mem", "i8", self.bytes)]
        for name, type_, count in buffers:
            self.code.emit_as(f"%{name}", f"alloca [{count} x {type_}], align 64")

    def allocate(self) -> None:
        """The records, where they do not lie on the stack. Without memory for them the process ends."""
        code = self.code
        code.declared.add("declare ptr @malloc(i64)")
        code.emit_as("%mem", f"call ptr @malloc(i64 {self.bytes})")
        code.branch(code.emit("icmp eq ptr %mem, null"), "none", "some.memory")
        code.block("none")
        code.call_void("abort", [], [])
        code.add("unreachable")
        code.block("some.memory")

    def begin(self) -> None:
        """All records are free, and hold what is constant."""
        code = self.code
        code.add("store i64 0, ptr %begun")
        code.add(f"store i64 {self.records}, ptr %free")
        with code.loop(str(self.records), 1) as row:
            code.add(f"store i32 {_FREE}, ptr {code.element('i32', '%node', row)}")
            for buffer in self.route.buffers:
                if buffer.constant is not None:
                    value = Value(buffer, (buffer.size,))
                    self.blocks.copy(code, value, value, row)
        with code.loop(str(len(self.route.blocks)), 1) as number:
            code.add(f"store i64 0, ptr {code.element('i64', '%counts', number)}")

    def choose(self) -> str:
        """To `start` where most records are free, to `pass` where most wait in a block: it is returned."""
        code = self.code
        left = code.emit(f"sub i64 {self.count}, {code.emit('load i64, ptr %begun')}")
        free = code.emit("load i64, ptr %free")
        most, best = code.call("llvm.smin.i64", "i64", [left, free], ["i64", "i64"]), str(_FREE)
        for k in range(len(self.route.blocks)):
            waiting = code.emit(f"load i64, ptr {code.element('i64', '%counts', k)}")
            more = code.emit(f"icmp sge i64 {waiting}, {most}")
            best = code.emit(f"select i1 {more}, i32 {k}, i32 {best}")
            most = code.emit(f"select i1 {more}, i64 {waiting}, i64 {most}")
        code.branch(code.emit(f"icmp eq i64 {most}, 0"), "done", "some")
        code.block("some")
        code.branch(code.emit(f"icmp slt i32 {best}, 0"), "start", "pass")
        return best

    def start(self, inputs: Sequence[str]) -> None:
        """Lanes into free records, which wait in the first block then."""
        code = self.code
        with code.loop(str(self.records), 1) as row:
            node = code.element("i32", "%node", row)
            empty = code.emit(f"icmp eq i32 {code.emit(f'load i32, ptr {node}')}, {_FREE}")
            lane = code.emit("load i64, ptr %begun")
            waits = code.emit(f"icmp slt i64 {lane}, {self.count}")
            fill, filled = code.label("fill"), code.label("filled")
            code.branch(code.emit(f"and i1 {empty}, {waits}"), fill, filled)
            code.block(fill)
            code.add(f"store i64 {lane}, ptr {code.element('i64', '%lane', row)}")
            for array, value in zip(inputs, self.route.inputs, strict=True):
                if value.buffer.outside is None:
                    there, size = self.of_lane(array, value, lane)
                    memcpy(code, self.blocks.address(code, value, row), there, size)
            code.add(f"store i32 0, ptr {node}")
            add(code, "%begun", 1)
            add(code, "%free", -1)
            add(code, "%counts", 1)
            code.jump(filled)
            code.block(filled)

    def listed(self, best: str) -> str:
        """How many records wait in a block: they themselves are in `rows`, and wait no more."""
        code = self.code
        at = code.element("i64", "%counts", code.emit(f"sext i32 {best} to i64"))
        count = code.emit(f"load i64, ptr {at}")
        code.add(f"store i64 0, ptr {at}")
        with code.loop(str(self.records), 1) as row:
            node = code.emit(f"load i32, ptr {code.element('i32', '%node', row)}")
            here = code.emit(f"icmp eq i32 {node}, {best}")
            number = code.emit(f"load i64, ptr {at}")
            code.add(f"store i64 {row}, ptr {code.element('i64', '%rows', number)}")
            add(code, at, code.emit(f"zext i1 {here} to i64"))
        code.add(f"store i64 0, ptr {at}")
        return count

    def finish(self, results: Sequence[str], count: str) -> None:
        """Write what lanes have come to, and free their records."""
        code = self.code
        with code.loop(count, 1) as k:
            row = code.emit(f"load i64, ptr {code.element('i64', '%rows', k)}")
            lane = code.emit(f"load i64, ptr {code.element('i64', '%lane', row)}")
            for array, value in zip(results, self.route.results, strict=True):
                if value.buffer.outside is not None:
                    continue
                there, size = self.of_lane(array, value, lane)
                memcpy(code, there, self.blocks.address(code, value, row), size)
            code.add(f"store i32 {_FREE}, ptr {code.element('i32', '%node', row)}")
        add(code, "%free", count)

    def of_lane(self, array: str, value: Value, lane: str) -> tuple[str, int]:
        """Where a lane's numbers lie in an array of XLA's, and how many bytes they are."""
        size = value.size * bytes_of(value.buffer.dtype)
        return self.code.element("i8", array, self.code.emit(f"mul i64 {lane}, {size}")), size
