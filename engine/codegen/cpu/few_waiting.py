"""Code of a long step, in which few numbers wait at a time for their use, as there are few registers.

What is spilled takes more time than what is computed. So operations come in an order of few numbers at once
and little waiting for results (`in_time`), or, in very long steps, of the fewest numbers (`ordering`); a
lane's numbers are read again where they are needed, and written as soon as nobody needs the one before.
LLVM's scheduler would move all that apart, as if no processor did so by itself; it moves nothing past a
label, which is no instruction: one stands after every few operations.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import llvmlite.binding as llvm

from ..ends import End, with_ends
from ..ir import Scalar, bytes_of, order_of
from ..llvm.builder import VectorCode
from ..ordering import ordered
from .in_time import in_time

_TOGETHER = 16
# Steps of more operations lack registers more than results: three bodies by Taylor's method, 6,800, would
# take an eighth longer in time.
_LONG = 4000


class FewWaiting(VectorCode):
    """As `VectorCode`, in an order of its own."""

    def __init__(self, width: int, sources: list[str]) -> None:
        super().__init__(width, sources)
        self._since_label, self._capacity = 0, _bytes_of_registers() // width
        self._read: set[Scalar] = set()
        self._pinned: set[Scalar] = set()

    def in_order(self, scalars: Sequence[Scalar]) -> Iterator[Scalar]:
        """What is to be computed, and a label after every few."""
        for scalar in self._ordered(scalars):
            if scalar.op != "input":
                yield scalar
                self._count_one()

    def _ordered(self, scalars: Sequence[Scalar]) -> Sequence[Scalar]:
        if len(scalars) == 1 and scalars[0] not in self._known and self._can_follow(scalars[0]):
            return scalars  # most are asked for one by one: an order of one need not be looked for
        return self._timed(order_of(scalars, self._known), scalars)

    def _timed(self, scalars: Sequence[Scalar], ends: Sequence[Scalar] = ()) -> Sequence[Scalar]:
        if len(scalars) > _LONG:
            return ordered(scalars, ends, _registers)
        return in_time(scalars, ends, _registers, self._capacity)

    def _can_follow(self, s: Scalar) -> bool:
        """Whether all that it is computed from is there, or read where it is needed."""
        return all(a.op == "input" or a in self._known for a in s.args)

    def advance(self, body: Sequence[Scalar]) -> None:
        """The inputs that change become these scalars, each as soon as it can."""
        self.forget()
        order = order_of(body)
        inputs = {s.value: s for s in order if s.op == "input"}
        ends = [
            End(scalar, k, inputs.get(k))
            for k, scalar in enumerate(body)
            if not (scalar.op == "input" and scalar.value == k)
        ]
        # Where numbers only change places, each is read before the first is written.
        moved = [end.scalar for end in ends if end.scalar.op == "input"]
        self._pinned = set(moved)
        self._at_hand(moved)  # in their order: the text is a name of what is kept, and a set has none
        for node in with_ends(self._timed(order), ends):
            if isinstance(node, End):
                self.store(node.scalar, self._sources[node.end])
            elif node.op != "input" and node not in self._known:  # constants may be, of a loop before
                self.compute_one(node)
                self._count_one()

    def value(self, scalar: Scalar) -> str:
        """As of `VectorCode`; an input is read again where it is no more at hand."""
        self._at_hand([scalar])
        return super().value(scalar)

    def _compute(self, s: Scalar) -> str:
        self._at_hand(s.args)
        name = super()._compute(s)
        if s.op == "input":
            self._read.add(s)
        return name

    def _loop(self, s: Scalar) -> None:
        self._at_hand(s.args)
        super()._loop(s)
        self._let_go()  # what was read within it is not known behind it

    def _at_hand(self, scalars: Iterable[Scalar]) -> None:
        """Read the inputs among these."""
        for a in scalars:
            if a.op == "input" and a not in self._known:
                self._known[a] = self._compute(a)

    def _count_one(self) -> None:
        self._since_label += 1
        if self._since_label == _TOGETHER:
            self._since_label = 0
            self.call_void("llvm.codeview.annotation", ['!{!"order"}'], ["metadata"])
            self._let_go()

    def _let_go(self) -> None:
        """Inputs are read again by whoever needs them from here on."""
        for s in self._read - self._pinned:
            self._known.pop(s, None)
        self._read &= self._pinned


@cache  # asked for each piece of code
def _bytes_of_registers() -> int:
    """Of this processor, for vectors."""
    return 32 * 64 if llvm.get_host_cpu_features().get("avx512f") else 16 * 32


def _registers(s: Scalar) -> int:
    """How much room a number takes; masks have registers of their own, and inputs lie in memory."""
    nowhere = s.op in ("constant", "loop", "input") or s.dtype == "i1"
    return 0 if nowhere else bytes_of(s.dtype)
