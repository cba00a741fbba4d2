"""A route: the blocks that a lane passes, each with what is done in it, and where the lane goes next.

Of all lanes those that are in the same block are computed side by side. What a lane carries from block to
block lies in its *record*, an array in each *buffer*. Arrays that are only read or written row by row, as
saved times and paths, lie in no record: their rows are moved to and from where the lane's arrays are
(`Outside`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from ..ir import bytes_of
from .part import Part


@dataclass(frozen=True)
class Outside:
    """One of the arrays that a lane is given or gives back: number `number` of the results, or the inputs."""

    is_result: bool
    number: int


@dataclass(eq=False)
class Buffer:
    """The place of an array in every lane's record: its first byte is `offset`, once that is known.

    `constant`: what lies there, where that never changes. `outside`: it is no part of the record, but this
    array itself.
    """

    size: int
    dtype: str
    constant: np.ndarray | None = None
    offset: int = -1
    outside: Outside | None = None

    @property
    def bytes(self) -> int:
        """Of one lane."""
        return self.size * bytes_of(self.dtype)


@dataclass(frozen=True, eq=False)
class Value:
    """An array of a lane: the numbers of a buffer from number `first` on."""

    buffer: Buffer
    shape: tuple[int, ...]
    first: int = 0

    @property
    def size(self) -> int:
        """How many numbers."""
        return prod(self.shape)

    def part(self, first: int, shape: tuple[int, ...]) -> "Value":
        """Some of its numbers, from number `first` on."""
        return Value(self.buffer, shape, self.first + first)

    @property
    def whole(self) -> bool:
        """Whether it is all of its buffer."""
        return self.first == 0 and self.size == self.buffer.size

    @property
    def offset(self) -> int:
        """Its first byte in the record."""
        return self.buffer.offset + self.first * bytes_of(self.buffer.dtype)

    @property
    def key(self) -> tuple[Buffer, int, int]:
        """Equal where the numbers are the same."""
        return self.buffer, self.first, self.size


@dataclass(frozen=True, eq=False)
class Apply:
    """What is computed once from arrays of a lane, `inner` times side by side, one after another in memory.

    The leaves of `part` that are read and those that change are `inputs` and `results`, in order.
    """

    part: Part
    inputs: tuple[Value, ...]
    results: tuple[Value, ...]
    inner: int = 1


@dataclass(frozen=True, eq=False)
class Copy:
    """Numbers moved from one array to another of the same size, all at once."""

    pairs: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True, eq=False)
class Take:
    """Row `index` of an array becomes `target`."""

    source: Value
    index: Value
    target: Value


@dataclass(frozen=True, eq=False)
class Put:
    """Row `index` of the array `target` becomes `source`; nothing happens if it has no such row."""

    source: Value
    index: Value
    target: Value

    @property
    def rows(self) -> int:
        """How many the target has."""
        return self.target.size // self.source.size


@dataclass(frozen=True, eq=False)
class Fill:
    """Where `on` holds all numbers of `target` become `number`."""

    on: Value
    number: np.generic
    target: Value


Step = Apply | Copy | Take | Put | Fill


@dataclass(frozen=True, eq=False)
class Go:
    """To another block."""

    to: int


@dataclass(frozen=True, eq=False)
class Choose:
    """To one of two blocks."""

    on: Value
    yes: int
    no: int


@dataclass(frozen=True, eq=False)
class Repeat:
    """A loop of its own, whose state lies in `state` and is read and written there; then to another block.

    A lane may leave it before it is done, and come back.
    """

    part: Part
    state: tuple[Value, ...]
    fixed: tuple[Value, ...]
    to: int


@dataclass(frozen=True, eq=False)
class Finish:
    """The lane is done."""


@dataclass(eq=False)
class Block:
    """What is done with a lane, in order, and where it goes."""

    steps: list[Step] = field(default_factory=list)
    end: Go | Choose | Repeat | Finish = field(default_factory=Finish)


@dataclass(frozen=True, eq=False)
class Route:
    """The way of a lane, from its `inputs` to its `results`, which begins in the first block."""

    blocks: Sequence[Block]
    inputs: tuple[Value, ...]
    results: tuple[Value, ...]
    buffers: Sequence[Buffer]

    @property
    def bytes(self) -> int:
        """Of a record."""
        return max(buffer.offset + buffer.bytes for buffer in self.buffers if buffer.outside is None)

    @property
    def parts(self) -> list[Part]:
        """Each of its parts once."""
        ends = [block.end for block in self.blocks]
        steps = [step for block in self.blocks for step in block.steps]
        return list(dict.fromkeys(s.part for s in (*steps, *ends) if isinstance(s, Apply | Repeat)))
