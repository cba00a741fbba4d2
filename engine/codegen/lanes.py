"""A loop over lanes in scalars: what a lane is made of, how long it goes on, what one step makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from .ir import Scalar, with_loops

T = TypeVar("T")


@dataclass(frozen=True)
class Leaf:
    """An array of every lane: how many numbers of which dtype a lane has in it, in how many dims.

    One that is not `used` is not handed over. Of those that may change, those that do not come back
    have `changes` False: no step changes them.
    """

    size: int
    dtype: str
    rank: int
    used: bool = True
    changes: bool = True


@dataclass(frozen=True)
class Loop:
    """``while cond: body`` of one lane; inputs are numbered through all leaves, number by number.

    The first `split` leaves change, the others are the same in every step. `body` are all numbers that
    change, as they are after a step. `once`: one step is all (`lane_call`).
    """

    leaves: tuple[Leaf, ...]
    split: int
    cond: Scalar
    body: tuple[Scalar, ...]
    once: bool = False

    @property
    def changing(self) -> list[int]:
        """Which leaves come back."""
        return [k for k in range(self.split) if self.leaves[k].changes]

    def whole(self, arrays: Sequence[T], back: Iterable[T]) -> list[T]:
        """All leaves that may change, of those that were given and those that came `back`."""
        later = dict(zip(self.changing, back, strict=True))
        return [later.get(k, array) for k, array in enumerate(arrays[: self.split])]

    @cached_property
    def scalars(self) -> list[Scalar]:
        """All that a step computes, as of `with_loops`; and whether it is taken, where that is a question.

        Many ask for it, and to walk through the graph for each of them took a thirtieth of making an orbit.
        """
        return with_loops(self.body if self.once else [self.cond, *self.body])

    @property
    def dtypes(self) -> list[str]:
        """Of a lane's numbers, in order."""
        return [leaf.dtype for leaf in self.leaves for _ in range(leaf.size)]
