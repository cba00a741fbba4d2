"""Random-looking integers that are looked up, mixed and scaled to real numbers: as machine code.

NumPy would write each step for all numbers before it takes the next one.
"""

import ctypes
from functools import cache
from typing import Any

import numpy as np

from ...values.line import SHARES, Line
from ..llvm.builder import VectorCode
from . import jit
from .float_state import in_own_state

_WIDTH = 8
_ARGUMENTS = (
    "ptr %table", "ptr %numbers", "ptr %mixed", "ptr %out", "i64 %rows", "i64 %length",
    "double %factor", "double %low", "double %width", "double %least", "double %most",
)  # fmt: skip


def looked_up(
    table: np.ndarray,
    numbers: np.ndarray,
    mixed: np.ndarray,
    factor: float,
    line: Line = SHARES,
) -> np.ndarray:
    """Shares u = (x + 1/2) * `factor` of integers x, as low + width * u, between two ends.

    Integers are ``table[numbers % len(table)] ^ mixed`` of each row.

    Parameters
    ----------
    table : uint32, as long as a power of two.
    numbers : shape (rows, length), not negative.
    mixed : uint32, shape (rows,).
    line : as of `Line`.

    Raises ValueError for arrays of other shapes: they would be read from anywhere.
    """
    if len(table) & (len(table) - 1) or numbers.ndim != 2 or mixed.shape != numbers.shape[:1]:
        raise ValueError("a table of no power of two, or not a number to mix with each row")
    length, more = numbers.shape[1], -numbers.shape[1] % _WIDTH
    padded = np.pad(numbers, [(0, 0), (0, more)]) if more else numbers
    arrays = [
        np.ascontiguousarray(table, np.uint32),
        np.ascontiguousarray(padded, np.int64),
        np.ascontiguousarray(mixed, np.uint32),
        np.empty(padded.shape),
    ]
    if padded.size:
        _program(len(table))(*(one.ctypes.data for one in arrays), *padded.shape, factor, *line)
    return arrays[-1][:, :length]


@cache
def _program(size: int) -> Any:
    """The program for tables of this length."""
    types = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 2 + [ctypes.c_double] * 5
    return ctypes.CFUNCTYPE(None, *types)(jit.link(_code(size, _WIDTH))[1])


def _code(size: int, width: int) -> str:
    code = VectorCode(width)
    real, whole, mask = (code.vectors.registers(dtype) for dtype in ("f64", "i64", "i1"))
    small = f"<{width} x i32>"
    code.block("entry")
    factor, low, wide, least, most = (
        code.broadcast(f"%{name}", "f64") for name in ("factor", "low", "width", "least", "most")
    )
    half = code.vectors.literal(0.5, "f64")
    with code.loop("%rows", 1) as row:
        first = code.emit(f"mul i64 {row}, %length")
        mixed = code.emit(f"load i32, ptr {code.element('i32', '%mixed', row)}")
        one = code.emit(f"insertelement {small} poison, i32 {mixed}, i64 0")
        zeros = f"<{width} x i32> zeroinitializer"
        mixed = code.emit(f"shufflevector {small} {one}, {small} poison, {zeros}")
        with code.loop("%length", width) as column:
            at = code.emit(f"add i64 {first}, {column}")
            number = code.load_row("%numbers", at, "i64")
            number = code.emit(f"and {whole} {number}, {code.vectors.literal(size - 1, 'i64')}")
            where = code.emit(f"getelementptr i32, ptr %table, {whole} {number}")
            name, many = f"llvm.masked.gather.v{width}i32.v{width}p0", f"<{width} x ptr>"
            every = "<" + ", ".join(["i1 true"] * width) + ">"
            types = [many, "i32 immarg", mask, small]
            gathered = code.call(name, small, [where, "4", every, "poison"], types)
            gathered = code.emit(f"xor {small} {gathered}, {mixed}")
            share = code.emit(f"uitofp {small} {gathered} to {real}")
            share = code.emit(f"fmul {real} {code.emit(f'fadd {real} {share}, {half}')}, {factor}")
            value = code.emit(f"fadd {real} {low}, {code.emit(f'fmul {real} {share}, {wide}')}")
            for op, end in (("olt", least), ("ogt", most)):
                beyond = code.emit(f"fcmp {op} {real} {value}, {end}")
                value = code.emit(f"select {mask} {beyond}, {real} {end}, {real} {value}")
            code.add(f"store {real} {value}, ptr {code.element('double', '%out', at)}, align 8")
    code.add("ret void")
    work = code.function(f"define internal void @drawn({', '.join(_ARGUMENTS)}) noinline")
    return work + in_own_state(
        "drawn", f"define void @NAME({', '.join(_ARGUMENTS)})", "void", list(_ARGUMENTS)
    )
