"""Kinds of numbers as LLVM types, in vectors of `WIDTH` lanes."""

import struct

import llvmlite.binding as llvm

# Lanes side by side: two registers full, so that what waits for one goes on with the other. More would not
# stay in registers. dopri8 steps of 8, 16 and 32 lanes ran 145,000, 206,000 and 190,000 lanes a second with
# AVX-512; tsit5 steps of 4, 8 and 16 lanes 83,000, 98,000 and 70,000 with AVX2 (one core each).
WIDTH = 16 if llvm.get_host_cpu_features().get("avx512f") else 8

_TYPES = {"f64": "double", "f32": "float", "i1": "i1"} | {
    f"{sign}{bits}": f"i{bits}" for sign in "iu" for bits in (8, 16, 32, 64)
}
_BYTES = {"f64": 8, "f32": 4, "i1": 1} | {f"{s}{b}": b // 8 for s in "iu" for b in (8, 16, 32, 64)}


def scalar_name(kind: str) -> str:
    """LLVM's type of one number in registers."""
    return _TYPES[kind]


def scalar_type(kind: str) -> str:
    """LLVM's type of one number; a boolean is a byte in memory."""
    return "i8" if kind == "i1" else _TYPES[kind]


def vector_type(kind: str) -> str:
    """LLVM's type of `WIDTH` numbers in registers."""
    return f"<{WIDTH} x {_TYPES[kind]}>"


def memory_type(kind: str) -> str:
    """LLVM's type of `WIDTH` numbers in memory."""
    return f"<{WIDTH} x {scalar_type(kind)}>"


def bytes_of(kind: str) -> int:
    return _BYTES[kind]


def literal(value: float | int, kind: str) -> str:
    """A constant, the same in all lanes."""
    if kind[0] == "f":
        text = f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"
    else:
        text = str(int(value))
    return "<" + ", ".join([f"{_TYPES[kind]} {text}"] * WIDTH) + ">"
