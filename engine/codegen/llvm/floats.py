"""Operations on floats."""

from collections.abc import Sequence

from ..ir import Scalar
from ..ops import OPERATIONS
from .code import Code
from .instruction import Instruction, intrinsic, plain
from .signs import never_negative

# From this width on the larger of two integers of 64 bits is one instruction (AVX-512).
_WIDE = 16


def _library(name: str) -> Instruction:
    """A function of the C library, slot by slot, in double precision."""

    def instruction(code: Code, s: Scalar, args: Sequence[str]) -> str:
        single, double = code.vectors.registers("f32"), code.vectors.registers("f64")
        if s.dtype == "f32":
            args = [code.emit(f"fpext {single} {a} to {double}") for a in args]
        result = "undef"
        for slot in range(code.width):
            numbers = [code.emit(f"extractelement {double} {a}, i32 {slot}") for a in args]
            one = code.call(name, "double", numbers, ["double"] * len(args))
            result = code.emit(f"insertelement {double} {result}, double {one}, i32 {slot}")
        return code.emit(f"fptrunc {double} {result} to {single}") if s.dtype == "f32" else result

    return instruction


def _extreme(word: str) -> Instruction:
    """The larger or smaller of two; NaN if any is, and +0 is larger than -0.

    Where there is no -0 LLVM need not tell zeros apart, which takes it three instructions of six.
    """

    def instruction(code: Code, s: Scalar, args: Sequence[str]) -> str:
        v = code.vectors.registers(s.dtype)
        positive = all(map(never_negative, s.args))
        if positive and word == "maximum" and code.width >= _WIDE:
            return _larger_bits(code, s.dtype, args)
        flags = "nsz " if positive else ""
        return code.call(f"llvm.{word}.v{code.width}{s.dtype}", v, args, [v, v], flags)

    return instruction


def _larger_bits(code: Code, dtype: str, args: Sequence[str]) -> str:
    """The larger of two that have no negative sign, or NaN, by one instruction instead of three.

    Their bits, read as integers without a sign, have their order; those of any NaN are above all.
    """
    floats, integers = code.vectors.registers(dtype), code.vectors.registers(f"u{dtype[1:]}")
    bits = [code.emit(f"bitcast {floats} {a} to {integers}") for a in args]
    name = f"llvm.umax.v{code.width}i{dtype[1:]}"
    larger = code.call(name, integers, bits, [integers, integers])
    return code.emit(f"bitcast {integers} {larger} to {floats}")


# Each is rounded as it stands, and no flag lets LLVM fuse or reorder: so bits are the same on every device.
FLOATS: dict[str, Instruction] = {
    "add": plain("fadd"),
    "sub": plain("fsub"),
    "mul": plain("fmul"),
    "mul_rounded": plain("fmul"),
    "div": plain("fdiv"),
    "neg": plain("fneg"),
    "fma": intrinsic("fma"),
    "abs": intrinsic("fabs"),
    "sqrt": intrinsic("sqrt"),
    "max": _extreme("maximum"),
    "min": _extreme("minimum"),
    "floor": intrinsic("floor"),
    "ceil": intrinsic("ceil"),
    "round": intrinsic("round"),
    "roundeven": intrinsic("roundeven"),
    "eq": plain("fcmp oeq"),
    "ne": plain("fcmp une"),
    "lt": plain("fcmp olt"),
    "le": plain("fcmp ole"),
    "gt": plain("fcmp ogt"),
    "ge": plain("fcmp oge"),
}
# They give what the C library of this machine gives; on a GPU what libdevice has (`gpu.libdevice`).
LIBRARY = frozenset(name for name, operation in OPERATIONS.items() if operation.by_library)
FLOATS |= {name: _library(name) for name in LIBRARY}
