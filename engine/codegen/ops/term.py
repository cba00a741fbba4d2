"""Formulas in Python's own notation: the terms they are made of, which become scalars of a graph."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Maker(Protocol):
    """What makes scalars: `ir.Graph`."""

    def constant(self, value: Any, dtype: str) -> Any:
        """A constant of a dtype."""
        ...

    def apply(self, op: str, *args: Any, dtype: str | None = None) -> Any:
        """The result of an operation; it has the dtype of the first argument if none is given."""
        ...

    def carried(self, dtypes: Sequence[str]) -> list[Any]:
        """New scalars that stand for what a loop carries."""
        ...

    def loop(self, first: Sequence[Any], carried: Sequence[Any], cond: Any, body: Sequence[Any]) -> list[Any]:
        """What `carried` are once `cond` is false: from `first`, they become `body` in every iteration."""
        ...


class Term:
    """A number in a formula. Python's numbers beside it become constants of its dtype.

    ``a * b`` is rounded before anything is added to it (`mul_rounded`): no compiler may fuse the two. Where
    they shall be fused the formula says so, by `fma`. So a formula gives the same bits on every device.
    """

    __slots__ = ("graph", "scalar")

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
        return self.apply("mul_rounded" if self.scalar.dtype[0] == "f" else "mul", other)

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
        """Keeps the sign of integers that have one."""
        return self.apply(f"shift_right_{'arithmetic' if self.scalar.dtype[0] == 'i' else 'logical'}", bits)

    def shifted_left(self, bits: "Term") -> "Term":
        """By a number of bits that is computed."""
        return self.apply("shift_left", bits)

    def __and__(self, other: "Term | int") -> "Term":
        return self.apply("and", other)

    def __or__(self, other: "Term | int") -> "Term":
        return self.apply("or", other)

    def __abs__(self) -> "Term":
        return self.apply("abs")

    def equals(self, other: "Term | float") -> "Term":
        """Whether two numbers are equal; NaN is not."""
        return self.apply("eq", other)

    def differs(self, other: "Term | float") -> "Term":
        """Whether two numbers are not equal; NaN is equal to nothing."""
        return self.apply("ne", other)

    def is_nan(self) -> "Term":
        """Whether it is no number."""
        return self.apply("ne", self)

    def fma(self, factor: "Term | float", addend: "Term | float") -> "Term":
        """The number times `factor` plus `addend`, rounded once."""
        return self.apply("fma", factor, addend)

    def roundeven(self) -> "Term":
        """The nearest integer, the even one of two."""
        return self.apply("roundeven")

    def floor(self) -> "Term":
        """The largest integer that is not above."""
        return self.apply("floor")

    def at_most(self, bound: float) -> "Term":
        """The smaller of two; NaN stays."""
        return self.apply("min", bound)

    def to(self, dtype: str) -> "Term":
        """The same number in another dtype."""
        return self.apply("convert", dtype=dtype)

    def bits(self) -> "Term":
        """The 64 bits of a double, as an integer."""
        return self.apply("bitcast", dtype="i64")

    def from_bits(self) -> "Term":
        """The double that has these 64 bits."""
        return self.apply("bitcast", dtype="f64")


def where(condition: Term, yes: Term | float, no: Term | float) -> Term:
    """One of two numbers, at least one of them a term, as a condition says."""
    like = yes if isinstance(yes, Term) else no
    assert isinstance(like, Term)
    return condition.apply("select", like.term(yes), like.term(no), dtype=like.scalar.dtype)


def polynomial(x: Term, coefficients: Sequence[float]) -> Term:
    """A polynomial, its lowest coefficient first.

    By Estrin's scheme: pairs side by side, so that they need not wait for each other.
    """
    terms = [x.term(c) for c in coefficients]
    while len(terms) > 1:
        pairs = [
            terms[k + 1].fma(x, terms[k]) if k + 1 < len(terms) else terms[k] for k in range(0, len(terms), 2)
        ]
        terms, x = pairs, x * x if len(pairs) > 1 else x
    return terms[0]


def repeated(
    first: Sequence[Term], goes_on: Callable[..., Term], body: Callable[..., Sequence[Term]]
) -> list[Term]:
    """What `first` becomes by `body`, again and again while ``goes_on`` says so; both take all the terms.

    For what few numbers need: where none of a vector's does, no iteration runs.
    """
    graph = first[0].graph
    carried = graph.carried([t.scalar.dtype for t in first])
    inside = [Term(graph, c) for c in carried]
    cond, later = goes_on(*inside).scalar, [t.scalar for t in body(*inside)]
    return [Term(graph, s) for s in graph.loop([t.scalar for t in first], carried, cond, later)]
