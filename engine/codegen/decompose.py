"""Operations replaced by simpler ones, right before a back end: it needs the primitive ones alone.

Every back end computes exp, log and the logistic function by the same formulas, and fuses the same products
into the same sums, so with the same bits. Whatever looks into a graph before, such as Taylor rules,
derivatives and counts, still sees one operation.

A formula is written out wherever it is used: 40 to 210 operations. Where that would make a program so long
that a compiler takes minutes, it becomes a function that is called. The bits are the same.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from .ir import Function, Graph, Scalar, While, operations, order_of, with_loops
from .ops import OPERATIONS
from .ops.term import Term

# Operations of formulas that are written out. 300 sines and cosines each, 140,000 lines of code, took LLVM
# 42 s and more.
_WRITTEN_OUT = 8_000


def decompose(scalars: Sequence[Scalar], every: Sequence[Scalar] | None = None) -> list[Scalar]:
    """The same numbers from operations that have no formula, products fused into sums; in loops as well.

    `every`: what `with_loops` says of these scalars, where it was asked already.
    """
    return _Rewriting(_called(with_loops(scalars) if every is None else every)).all(scalars)


def _called(every: Sequence[Scalar]) -> set[str]:
    """Of all these, the operations whose formulas are to be functions: the largest, as few as will do."""
    uses = Counter(s.op for s in every if _has_formula(s))
    sizes = {op: count * _size(op) for op, count in uses.items()}
    total, called = sum(sizes.values()), set[str]()
    for op in sorted(sizes, key=lambda op: -sizes[op]):
        if total <= _WRITTEN_OUT:
            break
        called.add(op)
        total -= sizes[op]
    return called


def _has_formula(s: Scalar) -> bool:
    operation = OPERATIONS.get(s.op)
    return operation is not None and bool(s.args) and operation.by_formula(s.args[0].dtype)


@cache
def _size(op: str) -> int:
    """How many operations a formula has."""
    return operations([_Rewriting(set()).function(op).result])


class _Rewriting:
    """A new graph, and what each scalar of the old one has become in it; `called`: formulas to be called."""

    def __init__(self, called: set[str]) -> None:
        self.graph = Graph(most=None)  # what is too much was counted before
        self.new: dict[Scalar, Scalar] = {}
        self.ended: dict[Scalar, list[Scalar]] = {}
        self.called, self.functions = called, dict[str, Function]()

    def all(self, scalars: Sequence[Scalar]) -> list[Scalar]:
        for scalar in order_of(scalars, self.new):
            self.new[scalar] = self.one(scalar)
        return [self.new[s] for s in scalars]

    def one(self, s: Scalar) -> Scalar:
        """A scalar whose arguments are rewritten."""
        if s.op == "constant":
            return self.graph.constant(s.value, s.dtype)
        if s.op == "input":
            return self.graph.input(s.dtype, s.value)
        if s.op == "carried":  # stands for itself in the rewritten loop, too
            return s
        if s.op == "loop":
            return self.loop(s, s.value)
        if s.op == "result":
            return self.ended[s.args[0]][s.value]
        args = [self.new[a] for a in s.args]
        if _has_formula(s):
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
        wide = [self.graph.apply("convert", a, dtype="f64") if a.dtype == "f32" else a for a in args]
        if s.op in self.called:
            if s.op not in self.functions:
                self.functions[s.op] = self.function(s.op)
            result = self.graph.call(self.functions[s.op], *wide)
        else:
            result = self.formula(s.op, wide)
        return self.graph.apply("convert", result, dtype="f32") if s.dtype == "f32" else result

    def function(self, op: str) -> Function:
        """The formula of an operation, of any doubles."""
        inputs = self.graph.carried(["f64"] * OPERATIONS[op].arity)
        return Function(op, tuple(inputs), self.formula(op, inputs))

    def formula(self, op: str, args: Sequence[Scalar]) -> Scalar:
        formula = OPERATIONS[op].formula
        assert formula is not None
        return formula(*(Term(self.graph, a) for a in args)).scalar
