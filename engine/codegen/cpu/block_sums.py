"""Sums over samples, block by block, of what is made of each sample's values: as machine code.

NumPy would write every product of the values before it adds anything up. Here a value is read once, side by
side with those of its neighbours, and all that is made of them stays in registers.
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import primitives
from ..ir import Graph, Scalar, order_of
from ..llvm.builder import VectorCode
from ..ops.term import Term
from . import jit
from .backend import Cpu
from .float_state import in_own_state

# Samples of a block that are added to each other before their sum is added to what is there.
_AT_ONCE = 4
# Moments of one program: what LLVM takes grows faster than the code is long.
_MOST = 64
# Samples side by side: a register full, for with two most of the sums would not stay in registers.
_WIDTH = 8
_ARGUMENTS = (
    "ptr %values", "ptr %counted", "ptr %sums", "ptr %ends", "i64 %turns", "i64 %blocks", "i64 %next",
    "double %centre",
)  # fmt: skip


class BlockSums:
    """Adds up moments of samples of `each` values in blocks.

    Parameters
    ----------
    each : how many values a sample has.
    moments : ``moments(values, counted)``, of a sample: what is added up, made of its values less a centre,
        an array of `Term`, and of 1; both are 0 for a sample that does not count.

    Attributes
    ----------
    count : how many moments there are.
    """

    def __init__(self, each: int, moments: Callable[[np.ndarray, Term], Sequence[Term]]) -> None:
        graph, backend, self._width = Graph(), Cpu(_WIDTH), _WIDTH
        inputs = graph.inputs((each + 1,), "f64", 0)
        terms = np.empty(each + 1, object)
        terms[:] = [Term(graph, one) for one in inputs]
        made = moments(terms[:each], terms[each])
        self.count, self._each = len(made), each
        simple = primitives([one.scalar for one in made], backend)
        self._programs = [
            _linked(_code(each, simple[first : first + _MOST], self._width))
            for first in range(0, self.count, _MOST)
        ]

    def __call__(
        self, values: np.ndarray, centre: float, counted: np.ndarray | None = None
    ) -> tuple[np.ndarray, float, float]:
        """The sums, shape (moments, blocks), and the least and the largest value that counts.

        Where values are NaN the sums say so, and the ends do not.

        Parameters
        ----------
        values : shape (each, turns, blocks): of the sample of each turn in each block.
        centre : what is taken from every value.
        counted : which of the samples count, shape (turns, blocks); None: all.

        Raises ValueError for values of another shape.
        """
        turns, blocks = values.shape[1:]
        if len(values) != self._each or (counted is not None and counted.shape != (turns, blocks)):
            raise ValueError("values of another number of points, or of samples, than are to be added up")
        more = -turns % _AT_ONCE, -blocks % self._width
        if counted is None:
            counted = np.ones((turns if any(more) else 1, blocks), np.float64)
        if any(more):
            values = np.pad(values, [(0, 0), *((0, most) for most in more)])
            counted = np.pad(counted, [(0, most) for most in more])
        values, counted = (np.ascontiguousarray(one, np.float64) for one in (values, counted))
        turns, blocks = values.shape[1:]
        sums, ends = np.zeros((self.count, blocks)), np.empty((2, blocks))
        ends[0], ends[1] = np.inf, -np.inf
        following = blocks if len(counted) > 1 else 0  # of one row that stands for all turns: the same again
        for k, program in enumerate(self._programs):
            arrays = (values, counted, sums[k * _MOST :], ends)
            program(*(one.ctypes.data for one in arrays), turns, blocks, following, centre)
        return sums[:, : blocks - more[1]], ends[0].min(), ends[1].max()


def _linked(code: str) -> Any:
    """The function that this code defines."""
    types = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 3 + [ctypes.c_double]
    return ctypes.CFUNCTYPE(None, *types)(jit.link(code)[1])


def _code(each: int, moments: list[Scalar], width: int) -> str:
    """The program of some moments; `_ARGUMENTS` are what it is given."""
    writer = _Writer(each, moments, width)
    code = writer.code
    code.block("entry")
    writer.enter()
    with code.loop("%turns", _AT_ONCE) as turn, code.loop("%blocks", width) as block:
        folded = writer.samples(turn, block, _AT_ONCE)
        for k in range(len(moments)):
            writer.put(k, "%sums", block, "add", folded[k])
        for k, op in enumerate(("low", "high")):
            writer.put(k, "%ends", block, op, folded[len(moments) + k])
    code.add("ret void")
    given = list(_ARGUMENTS)
    work = code.function(f"define internal void @sums({', '.join(given)}) noinline")
    return work + in_own_state("sums", f"define void @NAME({', '.join(given)})", "void", given)


class _Writer:
    """Writes the code of one program, line by line."""

    def __init__(self, each: int, moments: list[Scalar], width: int) -> None:
        self.code, self.each, self.moments, self.centre = VectorCode(width), each, moments, ""
        self.of, self.mask = self.code.vectors.registers("f64"), self.code.vectors.registers("i1")
        self.ops = ["add"] * len(moments) + ["low", "high"]

    def enter(self) -> None:
        """The centre in every slot, and where the values of each point begin."""
        self.centre = self.code.broadcast("%centre", "f64")
        numbers = self.code.emit("mul i64 %turns, %blocks")
        for k in range(self.each):
            first = self.code.emit(f"mul i64 {numbers}, {k}")
            self.code.emit_as(f"%point{k}", f"getelementptr double, ptr %values, i64 {first}")

    def samples(self, turn: str, block: str, count: int) -> list[str]:
        """The moments, and the least and largest value, of samples of some turns, folded pairwise."""
        if count == 1:
            return self.sample(turn, block)
        half = count // 2
        one = self.samples(turn, block, half)
        two = self.samples(self.code.emit(f"add i64 {turn}, {half}"), block, half)
        return [self.two(*three) for three in zip(self.ops, one, two, strict=True)]

    def sample(self, turn: str, block: str) -> list[str]:
        """The same of the sample of a turn in each of some blocks."""
        code = self.code
        at = code.emit(f"add i64 {code.emit(f'mul i64 {turn}, %blocks')}, {block}")
        mark = code.emit(f"add i64 {code.emit(f'mul i64 {turn}, %next')}, {block}")
        counted = code.load_row("%counted", mark, "f64")
        there = code.emit(f"fcmp one {self.of} {counted}, {code.vectors.literal(0.0, 'f64')}")
        values = [self.value(code.load_row(f"%point{k}", at, "f64"), there) for k in range(self.each)]
        code.forget()
        for scalar in order_of(self.moments):
            if scalar.op == "input" and scalar.value < self.each:
                code.give(scalar, code.emit(f"fsub {self.of} {values[scalar.value]}, {self.centre}"))
            elif scalar.op == "input":
                code.give(scalar, counted)
        code.compute(self.moments)
        return [*(code.value(moment) for moment in self.moments), *self.ends(values, there)]

    def value(self, there_is: str, there: str) -> str:
        """Values, and the centre where none counts."""
        return self.code.emit(f"select {self.mask} {there}, {self.of} {there_is}, {self.of} {self.centre}")

    def ends(self, values: list[str], there: str) -> list[str]:
        """The least and the largest of the values of samples that count."""
        result = []
        for op, far in (("low", np.inf), ("high", -np.inf)):
            end, none = values[0], self.code.vectors.literal(far, "f64")
            for value in values[1:]:
                end = self.two(op, end, value)
            result.append(self.code.emit(f"select {self.mask} {there}, {self.of} {end}, {self.of} {none}"))
        return result

    def put(self, k: int, array: str, block: str, op: str, more: str) -> None:
        """Fold numbers, and then what stands in row `k` of an array."""
        code = self.code
        row = code.emit(f"mul i64 {k}, %blocks")
        there = code.element("double", array, code.emit(f"add i64 {row}, {block}"))
        before = code.emit(f"load {self.of}, ptr {there}, align 8")
        code.add(f"store {self.of} {self.two(op, before, more)}, ptr {there}, align 8")

    def two(self, op: str, a: str, b: str) -> str:
        """The sum of two numbers, or the lower one, or the higher one."""
        if op == "add":
            return self.code.emit(f"fadd {self.of} {a}, {b}")
        first = self.code.emit(f"fcmp {'olt' if op == 'low' else 'ogt'} {self.of} {a}, {b}")
        return self.code.emit(f"select {self.mask} {first}, {self.of} {a}, {self.of} {b}")
