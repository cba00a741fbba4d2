"""The code of a route for one thread of a GPU: a lane goes from block to block, and the next one follows.

The thread passes one block after another, until its share of a launch's work is done; then it writes down
where its lane waits, and goes on from there in the next launch. Threads of a warp that are in the same block
are computed together. What a lane carries lies in its record in device memory (`record`), parts are functions
(`part_code`).

`route_thread` is the work of one thread, which a processor can run as well, and `route_kernel` what the GPU
is given.
"""

from dataclasses import replace
from typing import Any

from ..llvm.code import Code
from ..llvm.types import memory_type
from ..route.route import Apply, Block, Choose, Copy, Fill, Finish, Go, Put, Repeat, Route, Take, Value
from .kernel import MEMORY, SHARED, kernel_code, pointers, thread_head
from .lane_numbers import Called, ends_and_inputs
from .part_code import PartFunction, call_function, count_of, loop_function, work_of
from .planning import occupancy_of
from .record import Record, find, load, words_of
from .thread_code import LOCAL

# Where a thread is, if not in a block (its number and 1 more): it has no lane yet, or none is left.
_FREE, _NO_MORE = 0, -1
# What a launch carries on to the next, besides results.
CARRIED = ("records", "at", "taken")
# What a thread has to know between parts, each of which has all registers for itself, and LLVM's types of it.
# It lies in local memory.
_KEPT = {"record": MEMORY, "shared": SHARED, "where": MEMORY, "whose": MEMORY, "left": "i32"}
# What threads of a warp tell each other: who is here, of whom something holds, the greatest number of all.
WARP = """
declare i32 @llvm.nvvm.activemask()
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare i32 @llvm.nvvm.redux.sync.umax(i32, i32)
define internal i32 @together() alwaysinline convergent {
  %mask = call i32 @llvm.nvvm.activemask()
  ret i32 %mask
}
define internal i32 @ballot(i32 %mask, i1 %holds) alwaysinline convergent {
  %those = call i32 @llvm.nvvm.vote.ballot.sync(i32 %mask, i1 %holds)
  ret i32 %those
}
define internal i32 @greatest(i32 %number, i32 %mask) alwaysinline convergent {
  %most = call i32 @llvm.nvvm.redux.sync.umax(i32 %number, i32 %mask)
  ret i32 %most
}
"""


def route_thread(route: Route, name: str, linkage: str = "") -> str:
    """LLVM code of ``name(first, threads, shared, inputs..., counts, records, at, taken, outputs...)``.

    `first` is the thread's number, `threads` how many there are. `counts` are numbers of 32 bits: how many
    lanes there are, how much work a thread may do, and for each of `shareable` inputs 1, or 0 where there is
    one for all lanes. At `at` stands for each thread where it is, then
    its lane, and at `taken` how many lanes were taken, and how many are done; all are 0 before the first
    launch. The code calls ``together``, ``ballot`` and ``greatest`` (`WARP`).
    """
    return _RouteWriter(route).thread(name, linkage)[0]


def route_kernel(route: Route, name: str) -> str:
    """LLVM code of a kernel that XLA can launch: its parameters are inputs and outputs, in order.

    What a launch carries on stands among both: XLA hands over the places of inputs as those of outputs.
    """
    names = _names(route)
    first = names.index(CARRIED[0])
    given = pointers([*names[:first], *(f"{one}.before" for one in names[first:]), *names[first:]])
    writer = _RouteWriter(route)
    text, cells = writer.thread("thread", "internal")
    return kernel_code(name, given, WARP + text, parameters(route), cells, writer.limits.occupancy.blocks)


def parameters(route: Route) -> list[str]:
    """The arrays that a thread is given, as LLVM declares parameters."""
    return pointers(_names(route))


def shareable(route: Route) -> list[int]:
    """The inputs that may be one array for all lanes: those that lie in no record."""
    return [k for k, value in enumerate(route.inputs) if value.buffer.outside is not None]


def _names(route: Route) -> list[str]:
    inputs = [f"in{k}" for k, value in enumerate(route.inputs) if value.size]
    outputs = [f"out{k}" for k, value in enumerate(route.results) if value.size]
    return [*inputs, "counts", *CARRIED, *outputs]


