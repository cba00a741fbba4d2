"""Where each array lies in a lane's record: two may lie in the same place if they are not needed at once.

What is copied from one room to another lies in both without being moved, where nothing keeps them apart: the
state of a loop goes on as that of the loop around it (Chaitin and others, "Register allocation via coloring",
Computer Languages 6, 1981).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from .glue import Glue
from .outside import outside
from .route import Apply, Block, Choose, Copy, Fill, Go, Put, Repeat, Room, Take, Value

_ALIGNED = 8
Pairs = Sequence[tuple[Value, Value]]


def reads(step: Any) -> list[Room]:
    """The rooms that a step, or the end of a block, reads, and that must lie in the record."""
    match step:
        case Glue():
            return step.inputs
        case Apply():
            return [v.room for v in step.inputs]
        case Copy():
            return [v.room for v, _ in step.pairs if v.room.constant is None]
        case Take():
            return [step.source.room, step.index.room]
        case Put():  # of its target other rows stay
            return [step.source.room, step.index.room, step.target.room]
        case Fill():  # where it does not hold, all stays
            return [step.on.room, step.target.room]
        case Choose():
            return [step.on.room]
        case Repeat():
            return [v.room for v in (*step.state, *step.fixed)]
        case _:
            return []


def writes(step: Any) -> list[Room]:
    """The rooms that it writes."""
    match step:
        case Glue():
            return step.made
        case Apply():
            return [v.room for v in step.results]
        case Copy():
            return [v.room for _, v in step.pairs]
        case Take() | Put() | Fill():
            return [step.target.room]
        case Repeat():
            return [v.room for v in step.state]
        case _:
            return []


def _wholly(step: Any) -> list[Room]:
    """The rooms that it writes wholly, so that what was there before does not matter."""
    match step:
        case Copy():
            written: dict[Room, int] = {}
            for _, v in step.pairs:
                written[v.room] = written.get(v.room, 0) + v.size
            return [room for room, size in written.items() if size == room.size]
        case Put() | Fill() | Repeat():
            return []
        case _:
            return writes(step)


def allocated(
    blocks: Sequence[Block], inputs: Sequence[Value], results: Sequence[Value]
) -> tuple[list[Block], list[Room]]:
    """The blocks, of whose copies is left what has to be moved, and the rooms, which have their offsets."""
    apart = _Apart(blocks, inputs, results)
    pairs = [
        pair for block in blocks for step in block.steps if isinstance(step, Copy) for pair in step.pairs
    ]
    for source, target in pairs:
        if not (source.whole and target.whole):  # in one place a piece would be lost before it is moved
            apart.divide(source, target)
    # Backwards: what a loop hands to its next turn, time after time, before what it is entered with.
    for source, target in reversed(pairs):
        apart.unite(source, target)
    for source, target in pairs:
        apart.divide(source, target)
    for members, array in outside(blocks, inputs, results, apart.together()):
        for room in members:
            room.outside = array
    apart.place()
    left = [Block([step for old in block.steps for step in _left(old)], block.end) for block in blocks]
    return left, apart.rooms


def _left(step: Any) -> list[Any]:
    if not isinstance(step, Copy):
        return [step]
    pairs = tuple((a, b) for a, b in step.pairs if a.room.constant is not None or not _same_place(a, b))
    return [Copy(pairs)] if pairs else []


def _same_place(one: Value, other: Value) -> bool:
    if one.room.outside is not None or other.room.outside is not None:  # moved from one to the other is none
        return True
    return one.place == other.place


class _Apart:
    """Which rooms are needed at the same time, by sets of bits: a bit for each room."""

    def __init__(self, blocks: Sequence[Block], inputs: Sequence[Value], results: Sequence[Value]) -> None:
        self.blocks = blocks
        every = [v.room for v in (*inputs, *results)]
        for block in blocks:
            for step in [*block.steps, block.end]:
                every += [*reads(step), *writes(step)]
        self.rooms = list(dict.fromkeys(every))
        self.bit = {room: k for k, room in enumerate(self.rooms)}
        self.found = list(range(len(self.rooms)))  # with which one each is united
        self.last = self.set(v.room for v in results)
        self.from_: list[int] = [0] * len(self.rooms)
        self.members = [1 << k for k in range(len(self.rooms))]
        self._separate(inputs)
        for room in self.rooms:
            if room.constant is not None:
                self._conflict(self.bit[room], ((1 << len(self.rooms)) - 1))

    def set(self, rooms: Any) -> int:
        bits = 0
        for room in rooms:
            bits |= 1 << self.bit[room]
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
                            (self.bit[t.room], 0 if s.room.constant is not None else 1 << self.bit[s.room])
                            for s, t in step.pairs
                        ],
                    )
                    for k, own in sources:
                        self._conflict(k, (live | targets | read) & ~own)
                else:
                    for room in written:
                        self._conflict(self.bit[room], live | self.set(written) | read)
                live = live & ~self.set(_wholly(step)) | read
        rooms = self.set(v.room for v in inputs)
        for value in inputs:
            self._conflict(self.bit[value.room], rooms | begin[0])

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
        """The rooms whose numbers matter where each block begins."""
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
        while self.found[k] != k:
            k = self.found[k]
        return k

    def unite(self, source: Value, target: Value) -> None:
        """Let both lie in the same place, if nothing keeps them apart."""
        if source.room.constant is not None or not (source.whole and target.whole):
            return
        a, b = self.of(self.bit[source.room]), self.of(self.bit[target.room])
        alike = self.rooms[a].size == self.rooms[b].size and self.rooms[a].dtype == self.rooms[b].dtype
        if a == b or not alike or self.from_[a] & self.members[b]:
            return
        self.found[b] = a
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
        if source.room.constant is None:
            a, b = self.of(self.bit[source.room]), self.of(self.bit[target.room])
            if a != b:
                self._conflict(a, 1 << b)

    def together(self) -> dict[Room, list[Room]]:
        """For each room those that lie in the same place."""
        found: dict[int, list[Room]] = {}
        for k, room in enumerate(self.rooms):
            found.setdefault(self.of(k), []).append(room)
        return {room: found[self.of(k)] for k, room in enumerate(self.rooms)}

    def place(self) -> None:
        """Offsets: the lowest that no room has that is needed at the same time."""
        taken: dict[int, tuple[int, int]] = {}
        heads = [k for k in range(len(self.rooms)) if self.of(k) == k and self.rooms[k].outside is None]
        for k in sorted(heads, key=lambda k: (self.rooms[k].constant is None, -self.rooms[k].bytes)):
            bytes_ = -(-self.rooms[k].bytes // _ALIGNED) * _ALIGNED
            others = sorted({taken[o] for i in _bits(self.from_[k]) if (o := self.of(i)) in taken})
            at = 0
            for first, end in others:
                if at + bytes_ <= first:
                    break
                at = max(at, end)
            taken[k] = at, at + bytes_
        for k, room in enumerate(self.rooms):
            if room.outside is None:
                room.offset = taken[self.of(k)][0]


def _bits(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
