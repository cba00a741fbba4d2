"""Sums over samples, block by block, of what is made of each sample's values: as machine code.

NumPy would gather the values of samples, and write every product of them, before it adds anything up. Here a
sample is read once, and all that is made of it stays in registers.
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
_ARGUMENTS = (
    "ptr %values", "ptr %places", "ptr %sums", "ptr %ends", "i64 %turns", "i64 %blocks", "double %centre",
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
        graph, backend = Graph(), Cpu()
        inputs = graph.inputs((each + 1,), "f64", 0)
        terms = np.empty(each + 1, object)
        terms[:] = [Term(graph, one) for one in inputs]
        made = moments(terms[:each], terms[each])
        self.count, self._each, self._width = len(made), each, backend.width
        simple = primitives([one.scalar for one in made], backend)
        self._programs = [
            _linked(_code(each, simple[first : first + _MOST], backend.width))
            for first in range(0, self.count, _MOST)
        ]

    def __call__(
        self, values: np.ndarray, places: np.ndarray, centre: float
    ) -> tuple[np.ndarray, float, float]:
        """The sums, shape (moments, blocks), and the least and the largest value that counts.

        Where values are NaN the sums say so, and the ends do not.

        Parameters
        ----------
        values : of all samples, one after the other.
        places : the sample of each turn in each block, shape (turns, blocks); -1 for none.
        centre : what is taken from every value.

        Raises ValueError where a place is that of no sample: it would be read from anywhere.
        """
        values = np.ascontiguousarray(values, np.float64)
        if places.size and not places.max() * self._each < values.size:
            raise ValueError("a place of no sample")
        turns, blocks = places.shape
        padded, more = (
            places.astype(np.int64, order="C", copy=False),
            (-turns % _AT_ONCE, -blocks % self._width),
        )
        if any(more):
            padded = np.pad(padded, [(0, most) for most in more], constant_values=-1)
        sums = np.zeros((self.count, padded.shape[1]))
        ends = np.empty((2, padded.shape[1]))
        ends[0], ends[1] = np.inf, -np.inf
        for k, program in enumerate(self._programs):
            arrays = (values, padded, sums[k * _MOST :], ends)
            program(*(one.ctypes.data for one in arrays), *padded.shape, centre)
        return sums[:, :blocks], ends[0].min(), ends[1].max()


def _linked(code: str) -> Any:
    """The function that this code defines."""
    types = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 2 + [ctypes.c_double]
    return ctypes.CFUNCTYPE(None, *types)(jit.link(code)[1])


def _code(each: int, moments: list[Scalar], width: int) -> str:
    """The program of some moments; `_ARGUMENTS` are what it is given."""
    writer = _Writer(each, moments, width)
    code = writer.code
    code.block("entry")
    writer.centre = code.broadcast("%centre", "f64")
    with code.loop("%turns", _AT_ONCE) as turn, code.loop("%blocks", width) as block:
        samples = [writer.sample(code.emit(f"add i64 {turn}, {k}"), block) for k in range(_AT_ONCE)]
        for k in range(len(moments)):
            writer.put(k, "%sums", block, "add", [added[k] for added, _ in samples])
        for k, op in enumerate(("low", "high")):
            writer.put(k, "%ends", block, op, [ends[k] for _, ends in samples])
    code.add("ret void")
    given = list(_ARGUMENTS)
    work = code.function(f"define internal void @sums({', '.join(given)}) noinline")
    return work + in_own_state("sums", f"define void @NAME({', '.join(given)})", "void", given)


class _Writer:
    """Writes the code of one program, line by line."""

    def __init__(self, each: int, moments: list[Scalar], width: int) -> None:
        self.code, self.each, self.moments, self.centre = VectorCode(width), each, moments, ""
        self.of, self.mask = self.code.vectors.registers("f64"), self.code.vectors.registers("i1")

    def sample(self, turn: str, block: str) -> tuple[list[str], tuple[str, str]]:
        """The moments, and the least and largest value, of the sample of a turn in each of some blocks."""
        code, whole = self.code, self.code.vectors.registers("i64")
        row = code.emit(f"mul i64 {turn}, %blocks")
        at = code.load_row("%places", code.emit(f"add i64 {row}, {block}"), "i64")
        none = code.vectors.literal(0, "i64")
        there = code.emit(f"icmp sge {whole} {at}, {none}")
        some = code.emit(f"select {self.mask} {there}, {whole} {at}, {whole} {none}")
        first = code.emit(f"mul {whole} {some}, {code.vectors.literal(self.each, 'i64')}")
        values = [self.value(first, k, there) for k in range(self.each)]
        code.forget()
        for scalar in order_of(self.moments):
            if scalar.op == "input" and scalar.value < self.each:
                code.give(scalar, code.emit(f"fsub {self.of} {values[scalar.value]}, {self.centre}"))
            elif scalar.op == "input":
                code.give(scalar, code.emit(f"uitofp {self.mask} {there} to {self.of}"))
        code.compute(self.moments)
        ends = []
        for op, far in (("low", np.inf), ("high", -np.inf)):
            end = self.folded(op, values)
            none = code.vectors.literal(far, "f64")
            ends.append(code.emit(f"select {self.mask} {there}, {self.of} {end}, {self.of} {none}"))
        return [code.value(moment) for moment in self.moments], (ends[0], ends[1])

    def value(self, first: str, k: int, there: str) -> str:
        """Value number `k` of the samples that begin at `first`; the centre where there is none."""
        code, whole = self.code, self.code.vectors.registers("i64")
        numbers = code.emit(f"add {whole} {first}, {code.vectors.literal(k, 'i64')}")
        where = code.emit(f"getelementptr double, ptr %values, {whole} {numbers}")
        name, many = f"llvm.masked.gather.v{code.width}f64.v{code.width}p0", f"<{code.width} x ptr>"
        types = [many, "i32 immarg", self.mask, self.of]
        return code.call(name, self.of, [where, "8", there, self.centre], types)

    def put(self, k: int, array: str, block: str, op: str, several: list[str]) -> None:
        """Fold some numbers, and then what stands in row `k` of an array."""
        code = self.code
        row = code.emit(f"mul i64 {k}, %blocks")
        there = code.element("double", array, code.emit(f"add i64 {row}, {block}"))
        before = code.emit(f"load {self.of}, ptr {there}, align 8")
        code.add(f"store {self.of} {self.two(op, before, self.folded(op, several))}, ptr {there}, align 8")

    def folded(self, op: str, several: list[str]) -> str:
        """Numbers folded pairwise."""
        while len(several) > 1:
            pairs = zip(several[::2], several[1::2], strict=False)
            several = [self.two(op, *pair) for pair in pairs] + several[len(several) & ~1 :]
        return several[0]

    def two(self, op: str, a: str, b: str) -> str:
        """The sum of two numbers, or the lower one, or the higher one."""
        if op == "add":
            return self.code.emit(f"fadd {self.of} {a}, {b}")
        first = self.code.emit(f"fcmp {'olt' if op == 'low' else 'ogt'} {self.of} {a}, {b}")
        return self.code.emit(f"select {self.mask} {first}, {self.of} {a}, {self.of} {b}")
