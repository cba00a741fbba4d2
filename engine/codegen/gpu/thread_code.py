"""The code of a thread whose numbers do not all fit its registers: it follows the instructions of `planning`.

Cells lie in shared memory, as near as the first cache, as far as a block has it; the others in the thread's
own local memory. The most used come first. Neighbours' numbers lie side by side in both.
"""

from collections.abc import Callable, Sequence

from ..ir import Scalar, While
from ..llvm.builder import VectorCode
from ..llvm.code import Code
from .instructions import Compute, Instruction, Load, Repeat, Store, Write
from .kernel import BLOCK, CELL, SHARED, SHARED_CELLS
from .planning import Allocated

LOCAL = "ptr addrspace(5)"
# The same pointer, of which LLVM forgets where it comes from.
_UNKNOWN = "llvm.launder.invariant.group.p5"


def local_memory(code: Code, name: str, cells: int) -> None:
    """Make room for so many cells in local memory; the pointer to the first has this name.

    LLVM is not to know that it points to the frame. Else each cell's address is a number by itself, which is
    made where the function begins and held in two registers as long as it runs, and not an offset within the
    instructions that read and write.
    """
    code.declared.add(f"declare {LOCAL} @{_UNKNOWN}({LOCAL})")
    frame = code.emit(f"alloca [{cells} x i64], align {CELL}")
    local = code.emit(f"addrspacecast ptr {frame} to {LOCAL}")
    code.emit_as(name, f"call {LOCAL} @{_UNKNOWN}({LOCAL} {local})")


class Cells:
    """Where each cell lies: in shared or in local memory, and how many bytes behind its begin.

    In shared memory lie as many as `most`.
    """

    def __init__(self, plans: Sequence[Allocated], most: int = SHARED_CELLS) -> None:
        count = max(plan.cells for plan in plans)
        uses = {cell: sum(plan.uses[cell] for plan in plans) for cell in range(count)}
        rank = {cell: k for k, cell in enumerate(sorted(uses, key=lambda cell: -uses[cell]))}
        self.shared = min(count, most)
        self.local = count - self.shared
        self._rank = rank

    def address(self, cell: int) -> tuple[str, str]:
        """LLVM's type of a pointer to the cell, and the pointer as an expression of LLVM."""
        k = self._rank[cell]
        if k < self.shared:
            return SHARED, f"getelementptr i8, {SHARED} %shared, i64 {k * BLOCK * CELL}"
        return LOCAL, f"getelementptr i8, {LOCAL} %local, i64 {(k - self.shared) * CELL}"


class ThreadCode(VectorCode):
    """Code that follows instructions. `fetch(scalar)` gives the name of an input that lies in no cell,
    `write` takes over an end.

    Memory is volatile for LLVM, which would put all back into registers.
    """

    def __init__(
        self, cells: Cells, fetch: Callable[[Scalar], str], write: Callable[[Scalar, int], None]
    ) -> None:
        super().__init__(1)
        self.cells, self._fetch, self._write = cells, fetch, write

    def reserve_cells(self) -> None:
        """Make room in local memory."""
        if self.cells.local:
            local_memory(self, "%local", self.cells.local)

    def follow(self, instructions: Sequence[Instruction]) -> None:
        """Add the lines of these instructions."""
        for instruction in instructions:
            self._instruction(instruction)

    def _instruction(self, instruction: Instruction) -> None:
        s = instruction.scalar
        match instruction:
            case Compute():
                self._know_constants(s.args)
                self._known[s] = self._compute(s)
            case Load(cell=None):
                self._known[s] = self._fetch(s)
            case Load(cell=int(cell)):
                self._known[s] = self.take(cell, s.dtype)
            case Store(cell=cell):
                self.put(cell, s)
            case Write(end=end):
                self._write(s, end)
            case Repeat():
                self._repeat(instruction)

    def _know_constants(self, scalars: Sequence[Scalar]) -> None:
        for s in scalars:
            if s.constant:
                self._known[s] = self.vectors.literal(s.value, s.dtype)

    # --- cells ---------------------------------------------------------------------------------------------

    def take(self, cell: int, dtype: str) -> str:
        """The name of the number in a cell."""
        type_, there = self.cells.address(cell)
        m = self.vectors.memory(dtype)
        return self._from_memory(self.emit(f"load volatile {m}, {type_} {self.emit(there)}, align 8"), dtype)

    def put(self, cell: int, scalar: Scalar) -> None:
        """Write a number to a cell."""
        type_, there = self.cells.address(cell)
        m, value = self.vectors.memory(scalar.dtype), self._in_memory(scalar)
        self.add(f"store volatile {m} {value}, {type_} {self.emit(there)}, align 8")

    def take_plain(self, cell: int, type_: str, size: int) -> str:
        """The number in a cell, of a type as it lies in memory, apart from all vectors."""
        pointer, there = self.cells.address(cell)
        return self.emit(f"load volatile {type_}, {pointer} {self.emit(there)}, align {size}")

    def put_plain(self, cell: int, value: str, type_: str, size: int) -> None:
        """Write such a number."""
        pointer, there = self.cells.address(cell)
        self.add(f"store volatile {type_} {value}, {pointer} {self.emit(there)}, align {size}")

    # --- loops ---------------------------------------------------------------------------------------------

    def _repeat(self, instruction: Repeat) -> None:
        """As `VectorCode` has it, for a thread that leaves a loop as soon as it is done."""
        s, loop = instruction.scalar, instruction.scalar.value
        assert isinstance(loop, While)
        self._know_constants(s.args)
        first = [self._known[a] for a in s.args[: len(loop.carried)]]
        label = self.label("while")
        self.jump(f"{label}.in")
        self.block(f"{label}.in")
        self.jump(label)
        self.block(label)
        head = len(self.lines)
        self._ended[s] = names = [f"%{label}.{k}" for k in range(len(first))]
        self._known.update(zip(loop.carried, names, strict=True))
        self.follow(instruction.cond)
        self.branch(self._any(self.value(loop.cond)), f"{label}.body", f"{label}.out")
        self.block(f"{label}.body")
        self.follow(instruction.body)
        self._know_constants(loop.body)
        later = [self._known[scalar] for scalar in loop.body]
        self.lines[head:head] = [
            self._carried(scalar, name, (begin, f"%{label}.in"), (after, f"%{label}.next"))
            for scalar, name, begin, after in zip(loop.carried, names, first, later, strict=True)
        ]
        self._known.update({result: names[result.value] for result in instruction.results})
        self.jump(f"{label}.next")
        self.block(f"{label}.next")
        self.jump(label)
        self.block(f"{label}.out")
