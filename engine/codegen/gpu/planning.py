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
_LONG_CALLED = 2_000


@dataclass(frozen=True)
class Occupancy:
    """How many blocks of threads are to be on a multiprocessor at once, and so what a thread may take.

    `longest` is how many operations a loop has at most in such a kernel, `full` what a function takes without
    a plan, `called` and `long_called` what a planned one holds in registers: NVIDIA's assembler keeps some
    for calls, and of steps of 2,500 operations, which fit as a kernel of their own, it spilled 416 bytes.
    """

    blocks: int
    longest: int
    full: int
    called: int
    long_called: int


# Of 128, 168 and 255 registers: a warp has its registers from a quarter of a multiprocessor's 65,536. Of a
# step of 1,978 operations that needs 109 the assembler spilled 24 bytes of 128.
MANY = Occupancy(blocks=8, longest=1_000, full=120, called=72, long_called=48)
SOME = Occupancy(blocks=6, longest=UNBOUNDED, full=160, called=104, long_called=56)
FEW = Occupancy(blocks=1, longest=UNBOUNDED, full=FULL, called=144, long_called=56)


@dataclass(frozen=True)
class Allocated:
    """What a thread does, in how many cells, how often it uses each, and the most registers at once."""

    instructions: list[Instruction]
    cells: int
    uses: Counter[int]
    most: int


def spills(ends: Sequence[End], inputs: Sequence[Scalar]) -> bool:
    """Whether these ends take more registers than a thread has, where all inputs are held all the time."""
    return needed(ends, inputs) > FULL


def occupancy_of(loops: Sequence[tuple[Sequence[End], Sequence[Scalar]]]) -> Occupancy:
    """How many blocks suit a kernel whose loops have these ends and inputs.

    Loops take nearly all of its time: what is called between them makes do with the registers that they need.
    """
    most = max((needed(*loop) for loop in loops), default=UNBOUNDED)
    longest = max((operations(e.scalar for e in ends) for ends, _ in loops), default=UNBOUNDED)
    return next((one for one in (MANY, SOME) if most <= one.full and longest <= one.longest), FEW)


def needed(ends: Sequence[End], inputs: Sequence[Scalar]) -> int:
    """How many registers these ends take where all inputs are held all the time."""
    memory = Memory({}, 0, False, {}, clear=False)
    region = Region(memory, UNBOUNDED, frozenset(inputs), 1)
    region.run(with_ends(memory.in_order([e.scalar for e in ends], inputs), ends), ())
    return sum(map(registers, inputs)) + region.most


def capacity_of(ends: Sequence[End], called: Occupancy | None = None) -> int:
    """How many registers of 32 bits suit these ends' numbers; `called`: of a function in such a kernel."""
    count = operations(e.scalar for e in ends)
    if called is not None:
        return called.called if count < _LONG_CALLED else called.long_called
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
