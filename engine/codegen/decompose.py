"""Operations replaced by simpler ones, right before a back end: it needs the primitive ones alone.

Every back end computes exp, log and the logistic function by the same formulas, and fuses the same products
into the same sums, so with the same bits. Whatever looks into a graph before, such as Taylor rules,
derivatives and counts, still sees one operation.
"""

from collections.abc import Sequence

from .ir import Graph, Scalar, While, order_of
from .ops import OPERATIONS
from .ops.term import Term


def decompose(scalars: Sequence[Scalar]) -> list[Scalar]:
    """The same numbers from operations that have no formula, products fused into sums; in loops as well."""
    return _Rewriting().all(scalars)


class _Rewriting:
    """A new graph, and what each scalar of the old one has become in it."""

    def __init__(self) -> None:
        self.graph = Graph(most=None)  # what is too much was counted before
        self.new: dict[Scalar, Scalar] = {}
        self.ended: dict[Scalar, list[Scalar]] = {}

    def all(self, scalars: Sequence[Scalar]) -> list[Scalar]:
        for scalar in order_of(scalars, self.new):
            self.new[scalar] = self.one(scalar)
        return [self.new[s] for s in scalars]

    def one(self, s: Scalar) -> Scalar:
        """A scalar whose arguments are rewritten."""
        if s.op == "constant":
            return self.graph.constant(s.value, s.dtype)
        if s.op == "input":
            return self.graph.inputs((), s.dtype, s.value).item()
        if s.op == "carried":  # stands for itself in the rewritten loop, too
            return s
        if s.op == "loop":
            return self.loop(s, s.value)
        if s.op == "result":
            return self.ended[s.args[0]][s.value]
        args = [self.new[a] for a in s.args]
        if OPERATIONS[s.op].formula is not None:
            return self.by_formula(s, args)
        if s.op in ("add", "sub") and s.dtype[0] == "f":
            return self.sum(s.op, args)
        return self.graph.apply(s.op, *args, dtype=s.dtype)

    def sum(self, op: str, args: Sequence[Scalar]) -> Scalar:
        """A sum or difference; where one of its terms is a product, both are rounded once, as one."""
        a, b = args
        if op == "sub" and a.op == b.op == "mul":  # of equal products, the difference is to be 0
            return self.graph.apply(op, a, b)
        if a.op == "mul":
            return self.graph.apply("fma", *a.args, b if op == "add" else self.graph.apply("neg", b))
        if b.op == "mul":
            x, y = b.args
            return self.graph.apply("fma", x if op == "add" else self.graph.apply("neg", x), y, a)
        return self.graph.apply(op, a, b)

    def loop(self, s: Scalar, loop: While) -> Scalar:
        first = [self.new[a] for a in s.args[: len(loop.carried)]]
        self.ended[s] = self.graph.loop(first, loop.carried, self.all([loop.cond])[0], self.all(loop.body))
        return s

    def by_formula(self, s: Scalar, args: Sequence[Scalar]) -> Scalar:
        """Formulas are of doubles: single precision is widened before and rounded after."""
        formula = OPERATIONS[s.op].formula
        assert formula is not None
        wide = [self.graph.apply("convert", a, dtype="f64") if a.dtype == "f32" else a for a in args]
        result: Scalar = formula(*(Term(self.graph, a) for a in wide)).scalar
        return self.graph.apply("convert", result, dtype="f32") if s.dtype == "f32" else result
