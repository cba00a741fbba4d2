"""Where a thread has the numbers of its lane: in registers if they fit, in cells of memory else.

What is made of a lane by a call (`Loop.once`) goes where it belongs as soon as it is there.
"""

from ..ends import End
from ..ir import Scalar, bytes_of, with_loops
from ..lanes import Loop
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from .kernel import MEMORY
from .planning import Allocated, planned, spills
from .thread_code import Cells, ThreadCode

# What a thread has to know besides its lane's numbers: the lane, how many there are, and how many threads.
REMEMBERED = ("lane", "lanes", "threads")
# The number of an end that is no number of the lane.
_COND = -1


class InRegisters:
    """All numbers lie in registers, as long as the lane goes on."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._slots = [f"%n{k}" for k in range(len(loop.dtypes))]
        self.code = VectorCode(1, self._slots)
        self.cells, self._kept = 0, dict[str, str]()

    def reserve(self) -> None:
        """Make room for the numbers."""
        self.code.reserve(self.loop.dtypes)

    def cond(self) -> str:
        """Whether the lane goes on."""
        return self.code.value(self.loop.cond)

    def advance(self) -> None:
        """The lane after a step."""
        self.code.advance(self.loop.body)

    def copied(self, number: int) -> bool:
        """Whether a number is to be fetched before the first step, and written after the last."""
        return True

    def remember(self, what: str, number: str) -> None:
        """Keep one of `REMEMBERED`, of 32 bits, for after the last step."""
        self._kept[what] = number

    def recall(self, what: str) -> str:
        """What was kept."""
        return self._kept[what]

    def read(self, number: int, type_: str, size: int) -> str:
        """A number of the lane."""
        return self.code.emit(f"load {type_}, ptr {self._slots[number]}, align {size}")

    def write(self, number: int, value: str, type_: str, size: int) -> None:
        """Give the lane a number."""
        self.code.add(f"store {type_} {value}, ptr {self._slots[number]}, align {size}")


class InCells:
    """Numbers lie in cells of memory, and are in registers from their first use in a step to the last.

    What a call is given is read where it lies once it is needed, and what it makes written as it is made.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._leaves = [(k, j) for k, leaf in enumerate(loop.leaves) for j in range(leaf.size)]
        kept = [number for number in range(len(self._leaves)) if self._has_cell(number)]
        self._cell = {number: cell for cell, number in enumerate(kept)}
        self._cond, self._body = self._planned([End(loop.cond, _COND)]), self._planned(self._ends())
        self._memory = Cells([self._cond, self._body])
        self.code = ThreadCode(self._memory, self._fetch, self._end)
        self.cells = self._memory.shared

    def _has_cell(self, number: int) -> bool:
        k, _ = self._leaves[number]
        changes = k < self.loop.split and self.loop.leaves[k].changes
        if self.loop.once:
            return changes and self.loop.leaves[k].used
        return changes or self.loop.leaves[k].used

    def _ends(self) -> list[End]:
        """The numbers that a step changes."""
        inputs = {s.value: s for s in _inputs(self.loop)}
        return [
            End(s, number, inputs.get(number))
            for number, s in enumerate(self.loop.body)
            if self.loop.leaves[self._leaves[number][0]].changes and s is not inputs.get(number)
        ]

    def _planned(self, ends: list[End]) -> Allocated:
        homes = {s: self._cell.get(s.value) for s in _inputs(self.loop)}
        return planned(ends, homes, len(self._cell) + len(REMEMBERED))

    def reserve(self) -> None:
        """Make room for what does not fit into shared memory."""
        self.code.reserve_cells()

    def cond(self) -> str:
        """Whether the lane goes on."""
        self.code.follow(self._cond.moves)
        return self.code.value(self.loop.cond)

    def advance(self) -> None:
        """The lane after a step."""
        self.code.forget()
        self.code.follow(self._body.moves)

    def copied(self, number: int) -> bool:
        """Whether a number is to be fetched before the first step, and written after the last."""
        return number in self._cell

    def remember(self, what: str, number: str) -> None:
        """Keep one of `REMEMBERED`, of 32 bits, for after the last step."""
        self.code.put_plain(len(self._cell) + REMEMBERED.index(what), number, "i32", 4)

    def recall(self, what: str) -> str:
        """What was kept."""
        return self.code.take_plain(len(self._cell) + REMEMBERED.index(what), "i32", 4)

    def read(self, number: int, type_: str, size: int) -> str:
        """A number of the lane."""
        return self.code.take_plain(self._cell[number], type_, size)

    def write(self, number: int, value: str, type_: str, size: int) -> None:
        """Give the lane a number."""
        self.code.put_plain(self._cell[number], value, type_, size)

    def _end(self, scalar: Scalar, number: int) -> None:
        if number == _COND:
            return
        if number in self._cell:
            self.code.put(self._cell[number], scalar)
            return
        there, type_ = self._place("out", number, scalar), memory_type(scalar.dtype)
        value = self.code.number(scalar)
        self.code.add(f"store {type_} {value}, {MEMORY} {there}, align {bytes_of(scalar.dtype)}")

    def _fetch(self, scalar: Scalar) -> str:
        there, type_ = self._place("in", scalar.value, scalar), memory_type(scalar.dtype)
        size = bytes_of(scalar.dtype)
        number = self.code.emit(f"load {type_}, {MEMORY} {there}, align {size}")
        return self.code.broadcast(number, scalar.dtype)

    def _place(self, array: str, number: int, scalar: Scalar) -> str:
        """A pointer to a number of the lane in what the thread was given."""
        k, j = self._leaves[number]
        begin = self.code.emit(f"mul i64 %lane, {self.loop.leaves[k].size}")
        at = self.code.emit(f"add i64 {begin}, {j}")
        return self.code.emit(f"getelementptr {memory_type(scalar.dtype)}, {MEMORY} %{array}{k}, i64 {at}")


def _inputs(loop: Loop) -> list[Scalar]:
    return [s for s in with_loops([loop.cond, *loop.body]) if s.op == "input"]


def numbers_of(loop: Loop) -> InRegisters | InCells:
    """Where the numbers of a loop's lanes are best."""
    ends = [End(s, k) for k, s in enumerate([loop.cond, *loop.body])]
    return InCells(loop) if spills(ends, _inputs(loop)) else InRegisters(loop)