class _RouteWriter:
    """Writes the code of one route, block by block."""

    def __init__(self, route: Route) -> None:
        self.route, self.code = route, Code(1)
        self.functions: dict[Any, PartFunction] = {}
        self.names: dict[Any, str] = {}
        loops = [block.end for block in route.blocks if isinstance(block.end, Repeat)]
        self.limits = Called(occupancy_of([ends_and_inputs(one.part.loop) for one in loops]))
        for one in loops:
            self.name(one)
        if loops:
            # Calls have as much shared memory as loops: with more fewer blocks would be on a multiprocessor.
            cells = max(one.cells for one in self.functions.values())
            self.limits = replace(self.limits, cells=cells)

    def thread(self, name: str, linkage: str) -> tuple[str, int]:
        """The module, and the cells that a thread has in shared memory."""
        code = self.code
        self.enter()
        self.choose()
        self.take()
        for k, block in enumerate(self.route.blocks):
            code.block(f"pass{k}")
            for step in block.steps:
                self.step(step)
            self.end(block)
        body = code.body(f"{thread_head(name, linkage, parameters(self.route))} convergent")
        made = [*self.functions.values()]
        declared = sorted({line for one in made for line in one.declared} | code.declared)
        beside = {name: text for one in made for name, text in one.defined.items()}
        text = [*declared, *beside.values(), *(one.text for one in made), body, ""]
        return "\n".join(text), max([0, *(one.cells for one in made)])

    # --- lanes ---------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Find the record, and where the lane was left; what is constant is written before the first one."""
        code = self.code
        code.block("entry")
        # No `local_memory`: its one pointer lives through all calls, and 8.0 cards spilled it (8 bytes).
        code.emit_as("%frame", f"alloca [{len(_KEPT)} x i64], align 8")
        code.emit_as("%kept", f"addrspacecast ptr %frame to {LOCAL}")
        where = code.emit(f"getelementptr i32, {MEMORY} %at, i32 %first")
        self.keep("record", find(code, "%first", words_of(self.route)))
        self.keep("shared", "%shared")
        self.keep("where", where)
        self.keep("whose", code.emit(f"getelementptr i32, {MEMORY} {where}, i32 %threads"))
        budget = code.emit(f"getelementptr i32, {MEMORY} %counts, i64 1")
        code.emit_as("%budget", f"load i32, {MEMORY} {budget}, align 4")
        code.emit_as("%was", f"load i32, {MEMORY} {where}, align 4")
        code.branch(code.emit(f"icmp eq i32 %was, {_FREE}"), "new", "old")
        code.block("new")
        for buffer in self.route.buffers:
            if buffer.constant is not None:
                self.record.write(buffer.constant, Value(buffer, (buffer.size,)))
        code.jump("new.out")
        code.block("new.out")
        code.jump("next")
        code.block("old")
        code.jump("next")

    def keep(self, what: str, value: str) -> None:
        """Write down one of `_KEPT`."""
        self.code.add(f"store volatile {_KEPT[what]} {value}, {LOCAL} {self.kept_at(what)}, align 8")

    def kept(self, what: str) -> str:
        """Read it again."""
        return self.code.emit(f"load volatile {_KEPT[what]}, {LOCAL} {self.kept_at(what)}, align 8")

    def kept_at(self, what: str) -> str:
        return self.code.emit(f"getelementptr i64, {LOCAL} %kept, i64 {list(_KEPT).index(what)}")

    @property
    def record(self) -> Record:
        """The record, for the lines that follow."""
        return Record(self.code, self.kept("record"))

    def handed(self) -> str:
        """What a part's function is given first."""
        return f"{MEMORY} {self.kept('record')}, {SHARED} {self.kept('shared')}"

    def choose(self) -> None:
        """The head of the loop over blocks: on to the one in which the lane is, or the launch ends here."""
        code, blocks = self.code, self.route.blocks
        ends = [f"end{k}" for k in range(len(blocks))]
        nodes = [
            "[ %was, %new.out ]",
            "[ %was, %old ]",
            "[ 1, %fill.out ]",
            *(f"[ %{e}.to, %{e} ]" for e in ends),
        ]
        lefts = ["[ %budget, %new.out ]", "[ %budget, %old ]", "[ %left, %fill.out ]"]
        lefts += [f"[ %{e}.left, %{e} ]" for e in ends]
        code.block("next")
        code.emit_as("%node", f"phi i32 {', '.join(nodes)}")
        code.emit_as("%left", f"phi i32 {', '.join(lefts)}")
        self.live = count_of(code, code.emit("call i32 @together()"))
        code.branch(code.emit("icmp sgt i32 %left, 0"), "pass", "stop")
        code.block("pass")
        self.keep("left", "%left")
        labels = " ".join(f"i32 {k + 1}, label %pass{k}" for k in range(len(blocks)))
        code.add(f"switch i32 %node, label %stop [ i32 {_FREE}, label %take {labels} ]")
        code.block("stop")
        code.emit_as("%stopped", "phi i32 [ %node, %next ], [ %node, %pass ], [ %none, %take ]")
        code.add(f"store i32 %stopped, {MEMORY} {self.kept('where')}, align 4")
        code.add("ret void")

    def take(self) -> None:
        """The next lane, if one is left: its inputs go into the record."""
        code = self.code
        code.block("take")
        code.emit_as("%none", f"add i32 0, {_NO_MORE}")
        code.emit_as("%lane", f"atomicrmw add {MEMORY} %taken, i32 1 monotonic")
        lanes = code.emit(f"load volatile i32, {MEMORY} %counts, align 4")
        code.branch(code.emit(f"icmp ult i32 %lane, {lanes}"), "fill", "stop")
        code.block("fill")
        code.add(f"store i32 %lane, {MEMORY} {self.kept('whose')}, align 4")
        for k, value in enumerate(self.route.inputs):
            if value.size and value.buffer.outside is None:
                self.record.lane(value, f"%in{k}", "%lane", fetch=True)
        code.jump("fill.out")
        code.block("fill.out")
        code.jump("next")

    def finish(self) -> None:
        """Write what the lane has come to."""
        code = self.code
        lane = code.emit(f"load i32, {MEMORY} {self.kept('whose')}, align 4")
        for k, value in enumerate(self.route.results):
            if value.size and value.buffer.outside is None:
                self.record.lane(value, f"%out{k}", lane, fetch=False)
        done = code.emit(f"getelementptr i32, {MEMORY} %taken, i64 1")
        code.emit(f"atomicrmw add {MEMORY} {done}, i32 1 monotonic")

    # --- blocks --------------------------------------------------------------------------------------------

    def step(self, step: Apply | Copy | Take | Put | Fill) -> None:
        """Do what is done in a block."""
        match step:
            case Apply():
                self.code.add(f"call void @{self.name(step)}({self.handed()})")
            case Copy():
                record = self.record
                for source, target in step.pairs:
                    record.copy(source, target)
            case Take():
                self.record.row(step, self.outside(step.source))
            case Put():
                self.record.row(step, self.outside(step.target))
            case Fill():
                self.record.fill(step, self.outside(step.target))

    def outside(self, value: Value) -> str | None:
        """A pointer to a lane's array that lies in no record; None of another."""
        code, array = self.code, value.buffer.outside
        if array is None:
            return None
        lane = code.emit(f"load i32, {MEMORY} {self.kept('whose')}, align 4")
        if not array.is_result:
            which = 2 + shareable(self.route).index(array.number)
            own = code.emit(f"getelementptr i32, {MEMORY} %counts, i64 {which}")
            lane = code.emit(f"mul i32 {lane}, {code.emit(f'load i32, {MEMORY} {own}, align 4')}")
        first = code.emit(f"mul i64 {code.emit(f'zext i32 {lane} to i64')}, {value.size}")
        name = f"%{'out' if array.is_result else 'in'}{array.number}"
        return code.emit(f"getelementptr {memory_type(value.buffer.dtype)}, {MEMORY} {name}, i64 {first}")

    def end(self, block: Block) -> None:
        """Where the lane goes, and how much work is left then."""
        code, number_, end = self.code, self.route.blocks.index(block), block.end
        work = 1 + sum(step.inner * work_of(step.part) for step in block.steps if isinstance(step, Apply))
        match end:
            case Finish():
                self.finish()
                to = str(_FREE)
            case Go():
                to = str(end.to + 1)
            case Choose():
                on = code.emit(f"icmp ne i8 {load(code, self.record.number(end.on, 0), 'i1')}, 0")
                to = code.emit(f"select i1 {on}, i32 {end.yes + 1}, i32 {end.no + 1}")
            case Repeat():
                given = f"{self.handed()}, i32 {self.live}, i32 {self.kept('left')}"
                said = code.emit(f"call i32 @{self.name(end)}({given})")
                again = code.emit(f"trunc i32 {said} to i1")
                to = code.emit(f"select i1 {again}, i32 {number_ + 1}, i32 {end.to + 1}")
                self.keep("left", code.emit(f"ashr i32 {said}, 1"))
        code.jump(f"end{number_}.in")
        code.block(f"end{number_}.in")
        code.emit_as(f"%end{number_}.to", f"add i32 {to}, 0")
        code.emit_as(f"%end{number_}.left", f"sub i32 {self.kept('left')}, {work}")
        code.jump(f"end{number_}")
        code.block(f"end{number_}")
        code.jump("next")

    def name(self, step: Apply | Repeat) -> str:
        """The function of a part on these arrays, which is written where it is called first."""
        arrays = (*step.state, *step.fixed) if isinstance(step, Repeat) else (*step.inputs, *step.results)
        inner = 1 if isinstance(step, Repeat) else step.inner
        key = step.part, inner, tuple((value.offset, value.size) for value in arrays)
        if key not in self.names:
            self.names[key] = name = f"part{len(self.names)}"
            is_loop = isinstance(step, Repeat)
            self.functions[key] = (
                loop_function(step, name, self.limits) if is_loop else call_function(step, name, self.limits)
            )
        return self.names[key]
