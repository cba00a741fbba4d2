"""What a trace computes of constants alone, such as whether a divisor that is written there is 0."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .numbers import Number, constant, known

_COMPUTED: dict[str, Callable[..., Any]] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "and": np.bitwise_and, "or": np.bitwise_or, "not": np.invert, "neg": np.negative,
    "sign": np.sign, "abs": np.abs, "select_n": lambda which, *cases: cases[int(which)],
}  # fmt: skip


def of_constants(equation: Any, operands: Sequence[Number]) -> Number | None:
    """The result of an equation of single integers or booleans that are constants; None of others."""
    compute = _COMPUTED.get(equation.primitive.name)
    if compute is None:
        return None
    values = [constant(number) for number in operands]
    if any(value is None or value.ndim for value in values):
        return None
    return known(np.asarray(compute(*values), equation.outvars[0].aval.dtype))
