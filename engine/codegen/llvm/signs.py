"""Which scalars never have the sign of negative numbers: they are above 0, +0 or NaN."""

import math

from ..ir import Scalar

# Deeper nothing is looked for.
_DEPTH = 24
_OF_ALL = frozenset({"add", "div", "min", "sqrt", "floor", "ceil", "round", "roundeven"})
_PRODUCTS = frozenset({"mul", "mul_rounded", "fma"})


def never_negative(scalar: Scalar) -> bool:
    """Whether that follows from the operations that a float is made by; False where nothing is known."""
    return _Signs().known(scalar, _DEPTH)


class _Signs:
    """Answers, each looked for once."""

    def __init__(self) -> None:
        self._answers: dict[Scalar, bool] = {}

    def known(self, s: Scalar, depth: int) -> bool:
        if s not in self._answers:
            self._answers[s] = depth > 0 and self._by_operation(s, depth - 1)
        return self._answers[s]

    def _by_operation(self, s: Scalar, depth: int) -> bool:
        args = s.args
        if s.constant:
            return math.copysign(1.0, s.value) > 0
        if s.op in _OF_ALL:
            return all(self.known(a, depth) for a in args)
        if s.op in _PRODUCTS:
            factors = args[0] is args[1] or all(self.known(a, depth) for a in args[:2])
            return factors and all(self.known(a, depth) for a in args[2:])
        if s.op == "max":
            return any(self.known(a, depth) for a in args)
        if s.op == "select":
            return all(self.known(a, depth) for a in args[1:])
        return s.op == "abs"
