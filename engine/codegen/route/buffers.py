"""Where each array lies in a lane's record: two may lie in the same place if they are not needed at once.

What is copied from one buffer to another lies in both without being moved, where nothing keeps them apart:
the state of a loop goes on as that of the loop around it (Chaitin and others, "Register allocation via
coloring", Computer Languages 6, 1981).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from .glue import Glue
from .outside import outside
from .route import Apply, Block, Buffer, Choose, Copy, Fill, Go, Put, Repeat, Take, Value

_ALIGNED = 8
Pairs = Sequence[tuple[Value, Value]]


def reads(step: Any) -> list[Buffer]:
    """The buffers that a step, or the end of a block, reads, and that must lie in the record."""
    match step:
        case Glue():
            return step.inputs
        case Apply():
            return [v.buffer for v in step.inputs]
        case Copy():
            return [v.buffer for v, _ in step.pairs if v.buffer.constant is None]
        case Take():
            return [step.source.buffer, step.index.buffer]
        case Put():  # of its target other rows stay
            return [step.source.buffer, step.index.buffer, step.target.buffer]
        case Fill():  # where it does not hold, all stays
            return [step.on.buffer, step.target.buffer]
        case Choose():
            return [step.on.buffer]
        case Repeat():
            return [v.buffer for v in (*step.state, *step.fixed)]
        case _:
            return []


def writes(step: Any) -> list[Buffer]:
    """The buffers that it writes."""
    match step:
        case Glue():
            return step.made
        case Apply():
            return [v.buffer for v in step.results]
        case Copy():
            return [v.buffer for _, v in step.pairs]
        case Take() | Put() | Fill():
            return [step.target.buffer]
        case Repeat():
            return [v.buffer for v in step.state]
        case _:
            return []


def _wholly(step: Any) -> list[Buffer]:
    """The buffers that it writes wholly, so that what was there before does not matter."""
    match step:
        case Copy():
            written: dict[Buffer, int] = {}
            for _, v in step.pairs:
                written[v.buffer] = written.get(v.buffer, 0) + v.size
            return [buffer for buffer, size in written.items() if size == buffer.size]
        case Put() | Fill() | Repeat():
            return []
        case _:
            return writes(step)


def allocated(
    blocks: Sequence[Block], inputs: Sequence[Value], results: Sequence[Value]
) -> tuple[list[Block], list[Buffer]]:
    """The blocks, of whose copies is left what has to be moved, and the buffers, which have their offsets."""
    interference = _Interference(blocks, inputs, results)
    pairs = [
        pair for block in blocks for step in block.steps if isinstance(step, Copy) for pair in step.pairs
    ]
    for source, target in pairs:
        if not (source.whole and target.whole):  # in one place a piece would be lost before it is moved
            interference.divide(source, target)
    # Backwards: what a loop hands to its next turn, time after time, before what it is entered with.
    for source, target in reversed(pairs):
        interference.unite(source, target)
    for source, target in pairs:
        interference.divide(source, target)
    for members, array in outside(blocks, inputs, results, interference.together()):
        for buffer in members:
            buffer.outside = array
    interference.allocate()
    left = [Block([step for old in block.steps for step in _left(old)], block.end) for block in blocks]
    return left, interference.buffers


def _left(step: Any) -> list[Any]:
    if not isinstance(step, Copy):
        return [step]
    pairs = tuple((a, b) for a, b in step.pairs if a.buffer.constant is not None or not _same_offset(a, b))
    return [Copy(pairs)] if pairs else []


def _same_offset(one: Value, other: Value) -> bool:
    # Moved from one to the other is none.
    if one.buffer.outside is not None or other.buffer.outside is not None:
        return True
    return one.offset == other.offset


class _Interference:
    """Which buffers are needed at the same time, by sets of bits: a bit for each buffer."""

    def __init__(self, blocks: Sequence[Block], inputs: Sequence[Value], results: Sequence[Value]) -> None:
        self.blocks = blocks
        every = [v.buffer for v in (*inputs, *results)]
        for block in blocks:
            for step in [*block.steps, block.end]:
                every += [*reads(step), *writes(step)]
        self.buffers = list(dict.fromkeys(every))
        self.bit = {buffer: k for k, buffer in enumerate(self.buffers)}
        self.parent = list(range(len(self.buffers)))  # with which one each is united
        self.last = self.set(v.buffer for v in results)
        self.from_: list[int] = [0] * len(self.buffers)
        self.members = [1 << k for k in range(len(self.buffers))]
        self._separate(inputs)
        for buffer in self.buffers:
            if buffer.constant is not None:
                self._conflict(self.bit[buffer], ((1 << len(self.buffers)) - 1))

    def set(self, buffers: Any) -> int:
        bits = 0
        for buffer in buffers:
            bits |= 1 << self.bit[buffer]
        return bits

    def _separate(self, inputs: Sequence[Value]) -> None:
        begin = self._needed_at_begin()
        for number, block in enumerate(self.blocks):
            live = self._needed_after(begin, number)
            for step in reversed([*block.steps, block.end]):
                written, read = writes(step), self.set(reads(step))
                if isinstance(step, Copy):
                    # One after another: a target must not lie where another source does.
                    targets, sources = (
                        self.set(written),
                        [
                            (
                                self.bit[t.buffer],
                                0 if s.buffer.constant is not None else 1 << self.bit[s.buffer],
                            )
                            for s, t in step.pairs
                        ],
                    )
                    for k, own in sources:
                        self._conflict(k, (live | targets | read) & ~own)
                else:
                    for buffer in written:
                        self._conflict(self.bit[buffer], live | self.set(written) | read)
                live = live & ~self.set(_wholly(step)) | read
        buffers = self.set(v.buffer for v in inputs)
        for value in inputs:
            self._conflict(self.bit[value.buffer], buffers | begin[0])

    def _needed_after(self, begin: Sequence[int], number: int) -> int:
        end = self.blocks[number].end
        match end:
            case Go():
                return begin[end.to]
            case Choose():
                return begin[end.yes] | begin[end.no]
            case Repeat():
                return begin[end.to] | begin[number]
            case _:
                return self.last

    def _needed_at_begin(self) -> list[int]:
        """The buffers whose numbers matter where each block begins."""
        begin, changed = [0] * len(self.blocks), True
        while changed:
            changed = False
            for number in reversed(range(len(self.blocks))):
                live = self._needed_after(begin, number)
                for step in reversed([*self.blocks[number].steps, self.blocks[number].end]):
                    live = live & ~self.set(_wholly(step)) | self.set(reads(step))
                if live != begin[number]:
                    begin[number], changed = live, True
        return begin

    def _conflict(self, k: int, others: int) -> None:
        others &= ~(1 << k)
        self.from_[k] |= others
        while others:
            low = others & -others
            self.from_[low.bit_length() - 1] |= 1 << k
            others ^= low

    def of(self, k: int) -> int:
        while self.parent[k] != k:
            k = self.parent[k]
        return k

    def unite(self, source: Value, target: Value) -> None:
        """Let both lie in the same place, if nothing keeps them apart."""
        if source.buffer.constant is not None or not (source.whole and target.whole):
            return
        a, b = self.of(self.bit[source.buffer]), self.of(self.bit[target.buffer])
        alike = (
            self.buffers[a].size == self.buffers[b].size and self.buffers[a].dtype == self.buffers[b].dtype
        )
        if a == b or not alike or self.from_[a] & self.members[b]:
            return
        self.parent[b] = a
        self.from_[a] |= self.from_[b]
        self.members[a] |= self.members[b]
        others = self.from_[b]
        while others:
            low = others & -others
            self.from_[low.bit_length() - 1] |= self.members[a]
            others ^= low
        for k in _bits(self.members[a]):
            self.from_[k] |= self.from_[a]

    def divide(self, source: Value, target: Value) -> None:
        """Let them not overlap where they do not lie in the same place: numbers are moved one by one."""
        if source.buffer.constant is None:
            a, b = self.of(self.bit[source.buffer]), self.of(self.bit[target.buffer])
            if a != b:
                self._conflict(a, 1 << b)

    def together(self) -> dict[Buffer, list[Buffer]]:
        """For each buffer those that lie in the same place."""
        members_of: dict[int, list[Buffer]] = {}
        for k, buffer in enumerate(self.buffers):
            members_of.setdefault(self.of(k), []).append(buffer)
        return {buffer: members_of[self.of(k)] for k, buffer in enumerate(self.buffers)}

    def allocate(self) -> None:
        """Offsets: the lowest that no buffer has that is needed at the same time."""
        taken: dict[int, tuple[int, int]] = {}
        heads = [k for k in range(len(self.buffers)) if self.of(k) == k and self.buffers[k].outside is None]
        for k in sorted(heads, key=lambda k: (self.buffers[k].constant is None, -self.buffers[k].bytes)):
            bytes_ = -(-self.buffers[k].bytes // _ALIGNED) * _ALIGNED
            others = sorted({taken[o] for i in _bits(self.from_[k]) if (o := self.of(i)) in taken})
            at = 0
            for first, end in others:
                if at + bytes_ <= first:
                    break
                at = max(at, end)
            taken[k] = at, at + bytes_
        for k, buffer in enumerate(self.buffers):
            if buffer.outside is None:
                buffer.offset = taken[self.of(k)][0]


def _bits(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
