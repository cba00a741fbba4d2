"""Which of a thread's numbers lie in registers, and which wait in memory until they are needed.

A thread has 255 registers of 32 bits, and not all numbers of a long computation fit. NVIDIA's assembler would
spill some into local memory, in an order that it finds itself. Here that is decided before, where the order
can be chosen: the number goes whose next use is furthest (Belady, "A study of replacement algorithms for a
virtual-storage computer", IBM Systems Journal 5, 1966), to a cell, and is loaded where it is needed again.
"""

from collections import Counter, deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from ..ends import End
from ..ir import Scalar, While, bytes_of, order_of
from ..ordering import ordered
from .instructions import Compute, Instruction, Load, Repeat, Store, Write

# So many times an iteration of a loop counts in how often a cell is used.
_ITERATIONS = 8
UNBOUNDED, _SOME = 1 << 30, 0
_NO_REGISTER = frozenset({"constant", "loop"})
# They are there without being computed.
_GIVEN = frozenset({"constant", "result", "input", "carried"})


def registers(s: Scalar) -> int:
    """How many of 32 bits a number takes."""
    return 0 if s.op in _NO_REGISTER else max(bytes_of(s.dtype) // 4, 1)


@dataclass(frozen=True, eq=False)
class _Together:
    """These are in registers at the same time: what an iteration ends with."""

    scalars: tuple[Scalar, ...]


_Node = Scalar | End | _Together


@dataclass
class Memory:
    """Cells: which number lies where, which are free, and how often each is read or written.

    `sort`: loops are put into an order of few numbers at once; `peaks`: what an iteration of each needs;
    `clear`: while one runs all that it does not need lies here.
    """

    of: dict[Scalar, int | None]
    count: int
    sort: bool
    peaks: dict[While, int]
    clear: bool = True
    free: list[int] = field(default_factory=list)
    uses: Counter[int] = field(default_factory=Counter)

    def put(self, s: Scalar) -> int:
        """A cell for a number."""
        if not self.free:
            self.free.append(self.count)
            self.count += 1
        cell = self.of[s] = self.free.pop()
        return cell

    def drop(self, s: Scalar) -> None:
        """Its cell is free."""
        cell = self.of.pop(s)
        assert cell is not None
        self.free.append(cell)

    def iteration(self, loop: While, outside: Iterable[Scalar]) -> tuple[list[_Node], int]:
        """The nodes of one iteration, and how many of them belong to the condition, which comes first."""
        known = {*loop.carried, *outside}
        cond = self.in_order([loop.cond], known)
        body = self.in_order(loop.body, known | set(cond))
        return [*cond, _Together((loop.cond,)), *body, _Together(loop.body)], len(cond) + 1

    def in_order(self, ends: Sequence[Scalar], known: Container[Scalar]) -> list[Scalar]:
        """All that these rest on and that is not known."""
        order = order_of(ends, known)
        return ordered(order, ends, registers) if self.sort else order

    def peak(self, node: Scalar) -> int:
        """The registers that an iteration of a loop needs for itself."""
        loop: While = node.value
        if loop not in self.peaks:
            region = Region(
                Memory({}, 0, self.sort, self.peaks, self.clear), UNBOUNDED, frozenset(node.args), 1
            )
            region.run(self.iteration(loop, node.args)[0], loop.carried)
            self.peaks[loop] = region.most
        return self.peaks[loop]


class Region:
    """A straight piece of the program: all of it, or an iteration of a loop.

    `held` are in registers all the time; `capacity` is what is left for others, `weight` how often it runs.
    """

    def __init__(self, memory: Memory, capacity: int, held: frozenset[Scalar], weight: int) -> None:
        self.memory, self.capacity, self.held, self.weight = memory, capacity, held, weight
        self.instructions: list[Instruction] = []
        self.inside: dict[Scalar, None] = {}  # registers
        self.mine: set[Scalar] = set()  # made here
        self.full = self.most = 0

    def run(self, nodes: Sequence[_Node], given: Iterable[Scalar], split: int = 0) -> int:
        """All nodes; the number of instructions before node `split`. `given` are in registers at first."""
        self.uses: dict[Scalar, deque[int]] = {}
        self.results: dict[Scalar, list[Scalar]] = {}
        for k, node in enumerate(nodes):
            for a in _needs(node):
                self.uses.setdefault(a, deque()).append(k)
            if isinstance(node, Scalar) and node.op == "result":
                self.results.setdefault(node.args[0], []).append(node)
        for s in given:
            self.enter(s)
        begin = 0
        for k, node in enumerate(nodes):
            if k == split:
                begin = len(self.instructions)
            self.one(k, node)
        return begin

    def one(self, k: int, node: _Node) -> None:
        """One node: what it needs into registers, its result, and what is needed no more."""
        if isinstance(node, _Together):
            self.fetch(_needs(node))
            self.passed(k, _needs(node))
        elif isinstance(node, End):
            self.end(k, node)
        elif node.op == "loop":
            self.loop(k, node)
        elif node.op not in _GIVEN:
            needs = _needs(node)
            self.fetch(needs)
            self.passed(k, needs)
            if node in self.uses:
                self.reserve(registers(node), ())
                self.enter(node)
            self.instructions.append(Compute(node))

    def end(self, k: int, node: End) -> None:
        """Write an end of the program, the k-th node, and what it is computed from where that is lost."""
        self.fetch(_needs(node))
        if node.instead is not None and self.later(node.instead, k):  # it is lost in memory
            self.fetch([*_needs(node), node.instead])
            self.memory.of.pop(node.instead, None)
        self.instructions.append(Write(node.scalar, node.end))
        self.passed(k, _needs(node))

    def later(self, s: Scalar, k: int) -> bool:
        """Whether a number is needed after node `k`."""
        return any(at > k for at in self.uses.get(s, ()))

    # --- registers -----------------------------------------------------------------------------------------

    def enter(self, s: Scalar) -> None:
        """A new number is in a register, if anybody needs it."""
        if s in self.uses and s not in self.inside:
            self.mine.add(s)
            self.add(s)

    def add(self, s: Scalar) -> None:
        """Give a number its register."""
        self.inside[s] = None
        self.full += registers(s)
        self.most = max(self.most, self.full)

    def leave(self, s: Scalar) -> None:
        """Take a number's register from it."""
        del self.inside[s]
        self.full -= registers(s)

    def fetch(self, needs: Sequence[Scalar]) -> None:
        """Load those that are in no register."""
        for s in needs:
            if s not in self.inside and s not in self.held:
                self.reserve(registers(s), needs)
                cell = self.memory.of[s]
                self.instructions.append(Load(s, cell))
                if cell is None:  # it is read once, and as any other number from then on
                    del self.memory.of[s]
                    self.mine.add(s)
                else:
                    self.memory.uses[cell] += self.weight
                self.add(s)

    def reserve(self, size: int, wanted: Sequence[Scalar]) -> None:
        """Free registers: who is needed last goes; who lies in memory anyway before others that do not."""
        while self.full + size > self.capacity:
            others = [s for s in self.inside if s not in wanted]
            if not others:
                return
            self.evict(max(others, key=lambda s: (self.uses[s][0], s in self.memory.of)))

    def evict(self, s: Scalar) -> None:
        """The same, and put the number into memory where it is not there already."""
        if s not in self.memory.of:
            cell = self.memory.put(s)
            self.instructions.append(Store(s, cell))
            self.memory.uses[cell] += self.weight
        self.leave(s)

    def passed(self, k: int, needs: Iterable[Scalar]) -> None:
        """These were used at node `k`; who is needed no more leaves."""
        for s in needs:
            at = self.uses[s]
            while at and at[0] <= k:
                at.popleft()
            if not at:
                if s in self.inside:
                    self.leave(s)
                if s in self.mine and s in self.memory.of:
                    self.memory.drop(s)

    # --- loops ---------------------------------------------------------------------------------------------

    def loop(self, k: int, node: Scalar) -> None:
        """An iteration is a region of its own, beside which others stay in registers or not."""
        loop: While = node.value
        needs, split = _needs(node), len(loop.carried)
        nodes, cond = self.memory.iteration(loop, node.args)
        used, peak = Counter(a for n in nodes for a in _needs(n)), self.memory.peak(node)
        first = [a for a in dict.fromkeys(node.args[:split]) if not a.constant]
        self.fetch([s for s in needs if self.memory.of.get(s, _SOME) is None])
        if self.memory.clear:
            self.clear()
        self.fetch(first)
        for s in first:
            if s in self.inside and not used[s] and not self.later(s, k):
                self.leave(s)
        self.hold([s for s in needs if used[s]], used, peak)
        region = Region(
            self.memory, self.capacity - self.full, self.held | self.inside.keys(), self.weight * _ITERATIONS
        )
        at = region.run(nodes, loop.carried, cond)
        self.most = max(self.most, self.full + region.most)
        results = [s for s in self.results.get(node, ()) if s in self.uses]
        self.instructions.append(Repeat(node, region.instructions[:at], region.instructions[at:], results))
        self.passed(k, needs)
        self.reserve(sum(map(registers, results)), ())
        for s in results:
            self.enter(s)

    def clear(self) -> None:
        """All wait in memory for a loop, and what goes in comes from there.

        Else LLVM would compute what the loop, or what follows it, needs as late as it can, and hold meanwhile
        all that this is made of.
        """
        for s in list(self.inside):
            self.evict(s)

    def hold(self, needs: Sequence[Scalar], used: Counter[Scalar], peak: int) -> None:
        """Of what every iteration needs the most used is held in registers, as far as the loop leaves any."""
        for s in sorted(needs, key=lambda s: -used[s]):
            if s not in self.held and self.full + peak + registers(s) <= self.capacity:
                self.fetch([s])


def _needs(node: _Node) -> list[Scalar]:
    """What has to be in registers for a node; of a loop what has to be somewhere."""
    if isinstance(node, Scalar):
        needs = () if node.op in _GIVEN else node.args
    else:
        needs = (node.scalar,) if isinstance(node, End) else node.scalars
    return [a for a in dict.fromkeys(needs) if not a.constant]
