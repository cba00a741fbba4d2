"""Operations that take several dtypes: conversions and choices."""

from collections.abc import Sequence

from ..ir import Scalar, bytes_of
from .code import Code
from .instruction import Instruction
from .types import register_type


def _converted(code: Code, s: Scalar, args: Sequence[str]) -> str:
    """By value. To booleans is not asked for here: it is a comparison."""
    (arg,), old, new = args, s.args[0].dtype, s.dtype
    v = code.vectors.registers
    if old[0] == "f" and new[0] != "f":
        # Saturating, and 0 for NaN, as in XLA.
        sign = "s" if new[0] == "i" else "u"
        name = f"llvm.fpto{sign}i.sat.v{code.width}{register_type(new)}.v{code.width}{old}"
        return code.call(name, v(new), [arg], [v(old)])
    if old != "i1" and old[0] != "f" and new[0] != "f" and bytes_of(new) == bytes_of(old):
        return arg
    return code.emit(f"{_word(old, new)} {v(old)} {arg} to {v(new)}")


def _word(old: str, new: str) -> str:
    """LLVM's instruction for a conversion between dtypes of different sizes or dtypes."""
    signed = old[0] == "i" and old != "i1"
    if old[0] == "f":
        return "fpext" if bytes_of(new) > bytes_of(old) else "fptrunc"
    if new[0] == "f":
        return "sitofp" if signed else "uitofp"
    if old != "i1" and bytes_of(new) < bytes_of(old):
        return "trunc"
    return "sext" if signed else "zext"


def _reinterpreted(code: Code, s: Scalar, args: Sequence[str]) -> str:
    """Bit by bit."""
    v = code.vectors.registers
    return code.emit(f"bitcast {v(s.args[0].dtype)} {args[0]} to {v(s.dtype)}")


def _chosen(code: Code, s: Scalar, args: Sequence[str]) -> str:
    v, (which, yes, no) = code.vectors.registers(s.dtype), args
    return code.emit(f"select {code.vectors.registers('i1')} {which}, {v} {yes}, {v} {no}")


CONVERSIONS: dict[str, Instruction] = {
    "convert": _converted,
    "bitcast": _reinterpreted,
    "select": _chosen,
}
