"""The table of operations: what each one is, apart from how a back end computes it.

They are `define`d in the files beside this one, by families: a new one stands with its like. What LLVM
computes of one that has no formula stands in `llvm.floats` and `llvm.integers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Array = Any


@dataclass(frozen=True)
class Operation:
    """An operation on numbers, as the scalars of a graph hold it by its name.

    name : how scalars call it.
    arity : how many arguments it takes.
    primitive : whether JAX's primitive of this name is this operation, number by number.
    result_dtype : dtype of the result; None: that of the first argument, unless another one is asked for.
    value : value(*arguments), the result by JAX; where `typed`, value(*arguments, dtype=...). None where only
        formulas use the operation.
    fold : fold(*arguments), the result for constants: NumPy's floats, Python's integers and booleans. None:
        constants are not folded. It rounds as every device does: NumPy's exp is another on each processor.
        Where `typed`, it is given dtypes, too, as scalars name them: the result's and the first argument's.
    folds_by_formula : constants are folded by the formula.
    simplify : simplify(*arguments), the argument that is the result whatever the others are; None: no such.
    series : series(own, k, *arguments), the k-th Taylor coefficient (see `series`). None: there is no rule.
    stepwise : piecewise constant: its Taylor coefficients are 0, but the first.
    formula : formula(*terms), the same from simpler operations (see `term`). None: a back end computes it.
    formula_of : the dtypes that have the formula: "f" for floats alone, whose letter their names begin with.
    by_library : whether a back end takes it from a library.
    """

    name: str
    arity: int
    primitive: bool = False
    result_dtype: str | None = None
    value: Callable[..., Array] | None = None
    typed: bool = False
    fold: Callable[..., Any] | None = None
    simplify: Callable[..., Any] | None = None
    series: Callable[..., Any] | None = None
    stepwise: bool = False
    formula: Callable[..., Any] | None = None
    formula_of: str = ""
    folds_by_formula: bool = False
    by_library: bool = False

    def by_formula(self, dtype: str) -> bool:
        """Whether its formula computes it of numbers of this dtype."""
        return self.formula is not None and dtype.startswith(self.formula_of)

    def costly(self, dtype: str) -> bool:
        """Whether it takes dozens of instructions of numbers of this dtype."""
        return self.by_library or self.by_formula(dtype)


OPERATIONS: dict[str, Operation] = {}


def define(name: str, arity: int, **more: Any) -> None:
    """Enter an operation into the table."""
    assert name not in OPERATIONS, name
    OPERATIONS[name] = Operation(name, arity, **more)
