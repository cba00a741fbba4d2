"""Dtypes as LLVM's types: of one number, and of several side by side."""

import struct
from dataclasses import dataclass

_TYPES = {"f64": "double", "f32": "float", "i1": "i1"} | {
    f"{sign}{bits}": f"i{bits}" for sign in "iu" for bits in (8, 16, 32, 64)
}


def register_type(dtype: str) -> str:
    """LLVM's type of one number in registers."""
    return _TYPES[dtype]


def memory_type(dtype: str) -> str:
    """LLVM's type of one number in memory, where a boolean is a byte."""
    return "i8" if dtype == "i1" else _TYPES[dtype]


def short_name(dtype: str) -> str:
    """How LLVM's names of intrinsics call a dtype in memory."""
    return dtype if dtype[0] == "f" else memory_type(dtype)


@dataclass(frozen=True)
class Vectors:
    """LLVM's types of `width` numbers side by side."""

    width: int

    def registers(self, dtype: str) -> str:
        """Of numbers in registers."""
        return f"<{self.width} x {register_type(dtype)}>"

    def memory(self, dtype: str) -> str:
        """Of numbers in memory."""
        return f"<{self.width} x {memory_type(dtype)}>"

    def literal(self, value: float | int, dtype: str) -> str:
        """A constant, the same in all slots."""
        if dtype[0] == "f":
            text = f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"
        else:
            text = str(int(value))
        return "<" + ", ".join([f"{register_type(dtype)} {text}"] * self.width) + ">"

    @property
    def slots(self) -> str:
        """The numbers of the slots: 0, 1 and so on."""
        return "<" + ", ".join(f"i64 {k}" for k in range(self.width)) + ">"
