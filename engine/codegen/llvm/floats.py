"""Operations on floats."""

from collections.abc import Sequence

from ..ir import Scalar
from .code import Code
from .instruction import Instruction, intrinsic, plain
from .signs import never_negative


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
        flags = "nsz " if all(map(never_negative, s.args)) else ""
        return code.call(f"llvm.{word}.v{code.width}{s.dtype}", v, args, [v, v], flags)

    return instruction


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
LIBRARY = frozenset({
    "exp2", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "erf", "erfc",
    "lgamma", "cbrt",
})  # fmt: skip
FLOATS |= {name: _library(name) for name in LIBRARY}
