"""Where a thread has the numbers of its lane: in registers if they fit, in cells of memory else.

What is made of a lane by a call (`Loop.once`) goes where it belongs as soon as it is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..ends import End
from ..ir import Scalar, bytes_of, with_loops
from ..lanes import Loop
from ..llvm.builder import VectorCode
from ..llvm.types import memory_type
from .kernel import MEMORY, SHARED_CELLS
from .planning import FULL, Allocated, Occupancy, capacity_of, needed, planned
from .thread_code import Cells, ThreadCode

# address(code, "in" or "out", k, j) points to the j-th number of leaf k, of what is given or what is made.
Address = Callable[[VectorCode, str, int, int], str]
# The number of an end that is no number of the lane.
_COND = -1


@dataclass(frozen=True)
class Called:
    """What a function that a kernel calls may take, and how many `cells` of shared memory at most."""

    occupancy: Occupancy
    cells: int = SHARED_CELLS


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
        """Keep what is to be `remembered`, of 32 bits, for after the last step."""
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

    def __init__(
        self, loop: Loop, address: Address, remembered: Sequence[str] = (), called: Called | None = None
    ) -> None:
        self.loop, self._address, self._remembered, self._called = loop, address, tuple(remembered), called
        self._leaves = [(k, j) for k, leaf in enumerate(loop.leaves) for j in range(leaf.size)]
        kept = [number for number in range(len(self._leaves)) if self._has_cell(number)]
        self._cell = {number: cell for cell, number in enumerate(kept)}
        self._cond, self._body = self._planned([End(loop.cond, _COND)]), self._planned(self._ends())
        self._memory = Cells([self._cond, self._body], called.cells if called else SHARED_CELLS)
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
        first = len(self._cell) + len(self._remembered)
        return planned(ends, homes, first, capacity_of(ends, self._called and self._called.occupancy))

    def reserve(self) -> None:
        """Make room for what does not fit into shared memory."""
        self.code.reserve_cells()

    def cond(self) -> str:
        """Whether the lane goes on."""
        self.code.follow(self._cond.instructions)
        return self.code.value(self.loop.cond)

    def advance(self) -> None:
        """The lane after a step."""
        self.code.forget()
        self.code.follow(self._body.instructions)

    def copied(self, number: int) -> bool:
        """Whether a number is to be fetched before the first step, and written after the last."""
        return number in self._cell

    def remember(self, what: str, number: str) -> None:
        """Keep what is to be `remembered`, of 32 bits, for after the last step."""
        self.code.put_plain(len(self._cell) + self._remembered.index(what), number, "i32", 4)

    def recall(self, what: str) -> str:
        """What was kept."""
        return self.code.take_plain(len(self._cell) + self._remembered.index(what), "i32", 4)

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
        there = self._address(self.code, "out", *self._leaves[number])
        type_ = memory_type(scalar.dtype)
        value = self.code.number(scalar)
        self.code.add(f"store {type_} {value}, {MEMORY} {there}, align {bytes_of(scalar.dtype)}")

    def _fetch(self, scalar: Scalar) -> str:
        there = self._address(self.code, "in", *self._leaves[scalar.value])
        type_, size = memory_type(scalar.dtype), bytes_of(scalar.dtype)
        number = self.code.emit(f"load {type_}, {MEMORY} {there}, align {size}")
        return self.code.broadcast(number, scalar.dtype)


def _inputs(loop: Loop) -> list[Scalar]:
    return [s for s in with_loops([loop.cond, *loop.body]) if s.op == "input"]


def numbers_of(
    loop: Loop, address: Address, remembered: Sequence[str] = (), called: Called | None = None
) -> InRegisters | InCells:
    """Where the numbers of a loop's lanes are best.

    `remembered` is what the thread has to know besides them, while the loop goes on; `called` says what a
    function may take that a kernel calls; None: it is a kernel.
    """
    full = FULL if called is None else called.occupancy.full
    if needed(*ends_and_inputs(loop)) > full:
        return InCells(loop, address, remembered, called)
    return InRegisters(loop)


def ends_and_inputs(loop: Loop) -> tuple[list[End], list[Scalar]]:
    """What a step of a loop ends with, its condition first, and what it is given."""
    return [End(s, k) for k, s in enumerate([loop.cond, *loop.body])], _inputs(loop)
