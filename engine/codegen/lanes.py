"""A loop over lanes in scalars: what a lane is made of, how long it goes on, what one step makes of it."""

from dataclasses import dataclass

from .ir import Scalar


@dataclass(frozen=True)
class Leaf:
    """An array of every lane: how many numbers of which dtype a lane has in it, in how many dims.

    One that is not `used` is not handed over.
    """

    size: int
    dtype: str
    rank: int
    used: bool = True


@dataclass(frozen=True)
class Loop:
    """``while cond: body`` of one lane; inputs are numbered through all leaves, number by number.

    The first `split` leaves change, the others are the same in every step. `body` are all numbers that
    change, as they are after a step.
    """

    leaves: tuple[Leaf, ...]
    split: int
    cond: Scalar
    body: tuple[Scalar, ...]

    @property
    def dtypes(self) -> list[str]:
        """Of a lane's numbers, in order."""
        return [leaf.dtype for leaf in self.leaves for _ in range(leaf.size)]
