"""How a thread computes what does not fit its registers: in which order, and what waits in which cell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..ends import End, with_ends
from ..ir import Scalar, operations
from .allocation import UNBOUNDED, Memory, Region, registers
from .instructions import Instruction

# Of the 255 registers so many hold a lane's numbers where it is planned which; others hold addresses and what
# divisions need. Without a plan a program may take `FULL`.
CAPACITY, FULL = 160, 200
# The more operations a program has, the more of them the assembler moves to where it likes them: of 3,069, a
# Taylor step to a time within it, it spilled 16 bytes for one card of a capacity of 160.
_CAPACITIES = {3_000: CAPACITY, 5_000: 144}
_CAPACITY_OF_LONG = 96
# The same of a function that a kernel calls: NVIDIA's assembler keeps some registers for calls. Of steps of
# 2,500 operations, which fit as a kernel of their own, it spilled 416 bytes.
_CALLED, _LONG_CALLED, _CAPACITY_OF_LONG_CALLED = 144, 2_000, 56


@dataclass(frozen=True)
class Allocated:
    """What a thread does, in how many cells, how often it uses each, and the most registers at once."""

    instructions: list[Instruction]
    cells: int
    uses: Counter[int]
    most: int


def spills(ends: Sequence[End], inputs: Sequence[Scalar]) -> bool:
    """Whether these ends take more registers than a thread has, where all inputs are held all the time."""
    memory = Memory({}, 0, False, {}, clear=False)
    region = Region(memory, UNBOUNDED, frozenset(inputs), 1)
    region.run(with_ends(memory.in_order([e.scalar for e in ends], inputs), ends), ())
    return sum(map(registers, inputs)) + region.most > FULL


def capacity_of(ends: Sequence[End], called: bool = False) -> int:
    """How many registers of 32 bits suit these ends' numbers; `called`: of a function that a kernel calls."""
    count = operations(e.scalar for e in ends)
    if called:
        return _CALLED if count < _LONG_CALLED else _CAPACITY_OF_LONG_CALLED
    return next((capacity for most, capacity in _CAPACITIES.items() if count < most), _CAPACITY_OF_LONG)


def planned(
    ends: Sequence[End], homes: Mapping[Scalar, int | None], first: int, capacity: int | None = None
) -> Allocated:
    """The instructions that compute these ends in `capacity` registers, of 32 bits; None: as many as suit.

    Parameters
    ----------
    homes : inputs lie there: in a cell or, of None, where the caller finds them.
    first : the first cell that is free.
    """
    capacity = capacity or capacity_of(ends)
    for clear in (False, True):
        ways = [
            _planned(ends, Memory(dict(homes), first, sort, {}, clear), capacity) for sort in (False, True)
        ]
        best = min(ways, key=lambda way: (way.uses.total(), len(way.instructions)))
        if best.cells == first and best.most <= capacity:
            break
    return best


def _planned(ends: Sequence[End], memory: Memory, capacity: int) -> Allocated:
    homes = frozenset(memory.of)
    order = memory.in_order([e.scalar for e in ends], homes)
    region = Region(memory, capacity, frozenset(), 1)
    region.run(with_ends(order, ends), ())
    return Allocated(region.instructions, memory.count, memory.uses, region.most)
