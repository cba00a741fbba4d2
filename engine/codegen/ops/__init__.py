"""Operations on numbers, each at home in one file: arity, folding, Taylor rule, formula.

To add one, `define` it in the file where its like stand. If it is a primitive of JAX and has a formula,
that is all. Without a formula each back end names its instruction for it (`llvm/floats.py`,
`llvm/integers.py`), or leaves it to XLA; what is no primitive under that name is made by rules in `lower/`.
"""

from . import angles, arithmetic, exponential, hyperbolic, library, logic, powers  # noqa: F401  # each enters its operations into the table
from .operation import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation"]
