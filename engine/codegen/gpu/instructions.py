"""What a thread does with its numbers, one step after another: computed, kept in memory, taken from there.

Memory is cells, a number each. A `Write` hands over the number of an end: a result that somebody wants.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Scalar


@dataclass(frozen=True, eq=False)
class Compute:
    """A number is computed into a register, from numbers in registers."""

    scalar: Scalar


@dataclass(frozen=True, eq=False)
class Load:
    """A number is taken from a cell into a register; from where inputs lie if it has none."""

    scalar: Scalar
    cell: int | None


@dataclass(frozen=True, eq=False)
class Store:
    """A number in a register is put into a cell as well."""

    scalar: Scalar
    cell: int


@dataclass(frozen=True, eq=False)
class Write:
    """A number in a register, or a constant, is handed over as this end."""

    scalar: Scalar
    end: int


@dataclass(frozen=True, eq=False)
class Repeat:
    """A loop: `cond` before every iteration and after the last, `body` in each; its `results` are needed."""

    scalar: Scalar
    cond: "Sequence[Instruction]"
    body: "Sequence[Instruction]"
    results: Sequence[Scalar]


Instruction = Compute | Load | Store | Write | Repeat
