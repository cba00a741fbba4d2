"""Which instructions of LLVM an operation becomes: a back end has the operations of these tables."""

from functools import cache

from .conversions import CONVERSIONS
from .floats import FLOATS
from .instruction import Instruction
from .integers import BOOLEANS, INTEGERS


@cache  # there are few, and each operation asks twice
def instruction(op: str, dtype: str) -> Instruction | None:
    """How an operation whose first argument has this dtype is computed; None where it cannot be."""
    table = FLOATS if dtype[0] == "f" else BOOLEANS if dtype == "i1" else INTEGERS
    return CONVERSIONS.get(op) or table.get(op)
