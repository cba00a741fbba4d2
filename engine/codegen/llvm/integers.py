"""Operations on integers and booleans."""

from collections.abc import Callable, Sequence

from ..ir import Scalar, range_of
from .code import Code
from .instruction import Instruction, intrinsic, plain


def _signed(dtype: str) -> bool:
    return dtype[0] == "i" and dtype != "i1"


def _by_sign(make: Callable[[str], Instruction], word: str) -> Instruction:
    """One of two instructions, whose words begin with s or u."""
    signed, unsigned = make(word.format("s")), make(word.format("u"))

    def instruction(code: Code, s: Scalar, args: Sequence[str]) -> str:
        return (signed if _signed(s.args[0].dtype) else unsigned)(code, s, args)

    return instruction


def _negated(code: Code, s: Scalar, args: Sequence[str]) -> str:
    return code.emit(f"sub {code.vectors.registers(s.dtype)} zeroinitializer, {args[0]}")


def _inverted(code: Code, s: Scalar, args: Sequence[str]) -> str:
    ones = code.vectors.literal(1 if s.dtype == "i1" else -1, s.dtype)
    return code.emit(f"xor {code.vectors.registers(s.dtype)} {args[0]}, {ones}")


def _divided(code: Code, s: Scalar, args: Sequence[str]) -> str:
    """As XLA divides: a / 0 has all bits set, a % 0 is a.

    The processor would end the process there, and where the least integer is divided by -1; and a slot
    without a lane holds zeros.
    """
    dtype, literal = s.dtype, code.vectors.literal
    v, mask = code.vectors.registers(dtype), code.vectors.registers("i1")
    word = f"{'s' if dtype[0] == 'i' else 'u'}{s.op}"
    over, under = args
    if s.args[1].constant and s.args[1].value not in (0, -1):
        return code.emit(f"{word} {v} {over}, {under}")
    none = code.emit(f"icmp eq {v} {under}, zeroinitializer")
    unsafe = none
    if dtype[0] == "i":
        # Divided by 1 instead, the least integer stays what it is, and leaves nothing: what XLA says.
        least = code.emit(f"icmp eq {v} {over}, {literal(range_of(dtype)[0], dtype)}")
        flips = code.emit(f"icmp eq {v} {under}, {literal(-1, dtype)}")
        unsafe = code.emit(f"or {mask} {none}, {code.emit(f'and {mask} {least}, {flips}')}")
    safe = code.emit(f"select {mask} {unsafe}, {v} {literal(1, dtype)}, {v} {under}")
    result = code.emit(f"{word} {v} {over}, {safe}")
    instead = over if s.op == "rem" else literal(-1, dtype)
    return code.emit(f"select {mask} {none}, {v} {instead}, {v} {result}")


BOOLEANS: dict[str, Instruction] = {
    "add": plain("add"),
    "sub": plain("sub"),
    "mul": plain("mul"),
    "and": plain("and"),
    "or": plain("or"),
    "xor": plain("xor"),
    "not": _inverted,
    "neg": _negated,
    "eq": plain("icmp eq"),
    "ne": plain("icmp ne"),
    "lt": _by_sign(plain, "icmp {}lt"),
    "le": _by_sign(plain, "icmp {}le"),
    "gt": _by_sign(plain, "icmp {}gt"),
    "ge": _by_sign(plain, "icmp {}ge"),
    "max": _by_sign(intrinsic, "{}max"),
    "min": _by_sign(intrinsic, "{}min"),
}
INTEGERS: dict[str, Instruction] = {
    **BOOLEANS,
    "div": _divided,
    "rem": _divided,
    "shift_left": plain("shl"),
    "shift_right_logical": plain("lshr"),
    "shift_right_arithmetic": plain("ashr"),
}
