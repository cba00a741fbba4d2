"""The code of a loop over lanes for one thread of a GPU: a lane from start to end, then the next that waits.

All numbers of the lane lie in the thread's registers. Threads whose lanes end early take further ones from a
counter that all share, so that no thread waits for another's long lane.

`thread_code` is the work of one thread, which a processor can run as well: so it is tested where there is no
GPU. `lane_kernel` is what the GPU is given.
"""

from collections.abc import Sequence

from ..ir import bytes_of
from ..lanes import Leaf, Loop
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from .kernel import MEMORY, kernel_code, next_piece, pointers


def thread_code(loop: Loop, name: str, linkage: str = "") -> str:
    """LLVM code of ``name(first, threads, inputs..., lanes, counter, outputs...)``.

    `first` is the thread's first lane, `threads` how many there are; inputs are the leaves that are used,
    outputs those that change. `lanes` points to how many there are, `counter` to how many were taken besides
    the first ones, both of 32 bits. Raises Unsupported where there are too many arrays for a kernel.
    """
    writer = _Writer(loop)
    writer.enter()
    writer.fetch()
    writer.step()
    writer.write()
    head = f"define {linkage} void @{name}({', '.join(['i32 %first', 'i32 %threads', *parameters(loop)])})"
    return writer.code.function(head)


def lane_kernel(loop: Loop, name: str) -> str:
    """LLVM code of a kernel that XLA can launch: its parameters are inputs and outputs, in order.

    The counter stands among both: XLA hands over the input's place as that of the first output.
    """
    arrays = parameters(loop)
    at = arrays.index(f"{MEMORY} %counter")
    given = [*arrays[:at], f"{MEMORY} %uncounted", *arrays[at:]]
    return kernel_code(name, given, thread_code(loop, "thread", "internal"), arrays)


def parameters(loop: Loop) -> list[str]:
    """The arrays that a thread is given, as LLVM declares parameters."""
    inputs = [f"in{k}" for k, leaf in enumerate(loop.leaves) if leaf.used]
    outputs = [f"out{k}" for k in loop.changing]
    return pointers([*inputs, "lanes", "counter", *outputs])


class _Writer:
    """Writes the code of one loop, block by block; the lane's numbers lie in `slots`: its registers."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.slots = [f"%n{k}" for k in range(len(loop.dtypes))]
        self.code = VectorCode(1, self.slots)

    def enter(self) -> None:
        """Make room for the numbers; take the first lane."""
        code = self.code
        code.block("entry")
        code.reserve(self.loop.dtypes)
        lanes = code.emit(f"load i32, {MEMORY} %lanes, align 4")
        lane = next_piece(code, lanes, "fetch")
        code.emit_as("%lane", f"zext i32 {lane} to i64")

    def fetch(self) -> None:
        """Read the lane's numbers."""
        self.copy(self.loop.leaves, "%in", fetch=True)
        self.code.jump("check")

    def step(self) -> None:
        """One step after another, as long as the lane goes on."""
        code = self.code
        code.block("check")
        on = code.emit(f"bitcast <1 x i1> {code.value(self.loop.cond)} to i1")
        code.jump("checked")
        code.block("checked")
        code.branch(on, "step", "write")
        code.block("step")
        code.advance(self.loop.body)
        code.jump("check")

    def write(self) -> None:
        """Write what changed, and take the next lane that waits."""
        code = self.code
        code.block("write")
        self.copy(self.loop.leaves[: self.loop.split], "%out", fetch=False)
        taken = code.emit(f"atomicrmw add {MEMORY} %counter, i32 1 monotonic")
        code.emit_as("%following", f"add i32 {taken}, %threads")
        code.jump("written")
        code.block("written")
        code.jump("take")

    def copy(self, leaves: Sequence[Leaf], array: str, *, fetch: bool) -> None:
        """Copy the lane's numbers from memory to their slots, or back."""
        code, number = self.code, 0
        for k, leaf in enumerate(leaves):
            type_, size = memory_type(leaf.dtype), bytes_of(leaf.dtype)
            if leaf.size and (leaf.used if fetch else leaf.changes):
                begin = code.emit(f"mul i64 %lane, {leaf.size}")
                for j in range(leaf.size):
                    at = code.emit(f"add i64 {begin}, {j}")
                    there = code.emit(f"getelementptr {type_}, {MEMORY} {array}{k}, i64 {at}")
                    here, there = f"ptr {self.slots[number + j]}", f"{MEMORY} {there}"
                    source, target = (there, here) if fetch else (here, there)
                    value = code.emit(f"load {type_}, {source}, align {size}")
                    code.add(f"store {type_} {value}, {target}, align {size}")
            number += leaf.size
