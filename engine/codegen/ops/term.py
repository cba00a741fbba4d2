"""Formulas in Python's own notation: the terms they are made of, which become scalars of a graph."""

from typing import Any, Protocol


class Maker(Protocol):
    """What makes scalars: `ir.Graph`."""

    def constant(self, value: Any, dtype: str) -> Any:
        """A constant of a dtype."""
        ...

    def apply(self, op: str, *args: Any, dtype: str | None = None) -> Any:
        """The result of an operation; it has the dtype of the first argument if none is given."""
        ...


class Term:
    """A number in a formula. Python's numbers beside it become constants of its dtype.

    ``a * b`` is rounded before anything is added to it (`mul_rounded`): no compiler may fuse the two. Where
    they shall be fused the formula says so, by `fma`. So a formula gives the same bits on every device.
    """

    def __init__(self, graph: Maker, scalar: Any) -> None:
        self.graph, self.scalar = graph, scalar

    def apply(self, op: str, *others: "Term | float", dtype: str | None = None) -> "Term":
        """An operation on this number and others."""
        args = [self.term(other).scalar for other in others]
        return Term(self.graph, self.graph.apply(op, self.scalar, *args, dtype=dtype))

    def term(self, value: "Term | float") -> "Term":
        """What stands beside this number, as a term."""
        return value if isinstance(value, Term) else Term(self.graph, self._constant(value))

    def _constant(self, value: float) -> Any:
        return self.graph.constant(value, self.scalar.dtype)

    def __add__(self, other: "Term | float") -> "Term":
        return self.apply("add", other)

    def __sub__(self, other: "Term | float") -> "Term":
        return self.apply("sub", other)

    def __mul__(self, other: "Term | float") -> "Term":
        return self.apply("mul_rounded", other)

    def __truediv__(self, other: "Term | float") -> "Term":
        return self.apply("div", other)

    def __neg__(self) -> "Term":
        return self.apply("neg")

    def __lt__(self, other: "Term | float") -> "Term":
        return self.apply("lt", other)

    def __gt__(self, other: "Term | float") -> "Term":
        return self.apply("gt", other)

    def __lshift__(self, bits: int) -> "Term":
        return self.apply("shift_left", bits)

    def __rshift__(self, bits: int) -> "Term":
        """Keeps the sign."""
        return self.apply("shift_right_arithmetic", bits)

    def equals(self, other: "Term | float") -> "Term":
        """Whether two numbers are equal; NaN is not."""
        return self.apply("eq", other)

    def is_nan(self) -> "Term":
        return self.apply("ne", self)

    def fma(self, factor: "Term | float", addend: "Term | float") -> "Term":
        """The number times `factor` plus `addend`, rounded once."""
        return self.apply("fma", factor, addend)

    def roundeven(self) -> "Term":
        """The nearest integer, the even one of two."""
        return self.apply("roundeven")

    def bits(self) -> "Term":
        """The 64 bits of a double, as an integer."""
        return self.apply("bitcast", dtype="i64")

    def from_bits(self) -> "Term":
        """The double that has these 64 bits."""
        return self.apply("bitcast", dtype="f64")


def where(condition: Term, yes: Term | float, no: Term) -> Term:
    """One of two numbers, as a condition says."""
    return condition.apply("select", no.term(yes), no, dtype=no.scalar.dtype)
