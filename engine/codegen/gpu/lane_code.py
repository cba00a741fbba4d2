"""The code of a loop over lanes for one thread of a GPU: a lane from start to end, then the next that waits.

All numbers of the lane lie in the thread's registers, if they fit (`lane_numbers`). Threads whose lanes end
early take further ones from a counter that all share, so that no thread waits for another's long lane.

The work of one thread a processor can run as well: so it is tested where there is no GPU, which is given a
kernel.
"""

from collections.abc import Sequence
from functools import partial

from ..ir import bytes_of
from ..lanes import Leaf, Loop
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from .kernel import MEMORY, kernel_code, next_item, pointers, thread_head
from .lane_numbers import numbers_of

# What a thread has to know besides its lane's numbers: the lane, how many there are, and how many threads.
REMEMBERED = ("lane", "lanes", "threads")


def lane_kernel(loop: Loop, name: str) -> str:
    """LLVM code of a kernel that XLA can launch; see `LaneCode.kernel`."""
    return LaneCode(loop).kernel(name)


def parameters(loop: Loop) -> list[str]:
    """The arrays that a thread is given, as LLVM declares parameters."""
    inputs = [f"in{k}" for k, leaf in enumerate(loop.leaves) if leaf.used]
    outputs = [f"out{k}" for k in loop.changing]
    return pointers([*inputs, "lanes", "counter", *outputs])


class LaneCode:
    """The code of one loop, written once, block by block; its lanes' `numbers` lie in registers or in cells.

    Raises Unsupported where there are too many arrays for a kernel.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop, self.numbers = loop, numbers_of(loop, partial(_address, loop), REMEMBERED)
        self.code = self.numbers.code
        self.enter()
        self.fetch()
        self.step()
        self.write()

    def thread(self, name: str, linkage: str = "") -> str:
        """LLVM code of ``name(first, threads, shared, inputs..., lanes, counter, outputs...)``.

        `first` is the thread's first lane, `threads` how many there are, `shared` its cells (`kernel`);
        inputs are the leaves that are used, outputs those that change. `lanes` points to how many there are,
        `counter` to how many were taken besides the first ones, both of 32 bits.
        """
        return self.code.function(thread_head(name, linkage, parameters(self.loop)))

    def kernel(self, name: str) -> str:
        """LLVM code of a kernel that XLA can launch: its parameters are inputs and outputs, in order.

        The counter stands among both: XLA hands over the input's place as that of the first output.
        """
        arrays = parameters(self.loop)
        at = arrays.index(f"{MEMORY} %counter")
        given = [*arrays[:at], f"{MEMORY} %uncounted", *arrays[at:]]
        return kernel_code(name, given, self.thread("thread", "internal"), arrays, self.numbers.cells)

    def enter(self) -> None:
        """Make room for the numbers; take the first lane."""
        code = self.code
        code.block("entry")
        self.numbers.reserve()
        self.numbers.remember("lanes", code.emit(f"load i32, {MEMORY} %lanes, align 4"))
        self.numbers.remember("threads", "%threads")
        self.lane = next_item(code, lambda: self.numbers.recall("lanes"), "fetch")

    def fetch(self) -> None:
        """Read the lane's numbers."""
        self.code.emit_as("%lane", f"zext i32 {self.lane} to i64")
        self.numbers.remember("lane", self.lane)
        self.copy(self.loop.leaves, "%in", "%lane", fetch=True)
        self.code.jump("check")

    def step(self) -> None:
        """One step after another, as long as the lane goes on; of a call a single one."""
        code = self.code
        code.block("check")
        on = code.emit(f"bitcast <1 x i1> {self.numbers.cond()} to i1")
        code.jump("checked")
        code.block("checked")
        code.branch(on, "step", "write")
        code.block("step")
        self.numbers.advance()
        code.jump("write" if self.loop.once else "check")

    def write(self) -> None:
        """Write what changed, and take the next lane that waits."""
        code = self.code
        code.block("write")
        lane = code.emit(f"zext i32 {self.numbers.recall('lane')} to i64")
        self.copy(self.loop.leaves[: self.loop.split], "%out", lane, fetch=False)
        taken = code.emit(f"atomicrmw add {MEMORY} %counter, i32 1 monotonic")
        code.emit_as("%following", f"add i32 {taken}, {self.numbers.recall('threads')}")
        code.jump("written")
        code.block("written")
        code.jump("take")

    def copy(self, leaves: Sequence[Leaf], array: str, lane: str, *, fetch: bool) -> None:
        """Copy the lane's numbers from the arrays to where they are kept, or back."""
        code, number = self.code, 0
        for k, leaf in enumerate(leaves):
            type_, size = memory_type(leaf.dtype), bytes_of(leaf.dtype)
            copied = (leaf.used if fetch else leaf.changes) and self.numbers.copied(number)
            if leaf.size and copied:
                begin = code.emit(f"mul i64 {lane}, {leaf.size}")
                for j in range(leaf.size):
                    at = code.emit(f"add i64 {begin}, {j}")
                    there = code.emit(f"getelementptr {type_}, {MEMORY} {array}{k}, i64 {at}")
                    if fetch:
                        value = code.emit(f"load {type_}, {MEMORY} {there}, align {size}")
                        self.numbers.write(number + j, value, type_, size)
                    else:
                        value = self.numbers.read(number + j, type_, size)
                        code.add(f"store {type_} {value}, {MEMORY} {there}, align {size}")
            number += leaf.size


def _address(loop: Loop, code: VectorCode, array: str, k: int, j: int) -> str:
    """A pointer to a number of the lane in what the thread was given."""
    leaf = loop.leaves[k]
    begin = code.emit(f"mul i64 %lane, {leaf.size}")
    at = code.emit(f"add i64 {begin}, {j}")
    return code.emit(f"getelementptr {memory_type(leaf.dtype)}, {MEMORY} %{array}{k}, i64 {at}")
