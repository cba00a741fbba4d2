"""The code of a loop over lanes: `width` of them at a time, and the next one as soon as one is done.

A lane that is done gives its slot to the next that waits, so lanes that differ a hundredfold in their
number of steps keep all slots busy. The code is a function that XLA can call (`ffi`): arrays of lanes in,
those that change out.
"""

from collections.abc import Sequence

from ..ir import bytes_of
from ..lanes import Leaf, Loop
from ..llvm.types import memory_type
from . import ffi
from .few_waiting import FewWaiting
from .float_state import in_own_state


def lane_code(loop: Loop, name: str, width: int) -> str:
    """LLVM code of a function ``name(frame)``, where the frame is XLA's."""
    writer = LaneWriter(loop, width)
    writer.enter()
    writer.check()
    writer.serve()
    writer.step()
    work = writer.code.function("define internal ptr @lanes(ptr %frame) noinline")
    return work + in_own_state("lanes", f"define ptr @{name}(ptr %frame)", "ptr", ["ptr %frame"])


class LaneWriter:
    """Writes the code of one loop, block by block.

    %held has in each slot the number of the lane that is computed there, -1 if there is none; a lane's
    numbers lie in one vector each, `slots`, at its slot. %next is the next lane that waits.
    """

    returns = "ret ptr null"

    def __init__(self, loop: Loop, width: int) -> None:
        self.loop, self.width = loop, width
        self.slots = [f"%n{k}" for k in range(len(loop.dtypes))]
        self.code = FewWaiting(width, self.slots)
        self.mask, self.bits = f"<{width} x i1>", f"i{width}"

    def enter(self) -> None:
        """Make room for the numbers, and read from the frame where the arrays lie."""
        code, held = self.code, f"<{self.width} x i64>"
        code.block("entry")
        code.emit_as("%held", f"alloca {held}, align 64")
        code.reserve(self.loop.dtypes)
        code.add(f"store {held} splat (i64 -1), ptr %held, align 64")
        ffi.enter(code)
        self.inputs = ffi.arguments(code, sum(leaf.used for leaf in self.loop.leaves))
        self.outputs = ffi.results(code, len(self.loop.changing))
        first = next(leaf for leaf in self.loop.leaves if leaf.used)
        self.lanes = ffi.batch_size(code, first.rank)
        code.jump("check.in")
        code.block("check.in")
        code.jump("check")

    def check(self) -> None:
        """Which slots go on, and which are due to be served: those whose lane is done, or that have none."""
        code, m, b = self.code, self.mask, self.bits
        code.block("check")
        code.emit_as(
            "%next", "phi i64 [ 0, %check.in ], [ %next, %step.out ], [ %served.next, %serve.again ]"
        )
        held = code.emit(f"load <{self.width} x i64>, ptr %held, align 64")
        used = code.emit(f"icmp sge <{self.width} x i64> {held}, zeroinitializer")
        code.active = used
        on = code.emit(f"and {m} {used}, {code.value(self.loop.cond)}")
        code.active = on
        off = code.emit(f"xor {m} {on}, splat (i1 true)")
        waiting = code.emit(f"icmp slt i64 %next, {self.lanes}")
        full = code.emit(f"bitcast {m} {used} to {b}")
        # Without a lane that waits, there is nothing to do for an empty slot.
        served = code.emit(f"select i1 {waiting}, {b} -1, {b} {full}")
        off = code.emit(f"bitcast {m} {off} to {b}")
        due = code.emit_as("%due", self.due(code.emit(f"and {b} {off}, {served}"), off, waiting, full))
        code.jump("check.out")
        code.block("check.out")
        code.branch(code.emit(f"icmp eq {b} {due}, 0"), "idle", "serve")
        code.block("idle")
        code.branch(code.emit(f"icmp eq {b} {full}, 0"), "done", "step")
        code.block("done")
        code.add(self.returns)

    def serve(self) -> None:
        """For each slot that is due: write its lane, fetch the next."""
        code, b = self.code, self.bits
        code.block("serve")
        left = code.emit(f"phi {b} [ %due, %check.out ], [ %left.later, %served ]")
        following = code.emit("phi i64 [ %next, %check.out ], [ %served.next, %served ]")
        lowest = code.call(f"llvm.cttz.{b}", b, [left, "true"], [b, "i1 immarg"])
        slot = code.emit(f"zext {b} {lowest} to i64")
        code.emit_as("%left.later", f"and {b} {left}, {code.emit(f'sub {b} {left}, 1')}")
        at = code.element("i64", "%held", slot)
        lane = code.emit(f"load i64, ptr {at}")
        code.branch(code.emit(f"icmp sge i64 {lane}, 0"), "write", "written")
        code.block("write")
        self.copy(self.loop.leaves[: self.loop.split], lane, slot, fetch=False)
        self.say(lane, slot)
        code.jump("written")
        code.block("written")
        code.add(f"store i64 -1, ptr {at}")
        code.branch(code.emit(f"icmp slt i64 {following}, {self.lanes}"), "fetch", "served")
        code.block("fetch")
        fetched = self.row(following)
        code.add(f"store i64 {fetched}, ptr {at}")
        self.copy(self.loop.leaves, fetched, slot, fetch=True)
        code.emit_as("%fetched", f"add i64 {following}, 1")
        code.jump("served")
        code.block("served")
        code.emit_as("%served.next", f"phi i64 [ {following}, %written ], [ %fetched, %fetch ]")
        code.branch(code.emit(f"icmp ne {b} %left.later, 0"), "serve", "serve.again")
        code.block("serve.again")
        code.jump("check")

    def step(self) -> None:
        """One step of all slots that go on; the others are not looked at before they are served."""
        code = self.code
        code.block("step")
        code.advance(self.loop.body)
        code.jump("step.out")
        code.block("step.out")
        code.jump("check")

    def due(self, due: str, _off: str, _waiting: str, _full: str) -> str:
        """The slots that are served, as an expression of LLVM."""
        return f"or {self.bits} {due}, 0"

    def row(self, following: str) -> str:
        """The number of the lane that is the next to wait."""
        return following

    def say(self, lane: str, slot: str) -> None:
        """What else is written of a lane."""

    def begin(self, array: str, lane: str, size: int) -> str:
        """A pointer to a lane's numbers in an array, which take so many bytes."""
        return self.code.element("i8", array, self.code.emit(f"mul i64 {lane}, {size}"))

    def copy(self, leaves: Sequence[Leaf], lane: str, slot: str, *, fetch: bool) -> None:
        """Copy one lane's numbers from memory to its slot, or back."""
        code, number = self.code, 0
        arrays = iter(self.inputs if fetch else self.outputs)
        for leaf in leaves:
            type_, size = memory_type(leaf.dtype), bytes_of(leaf.dtype)
            array = next(arrays) if (leaf.used if fetch else leaf.changes) else None
            if array is not None and leaf.size:
                row = self.begin(array, lane, leaf.size * size)
                for k in range(leaf.size):
                    here = code.element(type_, self.slots[number + k], slot)
                    there = code.element(type_, row, k)
                    source, target = (there, here) if fetch else (here, there)
                    value = code.emit(f"load {type_}, ptr {source}, align {size}")
                    code.add(f"store {type_} {value}, ptr {target}, align {size}")
            number += leaf.size
